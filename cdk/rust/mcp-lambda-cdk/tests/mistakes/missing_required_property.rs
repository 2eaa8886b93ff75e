use mcp_lambda_cdk::aws_cdk_lib::aws_lambda::{Code, Function};
use mcp_lambda_cdk::aws_cdk_lib::{App, Stack};

fn main() -> mcp_lambda_cdk::Result<()> {
    let stack = Stack::new(App::new()?, "Stack")?;
    Function::builder(&stack, "Handler", Code::from_inline("echo")?, "bootstrap").build()?;
    Ok(())
}
