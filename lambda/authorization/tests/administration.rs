//! The command-line tool against a user pool's API in process.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says where it stopped"
)]

use std::sync::{Arc, Mutex};

use aws_sdk_cognitoidentityprovider::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
};
use clap::Parser;
use http_body_util::{BodyExt, Full};
use hyper::{body::Bytes, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use mcp_lambda_authorization::administration::{Command, run};
use serde_json::{Value, json};
use tokio::net::TcpListener;

type Calls = Arc<Mutex<Vec<(String, Value)>>>;

/// Runs one command against a pool whose app client has this flow and this many secrets.
fn command(
    arguments: &[&str],
    flow: &'static str,
    secrets: usize,
) -> (Result<String, String>, Vec<(String, Value)>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let calls = Calls::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, calls.clone(), flow, secrets));
        let config = aws_sdk_cognitoidentityprovider::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .endpoint_url(format!("http://{address}"))
            .build();
        let arguments = ["mcp-lambda", "--user-pool", "eu-west-1_Example"]
            .iter()
            .chain(arguments);
        let command = Command::try_parse_from(arguments).unwrap();
        let result = run(command, &Client::from_conf(config))
            .await
            .map_err(|failure| failure.to_string());
        let calls = calls.lock().unwrap().clone();
        (result, calls)
    })
}

async fn serve(listener: TcpListener, calls: Calls, flow: &'static str, secrets: usize) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let calls = calls.clone();
        let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
            let calls = calls.clone();
            async move {
                let target = request.headers()["x-amz-target"]
                    .to_str()
                    .unwrap()
                    .rsplit('.')
                    .next()
                    .unwrap()
                    .to_owned();
                let body = request.into_body().collect().await.unwrap().to_bytes();
                let answer = answer(&target, flow, secrets);
                calls
                    .lock()
                    .unwrap()
                    .push((target, serde_json::from_slice(&body).unwrap()));
                Ok::<_, std::convert::Infallible>(hyper::Response::new(Full::new(Bytes::from(
                    answer.to_string(),
                ))))
            }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

fn answer(target: &str, flow: &str, secrets: usize) -> Value {
    let client = json!({ "ClientId": "c1", "ClientName": "CI", "AllowedOAuthFlows": [flow], "AllowedOAuthScopes": ["https://x/read"] });
    match target {
        "CreateUserPoolClient" => {
            json!({ "UserPoolClient": { "ClientId": "c1", "ClientSecret": "s3cret" } })
        }
        "ListUserPoolClients" => json!({ "UserPoolClients": [{ "ClientId": "c1" }] }),
        "DescribeUserPoolClient" => json!({ "UserPoolClient": client }),
        "AddUserPoolClientSecret" => {
            json!({ "ClientSecretDescriptor": { "ClientSecretId": "new", "ClientSecretValue": "n3w" } })
        }
        "ListUserPoolClientSecrets" => {
            let all = [
                json!({ "ClientSecretId": "newer", "ClientSecretCreateDate": 2 }),
                json!({ "ClientSecretId": "older", "ClientSecretCreateDate": 1 }),
            ];
            json!({ "ClientSecrets": all[..secrets] })
        }
        _ => json!({}),
    }
}

fn targets(calls: &[(String, Value)]) -> Vec<&str> {
    calls.iter().map(|(target, _)| target.as_str()).collect()
}

const MACHINE: &str = "client_credentials";

#[test]
fn a_machine_client_gets_the_client_credentials_grant_its_scopes_and_nothing_else() {
    let (printed, calls) = command(
        &[
            "clients",
            "add",
            "CI",
            "--scope",
            "https://x/read",
            "--token-minutes",
            "60",
        ],
        MACHINE,
        1,
    );
    assert_eq!(
        printed.unwrap().matches("s3cret").count(),
        1,
        "the secret is printed once"
    );
    assert_eq!(
        calls[0].1,
        json!({ "UserPoolId": "eu-west-1_Example", "ClientName": "CI", "GenerateSecret": true, "AllowedOAuthFlows": ["client_credentials"],
            "AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthScopes": ["https://x/read"], "AccessTokenValidity": 60,
            "TokenValidityUnits": { "AccessToken": "minutes" } })
    );
}

#[test]
fn a_machine_client_without_a_scope_is_not_created() {
    assert!(
        Command::try_parse_from(["mcp-lambda", "--user-pool", "a_b", "clients", "add", "CI"])
            .is_err()
    );
}

#[test]
fn the_list_shows_machine_clients_only_and_no_secret() {
    assert_eq!(
        command(&["clients", "list"], MACHINE, 2).0.unwrap(),
        "c1  CI  secrets: 2  scopes: https://x/read"
    );
    assert_eq!(
        command(&["clients", "list"], "code", 1).0.unwrap(),
        "no machine clients"
    );
}

#[test]
fn a_rotation_adds_a_second_secret_and_then_removes_the_older() {
    let (printed, calls) = command(&["clients", "rotate", "c1"], MACHINE, 1);
    assert_eq!(printed.unwrap().matches("n3w").count(), 1);
    assert_eq!(
        targets(&calls),
        [
            "DescribeUserPoolClient",
            "ListUserPoolClientSecrets",
            "AddUserPoolClientSecret"
        ]
    );
    let (_, calls) = command(&["clients", "rotate", "c1", "--finish"], MACHINE, 2);
    assert_eq!(calls.last().unwrap().1["ClientSecretId"], "older");
}

#[test]
fn a_rotation_is_finished_before_the_next_begins() {
    assert!(
        command(&["clients", "rotate", "c1"], MACHINE, 2)
            .0
            .unwrap_err()
            .contains("--finish")
    );
    assert!(
        command(&["clients", "rotate", "c1", "--finish"], MACHINE, 1)
            .0
            .unwrap_err()
            .contains("has one secret")
    );
}

#[test]
fn the_clients_of_people_are_neither_rotated_nor_removed() {
    for arguments in [
        vec!["clients", "remove", "c1"],
        vec!["clients", "rotate", "c1"],
        vec!["clients", "rotate", "c1", "--finish"],
    ] {
        let (printed, calls) = command(&arguments, "code", 2);
        assert!(printed.unwrap_err().contains("is not a machine client"));
        assert_eq!(targets(&calls), ["DescribeUserPoolClient"]);
    }
    let (_, calls) = command(&["clients", "remove", "c1"], MACHINE, 1);
    assert_eq!(
        targets(&calls),
        ["DescribeUserPoolClient", "DeleteUserPoolClient"]
    );
}

#[test]
fn a_user_is_disabled_before_being_signed_out() {
    let (_, calls) = command(&["users", "disable", "ann@example.com"], MACHINE, 1);
    assert_eq!(
        targets(&calls),
        ["AdminDisableUser", "AdminUserGlobalSignOut"]
    );
    let (_, calls) = command(&["users", "invite", "ann@example.com"], MACHINE, 1);
    assert!(
        calls[0].1.get("TemporaryPassword").is_none(),
        "Cognito makes and sends it"
    );
}

#[test]
fn a_missing_user_pool_is_named_with_its_mend() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let config = aws_sdk_cognitoidentityprovider::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .build();
    let command =
        Command::try_parse_from(["mcp-lambda", "clients", "list", "--user-pool", "nonsense"])
            .unwrap();
    let failure = runtime
        .block_on(run(command, &Client::from_conf(config)))
        .unwrap_err()
        .to_string();
    assert!(
        failure.contains("'nonsense'") && failure.contains("--user-pool"),
        "{failure}"
    );
}
