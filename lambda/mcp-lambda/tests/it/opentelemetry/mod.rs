//! Spans as an OTLP receiver gets them.

mod own_spans;
pub(crate) mod receiver;

use mcp_lambda::Definition;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use prost::Message as _;
use serde_json::{Value, json};

use crate::event_source::{Function, call, event, modern_event, set_header};
use crate::issuer::Issuer;
use crate::plain_http::{PlainServer, post, send};
use crate::server::{self, TestServer};
use receiver::{Receiver, hex, members};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const OTHER_PARENT: &str = "00-11111111111111111111111111111111-b7ad6b7169203331-01";

fn definition() -> Definition<TestServer> {
    server::definition().opentelemetry()
}

async fn traced(receiver: &Receiver, more: &[(&str, &str)]) -> Function {
    let mut variables = vec![("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url.as_str())];
    variables.extend(more);
    Function::start_server(&variables, definition).await
}

fn echo(text: &str) -> Value {
    let mut message = call("echo");
    message["params"]["arguments"]["text"] = json!(text);
    message
}

fn with_parent(mut message: Value, parent: &str) -> Value {
    message["params"]["_meta"] = json!({ "traceparent": parent, "tracestate": "a=b,ot=th:c" });
    message
}

/// Waits until the function has asked for another invocation: whatever it does after an answer is done then.
async fn settled(function: &Function) {
    let ping = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" });
    function.call_legacy(&ping).await;
}

fn status(span: &Span) -> (StatusCode, &str) {
    let status = span.status.as_ref().unwrap();
    (status.code(), &status.message)
}

fn lines(log: &[String], message: &str) -> Vec<Value> {
    let lines = log.iter().map(|line| serde_json::from_str(line).unwrap());
    lines
        .filter(|line: &Value| line["message"] == message)
        .collect()
}

#[tokio::test]
async fn a_request_is_a_span_in_its_callers_trace_before_the_next_invocation() {
    let receiver = Receiver::start().await;
    let function = traced(
        &receiver,
        &[
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=a%20secret,x-other=1"),
            (
                "OTEL_RESOURCE_ATTRIBUTES",
                "deployment.environment.name=test,service.name=no",
            ),
            ("OTEL_SERVICE_NAME", "dogs"),
            ("AWS_LAMBDA_FUNCTION_NAME", "under-test"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
            ("AWS_REGION", "eu-central-1"),
        ],
    )
    .await;
    let mut event = modern_event(&with_parent(echo("hello"), PARENT));
    set_header(&mut event, "traceparent", OTHER_PARENT);
    function.send(&event).await;
    settled(&function).await;

    let head = receiver.last_head();
    assert_eq!(head.uri.path(), "/v1/traces");
    assert_eq!(head.headers["content-type"], "application/x-protobuf");
    assert_eq!(
        (&head.headers["x-key"], &head.headers["x-other"]),
        (&"a secret".parse().unwrap(), &"1".parse().unwrap())
    );
    assert_eq!(
        receiver.last_resource(),
        json!({
            "service.name": "dogs", "service.version": "1.0.0", "deployment.environment.name": "test",
            "cloud.provider": "aws", "cloud.platform": "aws_lambda", "cloud.region": "eu-central-1",
            "faas.name": "under-test", "faas.max_memory": 128 * 1024 * 1024,
            "telemetry.sdk.name": "opentelemetry", "telemetry.sdk.language": "rust", "telemetry.sdk.version": "0.33.1",
        })
    );
    let spans = receiver.spans();
    let [span] = spans.as_slice() else {
        panic!("one request has been answered and exported: {spans:?}");
    };
    assert_eq!(
        (span.name.as_str(), span.kind(), status(span)),
        ("tools/call echo", SpanKind::Server, (StatusCode::Unset, ""))
    );
    assert_eq!(
        (
            hex(&span.trace_id).as_str(),
            hex(&span.parent_span_id).as_str(),
            span.trace_state.as_str()
        ),
        (TRACE, "b7ad6b7169203331", "ot=th:c"),
        "the message counts more than the header"
    );
    assert_eq!(
        hex(&span.links[0].trace_id),
        crate::event_source::TRACE.replace('-', "")[1..],
        "X-Ray's segment is linked"
    );
    assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
    assert_eq!(function.requests()[0]["traceId"], TRACE);
    assert_eq!(
        members(&span.attributes),
        json!({
            "mcp.method.name": "tools/call", "gen_ai.tool.name": "echo", "gen_ai.operation.name": "execute_tool",
            "mcp.protocol.version": "2026-07-28", "jsonrpc.request.id": "7", "mcp_lambda.outcome": "ok",
            "network.protocol.name": "http", "network.transport": "tcp", "http.response.status_code": 200,
            "faas.invocation_id": "invocation-0", "faas.coldstart": true, "faas.trigger": "http",
        })
    );
}

#[tokio::test]
async fn a_span_says_how_the_request_failed() {
    let receiver = Receiver::start().await;
    let function = traced(&receiver, &[]).await;
    let unknown = json!({ "jsonrpc": "2.0", "id": "x", "method": "no/such", "params": {} });
    for message in [
        echo("error: no"),
        echo("fail: no"),
        echo("panic: no"),
        call("administer"),
        call("unknown"),
        unknown,
    ] {
        function.call(&message).await;
    }
    let mut garbage = event(&call("echo"), &[]);
    garbage["body"] = json!("garbage");
    function.send(&garbage).await;
    settled(&function).await;
    let found: Vec<_> = receiver
        .spans()
        .iter()
        .map(|span| {
            assert_eq!(status(span), (StatusCode::Error, ""), "{}", span.name);
            let attributes = members(&span.attributes);
            let of = |name: &str| attributes[name].as_str().unwrap_or_default().to_owned();
            (
                span.name.clone(),
                of("error.type"),
                of("rpc.response.status_code"),
            )
        })
        .collect();
    for (line, span) in function.requests().iter().zip(receiver.spans()) {
        assert_eq!(
            line["traceId"],
            hex(&span.trace_id),
            "a line leads to its span"
        );
    }
    let expected = [
        ("tools/call echo", "tool_error", ""),
        ("tools/call echo", "-32603", "-32603"),
        ("tools/call echo", "tool_error", ""),
        ("tools/call administer", "InsufficientScope", ""),
        ("tools/call", "-32602", "-32602"),
        ("other", "-32601", "-32601"),
        ("request", "NotJson", ""),
    ];
    let expected =
        expected.map(|(name, class, code)| (name.to_owned(), class.to_owned(), code.to_owned()));
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_streamed_answers_span_ends_with_it() {
    let receiver = Receiver::start().await;
    let function = traced(&receiver, &[]).await;
    let mut message = call("ticks");
    message["params"]["_meta"] = json!({ "progressToken": 1 });
    function.call(&message).await;
    settled(&function).await;
    assert_eq!(receiver.spans()[0].name, "tools/call ticks");
}

#[tokio::test]
async fn a_receiver_that_does_not_answer_delays_no_answer() {
    let receiver = Receiver::silent().await;
    let function = traced(&receiver, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "200")]).await;
    assert_eq!(function.call(&echo("hello")).await.tool_text(), "hello");
    receiver.arrival().await;
    // The export is still open. The invocation after it waits for its end, and those after that for nothing.
    for _ in 0..20 {
        assert_eq!(function.call(&echo("hello")).await.tool_text(), "hello");
    }
    assert!(
        receiver.exports() < 5,
        "one request of all waits for an export, and it is left alone for a while"
    );
    let log = function.log.lock().unwrap().clone();
    assert_eq!(
        lines(&log, "spans could not be exported")[0],
        json!({
            "level": "ERROR", "message": "spans could not be exported",
            "reason": "the receiver did not answer in time", "spans": 1, "dropped": 0,
        })
    );
}

#[tokio::test]
async fn spans_that_were_refused_for_now_are_sent_again_and_others_are_not() {
    let receiver = Receiver::start().await;
    receiver.answer_with(401, Vec::new());
    let function = traced(&receiver, &[]).await;
    function.call(&with_parent(echo("lost"), PARENT)).await;
    settled(&function).await;
    receiver.answer_with(503, Vec::new());
    let goes_on = async |count: usize| {
        while receiver.exports() < count {
            settled(&function).await;
        }
    };
    goes_on(2).await;
    let rejected = ExportTraceServiceResponse {
        partial_success: Some(ExportTracePartialSuccess {
            rejected_spans: 3,
            error_message: "too old".to_owned(),
        }),
    };
    receiver.answer_with(200, rejected.encode_to_vec());
    goes_on(3).await;
    settled(&function).await;
    let log = function.log.lock().unwrap().clone();
    let reasons: Vec<Value> = lines(&log, "spans could not be exported")
        .iter()
        .map(|line| line["reason"].clone())
        .collect();
    assert_eq!(
        reasons,
        [
            "the receiver answered with status 401",
            "the receiver answered with status 503"
        ]
    );
    assert_eq!(lines(&log, "some spans were not exported")[0]["refused"], 3);
    let of_first = |span: &&Span| hex(&span.trace_id) == TRACE;
    assert_eq!(receiver.spans().iter().filter(of_first).count(), 1);
    let mut ids: Vec<_> = receiver
        .spans()
        .into_iter()
        .map(|span| span.span_id)
        .collect();
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert!(
        ids.len() < all,
        "those of the second export were in the third"
    );
}

#[tokio::test]
async fn sampling_follows_the_caller_unless_the_settings_say_otherwise() {
    let unsampled = with_parent(echo("hello"), &PARENT.replace("-01", "-00"));
    for (sampler, is_recorded) in [
        ([].as_slice(), false),
        (&[("OTEL_TRACES_SAMPLER", "always_on")], true),
        (
            &[
                ("OTEL_TRACES_SAMPLER", "traceidratio"),
                ("OTEL_TRACES_SAMPLER_ARG", "0"),
            ],
            false,
        ),
        (&[("OTEL_PROPAGATORS", "none")], true),
    ] {
        let receiver = Receiver::start().await;
        let function = traced(&receiver, sampler).await;
        function.call(&unsampled).await;
        settled(&function).await;
        assert_eq!(receiver.exports(), usize::from(is_recorded), "{sampler:?}");
    }
}

#[tokio::test]
async fn continues_the_trace_of_xray_where_it_is_told_to() {
    let receiver = Receiver::start().await;
    let function = traced(&receiver, &[("OTEL_PROPAGATORS", "xray-lambda")]).await;
    function.call(&with_parent(echo("hello"), PARENT)).await;
    settled(&function).await;
    let span = &receiver.spans()[0];
    assert_eq!(
        (
            hex(&span.trace_id),
            hex(&span.parent_span_id),
            span.links.len()
        ),
        (
            "69200000000000000000000000000001".to_owned(),
            "463ac35c9f6413ad".to_owned(),
            0
        )
    );
}

#[tokio::test]
async fn without_a_receiver_there_are_no_spans_and_a_wrong_variable_stops_nothing() {
    let receiver = Receiver::start().await;
    for variables in [
        vec![],
        vec![
            ("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url.as_str()),
            ("OTEL_SDK_DISABLED", "true"),
        ],
        vec![("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318")],
    ] {
        let function = Function::start_server(&variables, definition).await;
        function.call(&echo("hello")).await;
        settled(&function).await;
        assert_eq!(receiver.exports(), 0, "{variables:?}");
    }
    let function = traced(
        &receiver,
        &[
            ("OTEL_SDK_DISABLED", "no"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a-secret"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon"),
            ("OTEL_RESOURCE_ATTRIBUTES", "=x"),
            ("OTEL_TRACES_SAMPLER", "xray"),
            ("OTEL_TRACES_SAMPLER_ARG", "2"),
            ("OTEL_PROPAGATORS", "b3"),
        ],
    )
    .await;
    function.call(&echo("hello")).await;
    settled(&function).await;
    assert_eq!(receiver.exports(), 1);
    let log = function.log.lock().unwrap().clone();
    let mut rules: Vec<Value> = lines(&log, "an OpenTelemetry variable is ignored")
        .into_iter()
        .map(|mut line| line["rule"].take())
        .collect();
    rules.sort_by_key(ToString::to_string);
    assert_eq!(
        rules,
        [
            "OTEL_EXPORTER_OTLP_HEADERS must be key=value pairs, separated by commas",
            "OTEL_EXPORTER_OTLP_TIMEOUT must be a whole number of milliseconds, 1 or more",
            "OTEL_PROPAGATORS must have no other names than tracecontext, xray-lambda and none",
            "OTEL_RESOURCE_ATTRIBUTES must be key=value pairs, separated by commas",
            "OTEL_SDK_DISABLED must be true or false",
            "OTEL_TRACES_SAMPLER must be always_on, always_off, traceidratio, or one of them after parentbased_",
            "OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1",
        ]
    );
}

#[test]
fn only_a_server_that_declares_it_has_the_settings() {
    let names = |definition: Definition<TestServer>| {
        let contract = json!(definition.contract().unwrap());
        let settings = contract["settings"].as_array().unwrap().clone();
        let names = settings.into_iter().map(|setting| setting["name"].clone());
        names
            .filter(|name| name.as_str().unwrap().starts_with("OTEL_"))
            .count()
    };
    assert_eq!((names(server::definition()), names(definition())), (0, 11));
}

/// The constructs are tested with this contract, and the documents are held against it.
#[test]
fn the_contract_of_a_server_with_spans_is_the_one_that_is_checked_in() {
    let path = "cdk/test/fixtures/spans.contract.json";
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let checked_in = std::fs::read_to_string(format!("{root}/{path}")).unwrap();
    let printed = definition().contract().unwrap().to_json().unwrap();
    assert!(checked_in == printed, "write this to {path}:\n{printed}");
}

#[tokio::test]
async fn a_plain_http_server_exports_while_it_runs() {
    let receiver = Receiver::start().await;
    let issuer = Issuer::start().await;
    let endpoint = format!("{}/own", receiver.url);
    let variables = [("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", endpoint.as_str())];
    let server = PlainServer::start_with(&issuer, &variables, definition).await;
    let token = format!("Bearer {}", issuer.token(&server.claims()));
    let mut request = post(&server.url, Some(&token), &echo("hello"));
    let header = PARENT.parse().unwrap();
    request.headers_mut().insert("traceparent", header);
    send(request).await;
    let span = receiver.span("tools/call echo").await;
    assert_eq!(hex(&span.trace_id), TRACE);
    assert_eq!(receiver.last_head().uri.path(), "/own");
    let attributes = members(&span.attributes);
    assert_eq!(attributes.get("faas.trigger"), None, "{attributes}");
}

#[cfg(feature = "state")]
#[expect(
    clippy::disallowed_methods,
    reason = "the processes read the real clock"
)]
#[tokio::test]
async fn the_work_of_a_task_is_in_the_trace_of_its_call_with_what_the_library_asked_of_aws() {
    use crate::tasks::cloud::{ALICE, Cloud, call};

    let receiver = Receiver::start().await;
    let cloud = Cloud::start().await;
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url.as_str())];
    let process = cloud
        .process_of(std::time::SystemTime::now, &variables, || {
            crate::tasks::server::definition().opentelemetry()
        })
        .await;
    let message = call("work", &json!({ "id": "a-secret-argument" }));
    let answer = process.send(ALICE, &with_parent(message, PARENT)).await;
    let task = answer["result"]["taskId"].as_str().unwrap();
    cloud.deliver_all(&process).await;
    process.look(task).await;

    let spans: Vec<Span> = receiver.spans();
    let named = |name: &str| {
        let found = spans.iter().find(|span| span.name == name);
        found.unwrap_or_else(|| panic!("no {name} in {spans:?}"))
    };
    let (request, invoke, work) = (
        named("tools/call work"),
        named("Invoke under-test"),
        named("tasks/work work"),
    );
    assert_eq!(members(&request.attributes)["mcp_lambda.outcome"], "task");
    assert_eq!(
        (invoke.kind(), work.kind()),
        (SpanKind::Client, SpanKind::Consumer)
    );
    assert_eq!(invoke.parent_span_id, request.span_id);
    assert_eq!(work.parent_span_id, invoke.span_id);
    for (operation, parent) in [
        ("PutItem state-table", request),
        ("GetItem state-table", work),
        ("PutItem state-table", work),
    ] {
        let is_child =
            |span: &&Span| span.name == operation && span.parent_span_id == parent.span_id;
        let found = spans.iter().find(is_child).expect(operation);
        assert_eq!(found.kind(), SpanKind::Client);
        assert_eq!(members(&found.attributes)["db.system.name"], "aws.dynamodb");
    }
    let of_trace: Vec<_> = spans
        .iter()
        .filter(|span| hex(&span.trace_id) == TRACE)
        .collect();
    assert!(
        of_trace.len() >= 6
            && of_trace
                .iter()
                .all(|span| status(span).0 == StatusCode::Unset)
    );
    assert!(!receiver.everything().contains("a-secret-argument"));
}
