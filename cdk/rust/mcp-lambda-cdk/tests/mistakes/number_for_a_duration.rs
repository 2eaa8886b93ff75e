use mcp_lambda_cdk::aws_cdk_lib::aws_lambda::FunctionOptions;

fn main() {
    let _ = FunctionOptions::new().timeout(30);
}
