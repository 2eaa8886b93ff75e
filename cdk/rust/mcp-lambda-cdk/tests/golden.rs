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
use mcp_lambda_cdk::{Result, Value, json};

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
    let wanted = read(javascript);
    let different = template.lines().zip(wanted.lines()).find(|(a, b)| a != b);
    assert_eq!(different, None, "the first line that differs");
    assert!(template == wanted, "one of the two has more lines");
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

/// Lets the CDK command line run an app of this repository, without building what its functions run.
fn by_command_line(app: &[&str], outdir: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let status = Command::new("npx")
        // The usage report names the language.
        .args(["cdk", "ls", "--no-version-reporting", "--output"])
        .arg(outdir)
        .args(app)
        .env("CDK_VALIDATION", "false")
        .current_dir(root)
        .status();
    assert!(status.expect("npx runs").success());
}

fn repository_file(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    fs::read_to_string(root.join(name)).expect("a file of the repository")
}

#[test]
fn template_of_the_example_server_is_that_of_the_typescript_app() {
    let (rust, typescript) = (
        directory("dog-facts-rust"),
        directory("dog-facts-typescript"),
    );
    let config: Value = repository_file("cdk.rust.json").parse().expect("JSON");
    let app = config.get("app").and_then(Value::as_str).expect("an app");
    by_command_line(&["--app", app], &rust);
    // The app of cdk.json: cdk/app/main.ts.
    by_command_line(&[], &typescript);
    assert_same_template(&rust, &typescript, "DogFacts.template.json");
}

#[test]
fn the_example_stack_is_at_most_25_lines() {
    let text = repository_file("cdk/rust/mcp-lambda-cdk/examples/dog_facts/main.rs");
    assert!(text.lines().count() <= 25, "{text}");
}
