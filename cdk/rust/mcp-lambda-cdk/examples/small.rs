//! The smallest app that has something in it: what starting costs. `cdk/rust/compare-languages.mjs` runs it.

use mcp_lambda_cdk::aws_cdk_lib::{App, Stack, aws_s3 as s3, aws_sns as sns};

fn main() -> mcp_lambda_cdk::Result<()> {
    let app = App::new()?;
    let stack = Stack::new(&app, "S")?;
    s3::Bucket::new(&stack, "B")?;
    sns::Topic::new(&stack, "T")?;
    app.synth()?;
    Ok(())
}
