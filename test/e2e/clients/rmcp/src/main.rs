//! The official Rust MCP client on an errand of the tests.
//!
//! Reads the errand, one line of JSON, from standard input, and writes one line of JSON for each thing that happens; the
//! query of the redirect comes back on standard input.

use std::error::Error;
use std::io::Write;

use rmcp::model::{
    CallToolRequestParams, ClientConfig, ProgressNotificationParam, ProtocolVersion,
};
use rmcp::service::{ClientLifecycleMode, ClientServiceExt, NotificationContext};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::auth::{
    AuthClient, AuthorizationManager, AuthorizationRequest, ClientCredentialsConfig, OAuthState,
};
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientHandler, RoleClient};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader, Lines, Stdin};
use url::Url;

type Failure = Box<dyn Error + Send + Sync>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Errand {
    url: String,
    revision: String,
    redirect_uri: String,
    identity: Identity,
    limit: u8,
}

#[derive(Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
enum Identity {
    PreRegistered {
        client_id: String,
    },
    Registered,
    MetadataDocument {
        client_id: String,
    },
    Program {
        client_id: String,
        client_secret: String,
        scope: String,
    },
}

/// Tells the test what happened, at once.
fn say(event: &str, what: Value) {
    let mut line = json!({ event: what }).to_string();
    line.push('\n');
    let mut out = std::io::stdout();
    // A test that no longer listens has ended.
    let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
}

/// Shows progress, and nothing else.
struct Shows;

impl ClientHandler for Shows {
    fn get_info(&self) -> ClientConfig {
        ClientConfig::default()
    }

    async fn on_progress(
        &self,
        shown: ProgressNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        say(
            "progress",
            json!({ "progress": shown.progress, "total": shown.total, "message": shown.message }),
        );
    }
}

async fn heard(lines: &mut Lines<BufReader<Stdin>>) -> Result<String, Failure> {
    Ok(lines.next_line().await?.ok_or("standard input ended")?)
}

async fn authorized(
    errand: &Errand,
    lines: &mut Lines<BufReader<Stdin>>,
) -> Result<AuthorizationManager, Failure> {
    let mut state = OAuthState::new(&errand.url, None).await?;
    let request = AuthorizationRequest::new(&errand.redirect_uri).with_client_name("Test client");
    let request = match &errand.identity {
        Identity::Program {
            client_id,
            client_secret,
            scope,
        } => {
            let config = ClientCredentialsConfig::ClientSecret {
                client_id: client_id.clone(),
                client_secret: client_secret.clone(),
                scopes: vec![scope.clone()],
                resource: Some(errand.url.clone()),
            };
            state.authenticate_client_credentials(config).await?;
            return state
                .into_authorization_manager()
                .ok_or_else(|| "not authorized".into());
        }
        Identity::Registered => request,
        Identity::PreRegistered { client_id } => request.with_preregistered_client(client_id),
        Identity::MetadataDocument { client_id } => request.with_client_metadata_url(client_id),
    };
    state.start_authorization(request).await?;
    say("authorize", json!(state.get_authorization_url().await?));
    let mut back = Url::parse(&errand.redirect_uri)?;
    back.set_query(Some(heard(lines).await?.trim()));
    state.handle_callback_url(back.as_str()).await?;
    state
        .into_authorization_manager()
        .ok_or_else(|| "not authorized".into())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    // In a build of the whole workspace reqwest speaks TLS, and leaves the provider to the program. An error means that there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let errand: Errand = serde_json::from_str(&heard(&mut lines).await?)?;
    let manager = authorized(&errand, &mut lines).await?;

    let http_client = AuthClient::new(reqwest::Client::new(), manager);
    let config = StreamableHttpClientTransportConfig::with_uri(errand.url.as_str());
    let transport = StreamableHttpClientTransport::with_client(http_client, config);
    let lifecycle = if errand.revision == "2026-07-28" {
        ClientLifecycleMode::Auto {
            preferred_versions: vec![ProtocolVersion::V_2026_07_28],
            legacy_version: None,
        }
    } else {
        ClientLifecycleMode::Initialize
    };
    let client = Shows.serve_with_lifecycle(transport, lifecycle).await?;
    let info = client
        .peer_info()
        .ok_or("the server did not say who it is")?;
    say("connected", json!(info.protocol_version));
    let tools = client.list_all_tools().await?;
    say(
        "tools",
        tools.iter().map(|tool| tool.name.as_ref()).collect(),
    );

    let arguments = json!({ "limit": errand.limit });
    let call = CallToolRequestParams::new("getDogFacts")
        .with_arguments(arguments.as_object().cloned().unwrap_or_default());
    let result = client.call_tool(call).await?;
    if result.is_error == Some(true) {
        return Err(format!("the tool failed: {:?}", result.content).into());
    }
    say("result", result.structured_content.unwrap_or_default());
    client.cancel().await?;
    Ok(())
}
