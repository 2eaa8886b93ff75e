//! Entry points of `test/fuzz`: functions that take any bytes and panic when an invariant is violated. The feature that
//! enables them is for tests only.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request};
use http_body_util::BodyExt;
use mcp_lambda_contract::SettingValue;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, JsonObject, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::{Map, Value, json};

use crate::definition::{BuiltServer, Definition};
use crate::endpoint::Endpoint;
use crate::endpoint::limits;
use crate::endpoint::message::Message;
use crate::runtime::deadline::Deadline;
use crate::runtime::event::{Event, GatewayRequest};
use crate::runtime::process::Process;
use crate::runtime::shutdown::Shutdown;
use crate::state::store::{Seal, StateKeys};
use crate::token::caller::{Caller, CallerKind, verified_caller};
use crate::token::claims::{Expiry, caller_from_claims};
use crate::token::jwt::claims_without_verification;
use crate::tool_policy::ToolPolicy;
use crate::work_permit::WorkPermit;

const RESOURCE: &str = "https://d111.cloudfront.net/mcp";
const ISSUER: &str = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example01";

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

/// Events: any bytes are read without a panic, and a body arrives as it was sent, as text and in Base64.
pub fn event(data: &[u8]) {
    let _ = Event::read(data);
    let text = String::from_utf8_lossy(data).into_owned();
    let encoded = STANDARD.encode(data);
    for (body, is_base64, sent) in [(&text, false, text.as_bytes()), (&encoded, true, data)] {
        let headers = json!({ "x-text": text });
        let proxy = json!({
            "httpMethod": "POST", "path": "/mcp", "headers": headers, "body": body, "isBase64Encoded": is_base64,
            "requestContext": {}
        });
        let proxy = match Event::read(proxy.to_string().as_bytes()) {
            Event::Rest(GatewayRequest {
                request, claims, ..
            }) => {
                assert_eq!(claims, None, "claims come from the authorizer alone");
                Some(request)
            }
            Event::FunctionUrl(_) | Event::Work(_) | Event::Other => None,
        };
        let url = json!({
            "version": "2.0", "rawPath": "/mcp", "headers": headers, "body": body, "isBase64Encoded": is_base64,
            "requestContext": { "http": { "method": "POST" } }
        });
        let url = match Event::read(url.to_string().as_bytes()) {
            Event::FunctionUrl(request) => Some(request),
            Event::Rest(_) | Event::Work(_) | Event::Other => None,
        };
        for request in [proxy, url] {
            assert!(
                request.is_some_and(|request| {
                    let arrived = request.headers().get("x-text").map(HeaderValue::as_bytes);
                    *request.body() == sent && arrived.is_none_or(|value| value == text.as_bytes())
                }),
                "an event is read as it was written"
            );
        }
    }
}

/// JSON-RPC messages: what admission reads is what a reader of the whole document reads.
pub fn message(data: &[u8]) {
    if limits::check(&HeaderMap::new(), data).is_err() {
        return;
    }
    let read = Message::read(data);
    assert!(
        read.is_err() || std::str::from_utf8(data).is_ok(),
        "JSON is UTF-8"
    );
    // Numbers that do not fit, and halves of surrogate pairs, are JSON that only the whole reader looks at.
    let Ok(whole) = serde_json::from_slice::<Value>(data) else {
        return;
    };
    let Ok(message) = read else {
        return;
    };
    assert!(whole.is_object(), "a message is an object");
    assert_eq!(message.method.as_deref(), whole["method"].as_str());
    let is_call = message.method.as_deref() == Some("tools/call");
    let name = whole["params"]["name"].as_str().filter(|_| is_call);
    assert_eq!(message.tool.as_deref(), name);
    assert_eq!(
        message.traceparent.as_deref(),
        whole["params"]["_meta"]["traceparent"].as_str()
    );
}

/// Batches: every message is a part of the body, in order.
pub fn batch(data: &[u8]) {
    if limits::check(&HeaderMap::new(), data).is_err() {
        return;
    }
    if crate::endpoint::batch::is_one(data)
        && let Ok(messages) = crate::endpoint::batch::split(data)
    {
        assert!((1..=32).contains(&messages.len()));
        // Halves of surrogate pairs again.
        if let Ok(Value::Array(whole)) = serde_json::from_slice(data) {
            let parts = messages
                .iter()
                .map(|(part, _)| serde_json::from_slice(part).ok());
            assert!(parts.eq(whole.into_iter().map(Some)));
        }
    }
}

fn claims_of(members: Map<String, Value>) -> Map<String, Value> {
    let mut claims = Map::new();
    for (name, value) in [
        ("token_use", "access"),
        ("iss", ISSUER),
        ("sub", "s"),
        ("client_id", "c"),
    ] {
        claims.insert(name.to_owned(), json!(value));
    }
    claims.extend(members);
    claims
}

/// OAuth scope strings: a caller has exactly the scopes of this server that the string names.
pub fn scopes(data: &[u8]) {
    let text = String::from_utf8_lossy(data).into_owned();
    let scope = text.replace("MCP", RESOURCE);
    let Some(server) = server() else { return };
    let claims = claims_of([("scope".to_owned(), json!(scope))].into_iter().collect());
    let caller = caller_from_claims(&claims, &server.settings, Expiry::CheckedByGateway, now());
    let named = |name: &str| {
        let full = format!("{RESOURCE}/{name}");
        scope.split_ascii_whitespace().any(|scope| scope == full)
    };
    match caller {
        Ok(caller) => {
            assert!(caller.scopes().all(named) && caller.scopes().next().is_some());
            assert_eq!(caller.has_scope("use"), named("use"));
        }
        Err(_) => assert!(!named("use")),
    }
}

/// Access tokens: any string is parsed without a panic, and claims make a caller only with every required member.
pub fn token(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if claims_without_verification::<Map<String, Value>>(&text).is_some() {
        assert_eq!(text.matches('.').count(), 2, "a JWT has three parts");
    }
    let Ok(members) = serde_json::from_slice::<Map<String, Value>>(data) else {
        return;
    };
    let Some(server) = server() else { return };
    let claims = claims_of(members);
    if let Ok(caller) = caller_from_claims(&claims, &server.settings, Expiry::Required, now()) {
        assert_eq!(claims["token_use"], "access");
        assert!(
            claims["iss"]
                .as_str()
                .is_some_and(|issuer| issuer.ends_with(&ISSUER[8..]))
        );
        assert!(!caller.subject().is_empty() && !caller.app_client_id().is_empty());
        assert!(claims.get("exp").is_some_and(|end| !end.is_null()));
        let is_machine = caller.kind() == CallerKind::Machine;
        let has_name = claims.contains_key("username");
        assert_eq!(
            is_machine,
            caller.subject() == caller.app_client_id() && !has_name
        );
    }
}

/// Values that callers carry: whatever is not exactly what was sealed does not open.
pub fn sealed(data: &[u8]) {
    // A key for tests.
    let keys = StateKeys::parse("k1:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU=");
    let Some(seal) = keys.ok().map(|keys| Seal::new(keys, RESOURCE, now)) else {
        return;
    };
    let caller = caller("ada");
    let text = String::from_utf8_lossy(data);
    assert_eq!(seal.open::<Value>(&caller, &text), None, "nobody sealed it");
    let Some(sealed) = seal.close(&caller, text.as_ref(), Duration::from_secs(60)) else {
        return;
    };
    assert_eq!(
        seal.open::<String>(&caller, &sealed).as_deref(),
        Some(text.as_ref())
    );
    assert_eq!(seal.open::<String>(&self::caller("eve"), &sealed), None);
    // The input determines the change: a position and a value.
    let (Some(place), Some(letter)) = (data.first(), data.get(1)) else {
        return;
    };
    let mut altered = sealed.clone().into_bytes();
    let place = usize::from(*place) % altered.len();
    altered[place] = *letter;
    let altered = String::from_utf8_lossy(&altered).into_owned();
    if altered != sealed {
        assert_eq!(
            seal.open::<String>(&caller, &altered),
            None,
            "altered at {place}"
        );
    }
}

fn caller(subject: &str) -> Caller {
    verified_caller(
        subject.to_owned(),
        "app".to_owned(),
        ["use".to_owned()].into(),
        [].into(),
        CallerKind::Person,
    )
}

struct Fuzzed;

thread_local! {
    /// The name of the tool that was reached, with the headers of its request.
    static REACHED: RefCell<Option<(String, HeaderMap)>> = const { RefCell::new(None) };
    static LOG: RefCell<String> = const { RefCell::new(String::new()) };
}

impl ServerHandler for Fuzzed {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let parts = context.extensions.get::<http::request::Parts>();
        let headers = parts.map(|parts| parts.headers.clone()).unwrap_or_default();
        REACHED.set(Some((request.name.into_owned(), headers)));
        Ok(CallToolResult::success(Vec::new()).into())
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools()))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        tools().into_iter().find(|tool| tool.name == name)
    }
}

fn tools() -> Vec<Tool> {
    let schema = Arc::new(JsonObject::from_iter([(
        "type".to_owned(),
        json!("object"),
    )]));
    [("open", "use"), ("closed", "other")]
        .map(|(name, scope)| {
            let mut tool = Tool::new(name, name, Arc::clone(&schema));
            tool.meta = Some(ToolPolicy::scopes(&[scope]).meta());
            tool
        })
        .into()
}

fn server() -> Option<BuiltServer<Fuzzed>> {
    let variables = [("MCP_RESOURCE", RESOURCE), ("MCP_ISSUER", ISSUER)];
    let variables = variables.map(|(name, value)| (name.into(), value.into()));
    let process = Process::new([], variables, now);
    Definition::new("fuzzed", "1", tools(), |(), _| Ok(Fuzzed))
        .scope("use", "Use it")
        .scope("other", "Not this")
        .build(&process)
        .ok()
}

/// The value of an `Mcp-Name` header (2026-07-28, standard request headers): plain, or `=?base64?…?=`.
fn decode(value: &HeaderValue) -> Option<String> {
    let text = std::str::from_utf8(value.as_bytes()).ok()?.trim();
    let inner = text
        .strip_prefix("=?base64?")
        .and_then(|text| text.strip_suffix("?="));
    match inner {
        Some(inner) => String::from_utf8(STANDARD.decode(inner).ok()?).ok(),
        None => Some(text.to_owned()),
    }
}

/// Whole requests: the values of `Mcp-Name`, `Mcp-Method` and `MCP-Protocol-Version`, one per line, then the body. No
/// input makes the server panic, reaches a tool that the caller has no scope for, or makes header and body disagree.
pub fn request(data: &[u8]) {
    let mut lines = data.splitn(4, |byte| *byte == b'\n');
    let mut request = Request::new(Bytes::new());
    *request.method_mut() = Method::POST;
    let headers = request.headers_mut();
    for (name, value) in [
        ("host", "d111.cloudfront.net"),
        ("content-type", "application/json"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for name in ["mcp-name", "mcp-method", "mcp-protocol-version"] {
        let line = lines.next().unwrap_or_default();
        if let (false, Ok(value)) = (line.is_empty(), HeaderValue::from_bytes(line)) {
            headers.insert(name, value);
        }
    }
    *request.body_mut() = Bytes::copy_from_slice(lines.next().unwrap_or_default());
    REACHED.set(None);
    LOG.with_borrow_mut(String::clear);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let (Ok(runtime), Some(server)) = (runtime, server()) else {
        return;
    };
    let process =
        Process::new([], [], now).with_log(|line| LOG.with_borrow_mut(|log| log.push_str(line)));
    let (status, body) = runtime.block_on(async {
        let endpoint = Endpoint::new(server, &process, Shutdown::never());
        let caller = Ok(caller("ada"));
        // A subscription lasts as long as it may.
        let deadline = Deadline::after(Duration::from_millis(300));
        let reply = endpoint
            .respond(request, caller, deadline, None, &WorkPermit::default())
            .await;
        let status = reply.response.status();
        let Ok(body) = reply.response.into_body().collect().await;
        (status, body.to_bytes())
    });
    let log = LOG.with_borrow(Clone::clone);
    assert!(
        !log.contains("panicked") && !log.contains("ServerPanicked"),
        "{log}"
    );
    assert!(log.contains("\"request\""), "every request has its line");
    assert!(!status.is_server_error(), "{status}: {body:?}");
    if let Some((tool, headers)) = REACHED.take() {
        assert_eq!(tool, "open", "the caller may not call {tool}");
        let version = headers.get("mcp-protocol-version");
        let is_needed = version.is_some_and(|version| version == "2026-07-28");
        let name = headers.get("mcp-name");
        if is_needed || name.is_some() {
            assert_eq!(
                name.and_then(decode).as_deref(),
                Some("open"),
                "the header says what the body says"
            );
        }
    }
}
