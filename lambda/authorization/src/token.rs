//! `POST /token`: our code or refresh token becomes Cognito's tokens; client credentials pass through.

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{StatusCode, header};
use serde_json::{Map, json};

use crate::{
    answer::json_answer,
    capability::Timestamp,
    client::{
        ClientAuthentication, KnownClient, client_digest, document_url, is_url, open_registration,
        pre_registered,
    },
    cognito::{Cognito, MachineCredentials, UpstreamTokens},
    failure::Failure,
    request::{Parameters, Request, Response},
    scope::{ScopeCatalog, shown},
    seal::{Purpose, encode},
    secret::{Digest, Secret},
    server::{AuthorizationServer, Loaded, Visit},
    settings::Settings,
    transaction::{AuthorizationCode, RefreshToken},
};

pub(crate) async fn token(
    server: &AuthorizationServer,
    loaded: &Loaded,
    request: &Request,
    visit: &mut Visit,
    now: Timestamp,
) -> Result<Response, Failure> {
    let form = request.form_parameters()?;
    let credentials = Credentials::read(request, &form)?;
    server.settings.resources.named(&form)?;
    match form.required("grant_type")? {
        "authorization_code" => {
            let client = credentials.known_client(&server.settings, loaded, now)?;
            visit.client(client.kind);
            redeem_code(server, loaded, &form, &client, now).await
        }
        "refresh_token" => {
            let client = credentials.known_client(&server.settings, loaded, now)?;
            visit.client(client.kind);
            refresh(server, loaded, &form, &client, now).await
        }
        "client_credentials" => {
            visit.client("machine");
            client_credentials(server, loaded, request, &form, &credentials).await
        }
        other => Err(Failure::GrantTypeUnsupported {
            requested: shown(other),
        }),
    }
}

/// What a client presented, by one of the two methods.
pub(crate) struct Credentials {
    client_id: String,
    secret: Option<Secret>,
    basic: bool,
}

impl Credentials {
    /// Reads the `Authorization` header (RFC 6749 section 2.3.1: both halves are form-encoded) or the body.
    pub(crate) fn read(request: &Request, form: &Parameters) -> Result<Self, Failure> {
        let in_body = form.optional("client_id");
        if !request.headers.contains_key(header::AUTHORIZATION) {
            let client_id = form.required("client_id")?.to_owned();
            return Ok(Self {
                client_id,
                secret: form.optional("client_secret").map(Secret::new),
                basic: false,
            });
        }
        if form.optional("client_secret").is_some() {
            return Err(Failure::ClientAuthenticationTwice);
        }
        let value = request
            .header(header::AUTHORIZATION)
            .ok_or(Failure::ClientAuthenticationMalformed)?;
        let (client_id, secret) =
            basic_credentials(value).ok_or(Failure::ClientAuthenticationMalformed)?;
        if in_body.is_some_and(|other| other != client_id) {
            return Err(Failure::ClientAuthenticationTwice);
        }
        // A public client that sends its id by Basic sends an empty secret with it.
        let secret = (!secret.expose().is_empty()).then_some(secret);
        Ok(Self {
            client_id,
            secret,
            basic: true,
        })
    }

    /// The client, authenticated. No document is fetched here: codes and refresh tokens are bound to the identifier.
    pub(crate) fn known_client(
        &self,
        settings: &Settings,
        loaded: &Loaded,
        now: Timestamp,
    ) -> Result<KnownClient, Failure> {
        let client_id = self.client_id.as_str();
        let (kind, authentication) = if let Some(client) = pre_registered(settings, client_id) {
            let digests: Vec<Digest> = client
                .secret_digests
                .iter()
                .map(|digest| digest.0)
                .collect();
            let authentication = if digests.is_empty() {
                ClientAuthentication::Public
            } else {
                ClientAuthentication::Secret(digests)
            };
            ("preRegistered", authentication)
        } else if is_url(client_id) {
            if !settings.client_documents {
                return Err(Failure::ClientDocumentsOff);
            }
            document_url(client_id, settings.issuer_url.host_str())?;
            ("metadataDocument", ClientAuthentication::Public)
        } else {
            open_registration(&loaded.keyring, client_id, now)?;
            ("registered", ClientAuthentication::Public)
        };
        let client = KnownClient {
            digest: client_digest(client_id),
            kind,
            authentication,
        };
        client.authenticate(self.secret.as_ref())?;
        Ok(client)
    }
}

fn basic_credentials(header: &str) -> Option<(String, Secret)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (client_id, secret) = decoded.split_once(':')?;
    let form_decoded = |text: &str| {
        // One pair whose name is empty: exactly the form decoding of the text, unless it has the separators.
        let pair = format!("={}", text.replace('&', "%26"));
        form_urlencoded::parse(pair.as_bytes())
            .next()
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    };
    let client_id = form_decoded(client_id);
    (!client_id.is_empty()).then(|| (client_id, Secret::new(form_decoded(secret))))
}

async fn redeem_code(
    server: &AuthorizationServer,
    loaded: &Loaded,
    form: &Parameters,
    client: &KnownClient,
    now: Timestamp,
) -> Result<Response, Failure> {
    let sealed = form.required("code")?;
    let redirect_uri = form.required("redirect_uri")?;
    let verifier = form.required("code_verifier")?;
    let unreserved =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(unreserved) {
        return Err(Failure::VerifierMalformed);
    }
    let challenge = encode(Digest::of(verifier.as_bytes()).bytes());
    // The code opens only for its own client, redirect URI and challenge: one answer for everything that does not fit.
    let binding = AuthorizationCode::binding(&client.digest, redirect_uri, &challenge);
    let code: AuthorizationCode = loaded
        .keyring
        .open(Purpose::AuthorizationCode, sealed, &binding, now)
        .map_err(|_| Failure::CodeNotAccepted)?;
    let resources = &server.settings.resources;
    resources.check_grant(form, resources.of_grant(&code.scopes))?;
    let tokens = cognito(server, loaded)
        .exchange(
            &code.upstream_code,
            &code.upstream_verifier,
            code.nonce.as_ref(),
            now,
        )
        .await?;
    answer(server, loaded, tokens, client, code.scopes, now)
}

async fn refresh(
    server: &AuthorizationServer,
    loaded: &Loaded,
    form: &Parameters,
    client: &KnownClient,
    now: Timestamp,
) -> Result<Response, Failure> {
    let token = open_refresh_token(loaded, form.required("refresh_token")?, client, now)
        .ok_or(Failure::RefreshNotAccepted)?;
    // A server that is gone from the settings keeps nobody signed in.
    let resources = &server.settings.resources;
    let granted = resources
        .of_grant(&token.scopes)
        .ok_or(Failure::RefreshNotAccepted)?;
    resources.check_grant(form, Some(granted))?;
    if let Some(requested) = form.optional("scope") {
        // Not more than was granted, RFC 6749 section 6. Less cannot be had from Cognito; the answer says what was given.
        granted
            .scopes
            .request(Some(requested), Some(&token.scopes))?;
    }
    let tokens = cognito(server, loaded).refresh(&token.upstream).await?;
    answer(server, loaded, tokens, client, token.scopes, now)
}

/// Opens a refresh token of this client; `None` for every other text.
pub(crate) fn open_refresh_token(
    loaded: &Loaded,
    sealed: &str,
    client: &KnownClient,
    now: Timestamp,
) -> Option<RefreshToken> {
    loaded
        .keyring
        .open(Purpose::RefreshToken, sealed, &[client.digest.bytes()], now)
        .ok()
}

async fn client_credentials(
    server: &AuthorizationServer,
    loaded: &Loaded,
    request: &Request,
    form: &Parameters,
    credentials: &Credentials,
) -> Result<Response, Failure> {
    let settings = &server.settings;
    let client_id = credentials.client_id.as_str();
    // Our own app client would sign anybody in as nobody; the clients of people have no machine grant.
    let is_ours = client_id == settings.cognito_client_id;
    if is_ours
        || is_url(client_id)
        || pre_registered(settings, client_id).is_some()
        || client_id.starts_with(Purpose::ClientRegistration.prefix())
    {
        return Err(Failure::MachineClientReserved);
    }
    let client_secret = credentials
        .secret
        .as_ref()
        .ok_or(Failure::ClientAuthenticationMissing)?;
    if let Some(scope) = form.optional("scope") {
        check_machine_scope(settings, form, scope)?;
    }
    let authorization = request
        .header(header::AUTHORIZATION)
        .filter(|_| credentials.basic);
    let passed_on = match authorization {
        Some(value) => MachineCredentials::Basic(value),
        None => MachineCredentials::Post {
            client_id,
            client_secret,
        },
    };
    let tokens = cognito(server, loaded)
        .client_credentials(&passed_on, form)
        .await?;
    let scope = form.optional("scope").map(str::to_owned);
    Ok(token_answer(settings, tokens, None, scope))
}

/// The scopes of the server that `resource` names, or of any: a program may work with several, and its token is bound by
/// its scopes alone. One that names no scope gets what its app client has.
fn check_machine_scope(settings: &Settings, form: &Parameters, scope: &str) -> Result<(), Failure> {
    let resources = &settings.resources;
    let named = match resources.named(form)? {
        Some(resource) => vec![resource],
        None => resources.iter().collect(),
    };
    let definitions = named.into_iter().flat_map(|each| each.scopes.definitions());
    ScopeCatalog::new(definitions.cloned().collect())
        .request(Some(scope), None)
        .map(drop)
}

/// The upstream client of this deployment.
pub(crate) fn cognito<'a>(server: &'a AuthorizationServer, loaded: &'a Loaded) -> Cognito<'a> {
    Cognito {
        settings: &server.settings,
        transport: server.capabilities.cognito.as_ref(),
        client_secret: loaded.cognito_client.as_ref(),
    }
}

fn answer(
    server: &AuthorizationServer,
    loaded: &Loaded,
    tokens: UpstreamTokens,
    client: &KnownClient,
    scopes: Vec<String>,
    now: Timestamp,
) -> Result<Response, Failure> {
    let settings = &server.settings;
    let scope = scopes.join(" ");
    let refresh_token = match &tokens.refresh_token {
        Some(upstream) => {
            let token = RefreshToken {
                upstream: upstream.clone(),
                scopes,
            };
            let expires = now.plus(settings.refresh_seconds);
            let randomness = server.capabilities.randomness.as_ref();
            Some(loaded.keyring.seal(
                Purpose::RefreshToken,
                &token,
                &[client.digest.bytes()],
                expires,
                randomness,
            )?)
        }
        None => None,
    };
    Ok(token_answer(settings, tokens, refresh_token, Some(scope)))
}

/// RFC 6749 section 5.1. Access and ID token are Cognito's, unchanged.
fn token_answer(
    settings: &Settings,
    tokens: UpstreamTokens,
    refresh_token: Option<Secret>,
    scope: Option<String>,
) -> Response {
    let mut body = Map::new();
    body.insert("access_token".into(), json!(tokens.access_token));
    body.insert("token_type".into(), json!("Bearer"));
    let optional = [
        (
            "expires_in",
            tokens.expires_in.map(|seconds| json!(seconds)),
        ),
        ("refresh_token", refresh_token.map(|token| json!(token))),
        ("id_token", tokens.id_token.map(|token| json!(token))),
        ("scope", scope.map(|scope| json!(scope))),
    ];
    body.extend(
        optional
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?))),
    );
    json_answer(settings, StatusCode::OK, &body.into())
}
