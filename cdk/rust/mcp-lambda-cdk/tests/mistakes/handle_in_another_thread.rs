use mcp_lambda_cdk::aws_cdk_lib::{App, Stack};

fn main() -> mcp_lambda_cdk::Result<()> {
    let app = App::new()?;
    std::thread::spawn(move || Stack::new(&app, "Stack"));
    Ok(())
}
