//! The tools as plain REST: every endpoint with every status, its callers, its documents, and the same results as by MCP.

use std::collections::BTreeMap;
use std::time::Duration;

use mcp_lambda::{Caller, Definition, Json, Server, ToolServer, rmcp, tool};
use mcp_lambda_contract::{Contract, ToolsApiAccess, openapi};
use rmcp::model::{CallToolResponse, CallToolResult, InputRequiredResult};
use rmcp::schemars;
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer};
use serde::Serialize;
use serde_json::{Value, json};

use crate::event_source::{Function, RESOURCE, call, data, modern_event, set_header};
use crate::wire::HttpAnswer;

pub(crate) const URL: &str = "https://abc123.execute-api.eu-central-1.amazonaws.com/prod";
/// Two keys: one may walk dogs, one has every OAuth scope.
pub(crate) const KEYS: &str = r#"[
    {"id":"k1walker","name":"walker","scopes":["walk"]},
    {"id":"k2owner","name":"owner","scopes":["own"]}
]"#;

#[derive(Serialize, schemars::JsonSchema)]
struct Walk {
    dog: String,
    kilometres: u32,
}

/// Walks a dog & says <how> far.
#[tool(scope = "walk", output = Walk)]
async fn walk(
    /// Name of the dog.
    #[arg(length(min = 1, max = 20))]
    dog: String,
    #[arg(default = 2, range(min = 1, max = 5))] kilometres: u32,
) -> Result<Json<Walk>, String> {
    match dog.as_str() {
        "Brutus" => Err("Brutus bites".to_owned()),
        "Schroedinger" => panic!("the dog ate it"),
        _ => Ok(Json(Walk { dog, kilometres })),
    }
}

/// Says who calls, and with which headers.
#[tool(scope = "walk", name = "whoAmI")]
async fn who_am_i(caller: Caller, context: RequestContext<RoleServer>) -> String {
    let scopes: Vec<&str> = caller.scopes().collect();
    let parts = context.extensions.get::<http::request::Parts>();
    let headers = parts.map(|parts| format!("{:?}", parts.headers));
    format!(
        "{:?} {} {} {scopes:?} {}",
        caller.kind(),
        caller.subject(),
        caller.app_client_id(),
        headers.unwrap_or_default()
    )
}

/// Sells a dog.
#[tool(scopes = ["walk", "sell"])]
async fn sell() -> String {
    "sold".to_owned()
}

/// Never ends.
#[tool(scope = "walk")]
async fn sleeps() -> String {
    std::future::pending().await
}

/// Asks which dog is meant, where its declaration does not say so.
#[tool(scope = "walk")]
async fn asks() -> Result<CallToolResponse, ErrorData> {
    Ok(CallToolResponse::InputRequired(
        InputRequiredResult::from_request_state("which dog?".to_owned()),
    ))
}

/// Asks which dog is meant.
#[tool(scope = "walk", needs_mcp_client("asks which dog is meant"))]
async fn declared() -> CallToolResult {
    CallToolResult::default()
}

fn server() -> Server {
    Server::new("kennel", "1.0.0")
        .title("Kennel <b>")
        .scope("walk", "Walk dogs")
        .scope("sell", "Sell dogs")
        .scope_including("own", "Everything", &["walk", "sell"])
        .tool(walk)
        .tool(who_am_i)
        .tool(sell)
        .tool(sleeps)
        .tool(asks)
        .tool(declared)
}

pub(crate) fn definition() -> Definition<ToolServer<()>> {
    server().definition()
}

async fn kennel() -> Function {
    Function::start_server(
        &[("MCP_TOOLS_URL", URL), ("MCP_TOOLS_KEYS", KEYS)],
        definition,
    )
    .await
}

/// Who sends a request, as the gateway says.
#[derive(Clone, Copy, Debug)]
pub(crate) enum As<'a> {
    Key(&'a str),
    Person,
    Nobody,
}

/// The event of a request to a resource of the tools API.
pub(crate) fn rest(method: &str, path: &str, who: As<'_>, body: &str) -> Value {
    let mut event = data("event-person.json");
    let (resource, name) = match path.strip_prefix("/functions/") {
        Some("call") | None => (path, None),
        Some(name) => ("/functions/{name}", Some(name)),
    };
    event["httpMethod"] = json!(method);
    event["path"] = json!(path);
    event["resource"] = json!(resource);
    event["pathParameters"] = name.map_or(Value::Null, |name| json!({ "name": name }));
    event["body"] = if body.is_empty() {
        Value::Null
    } else {
        json!(body)
    };
    set_header(&mut event, "x-api-key", "the-secret-itself");
    let context = &mut event["requestContext"];
    if !matches!(who, As::Person) {
        context["authorizer"] = Value::Null;
    }
    if let As::Key(id) = who {
        context["identity"]["apiKeyId"] = json!(id);
    }
    if let As::Person = who {
        context["authorizer"]["claims"]["scope"] = json!(format!("{RESOURCE}/walk"));
    }
    event
}

const WALKER: As<'_> = As::Key("k1walker");
const OWNER: As<'_> = As::Key("k2owner");

#[tokio::test]
async fn every_endpoint_responds_with_the_status_and_problem_of_the_table() {
    let function = kennel().await;
    let deep = format!(r#"{{"dog":{}{}}}"#, "[".repeat(70), "]".repeat(70));
    let big = format!(r#"{{"dog":"{}"}}"#, "x".repeat(4 * 1024 * 1024));
    let call_walk = r#"{"name":"walk","arguments":{"dog":"Rex"}}"#;
    let paths = ["/functions/call", "/tools/call", "/execute"];
    let mut table: Vec<(&str, &str, As<'_>, &str, u16, &str)> = vec![
        ("GET", "/functions", WALKER, "", 200, ""),
        ("GET", "/functions", As::Person, "", 200, ""),
        (
            "GET",
            "/functions",
            As::Nobody,
            "",
            401,
            "credential-missing",
        ),
        (
            "GET",
            "/functions",
            As::Key("k9other"),
            "",
            403,
            "key-unknown",
        ),
        (
            "POST",
            "/functions",
            WALKER,
            "{}",
            405,
            "method-not-allowed",
        ),
        ("GET", "/functions/walk", WALKER, "", 200, ""),
        (
            "GET",
            "/functions/sell",
            WALKER,
            "",
            403,
            "insufficient-scope",
        ),
        ("GET", "/functions/run", WALKER, "", 404, "function-unknown"),
        (
            "DELETE",
            "/functions/walk",
            WALKER,
            "",
            405,
            "method-not-allowed",
        ),
        (
            "POST",
            "/functions/walk",
            WALKER,
            r#"{"dog":"Rex"}"#,
            200,
            "",
        ),
        ("POST", "/functions/whoAmI", As::Person, "", 200, ""),
        (
            "POST",
            "/functions/walk",
            As::Nobody,
            "{}",
            401,
            "credential-missing",
        ),
        ("POST", "/functions/walk", WALKER, "[]", 400, "body-invalid"),
        ("POST", "/functions/walk", WALKER, "{", 400, "not-json"),
        (
            "POST",
            "/functions/walk",
            WALKER,
            "",
            422,
            "arguments-invalid",
        ),
        (
            "POST",
            "/functions/walk",
            WALKER,
            r#"{"dog":7}"#,
            422,
            "arguments-invalid",
        ),
        (
            "POST",
            "/functions/walk",
            WALKER,
            r#"{"dog":"Brutus"}"#,
            500,
            "tool-failed",
        ),
        (
            "POST",
            "/functions/walk",
            WALKER,
            r#"{"dog":"Schroedinger"}"#,
            500,
            "tool-failed",
        ),
        ("POST", "/functions/walk", WALKER, &deep, 400, "too-deep"),
        (
            "POST",
            "/functions/walk",
            WALKER,
            &big,
            413,
            "body-too-large",
        ),
        (
            "POST",
            "/functions/sell",
            WALKER,
            "",
            403,
            "insufficient-scope",
        ),
        ("POST", "/functions/sell", OWNER, "", 200, ""),
        (
            "POST",
            "/functions/run",
            WALKER,
            "",
            404,
            "function-unknown",
        ),
        (
            "POST",
            "/functions/asks",
            WALKER,
            "",
            409,
            "needs-mcp-client",
        ),
        (
            "POST",
            "/functions/declared",
            WALKER,
            "",
            409,
            "needs-mcp-client",
        ),
        ("GET", "/openapi.json", As::Nobody, "", 200, ""),
        (
            "GET",
            "/openapi.json",
            As::Key("k9other"),
            "",
            403,
            "key-unknown",
        ),
        (
            "POST",
            "/openapi.json",
            WALKER,
            "{}",
            405,
            "method-not-allowed",
        ),
        ("GET", "/docs", As::Nobody, "", 200, ""),
        ("PUT", "/docs", WALKER, "", 405, "method-not-allowed"),
    ];
    for path in paths {
        table.extend([
            ("POST", path, WALKER, call_walk, 200, ""),
            ("POST", path, As::Person, call_walk, 200, ""),
            (
                "POST",
                path,
                As::Nobody,
                call_walk,
                401,
                "credential-missing",
            ),
            (
                "POST",
                path,
                As::Key("k9other"),
                call_walk,
                403,
                "key-unknown",
            ),
            (
                "POST",
                path,
                WALKER,
                r#"{"name":"sell"}"#,
                403,
                "insufficient-scope",
            ),
            (
                "POST",
                path,
                WALKER,
                r#"{"name":"run"}"#,
                404,
                "function-unknown",
            ),
            (
                "POST",
                path,
                WALKER,
                r#"{"name":"asks"}"#,
                409,
                "needs-mcp-client",
            ),
            ("POST", path, WALKER, "{}", 400, "body-invalid"),
            ("POST", path, WALKER, "no", 400, "not-json"),
            (
                "POST",
                path,
                WALKER,
                r#"{"name":"walk"}"#,
                422,
                "arguments-invalid",
            ),
            (
                "POST",
                path,
                WALKER,
                r#"{"name":"walk","name":"sell"}"#,
                400,
                "body-invalid",
            ),
            ("GET", path, WALKER, "", 405, "method-not-allowed"),
        ]);
    }
    for (method, path, who, body, status, problem) in table {
        let answer = function.send(&rest(method, path, who, body)).await;
        let request = format!("{method} {path} {who:?} {body:.60}");
        assert_eq!(answer.status, status, "{request}: {:?}", answer.body);
        if problem.is_empty() {
            continue;
        }
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json"),
            "{request}"
        );
        assert_eq!(
            answer.header("cache-control"),
            Some("no-store"),
            "{request}"
        );
        let body = answer.json();
        assert_eq!(
            body["type"],
            format!("urn:mcp-lambda:problem:{problem}"),
            "{request}"
        );
        assert_eq!(body["status"], status, "{request}");
        assert!(
            body["detail"]
                .as_str()
                .is_some_and(|detail| !detail.is_empty()),
            "{request}"
        );
        assert_eq!(answer.header("allow").is_some(), status == 405, "{request}");
    }
}

#[tokio::test]
async fn headers_that_are_too_many_and_bodies_of_another_media_type_are_refused() {
    let function = kennel().await;
    let mut event = rest("POST", "/execute", WALKER, r#"{"name":"walk"}"#);
    set_header(
        &mut event,
        "Content-Type",
        "application/x-www-form-urlencoded",
    );
    let answer = function.send(&event).await;
    assert_eq!(
        (answer.status, &answer.json()["detail"]),
        (
            415,
            &json!("the body must have the media type application/json")
        )
    );
    let mut event = rest("GET", "/functions", WALKER, "");
    for number in 0..101 {
        set_header(&mut event, &format!("x-{number}"), "1");
    }
    assert_eq!(function.send(&event).await.status, 431);
}

#[tokio::test]
async fn a_tool_that_does_not_finish_is_a_504_before_the_invocation_ends() {
    let function = kennel().await;
    let event = rest("POST", "/functions/sleeps", WALKER, "");
    let invoked = function.invoke(&event, Duration::from_millis(600)).await;
    let answer = HttpAnswer::from_stream(&invoked.all().await);
    assert_eq!(answer.status, 504);
    assert_eq!(answer.json()["type"], "urn:mcp-lambda:problem:too-late");
}

#[tokio::test]
async fn the_same_tool_gives_the_same_result_by_mcp_and_by_rest() {
    let function = kennel().await;
    let arguments = json!({ "dog": "Rex", "kilometres": 3 });
    let mut message = call("walk");
    message["params"]["arguments"] = arguments.clone();
    let mut event = modern_event(&message);
    event["requestContext"]["authorizer"]["claims"]["scope"] = json!(format!("{RESOURCE}/walk"));
    let by_mcp = function.send(&event).await.json()["result"].clone();
    assert_eq!(by_mcp["structuredContent"], arguments);
    let body = json!({ "name": "walk", "arguments": arguments }).to_string();
    for event in [
        rest("POST", "/functions/walk", WALKER, &arguments.to_string()),
        rest("POST", "/functions/call", As::Person, &body),
        rest("POST", "/tools/call", WALKER, &body),
        rest("POST", "/execute", OWNER, &body),
    ] {
        let by_rest = function.send(&event).await.json();
        assert_eq!(by_rest["structuredContent"], by_mcp["structuredContent"]);
        assert_eq!(by_rest["content"], by_mcp["content"]);
    }
}

#[tokio::test]
async fn a_key_is_a_machine_of_its_name_with_its_scopes_and_tools_see_no_credential() {
    let function = kennel().await;
    let says = async |who| {
        let mut event = rest("POST", "/functions/whoAmI", who, "");
        set_header(&mut event, "x-trace", "kept");
        let answer = function.send(&event).await.json();
        answer["content"][0]["text"].as_str().unwrap().to_owned()
    };
    let walker = says(WALKER).await;
    assert!(
        walker.starts_with("Machine key-walker key-walker [\"walk\"] "),
        "{walker}"
    );
    let owner = says(OWNER).await;
    assert!(
        owner.starts_with("Machine key-owner key-owner [\"own\", \"sell\", \"walk\"] "),
        "{owner}"
    );
    let person = says(As::Person).await;
    assert!(person.starts_with("Person "), "{person}");
    for seen in [walker, owner, person] {
        assert!(seen.contains("kept"), "{seen}");
        assert!(
            !seen.contains("the-secret-itself") && !seen.contains("authorization"),
            "{seen}"
        );
    }
}

#[tokio::test]
async fn a_key_opens_the_tools_api_alone_and_a_token_only_where_tokens_are_accepted() {
    let function = kennel().await;
    let mut by_mcp = modern_event(&call("walk"));
    by_mcp["requestContext"]["authorizer"] = Value::Null;
    by_mcp["requestContext"]["identity"]["apiKeyId"] = json!("k2owner");
    assert_eq!(
        function.send(&by_mcp).await.status,
        401,
        "the MCP endpoint takes no keys"
    );

    // The usage key that a Lambda authorizer names for an access token is nobody's.
    let mut counted = rest("GET", "/functions/sell", As::Person, "");
    counted["requestContext"]["identity"]["apiKeyId"] = json!("k2owner");
    assert_eq!(
        function.send(&counted).await.status,
        403,
        "the token's scopes count"
    );

    let variables = [
        ("MCP_TOOLS_URL", URL),
        ("MCP_TOOLS_KEYS", KEYS),
        ("MCP_TOOLS_ACCESS_TOKENS", "false"),
    ];
    let keys_alone = Function::start_server(&variables, definition).await;
    let refused = keys_alone
        .send(&rest("GET", "/functions", As::Person, ""))
        .await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.header("www-authenticate"), None);
    assert_eq!(
        keys_alone
            .send(&rest("GET", "/functions", WALKER, ""))
            .await
            .status,
        200
    );

    let mcp_alone = Function::start_server(&[], definition).await;
    let unknown = mcp_alone.send(&rest("GET", "/functions", WALKER, "")).await;
    assert_ne!(
        unknown.status, 200,
        "without MCP_TOOLS_URL there is no plain REST"
    );
}

#[tokio::test]
async fn a_caller_sees_the_functions_that_it_may_call_and_why_one_needs_an_mcp_client() {
    let function = kennel().await;
    let names = async |who| {
        let list = function
            .send(&rest("GET", "/functions", who, ""))
            .await
            .json();
        let functions = list["functions"].as_array().unwrap().clone();
        let names: Vec<String> = functions
            .iter()
            .map(|function| function["name"].as_str().unwrap().to_owned())
            .collect();
        names.join(" ")
    };
    assert_eq!(names(WALKER).await, "walk whoAmI sleeps asks declared");
    assert_eq!(names(OWNER).await, "walk whoAmI sell sleeps asks declared");
    let walk = function
        .send(&rest("GET", "/functions/walk", WALKER, ""))
        .await
        .json();
    assert_eq!(walk["description"], "Walks a dog & says <how> far.");
    assert_eq!(
        walk["inputSchema"]["properties"]["kilometres"]["maximum"],
        5
    );
    assert_eq!(
        walk["outputSchema"]["required"],
        json!(["dog", "kilometres"])
    );
    assert_eq!(walk.get("needsMcpClient"), None);
    let declared = function
        .send(&rest("GET", "/functions/declared", WALKER, ""))
        .await
        .json();
    assert_eq!(declared["needsMcpClient"], "asks which dog is meant");
    let refused = function
        .send(&rest("POST", "/functions/declared", WALKER, ""))
        .await
        .json();
    assert_eq!(
        refused["detail"],
        "function declared asks which dog is meant: call it with an MCP client"
    );
}

#[tokio::test]
async fn the_openapi_document_is_that_of_the_contract_for_the_tools_of_the_caller() {
    let function = kennel().await;
    let contract: Contract = definition().contract().unwrap();
    let url = mcp_lambda::HttpUrl::parse(URL).unwrap();
    let resource = mcp_lambda::HttpUrl::parse(RESOURCE).unwrap();
    let access = ToolsApiAccess {
        url: Some(&url),
        resource: Some(&resource),
        takes_keys: true,
        takes_access_tokens: true,
    };
    let tools: Vec<_> = contract.tools.iter().collect();
    let public = function
        .send(&rest("GET", "/openapi.json", As::Nobody, ""))
        .await
        .json();
    assert_eq!(public, openapi(&contract.server, &tools, access));
    let own = function
        .send(&rest("GET", "/openapi.json", WALKER, ""))
        .await
        .json();
    assert_eq!(own["paths"].get("/functions/sell"), None);
    assert!(own["paths"]["/functions/walk"]["post"].is_object());
}

#[tokio::test]
async fn the_page_runs_no_script_loads_nothing_and_escapes_what_authors_write() {
    let function = kennel().await;
    let page = function.send(&rest("GET", "/docs", As::Nobody, "")).await;
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    let html = String::from_utf8(page.body.to_vec()).unwrap();
    assert!(
        !html.contains("<script") && !html.contains("http-equiv") && !html.contains("src="),
        "{html}"
    );
    assert!(
        html.contains("Kennel &lt;b&gt;")
            && html.contains("Walks a dog &amp; says &lt;how&gt; far."),
        "{html}"
    );
    assert!(
        html.contains(&format!("curl {URL}/functions/walk")),
        "{html}"
    );
    assert!(
        html.contains("needs an MCP client: asks which dog is meant"),
        "{html}"
    );
}

#[tokio::test]
async fn a_call_is_logged_and_counted_as_by_mcp_with_the_way_in() {
    let function = kennel().await;
    for (event, outcome, refusal) in [
        (
            rest("POST", "/functions/walk", WALKER, r#"{"dog":"Rex"}"#),
            "ok",
            Value::Null,
        ),
        (
            rest("POST", "/functions/walk", WALKER, r#"{"dog":"Brutus"}"#),
            "toolError",
            Value::Null,
        ),
        (
            rest("POST", "/functions/walk", WALKER, "{}"),
            "refused",
            json!("ArgumentsInvalid"),
        ),
    ] {
        function.send(&event).await;
        function.settled().await;
        let line = function.requests().pop().unwrap();
        assert_eq!(line["method"], "tools/call", "{line}");
        assert_eq!(
            (&line["api"], &line["tool"]),
            (&json!("rest"), &json!("walk")),
            "{line}"
        );
        assert_eq!(line["outcome"], outcome, "{line}");
        assert_eq!(line["refusal"], refusal, "{line}");
        assert_eq!(line["Calls"].is_number(), refusal.is_null(), "{line}");
        assert!(!line.to_string().contains("k1walker"), "{line}");
    }
}

#[test]
fn keys_that_cannot_be_told_apart_prevent_the_start_and_are_not_shown() {
    let variables = BTreeMap::from([
        ("MCP_RESOURCE", RESOURCE.to_owned()),
        ("MCP_ISSUER", crate::event_source::ISSUER.to_owned()),
        ("MCP_LISTEN", "127.0.0.1:0".to_owned()),
        (
            "MCP_TOOLS_KEYS",
            r#"[{"id":"a","name":"x","scopes":["walk"]},{"id":"a","name":"y","scopes":["walk"]}]"#
                .to_owned(),
        ),
    ]);
    let log = std::sync::Arc::default();
    let process = crate::event_source::process(&[], &variables, &log);
    let code = mcp_lambda::run(process, definition());
    assert_eq!(
        format!("{code:?}"),
        format!("{:?}", std::process::ExitCode::FAILURE)
    );
    let log = log.lock().unwrap().join("\n");
    assert!(
        log.contains("MCP_TOOLS_KEYS must name each API key once"),
        "{log}"
    );
}
