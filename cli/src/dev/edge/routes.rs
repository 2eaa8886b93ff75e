//! Routes requests to REST APIs. In AWS the front of several servers routes each server's path to its own API and
//! everything else to the host's; the template has no such front when it is synthesized for this machine, so the APIs'
//! own paths decide.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// The API of every path. It ignores methods: the API Gateway checks them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routes {
    /// The API for all other paths.
    pub root: String,
    /// Paths of the other APIs, whole and without a pattern, with the physical ids of their APIs.
    pub paths: BTreeMap<String, String>,
}

impl Routes {
    /// Reads them from a template. `ids` are the physical ids of its REST APIs by logical id. The API at the root is the one with the
    /// authorization server's documents, or the only one; None when there is no such API.
    #[must_use]
    pub fn from_template(template: &Value, ids: &BTreeMap<String, String>) -> Option<Self> {
        let mut paths: BTreeMap<&str, BTreeSet<String>> = ids
            .keys()
            .map(|api| (api.as_str(), BTreeSet::new()))
            .collect();
        for resource in template.get("Resources")?.as_object()?.values() {
            if resource["Type"] == "AWS::ApiGateway::Method" {
                let properties = &resource["Properties"];
                let api = properties["RestApiId"]["Ref"].as_str()?;
                paths
                    .get_mut(api)?
                    .insert(path(template, &properties["ResourceId"]));
            }
        }
        let is_root =
            |of: &BTreeSet<String>| of.contains("/.well-known/oauth-authorization-server");
        let (root, _) = paths
            .iter()
            .find(|(_, of)| paths.len() == 1 || is_root(of))?;
        let others = paths.iter().filter(|(api, _)| *api != root);
        Some(Self {
            root: ids.get(*root)?.clone(),
            paths: others
                .flat_map(|(api, of)| of.iter().map(|path| (path.clone(), ids[*api].clone())))
                .collect(),
        })
    }
}

/// The path of an API's resource: its parents' parts and its own; empty for the root.
fn path(template: &Value, reference: &Value) -> String {
    reference["Ref"].as_str().map_or_else(String::new, |id| {
        let properties = &template["Resources"][id]["Properties"];
        let part = properties["PathPart"].as_str().unwrap_or_default();
        format!("{}/{part}", path(template, &properties["ParentId"]))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn template(apis: &[(&str, &[&str])]) -> Value {
        let mut resources = serde_json::Map::new();
        for (api, paths) in apis {
            for path in *paths {
                let mut parent = json!({ "Fn::GetAtt": [api, "RootResourceId"] });
                for part in path.split('/').skip(1) {
                    let id = format!("{api}{path}{part}");
                    resources.insert(
                        id.clone(),
                        json!({ "Type": "AWS::ApiGateway::Resource", "Properties": { "PathPart": part, "ParentId": parent } }),
                    );
                    parent = json!({ "Ref": id });
                }
                resources.insert(
                    format!("{api}{path}GET"),
                    json!({ "Type": "AWS::ApiGateway::Method", "Properties": { "RestApiId": { "Ref": api }, "ResourceId": parent } }),
                );
            }
        }
        json!({ "Resources": resources })
    }

    fn ids(apis: &[&str]) -> BTreeMap<String, String> {
        apis.iter()
            .map(|api| ((*api).to_owned(), format!("{}-id", api.to_lowercase())))
            .collect()
    }

    #[test]
    fn the_only_api_answers_everything() {
        let routes =
            Routes::from_template(&template(&[("Api", &["/mcp"])]), &ids(&["Api"])).unwrap();
        assert_eq!((routes.root.as_str(), routes.paths.len()), ("api-id", 0));
    }

    #[test]
    fn each_servers_path_is_its_own_and_the_host_has_the_rest() {
        let template = template(&[
            ("Stock", &["/team/stock/mcp"]),
            (
                "Host",
                &["/token", "/.well-known/oauth-authorization-server"],
            ),
            ("Orders", &["/orders/mcp"]),
        ]);
        let routes = Routes::from_template(&template, &ids(&["Host", "Orders", "Stock"])).unwrap();
        assert_eq!(routes.root, "host-id");
        let paths: Vec<_> = routes
            .paths
            .iter()
            .map(|(path, api)| format!("{path} {api}"))
            .collect();
        assert_eq!(paths, ["/orders/mcp orders-id", "/team/stock/mcp stock-id"]);
    }

    #[test]
    fn several_apis_without_a_host_are_not_guessed_about() {
        let template = template(&[("Orders", &["/mcp"]), ("Stock", &["/mcp"])]);
        assert_eq!(
            Routes::from_template(&template, &ids(&["Orders", "Stock"])),
            None
        );
    }
}
