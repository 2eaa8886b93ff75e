//! The commands `clients` and `users` against a mock of the user pool's API.

use std::process::Output;

use crate::stub::{Asked, Stub};
use axum::response::IntoResponse;
use serde_json::{Value, json};

/// What a command printed and the operations that it called.
struct Ran {
    status: Option<i32>,
    printed: String,
    error: String,
    calls: Vec<(String, Value)>,
}

impl Ran {
    fn operations(&self) -> Vec<&str> {
        self.calls
            .iter()
            .map(|(operation, _)| operation.as_str())
            .collect()
    }
}

async fn mcp_lambda(arguments: &[&str], endpoint: &str) -> Output {
    tokio::process::Command::new(env!("CARGO_BIN_EXE_mcp-lambda"))
        .args(arguments)
        .env_clear()
        .envs([
            ("AWS_ACCESS_KEY_ID", "id"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_ENDPOINT_URL", endpoint),
        ])
        .output()
        .await
        .unwrap()
}

/// Runs a command on a user pool whose app client has this flow and this many secrets.
async fn run(arguments: &[&str], flow: &'static str, secrets: usize) -> Ran {
    let stub = Stub::answering(move |asked| {
        answer(&operation(asked), flow, secrets)
            .to_string()
            .into_response()
    })
    .await;
    let arguments = [arguments, &["--user-pool", "eu-west-1_Example"]].concat();
    let output = mcp_lambda(&arguments, &format!("http://127.0.0.1:{}", stub.port)).await;
    let calls = stub.asked();
    Ran {
        status: output.status.code(),
        printed: String::from_utf8(output.stdout).unwrap(),
        error: String::from_utf8(output.stderr).unwrap(),
        calls: calls
            .iter()
            .map(|asked| {
                (
                    operation(asked),
                    serde_json::from_slice(&asked.body).unwrap(),
                )
            })
            .collect(),
    }
}

fn operation(asked: &Asked) -> String {
    let target = asked.headers["x-amz-target"].to_str().unwrap();
    target.rsplit('.').next().unwrap().to_owned()
}

fn answer(operation: &str, flow: &str, secrets: usize) -> Value {
    let client = json!({ "ClientId": "c1", "ClientName": "CI", "AllowedOAuthFlows": [flow], "AllowedOAuthScopes": ["https://x/read"] });
    match operation {
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

const MACHINE: &str = "client_credentials";

#[tokio::test]
async fn a_machine_client_gets_the_client_credentials_grant_its_scopes_and_nothing_else() {
    let ran = run(
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
    )
    .await;
    assert_eq!((ran.status, ran.error.as_str()), (Some(0), ""));
    assert_eq!(
        ran.printed.matches("s3cret").count(),
        1,
        "the secret is printed once"
    );
    assert_eq!(
        ran.calls[0].1,
        json!({ "UserPoolId": "eu-west-1_Example", "ClientName": "CI", "GenerateSecret": true, "AllowedOAuthFlows": ["client_credentials"],
            "AllowedOAuthFlowsUserPoolClient": true, "AllowedOAuthScopes": ["https://x/read"], "AccessTokenValidity": 60,
            "TokenValidityUnits": { "AccessToken": "minutes" } })
    );
}

#[tokio::test]
async fn the_list_shows_machine_clients_only_and_no_secret() {
    assert_eq!(
        run(&["clients", "list"], MACHINE, 2).await.printed,
        "c1  CI  secrets: 2  scopes: https://x/read\n"
    );
    assert_eq!(
        run(&["clients", "list"], "code", 1).await.printed,
        "no machine clients\n"
    );
}

#[tokio::test]
async fn a_rotation_adds_a_second_secret_and_then_removes_the_older() {
    let ran = run(&["clients", "rotate", "c1"], MACHINE, 1).await;
    assert_eq!(ran.printed.matches("n3w").count(), 1);
    assert_eq!(
        ran.operations(),
        [
            "DescribeUserPoolClient",
            "ListUserPoolClientSecrets",
            "AddUserPoolClientSecret"
        ]
    );
    let ran = run(&["clients", "rotate", "c1", "--finish"], MACHINE, 2).await;
    assert_eq!(ran.calls.last().unwrap().1["ClientSecretId"], "older");
}

#[tokio::test]
async fn a_rotation_is_finished_before_the_next_begins() {
    let ran = run(&["clients", "rotate", "c1"], MACHINE, 2).await;
    assert_eq!(ran.status, Some(1));
    assert!(ran.error.contains("--finish"), "{}", ran.error);
    let ran = run(&["clients", "rotate", "c1", "--finish"], MACHINE, 1).await;
    assert!(ran.error.contains("has one secret"), "{}", ran.error);
}

#[tokio::test]
async fn the_clients_of_people_are_neither_rotated_nor_removed() {
    for arguments in [
        vec!["clients", "remove", "c1"],
        vec!["clients", "rotate", "c1"],
        vec!["clients", "rotate", "c1", "--finish"],
    ] {
        let ran = run(&arguments, "code", 2).await;
        assert!(ran.error.contains("is not a machine client"));
        assert_eq!(ran.operations(), ["DescribeUserPoolClient"]);
    }
    let ran = run(&["clients", "remove", "c1"], MACHINE, 1).await;
    assert_eq!(
        ran.operations(),
        ["DescribeUserPoolClient", "DeleteUserPoolClient"]
    );
}

#[tokio::test]
async fn a_user_is_disabled_before_being_signed_out() {
    let ran = run(&["users", "disable", "ann@example.com"], MACHINE, 1).await;
    assert_eq!(
        ran.operations(),
        ["AdminDisableUser", "AdminUserGlobalSignOut"]
    );
    let ran = run(&["users", "invite", "ann@example.com"], MACHINE, 1).await;
    assert!(
        ran.calls[0].1.get("TemporaryPassword").is_none(),
        "Cognito makes and sends it"
    );
}

#[tokio::test]
async fn an_endpoint_that_is_away_is_a_failure_that_names_operation_and_fix() {
    // Bound and not listening, so that no other program can listen there.
    let held = tokio::net::TcpSocket::new_v4().unwrap();
    held.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let endpoint = format!("http://{}", held.local_addr().unwrap());
    let output = mcp_lambda(
        &["clients", "list", "--user-pool", "eu-west-1_Example"],
        &endpoint,
    )
    .await;
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.starts_with("\nerror: listing the clients failed: Connection refused")
            && error.ends_with("; check the AWS credentials and the network\n"),
        "{error}"
    );
}
