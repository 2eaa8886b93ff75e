//! An app that the CDK complains about, in two ways. `tests/errors.rs` runs it.

use mcp_lambda_cdk::aws_cdk_lib::{Annotations, App, CfnResource, Stack};
use mcp_lambda_cdk::{Result, json};

fn main() -> Result<()> {
    let app = App::new()?;
    let stack = Stack::new(&app, "Findings")?;
    let topic = CfnResource::builder(&stack, "News", "AWS::SNS::Topic")
        .properties([("FifoTopic", json!("perhaps"))])
        .build()?;
    Annotations::of(&topic)?.add_warning_v2("team:Owner", "nobody owns this topic")?;
    app.synth()?;
    Ok(())
}
