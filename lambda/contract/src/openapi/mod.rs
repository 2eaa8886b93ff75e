//! Writes the OpenAPI 3.1 document of a server's tools as plain REST.

mod access;
mod operations;
mod problems;
mod schemas;

use serde_json::{Map, Value, json};

use crate::openapi::access::{ACCESS_TOKEN, API_KEY};
use crate::openapi::operations::Operations;
use crate::openapi::problems::problem_components;
use crate::openapi::schemas::Schemas;
use crate::{ServerInfo, Tool};

pub use crate::openapi::access::ToolsApiAccess;

/// The OpenAPI 3.1.1 document of these tools.
///
/// Each tool is an operation of its own name, `POST /functions/{name}`, with its arguments as the body. The endpoints that
/// take the tool's name in the body follow.
#[must_use]
pub fn openapi(server: &ServerInfo, tools: &[&Tool], access: ToolsApiAccess<'_>) -> Value {
    let mut schemas = Schemas::default();
    let operations = Operations::new(tools, access, &mut schemas);
    let mut info = json!({ "title": server.title, "version": server.version });
    if !server.description.is_empty() {
        info["description"] = json!(server.description);
    }
    let url = access
        .url
        .map_or("/", |url| url.as_str().trim_end_matches('/'));
    let mut components = problem_components();
    if let Value::Object(known) = &mut components["schemas"] {
        known.extend(schemas.into_map());
    }
    components["securitySchemes"] = Value::Object(security_schemes(access));
    json!({
        "openapi": "3.1.1",
        "info": info,
        "servers": [{ "url": url }],
        "paths": operations.into_paths(),
        "components": components,
    })
}

fn security_schemes(access: ToolsApiAccess<'_>) -> Map<String, Value> {
    let mut schemes = Map::new();
    if access.takes_keys {
        schemes.insert(
            API_KEY.to_owned(),
            json!({
                "type": "apiKey", "in": "header", "name": "x-api-key",
                "description": "An API key, which has OAuth scopes of its own.",
            }),
        );
    }
    if access.takes_access_tokens {
        schemes.insert(
            ACCESS_TOKEN.to_owned(),
            json!({
                "type": "http", "scheme": "bearer",
                "description": "An access token for the MCP server of the same tools.",
            }),
        );
    }
    schemes
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{ToolsApiAccess, openapi};
    use crate::{HttpUrl, ServerInfo, Tool};

    fn tool(name: &str, input: Value) -> Tool {
        Tool {
            name: name.to_owned(),
            title: None,
            description: Some("Does it.".to_owned()),
            icons: Vec::new(),
            input_schema: input,
            output_schema: None,
            annotations: None,
            scopes: vec!["dogs.read".to_owned()],
            aws_actions: Vec::new(),
            needs_mcp_client: None,
            app: None,
            visibility: Vec::new(),
        }
    }

    fn document(tools: &[&Tool]) -> Value {
        let server = ServerInfo {
            name: "dogs".to_owned(),
            version: "1.0.0".to_owned(),
            title: "Dogs".to_owned(),
            description: String::new(),
            website_url: None,
            icons: Vec::new(),
        };
        let url = HttpUrl::parse("https://rest.example/prod").unwrap();
        let resource = HttpUrl::parse("https://mcp.example/mcp").unwrap();
        let access = ToolsApiAccess {
            url: Some(&url),
            resource: Some(&resource),
            takes_keys: true,
            takes_access_tokens: true,
        };
        openapi(&server, tools, access)
    }

    #[test]
    fn a_tool_is_an_operation_with_its_arguments_its_result_and_its_oauth_scopes() {
        let mut walk = tool(
            "walk",
            json!({ "type": "object", "title": "Walk", "$schema": "https://json-schema.org/draft/2020-12/schema",
                    "properties": { "dog": { "type": "string" } }, "required": ["dog"] }),
        );
        walk.output_schema =
            Some(json!({ "type": "object", "properties": { "km": { "type": "number" } } }));
        let document = document(&[&walk]);
        let operation = &document["paths"]["/functions/walk"]["post"];
        assert_eq!(operation["operationId"], "walk");
        assert_eq!(
            operation["security"],
            json!([{ "apiKey": ["dogs.read"] }, { "accessToken": ["https://mcp.example/mcp/dogs.read"] }])
        );
        let body = &operation["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(
            body,
            &json!({ "$ref": "#/components/schemas/walk.Arguments" })
        );
        let schemas = &document["components"]["schemas"];
        assert_eq!(
            schemas["walk.Arguments"],
            json!({ "type": "object", "properties": { "dog": { "type": "string" } }, "required": ["dog"] })
        );
        assert_eq!(
            schemas["walk.Result"]["properties"]["structuredContent"],
            json!({ "$ref": "#/components/schemas/walk.StructuredContent" })
        );
        assert_eq!(document["servers"][0]["url"], "https://rest.example/prod");
    }

    #[test]
    fn references_inside_of_a_tools_schema_still_lead_to_its_definitions() {
        let tree = tool(
            "tree",
            json!({ "type": "object",
                    "properties": { "root": { "$ref": "#/$defs/Node" }, "$ref": { "type": "string" }, "self": { "$ref": "#" } },
                    "examples": [{ "$ref": "#/$defs/Node" }],
                    "$defs": { "Node": { "type": "object", "properties": { "next": { "$ref": "#/$defs/Node" } } } } }),
        );
        let document = document(&[&tree]);
        let schemas = &document["components"]["schemas"];
        let node = json!({ "$ref": "#/components/schemas/tree.Arguments.Node" });
        let arguments = &schemas["tree.Arguments"];
        assert_eq!(arguments["properties"]["root"], node);
        assert_eq!(
            arguments["properties"]["self"],
            json!({ "$ref": "#/components/schemas/tree.Arguments" })
        );
        assert_eq!(
            arguments["properties"]["$ref"],
            json!({ "type": "string" }),
            "a property of that name"
        );
        assert_eq!(
            arguments["examples"],
            json!([{ "$ref": "#/$defs/Node" }]),
            "a value, no schema"
        );
        assert_eq!(arguments.get("$defs"), None);
        assert_eq!(schemas["tree.Arguments.Node"]["properties"]["next"], node);
    }

    #[test]
    fn a_tool_that_needs_an_mcp_client_says_so_and_has_no_result() {
        let mut asks = tool("asks", json!({ "type": "object" }));
        asks.needs_mcp_client = Some("asks which dog is meant".to_owned());
        let document = document(&[&asks]);
        let operation = &document["paths"]["/functions/asks"]["post"];
        assert_eq!(
            operation["description"],
            "Does it.\n\nCannot be called here, because it needs an MCP client: asks which dog is meant."
        );
        assert!(
            operation["responses"].get("200").is_none()
                && operation["responses"]["409"].is_object()
        );
        let names = &document["components"]["schemas"]["FunctionCall"]["properties"]["name"];
        assert_eq!(names, &json!({ "type": "string" }), "no name can be called");
    }

    #[test]
    fn names_of_tools_collide_with_nothing() {
        let all = ["call", "execute", "listFunctions", "a b", "a/b"]
            .map(|name| tool(name, json!({ "type": "object" })));
        let tools: Vec<&Tool> = all.iter().collect();
        let document = document(&tools);
        let paths = document["paths"].as_object().unwrap();
        let mut ids: Vec<&str> = paths
            .values()
            .flat_map(|path| path.as_object().unwrap().values())
            .filter_map(|operation| operation["operationId"].as_str())
            .collect();
        assert_eq!(
            paths["/functions/call"]["post"]["operationId"], "callFunction",
            "the endpoint, not the tool of that name"
        );
        assert!(paths.contains_key("/functions/a%20b") && !paths.contains_key("/functions/a/b"));
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "{ids:?}");
    }
}
