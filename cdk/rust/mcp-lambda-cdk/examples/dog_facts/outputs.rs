//! What a person or a program needs to connect, as outputs of the stack. Never a secret.

use mcp_lambda_cdk::Result;
use mcp_lambda_cdk::aws_cdk_lib::{CfnOutput, Stack};
use mcp_lambda_cdk::mcp::{McpMachineClient, McpServer};

/// The outputs of `cdk/app/outputs.ts`, in Rust.
#[rustfmt::skip]
pub(crate) fn add(stack: &Stack, server: &McpServer, machine_client: &McpMachineClient) -> Result<()> {
    for (id, value, description) in [
        ("McpServerUrl", server.mcp_server_url()?, "URL to give to an MCP client"),
        ("OAuthMetadataUrl", server.resource_metadata_url()?, "Protected resource metadata (RFC 9728), where MCP clients begin"),
        ("McpOAuthIssuer", server.authorization_server_issuer()?, "Issuer in the authorization server metadata (RFC 8414)"),
        ("McpOAuthAuthorizationUrl", server.authorization_url()?, "Authorization endpoint"),
        ("McpOAuthTokenUrl", server.token_url()?, "Token endpoint"),
        ("McpOAuthScope", server.oauth_scopes()?.join(" "), "OAuth scopes to ask for"),
        ("McpOAuthClientId", server.interactive_client_id()?, "Public client for people, for manual configuration (authorization code with PKCE)"),
        ("AutomatedOAuthClientId", machine_client.client_id()?, "Confidential app client for programs (client credentials)"),
        ("AutomatedOAuthClientSecretArn", machine_client.client_secret()?.secret_arn()?, "Secret in Secrets Manager with the client secret for programs"),
        ("SignInUrl", server.sign_in_url()?, "Page to sign up and in"),
        ("ClaudeCodeCommand", server.claude_code_command()?, "Command that adds the server to Claude Code"),
        ("UserPoolId", server.user_pool()?.user_pool()?.user_pool_id()?, "User pool"),
        ("CodexCommand", server.connect_command("codex")?, "Command that adds the server to Codex"),
        ("GeminiCommand", server.connect_command("gemini")?, "Command that adds the server to Gemini CLI"),
        ("VsCodeCommand", server.connect_command("vscode")?, "Command that adds the server to VS Code"),
        ("CursorLink", server.connect_command("cursor")?, "Link that adds the server to Cursor"),
    ] {
        CfnOutput::builder(stack, id, value).description(description).build()?;
    }
    Ok(())
}
