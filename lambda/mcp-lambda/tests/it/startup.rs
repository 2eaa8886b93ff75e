//! What keeps a server from starting, and where it says so.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::Response;
use http_body_util::{BodyExt, Full};
use mcp_lambda::{Definition, ToolPolicy};
use tokio::sync::mpsc;

use crate::event_source::{ISSUER, RESOURCE, process, serve};
use crate::server::{self, TestServer};

fn is_failure(code: ExitCode) -> bool {
    format!("{code:?}") == format!("{:?}", ExitCode::FAILURE)
}

#[tokio::test]
async fn tells_lambda_every_setting_that_is_wrong() {
    let (sender, mut reported) = mpsc::channel(1);
    let address = serve(move |request| {
        let sender = sender.clone();
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            sender.send((head, body)).await.unwrap();
            Response::new(Full::new(Bytes::new()))
        }
    })
    .await;
    let variables = BTreeMap::from([
        ("AWS_LAMBDA_RUNTIME_API", address.to_string()),
        ("MCP_RESPONSE_MODE", "both".to_owned()),
    ]);
    let log = Arc::default();
    let process = process(&[], &variables, &log);
    let ended = std::thread::spawn(move || mcp_lambda::run(process, server::definition()));
    let (head, body) = reported.recv().await.unwrap();
    assert_eq!(head.uri.path(), "/2018-06-01/runtime/init/error");
    assert_eq!(
        head.headers["Lambda-Runtime-Function-Error-Type"],
        "Settings"
    );
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        body["errorMessage"],
        "environment variables cannot be used: MCP_RESOURCE is not set; MCP_ISSUER is not set; \
         MCP_RESPONSE_MODE must be stream or buffered, got \"both\""
    );
    assert!(is_failure(
        tokio::task::spawn_blocking(move || ended.join().unwrap())
            .await
            .unwrap()
    ));
    assert!(
        log.lock()
            .unwrap()
            .join("\n")
            .contains("MCP_ISSUER is not set")
    );
}

fn run_and_read_log(
    arguments: &[&str],
    variables: &[(&str, &str)],
    definition: Definition<TestServer>,
) -> String {
    let log: Arc<Mutex<Vec<String>>> = Arc::default();
    let variables = variables
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    assert!(is_failure(mcp_lambda::run(
        process(arguments, &variables, &log),
        definition
    )));
    let log = log.lock().unwrap();
    log.join("\n")
}

#[test]
fn refuses_a_definition_that_contradicts_itself() {
    let tools = TestServer::tool_router().list_all();
    let definition = Definition::new("test-server", "1.0.0", tools, |(), _| Ok(TestServer))
        .scope("tools", "Use the tools")
        .scope("profile", "Know who calls");
    let log = run_and_read_log(
        &[],
        &[("MCP_RESOURCE", RESOURCE), ("MCP_ISSUER", ISSUER)],
        definition,
    );
    assert!(
        log.contains(
            "tool administer refers to the scope \\\"admin\\\", which the server does not declare: declare it, or correct the name"
        ),
        "{log}"
    );
}

#[test]
fn refuses_a_tool_whose_access_cannot_be_read_instead_of_opening_it() {
    let mut tools = TestServer::tool_router().list_all();
    let meta = &mut tools[0].meta.as_mut().unwrap().0;
    meta.insert(
        "mcp-lambda/access".to_owned(),
        serde_json::json!({ "scopes": "tools" }),
    );
    let definition = Definition::new("test-server", "1.0.0", tools, |(), _| Ok(TestServer))
        .scope("tools", "Use the tools")
        .scope("profile", "Know who calls")
        .scope("admin", "Administer");
    let log = run_and_read_log(
        &[],
        &[("MCP_RESOURCE", RESOURCE), ("MCP_ISSUER", ISSUER)],
        definition,
    );
    assert!(
        log.contains("refers to the scope \\\"\\\", which the server does not declare"),
        "{log}"
    );
}

#[test]
fn refuses_an_address_that_is_taken_and_names_the_setting() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let variables = [
        ("MCP_RESOURCE", RESOURCE),
        ("MCP_ISSUER", ISSUER),
        ("MCP_LISTEN", &address),
    ];
    let log = run_and_read_log(&[], &variables, server::definition());
    assert!(
        log.contains(&format!("cannot listen on MCP_LISTEN=\\\"{address}\\\"")),
        "{log}"
    );
}

#[test]
fn refuses_arguments_that_it_does_not_know() {
    let log = run_and_read_log(&["serve"], &[], server::definition());
    assert!(
        log.contains("unknown argument \\\"serve\\\": use \\\"contract\\\" to print the contract"),
        "{log}"
    );
}

#[test]
fn the_contract_holds_what_tools_declare_beside_themselves() {
    let contract = server::definition().contract().unwrap();
    let administer = contract
        .tools
        .iter()
        .find(|tool| tool.name == "administer")
        .unwrap();
    assert_eq!(administer.scopes, ["tools", "admin"]);

    let declared = ToolPolicy::scopes(&["a"]).aws("counters", &["dynamodb:GetItem"]);
    let meta = serde_json::to_value(declared.meta()).unwrap();
    assert_eq!(
        meta["mcp-lambda/access"],
        serde_json::json!({ "scopes": ["a"], "awsActions": [{ "actions": ["dynamodb:GetItem"], "resource": "counters" }] })
    );
}
