//! Defines [`Contract`], the JSON document that `<server> contract` prints, and checks it for contradictions.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::app::{McpApp, ToolVisibility, app_problems};
use crate::directory::DirectoryFinding;
use crate::hierarchy::cycle;
use crate::icon::{Icon, public_url_problems};
use crate::param_headers;
use crate::prompt::{McpResource, Prompt};
use crate::{
    InvalidScopeName, NameRule, PARAMETER_HEADER, SCOPE_NAME, Setting, SettingType,
    validate_scope_name,
};

/// Version of the document's format. It increases when a reader of the old format would misread the new one.
pub const CONTRACT_VERSION: u32 = 1;
/// Version of a document that asks for [`SelfInvocation`], which readers of [`CONTRACT_VERSION`] would overlook.
pub const SELF_INVOCATION_VERSION: u32 = 2;
/// Version of a document with [`EndpointMethod`]s, which readers of [`SELF_INVOCATION_VERSION`] would overlook.
pub const ENDPOINT_METHODS_VERSION: u32 = 3;

/// The name of the table in which the library keeps what outlives an invocation.
pub const STATE_RESOURCE: &str = "state";

/// A server's name. It appears in command lines (`claude mcp add … <name>`) and in Cognito, which allow few characters.
pub const SERVER_NAME: NameRule = NameRule {
    prefix: "",
    first: &['A'..='Z', 'a'..='z', '0'..='9'],
    other: &['A'..='Z', 'a'..='z', '0'..='9', '_'..='_', '-'..='-'],
    length: 1..=64,
};

/// What one server needs and offers: the document that `<server> contract` prints.
///
/// Members are in the order of the fields, so that the printed text is stable.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Contract {
    /// The lowest version whose readers understand all of the document: [`CONTRACT_VERSION`],
    /// [`SELF_INVOCATION_VERSION`] or [`ENDPOINT_METHODS_VERSION`].
    pub contract_version: u32,
    /// The identity of the server.
    pub server: ServerInfo,
    /// OAuth scopes that the authorization server must know, by name.
    pub scopes: Vec<Scope>,
    /// Tools, in the order of `tools/list`.
    pub tools: Vec<Tool>,
    /// MCP Apps, in the order in which they are declared. Left out when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub apps: Vec<McpApp>,
    /// Prompts that the server declares. Left out when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub prompts: Vec<Prompt>,
    /// Resources of MCP that the server declares, without its MCP Apps. Left out when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mcp_resources: Vec<McpResource>,
    /// AWS resources that the server asks for.
    pub resources: Vec<AwsResource>,
    /// What the function needs to continue its own work; left out when it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub self_invocation: Option<SelfInvocation>,
    /// HTTP methods besides POST that the gateway has to let through to the function; left out when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub endpoint_methods: Vec<EndpointMethod>,
    /// Request headers that clients must send for arguments of the tools, see [`param_headers`](crate::param_headers): a
    /// preflight has to allow them. Left out when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(regex(pattern = PARAMETER_HEADER.pattern())))]
    pub request_headers: Vec<String>,
    /// Environment variables: the library's, then the server's own.
    pub settings: Vec<Setting>,
    /// What directories of MCP servers would refuse the server for, see [`Contract::directory_findings`]; left out when it is nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub directory: Vec<DirectoryFinding>,
}

/// The identity of a server.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct ServerInfo {
    /// Name, also the name of its directory and binary; see [`SERVER_NAME`].
    #[schemars(regex(pattern = SERVER_NAME.pattern()))]
    pub name: String,
    /// Version of the server.
    pub version: String,
    /// Name for people.
    #[schemars(length(min = 1))]
    pub title: String,
    /// One or two sentences for people.
    pub description: String,
    /// URL of a page about the server; left out when there is none.
    #[serde(rename = "websiteUrl", skip_serializing_if = "Option::is_none")]
    pub website_url: Option<String>,
    /// Pictures of the server; left out when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub icons: Vec<Icon>,
}

/// One OAuth scope, by the name after the resource identifier.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Scope {
    /// The name; see [`SCOPE_NAME`](crate::SCOPE_NAME).
    #[schemars(regex(pattern = SCOPE_NAME.pattern()))]
    pub name: String,
    /// What it allows, as a consent page shows it.
    #[schemars(length(min = 1))]
    pub description: String,
    /// Names of other scopes that it includes, see [`ScopeHierarchy`](crate::ScopeHierarchy). Absent when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(length(min = 1)))]
    pub includes: Vec<String>,
}

/// One tool as clients see it, with what it needs.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tool {
    /// Name on the wire.
    #[schemars(length(min = 1))]
    pub name: String,
    /// Name for people.
    pub title: Option<String>,
    /// Description for the model.
    pub description: Option<String>,
    /// Pictures of the tool; left out when there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub icons: Vec<Icon>,
    /// JSON Schema (2020-12) of the arguments.
    pub input_schema: Value,
    /// JSON Schema (2020-12) of `structuredContent`; `null` when the tool has none.
    pub output_schema: Option<Value>,
    /// MCP tool annotations; `null` when the tool has none.
    pub annotations: Option<Value>,
    /// Names of the scopes that a caller needs, all of them.
    #[schemars(inner(length(min = 1)))]
    pub scopes: Vec<String>,
    /// What the tool does to AWS resources.
    pub aws_actions: Vec<AwsActions>,
    /// Why the tool cannot be called without an MCP client, such as "asks which dog is meant"; left out for a tool that can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs_mcp_client: Option<String>,
    /// Name of the [`McpApp`] that shows its results; left out when none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub app: Option<String>,
    /// Who may call it; left out when both the model and the MCP Apps of the server may.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub visibility: Vec<ToolVisibility>,
}

/// IAM actions of one tool on one [`AwsResource`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
pub struct AwsActions {
    /// IAM actions such as `dynamodb:GetItem`; never a wildcard.
    #[schemars(inner(length(min = 1)))]
    pub actions: Vec<String>,
    /// Name of the [`AwsResource`].
    #[schemars(length(min = 1))]
    pub resource: String,
}

/// An AWS resource that a server asks for.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
pub struct AwsResource {
    /// Name that [`AwsActions`] refer to.
    #[schemars(length(min = 1))]
    pub name: String,
    /// The type of the AWS resource.
    #[serde(rename = "type")]
    pub resource_type: AwsResourceType,
    /// Name of the setting that holds its physical name.
    #[schemars(length(min = 1))]
    pub setting: String,
}

/// The function invokes itself asynchronously, so it has to be allowed to (`lambda:InvokeFunction` on itself).
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SelfInvocation {
    /// How long such an invocation may wait to begin, in seconds; what is older does nothing. Lambda allows 60 to 21,600.
    #[schemars(range(min = 60, max = 21_600))]
    pub maximum_event_age_seconds: u32,
    /// How often Lambda may try again after a failure. Lambda allows 0 to 2.
    #[schemars(range(min = 0, max = 2))]
    pub retry_attempts: u32,
}

/// HTTP methods of the MCP endpoint besides POST (Streamable HTTP, revisions before 2026-07-28).
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum EndpointMethod {
    /// Ends a session.
    Delete,
    /// Resumes an event stream.
    Get,
}

/// Kinds of [`AwsResource`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum AwsResourceType {
    /// A DynamoDB table with the partition key `pk` (string) and no sort key.
    DynamodbTable,
}

/// Why a [`Contract`] is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContractProblem {
    /// A scope has a name that Cognito refuses.
    #[error("{0}")]
    ScopeName(InvalidScopeName),
    /// The same scope, tool, resource or setting twice.
    #[error("{kind} {name:?} is declared twice: give one of the two another name")]
    Duplicate {
        /// The kind of the duplicate.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// A tool needs something that the contract does not declare.
    #[error(
        "{referrer} refers to the {kind} {name:?}, which the server does not declare: declare it, or correct the name"
    )]
    Unknown {
        /// The tool or resource that refers to it.
        referrer: String,
        /// The kind of the missing declaration.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// A scope includes itself, by way of others.
    #[error("scope {:?} includes itself: {}; take one of these inclusions out", path.first().map_or("", String::as_str), path.join(" > "))]
    ScopeCycle {
        /// Names from the scope to itself.
        path: Vec<String>,
    },
    /// An IAM action that is not `service:Action`, or has a wildcard.
    #[error("tool {tool} needs an action spelled service:Action without wildcard, got {action:?}")]
    Action {
        /// The tool.
        tool: String,
        /// The action.
        action: String,
    },
    /// A tool has an invalid declaration.
    #[error("tool {tool} {rule}")]
    Tool {
        /// The tool.
        tool: String,
        /// The problem, as the end of a sentence that begins with the tool.
        rule: &'static str,
    },
    /// A picture that clients must not fetch.
    #[error("{owner} has an icon at {src:?}: take an https URL, or Icon::data")]
    Icon {
        /// The server or the tool.
        owner: String,
        /// The beginning of its URL.
        src: String,
    },
    /// The page about the server is no web page.
    #[error("the website of the server is {url:?}: give an https URL")]
    Website {
        /// What it is.
        url: String,
    },
    /// An MCP App whose name cannot be the end of a URI.
    #[error(
        "MCP App name {app:?} must be 1 to 64 of the characters A-Z a-z 0-9 _ -, and begin with a letter or digit"
    )]
    AppName {
        /// The name.
        app: String,
    },
    /// An MCP App that would reach something else than an origin.
    #[error(
        "MCP App {app} has {domain:?} in its {member}: give an https origin, such as https://cdn.example.com or https://*.example.com (connect_domains take wss too)"
    )]
    AppDomain {
        /// The MCP App.
        app: String,
        /// The list that has it.
        member: &'static str,
        /// The beginning of it.
        domain: String,
    },
    /// An MCP App whose document no host shows.
    #[error("MCP App {app} {rule}")]
    App {
        /// The MCP App.
        app: String,
        /// The problem, as the end of a sentence that begins with the MCP App.
        rule: String,
    },
    /// A setting's default is not of the setting's type.
    #[error("the default of {setting} is not of the setting's type")]
    Default {
        /// The setting.
        setting: &'static str,
    },
}

impl Contract {
    /// Finds every problem that would make the contract unusable for the constructs.
    ///
    /// Of the JSON Schemas only `x-mcp-header` is checked; whether an IAM action exists is not.
    #[must_use]
    pub fn problems(&self) -> Vec<ContractProblem> {
        let mut problems = Vec::new();
        for scope in &self.scopes {
            problems.extend(
                validate_scope_name(&scope.name)
                    .err()
                    .map(ContractProblem::ScopeName),
            );
        }
        let scopes = names(
            "scope",
            self.scopes.iter().map(|scope| scope.name.as_str()),
            &mut problems,
        );
        let resources = names(
            "resource",
            self.resources.iter().map(|resource| resource.name.as_str()),
            &mut problems,
        );
        let settings = names(
            "setting",
            self.settings.iter().map(|setting| setting.name),
            &mut problems,
        );
        names(
            "tool",
            self.tools.iter().map(|tool| tool.name.as_str()),
            &mut problems,
        );

        names(
            "MCP App",
            self.apps.iter().map(|app| app.name.as_str()),
            &mut problems,
        );
        names(
            "prompt",
            self.prompts.iter().map(|prompt| prompt.name.as_str()),
            &mut problems,
        );
        let resources_of_mcp = self.mcp_resources.iter().map(|each| each.uri.as_str());
        // An MCP App that is declared twice is reported by its name.
        let apps: BTreeSet<&str> = self.apps.iter().map(|app| app.uri.as_str()).collect();
        names("MCP resource", resources_of_mcp.chain(apps), &mut problems);

        let mut refer = |referrer: String, kind, known: &BTreeSet<&str>, name: &str| {
            if !known.contains(name) {
                problems.push(ContractProblem::Unknown {
                    referrer,
                    kind,
                    name: name.to_owned(),
                });
            }
        };
        for scope in &self.scopes {
            for included in &scope.includes {
                let referrer = format!("scope {}", scope.name);
                refer(referrer, "scope", &scopes, included);
            }
        }
        for resource in &self.resources {
            refer(
                format!("resource {}", resource.name),
                "setting",
                &settings,
                &resource.setting,
            );
        }
        for tool in &self.tools {
            for scope in &tool.scopes {
                refer(format!("tool {}", tool.name), "scope", &scopes, scope);
            }
            for permission in &tool.aws_actions {
                refer(
                    format!("tool {}", tool.name),
                    "resource",
                    &resources,
                    &permission.resource,
                );
            }
        }
        // One cycle is found from each of its scopes, and reported once.
        let mut told = BTreeSet::new();
        for path in self
            .scopes
            .iter()
            .filter_map(|scope| cycle(&self.scopes, scope))
        {
            if !told.contains(&path[0]) {
                told.extend(path.iter().cloned());
                problems.push(ContractProblem::ScopeCycle { path });
            }
        }
        for tool in &self.tools {
            if tool.scopes.is_empty() {
                problems.push(ContractProblem::Tool {
                    tool: tool.name.clone(),
                    rule: "has no OAuth scope: name one in its ToolPolicy (scope = \"…\" in #[tool]), and declare it with .scope()",
                });
            }
            if let Some(rule) = param_headers::problem(&tool.input_schema) {
                problems.push(ContractProblem::Tool {
                    tool: tool.name.clone(),
                    rule,
                });
            }
            let actions = tool
                .aws_actions
                .iter()
                .flat_map(|permission| &permission.actions);
            for action in actions.filter(|action| !is_action(action)) {
                problems.push(ContractProblem::Action {
                    tool: tool.name.clone(),
                    action: action.clone(),
                });
            }
        }
        problems.extend(app_problems(self));
        problems.extend(public_url_problems(self));
        for setting in &self.settings {
            let text = setting.default.as_ref().is_some_and(Value::is_string);
            if text && !matches!(setting.setting_type, SettingType::String | SettingType::Url) {
                problems.push(ContractProblem::Default {
                    setting: setting.name,
                });
            }
        }
        problems
    }

    /// The document as `<server> contract` prints it: indented JSON with a final line feed.
    ///
    /// # Errors
    ///
    /// None in practice: every member is a plain JSON value.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

fn names<'a>(
    kind: &'static str,
    names: impl Iterator<Item = &'a str>,
    problems: &mut Vec<ContractProblem>,
) -> BTreeSet<&'a str> {
    let mut known = BTreeSet::new();
    for name in names {
        if !known.insert(name) {
            problems.push(ContractProblem::Duplicate {
                kind,
                name: name.to_owned(),
            });
        }
    }
    known
}

fn is_action(action: &str) -> bool {
    action.split_once(':').is_some_and(|(service, name)| {
        !service.is_empty()
            && service
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::{
        AwsActions, AwsResource, AwsResourceType, CONTRACT_VERSION, Contract, EndpointMethod,
        Scope, SelfInvocation, ServerInfo, Tool,
    };
    use crate::{McpSettings, Settings};

    pub(crate) fn contract() -> Contract {
        Contract {
            contract_version: CONTRACT_VERSION,
            server: ServerInfo {
                name: "counter".to_owned(),
                version: "0.1.0".to_owned(),
                title: "Counter".to_owned(),
                description: "Counts".to_owned(),
                website_url: None,
                icons: Vec::new(),
            },
            scopes: vec![Scope {
                name: "counter.read".to_owned(),
                description: "Read the counter".to_owned(),
                includes: Vec::new(),
            }],
            tools: vec![Tool {
                name: "getCounter".to_owned(),
                title: None,
                description: None,
                icons: Vec::new(),
                input_schema: json!({"type": "object"}),
                output_schema: None,
                annotations: None,
                scopes: vec!["counter.read".to_owned()],
                aws_actions: vec![AwsActions {
                    actions: vec!["dynamodb:GetItem".to_owned()],
                    resource: "counters".to_owned(),
                }],
                needs_mcp_client: None,
                app: None,
                visibility: Vec::new(),
            }],
            apps: Vec::new(),
            prompts: Vec::new(),
            mcp_resources: Vec::new(),
            resources: vec![AwsResource {
                name: "counters".to_owned(),
                resource_type: AwsResourceType::DynamodbTable,
                setting: "MCP_LISTEN".to_owned(),
            }],
            self_invocation: None,
            endpoint_methods: Vec::new(),
            request_headers: Vec::new(),
            settings: McpSettings::definitions(),
            directory: Vec::new(),
        }
    }

    fn messages(contract: &Contract) -> Vec<String> {
        contract
            .problems()
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn accepts_a_contract_whose_references_are_declared() {
        assert_eq!(messages(&contract()), Vec::<String>::new());
    }

    #[test]
    fn names_every_undeclared_reference_and_every_duplicate() {
        let mut broken = contract();
        broken.tools[0].scopes = vec!["counter.write".to_owned()];
        broken.tools[0].aws_actions[0].resource = "tables".to_owned();
        broken.tools[0].aws_actions[0].actions = vec!["dynamodb:*".to_owned()];
        broken.tools[0].input_schema = json!({ "x-mcp-header": "Region" });
        broken.resources[0].setting = "COUNTER_TABLE".to_owned();
        broken.scopes.push(broken.scopes[0].clone());
        broken.scopes.push(Scope {
            name: "counter/write".to_owned(),
            description: String::new(),
            includes: vec!["counter.read".to_owned(), "counter.list".to_owned()],
        });
        assert_eq!(
            messages(&broken),
            [
                "scope name \"counter/write\" must be 1 to 256 characters of printable ASCII without space, quote, backslash or slash",
                "scope \"counter.read\" is declared twice: give one of the two another name",
                "scope counter/write refers to the scope \"counter.list\", which the server does not declare: declare it, or correct the name",
                "resource counters refers to the setting \"COUNTER_TABLE\", which the server does not declare: declare it, or correct the name",
                "tool getCounter refers to the scope \"counter.write\", which the server does not declare: declare it, or correct the name",
                "tool getCounter refers to the resource \"tables\", which the server does not declare: declare it, or correct the name",
                "tool getCounter has an x-mcp-header where no client may read one: put it at a property, or at a property of a property",
                "tool getCounter needs an action spelled service:Action without wildcard, got \"dynamodb:*\"",
            ]
        );
    }

    #[test]
    fn names_the_way_round_when_scopes_include_each_other() {
        let mut broken = contract();
        let scope = |name: &str, includes: &[&str]| Scope {
            name: name.to_owned(),
            description: String::new(),
            includes: includes.iter().map(|name| (*name).to_owned()).collect(),
        };
        broken.scopes.extend([
            scope("a", &["counter.read", "b"]),
            scope("b", &["c"]),
            scope("c", &["a"]),
            scope("d", &["d"]),
        ]);
        assert_eq!(
            messages(&broken),
            [
                "scope \"a\" includes itself: a > b > c > a; take one of these inclusions out",
                "scope \"d\" includes itself: d > d; take one of these inclusions out",
            ]
        );
    }

    #[test]
    fn prints_settings_as_the_constructs_read_them() {
        let printed: serde_json::Value =
            serde_json::from_str(&contract().to_json().unwrap()).unwrap();
        assert_eq!(
            printed["settings"][8],
            json!({
                "name": "MCP_RESPONSE_MODE", "owner": "mcp-lambda", "type": "string", "default": "stream",
                "required": false, "unit": null,
                "description": "How a function answers, stream or buffered; must be the gateway's response transfer mode."
            })
        );
        assert_eq!(printed["settings"][0]["required"], true);
        assert_eq!(printed["resources"][0]["type"], "dynamodbTable");
        assert!(printed.get("selfInvocation").is_none());
        let continued = Contract {
            self_invocation: Some(SelfInvocation {
                maximum_event_age_seconds: 300,
                retry_attempts: 2,
            }),
            ..contract()
        };
        assert_eq!(
            json!(continued)["selfInvocation"],
            json!({ "maximumEventAgeSeconds": 300, "retryAttempts": 2 })
        );
        assert!(printed.get("endpointMethods").is_none());
        let resuming = Contract {
            endpoint_methods: vec![EndpointMethod::Delete, EndpointMethod::Get],
            ..contract()
        };
        assert_eq!(json!(resuming)["endpointMethods"], json!(["DELETE", "GET"]));
        assert!(printed.get("requestHeaders").is_none());
        let mirrored = Contract {
            request_headers: vec!["Mcp-Param-Region".to_owned()],
            ..contract()
        };
        assert_eq!(
            json!(mirrored)["requestHeaders"],
            json!(["Mcp-Param-Region"])
        );
    }
}
