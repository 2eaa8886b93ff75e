//! What plays work with: the deployed stack, HTTP, its user pool and logs, and the access tokens of a program and a person.

use std::time::Duration;

use aws_sdk_cognitoidentityprovider::Client as Cognito;
use aws_sdk_cognitoidentityprovider::error::DisplayErrorContext;
use mcp_lambda_contract::{AUTHORIZATION_SERVER_METADATA_PATH, WELL_KNOWN_PATH};
use reqwest::Method;
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use url::Url;

use super::stack::StackFacts;
use crate::causes::causes;
use crate::doctor::evidence::{Received, is_loopback};
use crate::oauth::Authorized;
use crate::tls;

/// How long one request may take: API Gateway's own limit is 29 seconds.
const PATIENCE: Duration = Duration::from_secs(40);

/// The name of everything that a run makes, before its own part: leftovers are found by it.
pub(super) const MADE_BY_A_RUN: &str = "mcp-lambda-live";

/// A deployed stack and how to ask it.
#[derive(Debug)]
pub struct Stage {
    /// The stack and the server in it.
    pub stack: StackFacts,
    /// Whether AWS is an emulator on this machine.
    pub is_emulated: bool,
    /// The user pools of the Region.
    pub cognito: Cognito,
    /// The logs of the Region.
    pub logs: aws_sdk_cloudwatchlogs::Client,
    /// The person who signed in for this run.
    pub person: Option<Authorized>,
    /// Whether plays may send some hundred requests at once.
    pub may_load: bool,
    http: reqwest::Client,
    authorization_server: OnceCell<Value>,
    program_token: OnceCell<String>,
}

/// A request of a play.
#[derive(Debug, Clone)]
pub(super) struct Request {
    method: Method,
    url: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Request {
    pub(super) fn new(method: Method, url: impl Into<String>) -> Self {
        Self {
            method,
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub(super) fn get(url: impl Into<String>) -> Self {
        Self::new(Method::GET, url)
    }

    /// A form as OAuth's endpoints take it.
    pub(super) fn form(url: impl Into<String>, parameters: &[(&str, &str)]) -> Self {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(parameters)
            .finish();
        Self::new(Method::POST, url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
    }

    /// A JSON-RPC request as MCP clients of revision 2025-11-25 send it.
    pub(super) fn rpc(url: &Url, method: &str, params: &Value) -> Self {
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        Self::new(Method::POST, url.as_str())
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream")
            .body(message.to_string())
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    pub(super) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }
}

impl Stage {
    /// A stage for the server that `stack` names.
    ///
    /// # Errors
    ///
    /// The TLS library's message, if it cannot be set up.
    pub fn new(
        stack: StackFacts,
        config: &aws_config::SdkConfig,
        person: Option<Authorized>,
        may_load: bool,
    ) -> Result<Self, reqwest::Error> {
        tls::use_ring();
        let mut builder = reqwest::Client::builder()
            .redirect(Policy::none())
            .timeout(PATIENCE);
        let endpoint = config.endpoint_url().and_then(|url| Url::parse(url).ok());
        let is_emulated = endpoint.is_some_and(|url| is_loopback(&url));
        if is_loopback(&stack.url) {
            builder = builder.no_proxy();
        }
        Ok(Self {
            http: builder.build()?,
            cognito: Cognito::new(config),
            logs: aws_sdk_cloudwatchlogs::Client::new(config),
            stack,
            is_emulated,
            person,
            may_load,
            authorization_server: OnceCell::new(),
            program_token: OnceCell::new(),
        })
    }

    /// The MCP URL.
    pub(super) fn url(&self) -> &Url {
        &self.stack.url
    }

    /// A URL below the public base URL, which ends with the stage's name with `McpFront.stage()`.
    pub(super) fn at(&self, path: &str) -> Result<String, String> {
        let metadata = self.output("OAuthMetadataUrl")?;
        let base = metadata.split_once(WELL_KNOWN_PATH).map(|(base, _)| base);
        base.map(|base| format!("{base}{path}"))
            .ok_or_else(|| format!("the output OAuthMetadataUrl is no well-known URL: {metadata}"))
    }

    /// Sends a request and follows no redirect.
    pub(super) async fn send(&self, request: Request) -> Result<Received, String> {
        let mut sent = self.http.request(request.method.clone(), &request.url);
        for (name, value) in &request.headers {
            sent = sent.header(*name, value);
        }
        let failed = |error: &reqwest::Error| {
            let url = request.url.split('?').next().unwrap_or_default();
            format!(
                "{} {url} has no response: {}",
                request.method,
                causes(error)
            )
        };
        let response = sent
            .body(request.body.clone())
            .send()
            .await
            .map_err(|error| failed(&error))?;
        let status = response.status().as_u16();
        let headers = response.headers().iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        });
        let headers = headers.collect();
        let body = response.text().await.map_err(|error| failed(&error))?;
        Ok(Received {
            status,
            headers,
            body,
        })
    }

    /// The metadata of the authorization server (RFC 8414).
    pub(super) async fn authorization_server(&self) -> Result<&Value, String> {
        self.authorization_server
            .get_or_try_init(|| async {
                let issuer = self.output("McpOAuthIssuer")?;
                let mut url = Url::parse(issuer).map_err(|error| format!("{issuer}: {error}"))?;
                let path = url.path().trim_end_matches('/').to_owned();
                url.set_path(&format!("{AUTHORIZATION_SERVER_METADATA_PATH}{path}"));
                let response = self.send(Request::get(url.as_str())).await?;
                response
                    .json()
                    .ok_or_else(|| format!("{url} responds {} and no JSON", response.status))
            })
            .await
    }

    /// An endpoint of the authorization server by its name in the metadata.
    pub(super) async fn endpoint(&self, name: &str) -> Result<String, String> {
        let metadata = self.authorization_server().await?;
        let endpoint = metadata.get(name).and_then(Value::as_str);
        endpoint.map(str::to_owned).ok_or_else(|| {
            format!(
                "the authorization server has no {name}: the stack has `McpAuthorization.cognito`"
            )
        })
    }

    /// An output of the stack.
    pub(super) fn output(&self, name: &str) -> Result<&str, String> {
        let output = self.stack.outputs.get(name).map(String::as_str);
        output.ok_or_else(|| {
            format!("the stack has no output {name}: call `server.addOutputs({{ machineClient }})` in it")
        })
    }

    /// The id and the secret of the program whose app client is among the outputs.
    pub(super) async fn program(&self) -> Result<(String, String), String> {
        let client_id = self.output("AutomatedOAuthClientId")?;
        let described = self
            .cognito
            .describe_user_pool_client()
            .user_pool_id(self.output("UserPoolId")?)
            .client_id(client_id)
            .send()
            .await
            .map_err(|error| {
                format!(
                    "cognito-idp:DescribeUserPoolClient: {}",
                    DisplayErrorContext(error)
                )
            })?;
        let client = described.user_pool_client();
        let secret = client.and_then(|client| client.client_secret());
        let secret = secret.ok_or_else(|| format!("app client {client_id} has no secret"))?;
        Ok((client_id.to_owned(), secret.to_owned()))
    }

    /// An access token of that program, with all OAuth scopes of the server.
    pub(super) async fn program_token(&self) -> Result<&str, String> {
        let token = self.program_token.get_or_try_init(|| async {
            let (client_id, secret) = self.program().await?;
            let scope = self.output("McpOAuthScope")?;
            self.token_of(&client_id, &secret, scope).await
        });
        Ok(token.await?)
    }

    /// An access token of an app client by client credentials.
    pub(super) async fn token_of(
        &self,
        client_id: &str,
        secret: &str,
        scope: &str,
    ) -> Result<String, String> {
        let endpoint = self.output("McpOAuthTokenUrl")?;
        let request = Request::form(
            endpoint,
            &[
                ("grant_type", "client_credentials"),
                ("scope", scope),
                ("client_id", client_id),
                ("client_secret", secret),
            ],
        );
        let response = self.send(request).await?;
        response.member("access_token").ok_or_else(|| {
            let error = response.member("error").unwrap_or_default();
            format!("{endpoint} responds {} {error}", response.status)
        })
    }

    /// The access token of the person.
    pub(super) async fn person_token(&self) -> Result<String, String> {
        let person = self.person.as_ref().ok_or("needs a person: --login")?;
        let token = person
            .access_token()
            .await
            .map_err(|error| error.to_string())?;
        token.ok_or_else(|| "the server asks for no access token".to_owned())
    }
}
