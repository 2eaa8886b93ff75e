//! Our OAuth client for Cognito, by `openidconnect` over a given transport.

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderValue, Method, StatusCode, header};
use openidconnect::{
    AsyncHttpClient, AuthType, AuthorizationCode, ClientId, ClientSecret, EndpointNotSet,
    EndpointSet, IssuerUrl, JsonWebKeySet, OAuth2TokenResponse, PkceCodeVerifier, RedirectUrl,
    RefreshToken, RequestTokenError, TokenResponse, TokenUrl,
    core::{CoreClient, CoreTokenResponse},
};
use serde::Deserialize;

use crate::{
    capability::{BoxFuture, CognitoTransport, TransportFailure},
    failure::Failure,
    oauth::request::Parameters,
    sealed::secret::Secret,
    settings::Settings,
    upstream::tokens::UpstreamTokens,
};

type UpstreamClient = CoreClient<
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
    EndpointNotSet,
>;

/// Cognito's token endpoints, as our app client.
pub(crate) struct Cognito<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) transport: &'a dyn CognitoTransport,
    pub(crate) client_secret: Option<&'a Secret>,
}

/// The transport as `openidconnect` wants it.
struct HttpClient<'t>(&'t dyn CognitoTransport);

impl<'c> AsyncHttpClient<'c> for HttpClient<'_> {
    type Error = TransportFailure;
    type Future = BoxFuture<'c, Result<http::Response<Vec<u8>>, TransportFailure>>;

    fn call(&'c self, request: http::Request<Vec<u8>>) -> Self::Future {
        self.0.send(request)
    }
}

/// Credentials of a machine client, forwarded unchanged.
pub(crate) enum MachineCredentials<'a> {
    /// The `Authorization` header.
    Basic(&'a str),
    /// `client_id` and `client_secret` of the body.
    Post {
        client_id: &'a str,
        client_secret: &'a Secret,
    },
}

impl Cognito<'_> {
    fn client(&self) -> Result<UpstreamClient, Failure> {
        let refused = |_| Failure::UpstreamRefusedUs;
        let base = &self.settings.sign_in_url();
        let issuer =
            IssuerUrl::new(self.settings.addresses.pool_issuer.text.clone()).map_err(refused)?;
        let client_id = ClientId::new(self.settings.addresses.cognito_client_id.clone());
        let client = CoreClient::new(client_id, issuer, JsonWebKeySet::new(Vec::new()))
            .set_token_uri(TokenUrl::new(format!("{base}/oauth2/token")).map_err(refused)?)
            .set_redirect_uri(RedirectUrl::new(self.settings.callback_url()).map_err(refused)?);
        Ok(match self.client_secret {
            Some(secret) => client
                .set_client_secret(ClientSecret::new(secret.expose().to_owned()))
                .set_auth_type(AuthType::BasicAuth),
            None => client.set_auth_type(AuthType::RequestBody),
        })
    }

    /// Redeems Cognito's code with our own verifier. Cognito accepts a code once; this is what makes ours single-use.
    pub(crate) async fn exchange(
        &self,
        code: &Secret,
        verifier: &Secret,
    ) -> Result<UpstreamTokens, Failure> {
        let http_client = HttpClient(self.transport);
        let answer = self
            .client()?
            .exchange_code(AuthorizationCode::new(code.expose().to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose().to_owned()))
            .request_async(&http_client)
            .await;
        self.tokens(answer).await
    }

    /// Redeems Cognito's refresh token.
    pub(crate) async fn refresh(&self, token: &Secret) -> Result<UpstreamTokens, Failure> {
        let http_client = HttpClient(self.transport);
        let answer = self
            .client()?
            .exchange_refresh_token(&RefreshToken::new(token.expose().to_owned()))
            .request_async(&http_client)
            .await;
        self.tokens(answer).await
    }

    /// The tokens of a response. A refresh token in a response that cannot be parsed as a whole is revoked and dropped.
    async fn tokens<T>(
        &self,
        answer: Result<CoreTokenResponse, RequestTokenError<TransportFailure, T>>,
    ) -> Result<UpstreamTokens, Failure>
    where
        T: openidconnect::ErrorResponse + UpstreamCode + 'static,
    {
        match answer {
            Ok(answer) => Ok(tokens(&answer)),
            Err(error) => {
                if let RequestTokenError::Parse(_, body) = &error
                    && let Ok(unreadable) = serde_json::from_slice::<UnreadableAnswer>(body)
                {
                    // Best effort: the response is refused whether or not this succeeds.
                    let _ = self.revoke(&unreadable.refresh_token).await;
                }
                Err(refusal(error))
            }
        }
    }

    /// Revokes Cognito's refresh token, and with it the access tokens that came from it.
    ///
    /// A request of our own: `openidconnect` revokes over https only, and the local stack is plain HTTP on loopback.
    pub(crate) async fn revoke(&self, token: &Secret) -> Result<(), Failure> {
        let request = self.revocation_request(token)?;
        let answer = self
            .transport
            .send(request)
            .await
            .map_err(|_| Failure::UpstreamUnreachable)?;
        if answer.status() == StatusCode::OK {
            return Ok(());
        }
        let error: ErrorAnswer =
            serde_json::from_slice(answer.body()).map_err(|_| Failure::UpstreamMalformed)?;
        Err(match error.error.as_str() {
            "invalid_grant" => Failure::UpstreamRefusedGrant,
            _ => Failure::UpstreamRefusedUs,
        })
    }

    fn revocation_request(&self, token: &Secret) -> Result<http::Request<Vec<u8>>, Failure> {
        let client_id = self.settings.addresses.cognito_client_id.as_str();
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("token", token.expose());
        let authorization = match self.client_secret {
            Some(secret) => {
                let (id, secret) = (form_encoded(client_id), form_encoded(secret.expose()));
                Some(format!(
                    "Basic {}",
                    BASE64_STANDARD.encode(format!("{id}:{secret}"))
                ))
            }
            None => {
                form.append_pair("client_id", client_id);
                None
            }
        };
        self.post("/oauth2/revoke", authorization.as_deref(), form.finish())
    }

    /// Forwards a client credentials request with the caller's own credentials only.
    pub(crate) async fn client_credentials(
        &self,
        credentials: &MachineCredentials<'_>,
        parameters: &Parameters,
    ) -> Result<UpstreamTokens, Failure> {
        let request = self.machine_request(credentials, parameters.optional("scope"))?;
        let answer = self
            .transport
            .send(request)
            .await
            .map_err(|_| Failure::UpstreamUnreachable)?;
        machine_answer(&answer)
    }

    fn machine_request(
        &self,
        credentials: &MachineCredentials<'_>,
        scope: Option<&str>,
    ) -> Result<http::Request<Vec<u8>>, Failure> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        if let Some(scope) = scope {
            form.append_pair("scope", scope);
        }
        let authorization = match credentials {
            MachineCredentials::Basic(value) => Some(*value),
            MachineCredentials::Post {
                client_id,
                client_secret,
            } => {
                form.append_pair("client_id", client_id)
                    .append_pair("client_secret", client_secret.expose());
                None
            }
        };
        self.post("/oauth2/token", authorization, form.finish())
    }

    /// A form to one of Cognito's endpoints.
    fn post(
        &self,
        path: &str,
        authorization: Option<&str>,
        form: String,
    ) -> Result<http::Request<Vec<u8>>, Failure> {
        let mut request = http::Request::builder()
            .method(Method::POST)
            .uri(format!("{}{path}", self.settings.sign_in_url()))
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(value) = authorization {
            let mut value =
                HeaderValue::from_str(value).map_err(|_| Failure::ClientAuthenticationMalformed)?;
            value.set_sensitive(true);
            request = request.header(header::AUTHORIZATION, value);
        }
        request
            .body(form.into_bytes())
            .map_err(|_| Failure::MalformedBody)
    }
}

/// One half of HTTP Basic credentials, RFC 6749 section 2.3.1.
fn form_encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[derive(Deserialize)]
struct MachineAnswer {
    access_token: Secret,
    expires_in: Option<u64>,
}

/// The only member that is read of a malformed response.
#[derive(Deserialize)]
struct UnreadableAnswer {
    refresh_token: Secret,
}

#[derive(Deserialize)]
struct ErrorAnswer {
    error: String,
}

fn machine_answer(answer: &http::Response<Vec<u8>>) -> Result<UpstreamTokens, Failure> {
    if answer.status() == StatusCode::OK {
        let answer: MachineAnswer =
            serde_json::from_slice(answer.body()).map_err(|_| Failure::UpstreamMalformed)?;
        return Ok(UpstreamTokens {
            access_token: answer.access_token,
            id_token: None,
            refresh_token: None,
            expires_in: answer.expires_in,
        });
    }
    let error: ErrorAnswer =
        serde_json::from_slice(answer.body()).map_err(|_| Failure::UpstreamMalformed)?;
    Err(match error.error.as_str() {
        "invalid_client" | "unauthorized_client" => Failure::UpstreamRefusedMachineClient,
        "invalid_scope" => Failure::UpstreamRefusedScope,
        // Cognito responds with either of the two to a scope that the app client does not have.
        "invalid_grant" => Failure::UpstreamRefusedScope,
        _ => Failure::UpstreamMalformed,
    })
}

fn tokens(answer: &CoreTokenResponse) -> UpstreamTokens {
    UpstreamTokens {
        access_token: Secret::new(answer.access_token().secret()),
        id_token: answer
            .id_token()
            .map(|token| Secret::new(token.to_string())),
        refresh_token: answer
            .refresh_token()
            .map(|token| Secret::new(token.secret())),
        expires_in: answer.expires_in().map(|duration| duration.as_secs()),
    }
}

/// Cognito's refusal as one of ours. Its message is dropped: it may repeat the request's data.
fn refusal<T>(error: RequestTokenError<TransportFailure, T>) -> Failure
where
    T: openidconnect::ErrorResponse + UpstreamCode + 'static,
{
    match error {
        RequestTokenError::ServerResponse(answer) => match answer.code().as_str() {
            // Of these requests only the code, its verifier or the refresh token varies. By an answer of AWS, Cognito calls
            // a verifier that does not belong to the code an invalid request.
            "invalid_grant" | "invalid_request" => Failure::UpstreamRefusedGrant,
            "invalid_scope" => Failure::UpstreamRefusedScope,
            _ => Failure::UpstreamRefusedUs,
        },
        RequestTokenError::Request(_) => Failure::UpstreamUnreachable,
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => Failure::UpstreamMalformed,
    }
}

/// The `error` of a refusal, whatever endpoint it came from.
trait UpstreamCode {
    fn code(&self) -> String;
}

impl<T: openidconnect::ErrorResponseType + AsRef<str> + 'static> UpstreamCode
    for openidconnect::StandardErrorResponse<T>
{
    fn code(&self) -> String {
        self.error().as_ref().to_owned()
    }
}
