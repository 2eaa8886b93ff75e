//! Nothing that a caller sends reaches the output of the process, nor a span of it, whichever way it takes.
use std::collections::BTreeMap;
use std::io::Read;
use std::process::{Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::event_source::{Function, call, data, event, modern_event, set_header};
use crate::issuer::encode;
use crate::programs;

/// Part of everything that is sent. It survives lower case, and Base64 is sent beside it.
const SECRET: &str = "5ecret";
const EMAIL: &str = "ada@example.com";

/// What starts the function, a program whose whole output the test reads.
pub(crate) fn command() -> Vec<String> {
    vec![
        programs::program("secrets_function")
            .to_string_lossy()
            .into_owned(),
    ]
}

fn program(variables: &BTreeMap<&str, String>) -> Command {
    let mut command = Command::new(programs::program("secrets_function"));
    command
        .env_clear()
        .envs(variables)
        // Nobody listens there.
        .env("MCP_JWKS_URL", "http://127.0.0.1:9/jwks.json")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Reads on while the program writes, so that it never waits for its reader.
fn everything_of(mut stream: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    })
}

fn echo(text: &str) -> Value {
    let mut message = call("echo");
    message["params"]["arguments"]["text"] = json!(text);
    message
}

/// One event for every place that a caller's text can be in.
fn events() -> Vec<Value> {
    let secret = format!("{SECRET}-{EMAIL}");
    let mut messages = vec![
        echo(&secret),
        echo(&format!("fail: {secret}")),
        echo(&format!("error: {secret}")),
        call(&secret),
        call("administer"),
        call("panics"),
        json!({ "jsonrpc": "2.0", "id": 1, "method": secret }),
        json!({ "jsonrpc": "2.0", "method": format!("notifications/{secret}") }),
        json!({ "jsonrpc": "2.0", "id": 1, "method": "prompts/get", "params": { "name": secret } }),
        json!({ "jsonrpc": "2.0", "id": 1, "method": "resources/read", "params": { "uri": format!("file:///{secret}") } }),
        json!({ "jsonrpc": secret, "id": 1, "method": "tools/list" }),
        json!({ "jsonrpc": "2.0", "id": { "x": secret }, "method": "tools/list" }),
        json!({ "jsonrpc": "2.0", "id": secret, "method": "tools/call", "params": secret }),
        json!({ "jsonrpc": "2.0", "id": secret, "method": "tools/call", "params": { "name": [secret] } }),
        json!({
            "jsonrpc": "2.0", "id": 1, "method": "initialize",
            "params": { "protocolVersion": secret, "capabilities": {}, "clientInfo": { "name": secret, "version": secret } }
        }),
    ];
    for member in ["progressToken", "traceparent", "tracestate", "baggage"] {
        let mut message = echo("text");
        message["params"]["_meta"][member] = json!(secret);
        messages.push(message);
    }
    // As they should be, apart from what the caller wrote into its own part.
    let mut message = echo("text");
    message["params"]["_meta"]["traceparent"] =
        json!("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    message["params"]["_meta"]["tracestate"] =
        json!(format!("a={secret},ot=th:{secret};rv:{secret}"));
    messages.push(message);
    let mut wrong_argument = call("echo");
    wrong_argument["params"]["arguments"] = json!({ "text": [secret] });
    messages.push(wrong_argument);

    let legacy = [("MCP-Protocol-Version", "2025-11-25")];
    let mut events: Vec<Value> = messages
        .iter()
        .map(|message| event(message, &legacy))
        .collect();
    events.extend(
        messages
            .iter()
            .filter(|message| message["params"].is_object() || message["params"].is_null())
            .map(modern_event),
    );
    for name in [
        "Authorization",
        "Accept",
        "Content-Type",
        "Cookie",
        "Host",
        "Last-Event-ID",
        "MCP-Protocol-Version",
        "Mcp-Method",
        "Mcp-Name",
        "Mcp-Param-Text",
        "Mcp-Session-Id",
        "Origin",
        "User-Agent",
        "X-5ecret",
        "baggage",
        "traceparent",
        "tracestate",
    ] {
        let mut event = modern_event(&echo("text"));
        set_header(&mut event, name, &secret);
        events.push(event);
    }
    for claim in [
        "sub",
        "username",
        "email",
        "client_id",
        "cognito:groups",
        "scope",
        "iss",
        "aud",
        "exp",
        "token_use",
    ] {
        let mut event = modern_event(&echo("text"));
        event["requestContext"]["authorizer"]["claims"][claim] = json!(secret);
        events.push(event);
    }
    let mut ambiguous = modern_event(&echo("text"));
    ambiguous["requestContext"]["authorizer"]["claims"]["cognito:groups"] =
        json!(format!("{secret},{secret}"));
    events.push(ambiguous);
    for body in [
        secret.clone(),
        format!("{{\"{secret}\":"),
        format!("[\"{secret}\"]"),
        format!("\"{secret}\""),
    ] {
        let mut event = modern_event(&echo("text"));
        event["body"] = json!(body);
        events.push(event.clone());
        event["isBase64Encoded"] = json!(true);
        event["body"] = json!(STANDARD.encode(body));
        events.push(event);
    }
    for (member, value) in [
        ("httpMethod", "5ECRET"),
        ("path", "/5ecret/ada@example.com"),
    ] {
        let mut event = modern_event(&echo("text"));
        event[member] = json!(value);
        events.push(event);
    }
    // The server verifies access tokens itself behind a function URL.
    let jwt = |header: Value| {
        format!(
            "{}.{}.c2ln",
            encode(&header),
            encode(&json!({ "email": secret }))
        )
    };
    for token in [
        secret.clone(),
        jwt(json!({ "alg": "RS256", "kid": secret })),
        jwt(json!({ "alg": secret })),
    ] {
        let mut event = data("event-function-url.json");
        event["headers"]["authorization"] = json!(format!("Bearer {token}"));
        event["headers"]["x-other"] = json!(secret);
        event["cookies"] = json!([secret]);
        event["body"] = json!(echo(&secret).to_string());
        events.push(event.clone());
        event["rawPath"] = json!(format!("/{secret}"));
        event["rawQueryString"] = json!(secret);
        events.push(event);
    }
    let mut stranger = modern_event(&echo(&secret));
    stranger["requestContext"]["authorizer"] = json!(null);
    events.extend([stranger, json!({ "detail": secret })]);
    events
}

#[tokio::test]
async fn no_output_of_the_process_holds_what_a_caller_sent() {
    let mut child = None;
    #[cfg(feature = "opentelemetry")]
    let receiver = crate::opentelemetry::receiver::Receiver::start().await;
    let function = Function::elsewhere(|variables| {
        let mut program = program(variables);
        #[cfg(feature = "opentelemetry")]
        program.env("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.url);
        child = Some(program.spawn().unwrap());
    })
    .await;
    let mut child = child.unwrap();
    let stdout = everything_of(child.stdout.take().unwrap());
    let stderr = everything_of(child.stderr.take().unwrap());
    let events = events();
    let mut answers = String::new();
    for event in &events {
        let answer = function
            .invoke(event, Duration::from_secs(10))
            .await
            .all()
            .await;
        answers.push_str(&String::from_utf8_lossy(&answer));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let output = stdout.join().unwrap() + &stderr.join().unwrap();
    #[cfg(feature = "opentelemetry")]
    let output = {
        // The last one ends with its process.
        assert!(
            receiver.spans().len() + 2 >= events.len(),
            "every request has its span"
        );
        output + &receiver.everything()
    };

    assert!(
        !answers.contains("the dog ate"),
        "no caller gets the message of a panic"
    );
    assert!(
        answers.contains(SECRET),
        "the caller's text gets as far as the tool"
    );
    let lines: Vec<Value> = output
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    // The one event that is no request has a line of another kind.
    let requests = lines
        .iter()
        .filter(|line| line["message"] == "request")
        .count();
    assert!(
        requests + 1 >= events.len() && requests > 0,
        "every request has its line: {output}"
    );
    assert!(
        lines.iter().any(|line| line["message"] == "a panic"
            && line["panic"] == "the dog ate it"
            && line["place"]
                .as_str()
                .is_some_and(|place| place.contains("it/server.rs:"))),
        "a panic is logged with its place and its message: {output}"
    );
    assert!(
        output.contains("the issuer's keys cannot be read"),
        "a key id is looked for: {output}"
    );
    let encoded = encode(&json!({ "email": format!("{SECRET}-{EMAIL}") })).to_lowercase();
    for needle in [
        encoded.as_str(),
        SECRET,
        EMAIL,
        "secret-access-token",
        "eyJhbGci",
        "5d2f0a64",
        "1example23456789",
    ] {
        let found = output
            .lines()
            .find(|line| line.to_lowercase().contains(&needle.to_lowercase()));
        assert_eq!(found, None, "{needle}");
    }
}
