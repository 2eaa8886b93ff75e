//! What a person sees when a stack is wrong: at most five lines, with the line of their code and the construct.

use std::process::Command;

use mcp_lambda_cdk::aws_cdk_lib::aws_lambda::{Code, Function, Runtime};
use mcp_lambda_cdk::aws_cdk_lib::aws_s3::Bucket;
use mcp_lambda_cdk::aws_cdk_lib::{App, Aspects, IAspect, Stack};
use mcp_lambda_cdk::{Error, Result, Untyped, json};

/// The error as printed, and the number of the line before this call.
#[track_caller]
fn assert_printed(error: &Error, above: u32, wanted: &str) {
    let file = std::panic::Location::caller();
    let printed = format!("{error:?}");
    assert!(printed.lines().count() <= 5, "{printed}");
    let place = error.location().map_or(0, |place| place.line());
    assert_eq!(place, file.line() - above, "{printed}");
    let kept: Vec<&str> = printed
        .lines()
        .filter(|line| !line.contains("--> "))
        .collect();
    assert_eq!(kept.join("\n"), wanted);
}

#[test]
fn a_second_construct_with_the_same_name() -> Result<()> {
    mcp_lambda_cdk::without_rules()?;
    let stack = Stack::new(App::new()?, "Stack")?;
    Bucket::new(&stack, "Bucket")?;
    let error = Bucket::new(&stack, "Bucket").err().unwrap_or_else(missing);
    assert_printed(
        &error,
        1,
        "There is already a Construct with name 'Bucket' in Stack2 [Stack]\n  construct: Stack/Bucket",
    );
    Ok(())
}

fn missing() -> Error {
    Error::callback("nothing went wrong")
}

#[test]
fn a_value_of_another_type() -> Result<()> {
    mcp_lambda_cdk::without_rules()?;
    let stack = Stack::new(App::new()?, "Stack")?;
    let code = Code::from_asset("../golden/function")?;
    let builder = Function::builder(
        &stack,
        "Handler",
        code,
        "bootstrap",
        Runtime::PROVIDED_AL2023,
    );
    let builder = builder.timeout(Untyped(json!(30)));
    let error = builder.build().err().unwrap_or_else(missing);
    assert_printed(
        &error,
        1,
        "Passed to parameter props of new aws-cdk-lib.aws_lambda.Function: \
         Unable to deserialize value as aws-cdk-lib.aws_lambda.FunctionProps\n  \
         Key 'timeout': Unable to deserialize value as aws-cdk-lib.Duration | undefined\n  \
         Value does not have the \"$jsii.byref\" key\n  construct: Stack/Handler",
    );
    Ok(())
}

#[test]
fn an_aspect_in_rust_that_fails() -> Result<()> {
    mcp_lambda_cdk::without_rules()?;
    let app = App::new()?;
    let stack = Stack::new(&app, "Stack")?;
    let aspect = IAspect::from_fn(|_| Err(Error::callback("every bucket needs an owner")))?;
    Aspects::of(&stack)?.add(aspect)?;
    let error = app.synth().err().unwrap_or_else(missing);
    assert_printed(&error, 3, "every bucket needs an owner");
    Ok(())
}

#[test]
fn a_value_that_the_cdk_refuses() -> Result<()> {
    mcp_lambda_cdk::without_rules()?;
    let stack = Stack::new(App::new()?, "Stack")?;
    let bucket = Bucket::builder(&stack, "Bucket").bucket_name("My Bucket");
    let error = bucket.build().err().unwrap_or_else(missing);
    assert_printed(
        &error,
        1,
        "Invalid S3 bucket name (value: My Bucket)\n\
         Bucket name must only contain lowercase characters and the symbols, period (.) and dash (-) (offset: 0)\n\
         Bucket name must start with a lowercase character or number (offset: 0)\n  construct: Stack/Bucket",
    );
    Ok(())
}

#[test]
fn findings_of_cdk_synth_name_the_line_in_rust() -> Result<()> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../..");
    let app = "cargo run --quiet --locked --manifest-path cdk/rust/Cargo.toml --package mcp-lambda-cdk --example findings";
    let run = Command::new("npx")
        .args(["cdk", "synth", "--quiet", "--app", app, "--output"])
        .arg(concat!(env!("CARGO_TARGET_TMPDIR"), "/findings"))
        .current_dir(root)
        .output();
    let printed = String::from_utf8_lossy(&run.map_err(Error::callback)?.stderr).into_owned();
    let place = "mcp-lambda-cdk/examples/findings.rs:11:10";
    for finding in [
        "ERROR FifoTopic: 'perhaps' is not of type 'boolean' (CloudFormation Validate)",
        "WARNING nobody owns this topic (Annotation)",
    ] {
        assert!(
            printed.contains(&format!("{place}\n{finding}\n")),
            "{printed}"
        );
    }
    Ok(())
}
