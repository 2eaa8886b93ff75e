//! Explains which parameter of a request does not fit its method.
//!
//! rmcp parses a request as the first of its typed requests that fits, and the last of them accepts every method:
//! a `tools/call` without `name` becomes a request for an unknown method. This module parses such a request again by
//! its method, to find out which member is wrong. Valid requests do not reach it.
#![expect(
    deprecated,
    reason = "rmcp still has the methods that newer revisions deprecate"
)]

use rmcp::model::{
    CallToolRequestMethod, CallToolRequestParams, CancelTaskMethod, CancelTaskParams,
    CancelledNotificationMethod, CompleteRequestMethod, CompleteRequestParams, ConstString,
    CustomRequest, DiscoverRequestMethod, DiscoverRequestParams, GetPromptRequestMethod,
    GetPromptRequestParams, GetSkillRequestMethod, GetSkillRequestParams, GetTaskMethod,
    GetTaskParams, InitializeRequestParams, InitializeResultMethod, InitializedNotificationMethod,
    JsonObject, ListPromptsRequestMethod, ListResourceTemplatesRequestMethod,
    ListResourcesRequestMethod, ListSkillsRequestMethod, ListToolsRequestMethod,
    PaginatedRequestParams, PingRequestMethod, ProgressNotificationMethod,
    ReadResourceDirectoryRequestMethod, ReadResourceDirectoryRequestParams,
    ReadResourceRequestMethod, ReadResourceRequestParams, RootsListChangedNotificationMethod,
    ServerCapabilities, SetLevelRequestMethod, SetLevelRequestParams, SubscribeRequestMethod,
    SubscribeRequestParams, SubscriptionsListenRequestMethod, SubscriptionsListenRequestParams,
    UnsubscribeRequestMethod, UnsubscribeRequestParams, UpdateTaskMethod, UpdateTaskParams,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Longest error about a parameter, in characters: it may quote a value of the caller, which can have megabytes.
const LONGEST: usize = 300;

/// The features that one server offers to one request.
pub(crate) struct Offer {
    pub(crate) capabilities: ServerCapabilities,
    /// The request is of a revision before 2026-07-28.
    pub(crate) is_legacy: bool,
    /// `subscriptions/listen` is supported.
    pub(crate) subscribes: bool,
}

/// A method whose parameters rmcp reads as a type.
struct Method {
    name: &'static str,
    /// A server without the feature does not know the method, regardless of the parameters.
    is_offered: fn(&Offer) -> bool,
    misfit: fn(&Value) -> Option<String>,
}

/// Every typed method of rmcp. A test compares it with rmcp's own list.
const METHODS: &[Method] = &[
    method::<PingRequestMethod, JsonObject>(|offer| offer.is_legacy),
    method::<InitializeResultMethod, InitializeRequestParams>(|offer| offer.is_legacy),
    method::<DiscoverRequestMethod, DiscoverRequestParams>(|_| true),
    method::<CompleteRequestMethod, CompleteRequestParams>(|offer| {
        offer.capabilities.completions.is_some()
    }),
    method::<SetLevelRequestMethod, SetLevelRequestParams>(|offer| {
        offer.is_legacy && offer.capabilities.logging.is_some()
    }),
    method::<GetPromptRequestMethod, GetPromptRequestParams>(has_prompts),
    method::<ListPromptsRequestMethod, PaginatedRequestParams>(has_prompts),
    method::<ListResourcesRequestMethod, PaginatedRequestParams>(has_resources),
    method::<ListResourceTemplatesRequestMethod, PaginatedRequestParams>(has_resources),
    method::<ReadResourceRequestMethod, ReadResourceRequestParams>(has_resources),
    method::<SubscriptionsListenRequestMethod, SubscriptionsListenRequestParams>(|offer| {
        offer.subscribes && !offer.is_legacy
    }),
    method::<SubscribeRequestMethod, SubscribeRequestParams>(|offer| {
        offer.is_legacy && has_resources(offer)
    }),
    method::<UnsubscribeRequestMethod, UnsubscribeRequestParams>(|offer| {
        offer.is_legacy && has_resources(offer)
    }),
    method::<CallToolRequestMethod, CallToolRequestParams>(has_tools),
    method::<ListToolsRequestMethod, PaginatedRequestParams>(has_tools),
    method::<GetTaskMethod, GetTaskParams>(has_tasks),
    method::<UpdateTaskMethod, UpdateTaskParams>(has_tasks),
    method::<CancelTaskMethod, CancelTaskParams>(has_tasks),
    method::<ListSkillsRequestMethod, PaginatedRequestParams>(has_skills),
    method::<GetSkillRequestMethod, GetSkillRequestParams>(has_skills),
    method::<ReadResourceDirectoryRequestMethod, ReadResourceDirectoryRequestParams>(|offer| {
        offer.capabilities.supports_directory_read()
    }),
];

/// Methods that return a list page by page. rmcp treats their parameters as absent when they do not fit.
const LISTS: [&str; 5] = [
    ListToolsRequestMethod::VALUE,
    ListPromptsRequestMethod::VALUE,
    ListResourcesRequestMethod::VALUE,
    ListResourceTemplatesRequestMethod::VALUE,
    ListSkillsRequestMethod::VALUE,
];

/// Whether the method returns a list page by page.
pub(crate) fn is_list(method: &str) -> bool {
    LISTS.contains(&method)
}

/// Notifications of the protocol, which rmcp parses as custom ones when their parameters do not fit.
const NOTIFICATIONS: [&str; 4] = [
    CancelledNotificationMethod::VALUE,
    ProgressNotificationMethod::VALUE,
    InitializedNotificationMethod::VALUE,
    RootsListChangedNotificationMethod::VALUE,
];

/// Whether rmcp has a type for the notification.
pub(crate) fn is_notification_of_the_protocol(method: &str) -> bool {
    NOTIFICATIONS.contains(&method)
}

const fn method<M: ConstString, P: DeserializeOwned>(is_offered: fn(&Offer) -> bool) -> Method {
    Method {
        name: M::VALUE,
        is_offered,
        misfit: misfit::<P>,
    }
}

fn has_tools(offer: &Offer) -> bool {
    offer.capabilities.tools.is_some()
}

fn has_prompts(offer: &Offer) -> bool {
    offer.capabilities.prompts.is_some()
}

fn has_resources(offer: &Offer) -> bool {
    offer.capabilities.resources.is_some()
}

fn has_tasks(offer: &Offer) -> bool {
    offer.capabilities.supports_tasks()
}

fn has_skills(offer: &Offer) -> bool {
    offer.capabilities.supports_skills()
}

/// What is wrong with the parameters of a request that rmcp took for a custom one; `None` when it is a custom
/// one, or one of a feature that the server does not have.
pub(crate) fn problem(request: &CustomRequest, offer: &Offer) -> Option<String> {
    let method = METHODS
        .iter()
        .find(|method| method.name == request.method && (method.is_offered)(offer))?;
    let Some(params) = &request.params else {
        return Some(format!("{} needs params, which are missing", method.name));
    };
    let problem = (method.misfit)(params);
    Some(problem.unwrap_or_else(|| format!("params do not fit {}", method.name)))
}

/// Names the member that keeps `params` from being a `P`, and says why.
fn misfit<P: DeserializeOwned>(params: &Value) -> Option<String> {
    let error = serde_path_to_error::deserialize::<_, P>(params).err()?;
    let path = match error.path().to_string().as_str() {
        "." => "params".to_owned(),
        path => format!("params.{path}"),
    };
    let sentence = format!("{path}: {}", error.inner());
    Some(match sentence.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", sentence.get(..end).unwrap_or_default()),
        None => sentence,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rmcp::model::{ClientNotification, ClientRequest, CustomRequest, ServerCapabilities};
    use rmcp::schemars::SchemaGenerator;
    use serde_json::{Value, json};

    use super::{LISTS, METHODS, NOTIFICATIONS, Offer, is_list, problem};

    /// Every `method` that the schema of rmcp's requests fixes; a method is a type of its own there.
    fn methods(schema: &Value, root: &Value, found: &mut BTreeSet<String>) {
        match schema {
            Value::Object(members) => {
                let method = &schema["properties"]["method"];
                let named = method["$ref"].as_str().map(|to| to.trim_start_matches('#'));
                let method = named.and_then(|to| root.pointer(to)).unwrap_or(method);
                found.extend(method["const"].as_str().map(str::to_owned));
                for member in members.values() {
                    methods(member, root, found);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| methods(item, root, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn knows_every_typed_method_of_rmcp() {
        let schema = SchemaGenerator::default().into_root_schema_for::<ClientRequest>();
        let schema = json!(schema);
        let mut theirs = BTreeSet::new();
        methods(&schema, &schema, &mut theirs);
        assert!(theirs.contains("tools/call"), "{theirs:?}");
        let ours: BTreeSet<String> = METHODS
            .iter()
            .map(|method| method.name.to_owned())
            .collect();
        assert_eq!(ours, theirs);
    }

    #[test]
    fn knows_every_list_and_every_notification_of_rmcp() {
        let listed = METHODS.iter().map(|method| method.name);
        let listed: Vec<&str> = listed.filter(|name| name.ends_with("/list")).collect();
        assert!(listed.iter().all(|name| is_list(name)) && listed.len() == LISTS.len());
        let schema = SchemaGenerator::default().into_root_schema_for::<ClientNotification>();
        let schema = json!(schema);
        let mut theirs = BTreeSet::new();
        methods(&schema, &schema, &mut theirs);
        assert_eq!(theirs, NOTIFICATIONS.map(str::to_owned).into());
    }

    #[test]
    fn quotes_no_more_of_a_value_than_a_reader_needs() {
        let offer = Offer {
            capabilities: ServerCapabilities::builder().enable_tools().build(),
            is_legacy: false,
            subscribes: false,
        };
        let params = json!({ "name": "x", "arguments": "é".repeat(100_000) });
        let request = CustomRequest::new("tools/call", Some(params));
        let sentence = problem(&request, &offer).unwrap();
        assert!(sentence.starts_with("params.arguments: invalid type: string \"é"));
        assert_eq!(sentence.chars().count(), 301);
    }
}
