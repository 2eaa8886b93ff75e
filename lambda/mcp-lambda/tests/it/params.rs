//! Parameters that do not fit their method, and descriptions of clients that do not fit the engine.
#![expect(deprecated, reason = "older revisions have logging")]

use std::sync::{Mutex, PoisonError};

use mcp_lambda::{Definition, ToolPolicy};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, CustomNotification,
    JsonObject, ServerCapabilities, ServerConfig, SubscriptionFilter, Tool,
};
use rmcp::service::{NotificationContext, RequestContext};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::{Value, json};

use crate::event_source::{Function, data, event, modern_event, set_header};
use crate::wire::HttpAnswer;

/// Offers every feature that has a method, and has one tool that says who calls.
struct Everything;

/// Methods of the notifications that reached the server as custom ones.
static CUSTOM: Mutex<Vec<String>> = Mutex::new(Vec::new());

impl ServerHandler for Everything {
    fn get_info(&self) -> ServerConfig {
        let mut capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_prompts()
            .enable_resources()
            .enable_completions()
            .enable_logging()
            .build();
        capabilities.extensions = Some(
            [
                ("io.modelcontextprotocol/tasks", json!({})),
                (
                    "io.modelcontextprotocol/skills",
                    json!({ "directoryRead": true }),
                ),
            ]
            .into_iter()
            .map(|(name, settings)| (name.to_owned(), settings.as_object().unwrap().clone()))
            .collect(),
        );
        ServerConfig::new(capabilities)
    }

    fn accepted_subscription_filter(
        &self,
        requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        Some(requested.clone())
    }

    async fn call_tool(
        &self,
        _request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let described = json!({
            "capabilities": context.client_capabilities(),
            "info": context.meta.client_info(),
        });
        Ok(CallToolResult::success(vec![ContentBlock::text(described.to_string())]).into())
    }

    async fn on_custom_notification(
        &self,
        notification: CustomNotification,
        _context: NotificationContext<RoleServer>,
    ) {
        let mut custom = CUSTOM.lock().unwrap_or_else(PoisonError::into_inner);
        custom.push(notification.method);
    }
}

fn definition() -> Definition<Everything> {
    let schema = json!({
        "type": "object",
        "properties": {
            "region": { "type": "string", "x-mcp-header": "Region" },
            "place": { "type": "object", "properties": { "floor": { "type": "integer", "x-mcp-header": "Floor" } } }
        }
    });
    let schema: JsonObject = serde_json::from_value(schema).unwrap();
    let mut tool = Tool::new("x", "Says who calls", schema);
    tool.meta = Some(ToolPolicy::scopes(&["tools"]).meta());
    Definition::new("everything", "1.0.0", vec![tool], |(), _| Ok(Everything))
        .scope("tools", "Use the tools")
}

fn request(method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params })
}

/// Method, parameters, and what the answer begins with.
fn misfits() -> Vec<(&'static str, Value, &'static str)> {
    let info = json!({ "name": "c", "version": "1" });
    vec![
        (
            "tools/call",
            json!({ "name": "x", "arguments": "{}" }),
            "params.arguments: invalid type: string \"{}\"",
        ),
        (
            "tools/call",
            json!({ "name": "x", "arguments": [1] }),
            "params.arguments: invalid type: sequence",
        ),
        (
            "tools/call",
            json!({ "arguments": {} }),
            "params: missing field `name`",
        ),
        (
            "tools/call",
            json!({ "name": 5 }),
            "params.name: invalid type: integer `5`",
        ),
        (
            "tools/call",
            json!({ "name": "x", "requestState": 5 }),
            "params.requestState: invalid type: integer `5`",
        ),
        (
            "tools/call",
            json!({ "name": "x", "inputResponses": [] }),
            "params.inputResponses: invalid type: sequence",
        ),
        (
            "initialize",
            json!({ "protocolVersion": "2025-11-25", "capabilities": {} }),
            "params: missing field `clientInfo`",
        ),
        (
            "initialize",
            json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "c" } }),
            "params.clientInfo: missing field `version`",
        ),
        (
            "initialize",
            json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": 5, "version": "1" } }),
            "params.clientInfo.name: invalid type: integer `5`",
        ),
        (
            "initialize",
            json!({ "protocolVersion": 5, "capabilities": {}, "clientInfo": info }),
            "params.protocolVersion: invalid type: integer `5`",
        ),
        (
            "initialize",
            json!({ "protocolVersion": "2025-11-25", "capabilities": 5, "clientInfo": info }),
            "params.capabilities: invalid type: integer `5`",
        ),
        (
            "prompts/get",
            json!({ "name": 5 }),
            "params.name: invalid type: integer `5`",
        ),
        (
            "prompts/get",
            json!({ "name": "p", "arguments": [] }),
            "params.arguments: invalid type: sequence",
        ),
        ("resources/read", json!({}), "params: missing field `uri`"),
        (
            "resources/read",
            json!({ "uri": 5 }),
            "params.uri: invalid type: integer `5`",
        ),
        (
            "resources/subscribe",
            json!({}),
            "params: missing field `uri`",
        ),
        (
            "resources/unsubscribe",
            json!({ "uri": null }),
            "params.uri: invalid type: null",
        ),
        (
            "logging/setLevel",
            json!({ "level": "loud" }),
            "params.level: unknown variant `loud`",
        ),
        (
            "completion/complete",
            json!({ "ref": { "type": "ref/prompt", "name": "p" } }),
            "params: missing field `argument`",
        ),
        ("tasks/get", json!({}), "params: missing field `taskId`"),
        (
            "tasks/update",
            json!({ "taskId": 5 }),
            "params.taskId: invalid type: integer `5`",
        ),
        (
            "tasks/cancel",
            json!({ "taskId": [] }),
            "params.taskId: invalid type: sequence",
        ),
        (
            "subscriptions/listen",
            json!({ "notifications": 5 }),
            "params.notifications: invalid type: integer `5`",
        ),
        ("skills/get", json!({}), "params: missing field `uri`"),
        (
            "resources/directory/read",
            json!({ "uri": "skill://a", "cursor": 5 }),
            "params.cursor: invalid type: integer `5`",
        ),
    ]
}

fn assert_misfit(error: &Value, start: &str) {
    let message = error["message"].as_str().unwrap_or_default();
    assert!(
        error["code"] == -32602 && message.starts_with(start),
        "{start}: {error}"
    );
}

#[tokio::test]
async fn parameters_that_do_not_fit_are_refused_by_the_name_of_the_member() {
    let function = Function::start_server(&[], definition).await;
    for (method, params, start) in misfits() {
        let message = request(method, &params);
        // Each has the methods of its revisions only.
        if method != "subscriptions/listen" {
            let answer = function.call_legacy(&message).await;
            assert_eq!((answer.status, &answer.json()["id"]), (200, &json!(7)));
            assert_misfit(&answer.json()["error"], start);
        }
        if matches!(method, "initialize" | "logging/setLevel") {
            // 2026-07-28 has removed them, whatever the parameters.
            let answer = function.call(&message).await;
            assert_eq!(
                (answer.status, &answer.json()["error"]["code"]),
                (404, &json!(-32601)),
                "{method}"
            );
        } else if !matches!(method, "resources/subscribe" | "resources/unsubscribe") {
            let answer = function.call(&message).await;
            assert_eq!((answer.status, &answer.json()["id"]), (200, &json!(7)));
            assert_misfit(&answer.json()["error"], start);
        }
    }
}

#[tokio::test]
async fn parameters_that_do_not_fit_are_refused_within_a_batch() {
    let function = Function::start_server(&[], definition).await;
    let misfits: Vec<_> = misfits()
        .into_iter()
        .filter(|(method, _, _)| !matches!(*method, "initialize" | "subscriptions/listen"))
        .collect();
    let batch: Vec<Value> = misfits
        .iter()
        .map(|(method, params, _)| request(method, params))
        .collect();
    let answers = function.send(&event(&json!(batch), &[])).await.json();
    for (answer, (_, _, start)) in answers.as_array().unwrap().iter().zip(&misfits) {
        assert_misfit(&answer["error"], start);
    }
    assert_eq!(answers.as_array().unwrap().len(), misfits.len());
}

#[tokio::test]
async fn parameters_that_are_no_object_are_refused_as_such() {
    let function = Function::start_server(&[], definition).await;
    for (params, rule) in [
        (json!([1]), "params must be an object"),
        (json!("x"), "params must be an object"),
        (json!({ "_meta": 5 }), "params._meta must be an object"),
    ] {
        let message = request("tools/call", &params);
        let older = function.call_legacy(&message).await;
        assert_eq!(older.status, 200, "{params}");
        assert_eq!(
            older.json(),
            json!({ "jsonrpc": "2.0", "id": 7, "error": { "code": -32602, "message": rule } })
        );
        let headers = [
            ("MCP-Protocol-Version", "2026-07-28"),
            ("Mcp-Method", "tools/call"),
        ];
        let newer = function.send(&event(&message, &headers)).await;
        assert_eq!(
            (newer.status, &newer.json()["error"]["code"]),
            (400, &json!(-32602)),
            "the metadata that the revision asks for is missing"
        );
    }
    for missing in [
        json!({ "jsonrpc": "2.0", "id": 7, "method": "tools/call" }),
        request("tools/call", &Value::Null),
    ] {
        let answer = function.call_legacy(&missing).await.json();
        assert_misfit(&answer["error"], "tools/call needs params");
    }
}

#[tokio::test]
async fn a_method_of_a_feature_that_the_server_lacks_is_unknown_whatever_its_parameters() {
    /// Offers tools alone.
    struct Tools;
    impl ServerHandler for Tools {
        fn get_info(&self) -> ServerConfig {
            ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
        }
    }
    let definition = || Definition::new("tools", "1.0.0", Vec::new(), |(), _| Ok(Tools));
    let function = Function::start_server(&[], definition).await;
    for (method, params, start) in misfits() {
        let message = request(method, &params);
        let newer = function.call(&message).await;
        if method == "tools/call" {
            assert_misfit(&newer.json()["error"], start);
        } else if method != "initialize" {
            let older = function.call_legacy(&message).await;
            assert_eq!(older.json()["error"]["code"], -32601, "{method}");
            assert_eq!(
                (newer.status, &newer.json()["error"]["code"]),
                (404, &json!(-32601)),
                "{method}"
            );
        }
    }
    let custom = request("dogs/list", &json!({ "name": 5 }));
    assert_eq!(function.call(&custom).await.status, 404);
}

#[tokio::test]
async fn a_notification_that_does_not_fit_has_no_answer() {
    let function = Function::start_server(&[], definition).await;
    for (method, params) in [
        ("notifications/cancelled", json!({ "requestId": {} })),
        ("notifications/progress", json!({})),
    ] {
        let notification = json!({ "jsonrpc": "2.0", "method": method, "params": params });
        for answer in [
            function.call_legacy(&notification).await,
            function.call(&notification).await,
            function.send(&event(&json!([notification]), &[])).await,
        ] {
            assert_eq!((answer.status, answer.body.len()), (202, 0), "{method}");
        }
    }
    let no_object = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": 5 });
    let refused = function.call_legacy(&no_object).await;
    assert_eq!((refused.status, &refused.json()["id"]), (400, &Value::Null));
}

#[cfg(feature = "state")]
#[tokio::test]
async fn a_conversation_refuses_misfits_and_ignores_notifications_that_do_not_fit() {
    use crate::conversation::{ALICE, KEYS, message, session};
    use crate::dynamodb::Table;

    fn asking() -> Definition<Everything> {
        definition().asks_clients()
    }
    let table = Table::start().await;
    let mut variables = table.variables().to_vec();
    variables.push(("MCP_STATE_KEYS", KEYS));
    let function = Function::start_server(&variables, asking).await;
    let session = session(&function, ALICE).await;
    for (method, params, start) in misfits() {
        if !matches!(method, "initialize" | "subscriptions/listen") {
            let event = message(&request(method, &params), &session, ALICE);
            let answer = function.send(&event).await;
            assert_eq!(answer.status, 200, "{method}");
            assert_misfit(&answer.json()["error"], start);
        }
    }
    for (method, params) in [
        ("notifications/cancelled", json!({ "requestId": {} })),
        ("dogs/barked", json!({})),
    ] {
        let notification = json!({ "jsonrpc": "2.0", "method": method, "params": params });
        let answer = function
            .send(&message(&notification, &session, ALICE))
            .await;
        assert_eq!(answer.status, 202, "{method}");
    }
    let custom = CUSTOM.lock().unwrap().clone();
    assert!(
        !custom
            .iter()
            .any(|method| method.starts_with("notifications/")),
        "{custom:?}"
    );
}

/// Descriptions that no server has a use for, and that no request may fail for.
fn oddities() -> [(Value, Value); 5] {
    let plain = json!({ "name": "c", "version": "1" });
    [
        (json!({ "experimental": { "x": true } }), plain.clone()),
        (
            json!({ "extensions": { "x/y": true }, "roots": [], "later": 5 }),
            plain.clone(),
        ),
        (json!([]), plain),
        (
            json!({}),
            json!({ "name": "c", "version": "1", "icons": [{ "src": "i", "sizes": "48x48" }] }),
        ),
        (
            json!({}),
            json!({ "name": "c", "version": "1", "title": 5, "icons": [{ "src": "i", "theme": "auto" }] }),
        ),
    ]
}

#[tokio::test]
async fn a_client_may_say_more_about_itself_than_the_engine_knows() {
    let function = Function::start_server(&[], definition).await;
    for (capabilities, info) in oddities() {
        let mut initialize = data("initialize-2025-11-25.json");
        initialize["params"]["capabilities"] = capabilities.clone();
        initialize["params"]["clientInfo"] = info.clone();
        let answer = function.send(&event(&initialize, &[])).await;
        assert_eq!(
            answer.json()["result"]["protocolVersion"],
            "2025-11-25",
            "{initialize}"
        );

        let mut event = modern_event(&request("tools/call", &json!({ "name": "x" })));
        let mut body: Value = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
        let meta = &mut body["params"]["_meta"];
        meta["io.modelcontextprotocol/clientCapabilities"] = capabilities;
        meta["io.modelcontextprotocol/clientInfo"] = info;
        event["body"] = json!(body.to_string());
        let described = described(&function.send(&event).await);
        assert_eq!(described["info"]["name"], "c", "{body}");
        assert!(described["capabilities"].is_object(), "{body}");
    }
    let mut tasks = modern_event(&request("tools/call", &json!({ "name": "x" })));
    tasks["body"] = json!(tasks["body"].as_str().unwrap().replace(
        "clientCapabilities\":{}",
        "clientCapabilities\":{\"extensions\":{\"x/y\":true}}"
    ));
    let described = described(&function.send(&tasks).await);
    assert_eq!(
        described["capabilities"]["extensions"],
        json!({ "x/y": {} }),
        "true declares it"
    );
}

#[tokio::test]
async fn a_client_may_ask_about_the_server_with_parameters_of_a_later_revision() {
    let function = Function::start_server(&[], definition).await;
    let mut discover = data("discover-2026-07-28.json");
    discover["params"]["later"] = json!(1);
    let answer = function.call(&discover).await;
    assert_eq!(answer.status, 200);
    assert!(answer.json()["result"]["supportedVersions"].is_array());
}

fn described(answer: &HttpAnswer) -> Value {
    serde_json::from_str(&answer.tool_text()).unwrap()
}

#[tokio::test]
async fn a_header_that_contradicts_the_body_is_refused_in_every_revision() {
    let function = Function::start_server(&[], definition).await;
    let call = request("tools/call", &json!({ "name": "x" }));
    let read = request("resources/read", &json!({ "uri": "test://a" }));
    let list = request("tools/list", &json!({}));
    let notification = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    for version in [
        None,
        Some("2025-03-26"),
        Some("2025-06-18"),
        Some("2025-11-25"),
    ] {
        let send = async |message: &Value, headers: &[(&str, &str)]| {
            let mut event = event(message, headers);
            if let Some(version) = version {
                set_header(&mut event, "MCP-Protocol-Version", version);
            }
            function.send(&event).await
        };
        for (message, header) in [
            (&call, ("Mcp-Method", "tools/list")),
            (&call, ("Mcp-Method", "TOOLS/CALL")),
            (&call, ("Mcp-Name", "harmless")),
            (&call, ("Mcp-Name", "=?base64?aGFybWxlc3M=?=")),
            (&call, ("Mcp-Name", "=?base64?!?=")),
            (&read, ("Mcp-Name", "test://b")),
            (&list, ("Mcp-Name", "x")),
            (&notification, ("Mcp-Method", "tools/list")),
        ] {
            let answer = send(message, &[header]).await;
            assert_eq!(
                (answer.status, &answer.json()["error"]["code"]),
                (400, &json!(-32020)),
                "{version:?} {header:?} {message}"
            );
        }
        for headers in [
            [("Mcp-Method", "tools/call"), ("Mcp-Name", "x")],
            [
                ("Mcp-Method", "tools/call"),
                ("Mcp-Name", "=?base64?eA==?="),
            ],
        ] {
            assert_eq!(send(&call, &headers).await.status, 200, "{headers:?}");
        }
        let mut twice = event(&call, &[]);
        twice["multiValueHeaders"]["Mcp-Name"] = json!(["x", "x"]);
        assert_eq!(function.send(&twice).await.status, 400);
        if version.is_none_or(|version| version == "2025-03-26") {
            for header in [("Mcp-Method", "tools/list"), ("Mcp-Name", "x")] {
                let answer = send(&json!([list]), &[header]).await;
                assert_eq!(
                    (answer.status, &answer.json()["error"]["code"]),
                    (400, &json!(-32020)),
                    "a batch is more than one message"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_header_that_contradicts_an_argument_is_refused_in_every_revision() {
    let function = Function::start_server(&[], definition).await;
    let call = |arguments: Value| {
        request(
            "tools/call",
            &json!({ "name": "x", "arguments": arguments }),
        )
    };
    let eu = call(json!({ "region": "eu", "place": { "floor": 2 } }));
    let (region, floor) = ("Mcp-Param-Region", "Mcp-Param-Floor");
    for version in ["2025-03-26", "2025-11-25", "2026-07-28"] {
        let send = async |message: &Value, headers: &[(&str, &str)]| {
            let mut event = if version == "2026-07-28" {
                modern_event(message)
            } else {
                event(message, &[("MCP-Protocol-Version", version)])
            };
            for (name, value) in headers {
                set_header(&mut event, name, value);
            }
            function.send(&event).await
        };
        for (message, headers) in [
            (&eu, [(region, "us"), (floor, "2")]),
            (&eu, [(region, "=?base64?dXM=?="), (floor, "2")]),
            (&eu, [(region, "eu"), (floor, "3")]),
            (
                &call(json!({ "region": "eu" })),
                [(region, "eu"), (floor, "2")],
            ),
            (
                &call(json!({ "region": null })),
                [(region, "null"), (floor, "2")],
            ),
        ] {
            let answer = send(message, &headers).await;
            assert_eq!(
                (answer.status, &answer.json()["error"]["code"]),
                (400, &json!(-32020)),
                "{version} {headers:?} {message}"
            );
        }
        let agreeing = [(region, "=?base64?ZXU=?="), (floor, "2")];
        assert_eq!(send(&eu, &agreeing).await.status, 200, "{version}");
        if version == "2025-03-26" {
            let answer = send(&json!([eu]), &[(region, "eu")]).await;
            assert_eq!(answer.json()["error"]["code"], -32020, "a batch");
        }
    }
    let none = event(&eu, &[]);
    assert_eq!(function.send(&none).await.status, 200);
}

#[tokio::test]
async fn a_version_that_nobody_knows_is_refused_in_the_words_that_clients_look_for() {
    let function = Function::start_server(&[], definition).await;
    let list = request("tools/list", &json!({}));
    let answer = function
        .send(&event(&list, &[("MCP-Protocol-Version", "1999-01-01")]))
        .await;
    let error = &answer.json()["error"];
    assert_eq!((answer.status, &error["code"]), (400, &json!(-32022)));
    let message = error["message"].as_str().unwrap();
    assert!(
        message.starts_with("Unsupported protocol version: 1999-01-01 (supported versions: "),
        "{message}"
    );
    assert_eq!(error["data"]["requested"], "1999-01-01");
    let supported = error["data"]["supported"].as_array().unwrap();
    assert!(supported.contains(&json!("2025-11-25")), "{supported:?}");
}

#[tokio::test]
async fn media_ranges_that_contain_those_of_the_protocol_are_accepted() {
    let function = Function::start_server(&[], definition).await;
    let list = request("tools/list", &json!({}));
    for (accept, status) in [
        ("application/*, text/*", 200),
        ("*/*;q=0.8", 200),
        ("application/json, text/*;q=0.1", 200),
        ("application/json", 406),
        ("*/*, text/event-stream;q=0", 406),
        ("*/*;q=0", 406),
    ] {
        for mut event in [
            modern_event(&list),
            event(&list, &[("MCP-Protocol-Version", "2025-11-25")]),
        ] {
            set_header(&mut event, "Accept", accept);
            assert_eq!(function.send(&event).await.status, status, "{accept}");
        }
    }
}
