//! The official Rust MCP client as a program that authenticates with `private_key_jwt`.
//!
//! Reads the errand as JSON from standard input, calls `getDogFacts`, and writes the tools and the result as JSON.

use std::error::Error;

use rmcp::ServiceExt;
use rmcp::model::CallToolRequestParams;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::auth::{AuthClient, ClientCredentialsConfig, JwtSigningAlgorithm, OAuthState};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Errand {
    url: String,
    client_id: String,
    /// PEM, PKCS #8.
    private_key: String,
    algorithm: String,
    scope: String,
    limit: u8,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let errand: Errand = serde_json::from_reader(std::io::stdin())?;
    let mut state = OAuthState::new(&errand.url, None).await?;
    state
        .authenticate_client_credentials(ClientCredentialsConfig::PrivateKeyJwt {
            client_id: errand.client_id,
            signing_key: errand.private_key.into_bytes(),
            signing_algorithm: match errand.algorithm.as_str() {
                "ES256" => JwtSigningAlgorithm::ES256,
                _ => JwtSigningAlgorithm::RS256,
            },
            token_endpoint_audience: None,
            scopes: vec![errand.scope],
            resource: Some(errand.url.clone()),
        })
        .await?;
    let manager = state.into_authorization_manager().ok_or("not authorized")?;
    let http_client = AuthClient::new(reqwest::Client::new(), manager);
    let config = StreamableHttpClientTransportConfig::with_uri(errand.url.as_str());
    let transport = StreamableHttpClientTransport::with_client(http_client, config);
    let client = ().serve(transport).await?;
    let tools = client.list_all_tools().await?;
    let arguments = json!({ "limit": errand.limit });
    let call = CallToolRequestParams::new("getDogFacts")
        .with_arguments(arguments.as_object().cloned().unwrap_or_default());
    let result = client.call_tool(call).await?;
    let tools: Vec<_> = tools.iter().map(|tool| tool.name.as_ref()).collect();
    println!(
        "{}",
        json!({ "tools": tools, "isError": result.is_error, "result": result.structured_content })
    );
    client.cancel().await?;
    Ok(())
}
