use mcp_lambda_cdk::aws_cdk_lib::assertions::Template;
use mcp_lambda_cdk::aws_cdk_lib::{App, AppProps};
use mcp_lambda_cdk::{Result, json};

fn template() -> Result<Template> {
    mcp_lambda_cdk::without_rules()?;
    // The template is examined, not deployed: nothing is compiled.
    let app = App::new_with(AppProps::new().context([("aws:cdk:bundling-stacks", json!([]))]))?;
    Template::from_stack({{ project.name.crate_name() }}_infra::stack(&app)?)
}

#[test]
fn lets_nobody_call_the_server_without_one_of_its_oauth_scopes() -> Result<()> {
    template()?.has_resource_properties(
        "AWS::ApiGateway::Method",
        json!({ "HttpMethod": "POST", "AuthorizationType": "COGNITO_USER_POOLS" }),
    )
}

#[test]
fn puts_out_the_url_that_mcp_clients_connect_to() -> Result<()> {
    let outputs = template()?.find_outputs("*")?;
    assert!(outputs.keys().any(|name| name.ends_with("McpServerUrl")));
    Ok(())
}
