//! `mcp-lambda deploy` with a mock of AWS and of the CDK's command line.

use std::process::Output;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::folder::{Folder, write_program};
use crate::stub::{Asked, Stub};

const IDENTITY: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
const STACKS: &str = "<DescribeStacksResponse><DescribeStacksResult><Stacks/></DescribeStacksResult></DescribeStacksResponse>";

fn error(code: &str) -> Response {
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"
    );
    (StatusCode::BAD_REQUEST, body).into_response()
}

/// AWS, where these actions fail with an error code.
async fn aws(failing: &'static [(&'static str, &'static str)]) -> Stub {
    Stub::answering(move |asked: &Asked| {
        let body = String::from_utf8_lossy(&asked.body).into_owned();
        let failed = failing.iter().find(|(action, _)| body.contains(action));
        match failed {
            Some((_, code)) => error(code),
            None if body.contains("Action=GetCallerIdentity") => IDENTITY.into_response(),
            None => STACKS.into_response(),
        }
    })
    .await
}

/// A project whose `cdk` prints its arguments and ends with a status.
fn project(status: u8) -> Folder {
    let folder = Folder::new();
    let bin = folder.path().join("node_modules/.bin");
    std::fs::create_dir_all(&bin).unwrap();
    std::fs::write(folder.path().join("cdk.json"), "{}").unwrap();
    let cdk = bin.join("cdk");
    write_program(&cdk, &format!("#!/bin/sh\necho \"$@\"\nexit {status}\n"));
    folder
}

async fn deploy(
    folder: &Folder,
    aws: &Stub,
    variables: &[(&str, &str)],
    arguments: &[&str],
) -> Output {
    tokio::process::Command::new(env!("CARGO_BIN_EXE_mcp-lambda"))
        .arg("deploy")
        .args(arguments)
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", aws.port))
        .envs(variables.iter().copied())
        .output()
        .await
        .unwrap()
}

const READY: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "id"),
    ("AWS_SECRET_ACCESS_KEY", "secret"),
    ("AWS_REGION", "eu-west-1"),
];

#[tokio::test]
async fn what_is_missing_in_aws_is_one_message_and_nothing_is_deployed() {
    let no_region = [READY[0], READY[1]];
    for (failing, variables, said) in [
        (
            &[][..],
            &no_region[..],
            "no AWS Region is set: set AWS_REGION",
        ),
        (
            &[("GetCallerIdentity", "ExpiredToken")][..],
            &READY[..],
            "AWS does not accept the credentials (ExpiredToken): sign in with `aws sso login`",
        ),
        (
            &[("DescribeStacks", "ValidationError")][..],
            &READY[..],
            "account 123456789012 has no stack CDKToolkit in eu-west-1, which the CDK uploads to: run `npx cdk bootstrap aws://123456789012/eu-west-1` once",
        ),
    ] {
        let output = deploy(&project(0), &aws(failing).await, variables, &[]).await;
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(error.starts_with(&format!("\nerror: {said}")), "{error}");
        assert!(output.stdout.is_empty());
    }
}

#[tokio::test]
async fn everything_after_deploy_goes_to_the_cdk_whose_status_is_the_commands() {
    // Credentials that may not look at stacks may deploy.
    let aws = aws(&[("DescribeStacks", "AccessDenied")]).await;
    let output = deploy(
        &project(7),
        &aws,
        &READY,
        &["Shop", "-c", "env=prod", "--all"],
    )
    .await;
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "deploy --toolkit-stack-name CDKToolkit Shop -c env=prod --all\n"
    );
    assert_eq!(output.status.code(), Some(7));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.starts_with("Deploying to account 123456789012, eu-west-1 …\n"),
        "{error}"
    );
}

#[tokio::test]
async fn a_folder_without_an_app_or_without_its_packages_is_one_message() {
    let aws = aws(&[]).await;
    let folder = Folder::new();
    let output = deploy(&folder, &aws, &READY, &[]).await;
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("has no cdk.json")
    );
    std::fs::write(folder.path().join("cdk.json"), "{}").unwrap();
    let output = deploy(&folder, &aws, &READY, &[]).await;
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains("has no node_modules/.bin/cdk: run `npm ci` there"),
        "{error}"
    );
}
