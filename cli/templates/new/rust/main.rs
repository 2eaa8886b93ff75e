use mcp_lambda_cdk::aws_cdk_lib::App;

fn main() -> mcp_lambda_cdk::Result<()> {
    let app = App::new()?;
    {{ project.name.crate_name() }}_infra::stack(&app)?;
    app.synth()?;
    Ok(())
}
