use mcp_lambda_cdk::aws_cdk_lib::aws_cognito::UserPoolClient;
use mcp_lambda_cdk::aws_cdk_lib::aws_s3::Bucket;
use mcp_lambda_cdk::aws_cdk_lib::{App, Stack};

fn main() -> mcp_lambda_cdk::Result<()> {
    let stack = Stack::new(App::new()?, "Stack")?;
    let bucket = Bucket::new(&stack, "Bucket")?;
    UserPoolClient::builder(&stack, "Client", &bucket).build()?;
    Ok(())
}
