//! The same app in Rust and in JavaScript gives the same template, byte by byte.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use mcp_lambda_cdk::aws_cdk_lib::aws_dynamodb::{Attribute, AttributeType, BillingMode, Table};
use mcp_lambda_cdk::aws_cdk_lib::aws_lambda::{Architecture, Code, Function, Runtime};
use mcp_lambda_cdk::aws_cdk_lib::aws_s3::{Bucket, LifecycleRule};
use mcp_lambda_cdk::aws_cdk_lib::aws_sns::Topic;
use mcp_lambda_cdk::aws_cdk_lib::{
    App, Aspects, CfnOutput, CfnResource, Duration, Environment, IAspect, IAspectImpl,
    IStableStringProducer, Lazy, RemovalPolicy, Size, Stack, Tags,
};
use mcp_lambda_cdk::constructs::{Construct, IConstruct};
use mcp_lambda_cdk::{Result, json};

/// A construct written in Rust.
struct Website {
    construct: Construct,
    bucket: Bucket,
    visits: Table,
}

impl Website {
    fn new(scope: &Construct, id: &str, retention_days: u32) -> Result<Self> {
        let construct = Construct::new(scope, id)?;
        let bucket = Bucket::builder(&construct, "Pages")
            .versioned(true)
            .removal_policy(RemovalPolicy::Destroy)
            .lifecycle_rules([LifecycleRule::new()
                .expiration(Duration::days(retention_days)?)
                .prefix("old/")])
            .build()?;
        let visits = Table::builder(&construct, "Visits")
            .partition_key(Attribute::new("page", AttributeType::String))
            .billing_mode(BillingMode::PayPerRequest)
            .build()?;
        Ok(Self {
            construct,
            bucket,
            visits,
        })
    }
}

/// An Aspect written in Rust: JavaScript calls it for every construct.
struct Stamp;

impl IAspectImpl for Stamp {
    fn visit(&self, node: IConstruct) -> Result<()> {
        if CfnResource::is_cfn_resource(&node)? {
            let path = node.node()?.path()?;
            let resource: CfnResource = node.unchecked_cast();
            resource.add_property_override("Tags", json!([{ "Key": "stamped", "Value": path }]))?;
        }
        Ok(())
    }
}

fn website(outdir: &Path) -> Result<()> {
    mcp_lambda_cdk::without_rules()?;
    let app = App::builder()
        .outdir(outdir.display().to_string())
        .build()?;
    let stack = Stack::builder(&app, "Golden")
        .description("the same in both languages")
        .env(Environment::new().region("eu-central-1"))
        .build()?;
    let website = Website::new(&stack, "Website", 30)?;
    let late = IStableStringProducer::from_fn(|| Ok(Some("decided at synthesis".to_owned())))?;
    let handler = Function::builder(
        &stack,
        "Handler",
        Code::from_asset("../golden/function")?,
        "bootstrap",
        Runtime::PROVIDED_AL2023,
    )
    .architecture(Architecture::ARM_64)
    .memory_size(256)
    .ephemeral_storage_size(Size::gibibytes(1)?)
    .timeout(Duration::seconds(30)?)
    .environment([
        ("BUCKET", website.bucket.bucket_name()?),
        ("LATE", Lazy::string(late)?),
    ])
    .build()?;
    website.bucket.grant_read(&handler)?;
    website.visits.grant_read_write_data(&handler)?;
    Topic::builder(&stack, "News")
        .display_name("News")
        .build()?;
    Tags::of(&stack)?.add("team", "zoo")?;
    Aspects::of(&website.construct)?.add(IAspect::implement(Stamp)?)?;
    CfnOutput::builder(&stack, "Table", website.visits.table_name()?)
        .description("Where visits are counted")
        .build()?;
    app.synth()?;
    Ok(())
}

fn directory(name: &str) -> PathBuf {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::remove_dir_all(&directory).ok();
    fs::create_dir_all(&directory).expect("the target directory is writable");
    directory
}

fn in_javascript(script: &str, arguments: &[&str], outdir: &Path) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../golden")
        .join(script);
    // The linked package finds its peers where it is linked.
    let status = Command::new("node")
        .args(["--preserve-symlinks", "--preserve-symlinks-main"])
        .arg(script)
        .args(arguments)
        .env("CDK_VALIDATION", "false")
        .env("CDK_OUTDIR", outdir)
        .status();
    assert!(status.expect("node runs").success());
}

fn assert_same_template(rust: &Path, javascript: &Path, name: &str) {
    let read = |directory: &Path| fs::read_to_string(directory.join(name)).expect("a template");
    let template = read(rust);
    assert!(template.len() > 1000, "an empty template proves nothing");
    assert_eq!(template, read(javascript));
}

#[test]
fn template_with_aspect_and_own_construct_is_that_of_javascript() -> Result<()> {
    let (rust, javascript) = (directory("website-rust"), directory("website-javascript"));
    website(&rust)?;
    in_javascript(
        "website.mjs",
        &[&javascript.display().to_string()],
        &javascript,
    );
    assert_same_template(&rust, &javascript, "Golden.template.json");
    Ok(())
}

#[test]
fn template_of_the_example_server_is_that_of_javascript() {
    let (rust, javascript) = (
        directory("dog-facts-rust"),
        directory("dog-facts-javascript"),
    );
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let code = root.join("cdk/rust/golden/function").display().to_string();
    let contract = root
        .join("lambda/dog-facts/contract.json")
        .display()
        .to_string();
    let status = Command::new(env!("CARGO"))
        .args([
            "run",
            "--quiet",
            "--package",
            "mcp-lambda-cdk",
            "--example",
            "dog_facts",
            "--",
            &code,
            &contract,
        ])
        .env("CDK_VALIDATION", "false")
        .env("CDK_OUTDIR", &rust)
        .status();
    assert!(status.expect("cargo runs").success());
    in_javascript("dog-facts.mjs", &[&code, &contract], &javascript);
    assert_same_template(&rust, &javascript, "DogFacts.template.json");
}
