//! Tests of a stack, as a team with its infrastructure in Rust writes them: `cargo test`.

use mcp_lambda_cdk::aws_cdk_lib::assertions::{Annotations, Capture, Match, Template};
use mcp_lambda_cdk::aws_cdk_lib::aws_dynamodb::{Attribute, AttributeType, BillingMode, Table};
use mcp_lambda_cdk::aws_cdk_lib::aws_lambda::{Architecture, Code, Function, Runtime};
use mcp_lambda_cdk::aws_cdk_lib::aws_logs::{LogGroup, RetentionDays};
use mcp_lambda_cdk::aws_cdk_lib::aws_s3::{BlockPublicAccess, Bucket, BucketEncryption};
use mcp_lambda_cdk::aws_cdk_lib::{App, CfnOutput, Duration, RemovalPolicy, Stack};
use mcp_lambda_cdk::{Result, json};

/// The stack under test: a function that keeps uploads in a bucket and counts them in a table.
fn uploads() -> Result<Stack> {
    mcp_lambda_cdk::without_rules()?;
    let stack = Stack::new(App::new()?, "Uploads")?;
    let bucket = Bucket::builder(&stack, "Files")
        .encryption(BucketEncryption::S3Managed)
        .block_public_access(BlockPublicAccess::BLOCK_ALL)
        .enforce_ssl(true)
        .versioned(true)
        .build()?;
    let counts = Table::builder(&stack, "Counts")
        .partition_key(Attribute::new("day", AttributeType::String))
        .billing_mode(BillingMode::PayPerRequest)
        .removal_policy(RemovalPolicy::Retain)
        .build()?;
    let log = LogGroup::builder(&stack, "Log")
        .retention(RetentionDays::OneMonth)
        .build()?;
    let handler = Function::builder(
        &stack,
        "Handler",
        Code::from_asset("../golden/function")?,
        "bootstrap",
        Runtime::PROVIDED_AL2023,
    )
    .architecture(Architecture::ARM_64)
    .memory_size(256)
    .timeout(Duration::seconds(20)?)
    .log_group(&log)
    .environment([("COUNTS", counts.table_name()?)])
    .build()?;
    bucket.grant_put(&handler)?;
    counts.grant_write_data(&handler)?;
    CfnOutput::builder(&stack, "Bucket", bucket.bucket_name()?).build()?;
    Ok(stack)
}

fn template() -> Result<Template> {
    Template::from_stack(uploads()?)
}

#[test]
fn runs_on_arm64_with_the_provided_runtime() -> Result<()> {
    template()?.has_resource_properties(
        "AWS::Lambda::Function",
        json!({ "Architectures": ["arm64"], "Runtime": "provided.al2023", "Handler": "bootstrap" }),
    )
}

#[test]
fn has_less_time_than_the_gateway_waits() -> Result<()> {
    let template = template()?;
    let timeout = Capture::new()?;
    let wanted = Match::object_like([("Timeout", &timeout)])?;
    template.has_resource_properties("AWS::Lambda::Function", wanted)?;
    assert!(timeout.as_number()? < 29.0);
    Ok(())
}

#[test]
fn encrypts_uploads() -> Result<()> {
    let rule = json!({ "ServerSideEncryptionByDefault": { "SSEAlgorithm": "AES256" } });
    template()?.has_resource_properties(
        "AWS::S3::Bucket",
        json!({ "BucketEncryption": { "ServerSideEncryptionConfiguration": [rule] } }),
    )
}

#[test]
fn lets_nobody_read_uploads_in_public() -> Result<()> {
    template()?.has_resource_properties(
        "AWS::S3::Bucket",
        json!({ "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true,
        } }),
    )
}

#[test]
fn refuses_plain_http_to_the_bucket() -> Result<()> {
    let statement =
        json!({ "Effect": "Deny", "Condition": { "Bool": { "aws:SecureTransport": "false" } } });
    template()?.has_resource_properties(
        "AWS::S3::BucketPolicy",
        Match::object_like([(
            "PolicyDocument",
            Match::object_like([(
                "Statement",
                Match::array_with([Match::object_like(entries(&statement))?])?,
            )])?,
        )])?,
    )
}

fn entries(value: &mcp_lambda_cdk::Value) -> Vec<(String, mcp_lambda_cdk::Value)> {
    let members = value.as_object().into_iter().flatten();
    members
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

#[test]
fn keeps_the_table_when_the_stack_goes() -> Result<()> {
    template()?.has_resource(
        "AWS::DynamoDB::Table",
        json!({ "DeletionPolicy": "Retain" }),
    )
}

#[test]
fn pays_for_requests_only() -> Result<()> {
    template()?.has_resource_properties(
        "AWS::DynamoDB::Table",
        json!({ "BillingMode": "PAY_PER_REQUEST" }),
    )
}

#[test]
fn keeps_the_log_for_a_month() -> Result<()> {
    template()?.has_resource_properties("AWS::Logs::LogGroup", json!({ "RetentionInDays": 30 }))
}

#[test]
fn gives_the_function_one_role_and_one_policy() -> Result<()> {
    let template = template()?;
    template.resource_count_is("AWS::IAM::Role", 1)?;
    template.resource_count_is("AWS::IAM::Policy", 1)
}

#[test]
fn may_not_read_what_it_uploads() -> Result<()> {
    let policies = template()?.find_resources("AWS::IAM::Policy")?;
    let text = json!(policies).to_string();
    assert!(text.contains("s3:PutObject"));
    assert!(!text.contains("s3:GetObject"));
    Ok(())
}

#[test]
fn tells_the_name_of_the_bucket() -> Result<()> {
    template()?.has_output("Bucket", json!({ "Value": { "Ref": "Files8E6940B8" } }))
}

#[test]
fn synthesizes_without_a_warning() -> Result<()> {
    let stack = uploads()?;
    Annotations::from_stack(&stack)?.has_no_warning("*", Match::any_value()?)
}
