//! `POST /token`: exchanges our code or refresh token for Cognito's tokens; client credentials are forwarded.

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::{Map, json};

use crate::{
    capability::Timestamp,
    client::{
        ClientAuthentication, KnownClient, client_digest, document_url, is_url, open_registration,
        pre_registered,
    },
    context::{AuthorizationServer, Keys, RequestLog},
    failure::Failure,
    oauth::{
        request::{Parameters, Request, Response},
        resource::ProtectedResource,
        scope::{ScopeCatalog, shown},
    },
    response::json_answer,
    sealed::{
        encoding::encode,
        seal::Purpose,
        secret::{Digest, Secret},
        transaction::{AuthorizationCode, RefreshToken},
    },
    settings::Settings,
    upstream::{
        cognito::{Cognito, MachineCredentials},
        issued::{Asked, Consented, Issued, Mismatch},
        tokens::UpstreamTokens,
    },
};

pub(crate) async fn token(
    server: &AuthorizationServer,
    keys: &Keys,
    request: &Request,
    request_log: &mut RequestLog,
    now: Timestamp,
) -> Result<Response, Failure> {
    let form = request.form_parameters()?;
    let credentials = Credentials::read(request, &form)?;
    server.settings.resources.named(&form)?;
    match form.required("grant_type")? {
        "authorization_code" => {
            let client = credentials.known_client(&server.settings, keys, now)?;
            request_log.known_client(&client);
            redeem_code(server, keys, &form, &client, request_log, now).await
        }
        "refresh_token" => {
            let client = credentials.known_client(&server.settings, keys, now)?;
            request_log.known_client(&client);
            refresh(server, keys, &form, &client, request_log, now).await
        }
        "client_credentials" => {
            client_credentials(server, keys, request, &form, &credentials, request_log, now).await
        }
        other => Err(Failure::GrantTypeUnsupported {
            requested: shown(other),
        }),
    }
}

/// The credentials that a client presented, by one of the two methods.
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

    /// The client, authenticated, if the settings let it have tokens. No document is fetched here: codes and refresh tokens
    /// are bound to the identifier.
    pub(crate) fn known_client(
        &self,
        settings: &Settings,
        keys: &Keys,
        now: Timestamp,
    ) -> Result<KnownClient, Failure> {
        settings.choices.refused_clients.check(&self.client_id)?;
        let registered = open_registration(settings, &keys.keyring, &self.client_id, now);
        self.client(
            settings,
            settings.choices.client_documents_enabled,
            registered.map(drop),
        )
    }

    /// The client, authenticated, for a revocation, regardless of changed settings.
    pub(crate) fn revoking_client(
        &self,
        settings: &Settings,
        keys: &Keys,
        now: Timestamp,
    ) -> Result<KnownClient, Failure> {
        let registered = open_registration(settings, &keys.keyring, &self.client_id, now);
        self.client(
            settings,
            true,
            registered.map(drop).or_else(once_registered),
        )
    }

    fn client(
        &self,
        settings: &Settings,
        client_documents: bool,
        registered: Result<(), Failure>,
    ) -> Result<KnownClient, Failure> {
        let client_id = self.client_id.as_str();
        let mut host = None;
        let mut scopes = None;
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
            scopes.clone_from(&client.scopes);
            ("preRegistered", authentication)
        } else if is_url(client_id) {
            if !client_documents {
                return Err(Failure::ClientDocumentsOff);
            }
            let url = document_url(client_id, settings.addresses.issuer.url.host_str())?;
            host = url.host_str().map(str::to_owned);
            ("metadataDocument", ClientAuthentication::Public)
        } else {
            registered?;
            ("registered", ClientAuthentication::Public)
        };
        let client = KnownClient {
            digest: client_digest(client_id),
            kind,
            host,
            scopes,
            authentication,
        };
        client.authenticate(self.secret.as_ref())?;
        Ok(client)
    }
}

/// Accepts a registration that has expired.
fn once_registered(failure: Failure) -> Result<(), Failure> {
    if matches!(
        failure,
        Failure::ClientExpired | Failure::RegisteredClientsOff
    ) {
        Ok(())
    } else {
        Err(failure)
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
    keys: &Keys,
    form: &Parameters,
    client: &KnownClient,
    request_log: &mut RequestLog,
    now: Timestamp,
) -> Result<Response, Failure> {
    let sealed = form.required("code")?;
    let verifier = form.required("code_verifier")?;
    let unreserved =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(unreserved) {
        return Err(Failure::VerifierMalformed);
    }
    let challenge = encode(Digest::of(verifier.as_bytes()).bytes());
    // The code opens only for its own client and challenge: every mismatch gets the same response.
    let binding = AuthorizationCode::binding(&client.digest, &challenge);
    let code: AuthorizationCode = keys
        .keyring
        .open(Purpose::AuthorizationCode, sealed, &binding, now)
        .map_err(|_| Failure::CodeNotAccepted)?;
    // OAuth 2.1 section 10.2: not needed beside PKCE, and compared where a client of OAuth 2.0 sends it.
    if form
        .optional("redirect_uri")
        .is_some_and(|sent| sent != code.redirect_uri.as_str())
    {
        return Err(Failure::CodeNotAccepted);
    }
    let resources = &server.settings.resources;
    // A server that was removed from the settings gets no tokens, nor does a client that has lost one of the scopes.
    let granted = resources
        .of_grant(&code.scopes)
        .filter(|_| client.may_have(&code.scopes))
        .ok_or(Failure::CodeNotAccepted)?;
    resources.check_grant(form, Some(granted))?;
    let tokens = cognito(server, keys)
        .exchange(&code.upstream_code, &code.upstream_verifier)
        .await?;
    let consented = Consented {
        scopes: &code.scopes,
        resource: granted.identifier.as_str(),
        subject: None,
        nonce: code.nonce.as_ref(),
    };
    match consented.compare(&tokens, &server.settings, now) {
        Ok(issued) => {
            let grant = RefreshGrant {
                client,
                consented: code.scopes,
                signed_in_at: now,
            };
            hand_out(server, keys, tokens, issued, grant)
        }
        Err(mismatch) => Err(refuse(server, keys, request_log, mismatch, &tokens, None).await),
    }
}

async fn refresh(
    server: &AuthorizationServer,
    keys: &Keys,
    form: &Parameters,
    client: &KnownClient,
    request_log: &mut RequestLog,
    now: Timestamp,
) -> Result<Response, Failure> {
    let sealed = form.required("refresh_token")?;
    let token: RefreshToken =
        open_refresh_token(keys, sealed, client, now).ok_or(Failure::RefreshNotAccepted)?;
    let signed_in_at = Timestamp(token.signed_in_at);
    // The sealed time is that of the settings when it was sealed; a lifetime that was shortened since counts as well.
    if now.since(signed_in_at) >= server.settings.choices.refresh_token_lifetime.0 {
        return Err(Failure::RefreshNotAccepted);
    }
    // A server that was removed from the settings gets no refreshed tokens, nor does a client that has lost one of the
    // scopes.
    let resources = &server.settings.resources;
    let granted = resources
        .of_grant(&token.scopes)
        .filter(|_| client.may_have(&token.scopes))
        .ok_or(Failure::RefreshNotAccepted)?;
    resources.check_grant(form, Some(granted))?;
    if let Some(requested) = form.optional("scope") {
        // Not more than was granted, RFC 6749 section 6. Cognito cannot grant less; the response states the granted
        // scopes.
        granted
            .scopes
            .request(Some(requested), Some(&token.scopes))?;
    }
    let tokens = cognito(server, keys).refresh(&token.upstream).await?;
    let consented = Consented {
        scopes: &token.scopes,
        resource: granted.identifier.as_str(),
        subject: Some(&token.subject),
        nonce: None,
    };
    match consented.compare(&tokens, &server.settings, now) {
        Ok(issued) => {
            let grant = RefreshGrant {
                client,
                consented: token.scopes,
                signed_in_at,
            };
            hand_out(server, keys, tokens, issued, grant)
        }
        Err(mismatch) => {
            let used = Some(&token.upstream);
            Err(refuse(server, keys, request_log, mismatch, &tokens, used).await)
        }
    }
}

/// Refuses tokens that are not what was consented to. Their refresh token is revoked at Cognito, and the one that they were
/// refreshed with, which may still work beside it.
///
/// Without a refresh token there is nothing to revoke: Cognito does not revoke single access tokens, and this one is
/// dropped. The same holds if the revocation fails, which is logged.
async fn refuse(
    server: &AuthorizationServer,
    keys: &Keys,
    request_log: &mut RequestLog,
    mismatch: Mismatch,
    tokens: &UpstreamTokens,
    used: Option<&Secret>,
) -> Failure {
    let mut revoked = true;
    for token in tokens.refresh_token.iter().chain(used) {
        revoked &= matches!(
            cognito(server, keys).revoke(token).await,
            Ok(()) | Err(Failure::UpstreamRefusedGrant)
        );
    }
    request_log.refused_tokens(mismatch, revoked);
    Failure::TokenNotAsConsented
}

/// Opens a refresh token of this client; `None` for every other string.
pub(crate) fn open_refresh_token<T: DeserializeOwned>(
    keys: &Keys,
    sealed: &str,
    client: &KnownClient,
    now: Timestamp,
) -> Option<T> {
    keys.keyring
        .open(Purpose::RefreshToken, sealed, &[client.digest.bytes()], now)
        .ok()
}

async fn client_credentials(
    server: &AuthorizationServer,
    keys: &Keys,
    request: &Request,
    form: &Parameters,
    credentials: &Credentials,
    request_log: &mut RequestLog,
    now: Timestamp,
) -> Result<Response, Failure> {
    let settings = &server.settings;
    let client_id = credentials.client_id.as_str();
    settings.choices.refused_clients.check(client_id)?;
    // Our own app client must not act as a machine client; the clients of people have no machine grant.
    let is_ours = client_id == settings.addresses.cognito_client_id;
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
    let named: Vec<&ProtectedResource> = match settings.resources.named(form)? {
        Some(resource) => vec![resource],
        None => settings.resources.iter().collect(),
    };
    let requested = form.optional("scope");
    if let Some(scope) = requested {
        check_machine_scope(&named, scope)?;
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
    let tokens = cognito(server, keys)
        .client_credentials(&passed_on, form)
        .await?;
    // Cognito has accepted its secret: only now is it known.
    request_log.client("machine", client_id);
    let permitted: Vec<&str> = match requested {
        Some(scope) => scope.split(' ').collect(),
        None => named
            .iter()
            .flat_map(|resource| resource.scopes.names())
            .collect(),
    };
    let resources: Vec<&str> = named
        .iter()
        .map(|resource| resource.identifier.as_str())
        .collect();
    let asked = Asked {
        client_id,
        permitted: &permitted,
        resources: &resources,
    };
    match asked.compare(&tokens.access_token, settings, now) {
        Ok(scopes) => Ok(token_answer(settings, tokens, None, &scopes)),
        // Cognito gives an app client all of its scopes if it names none, those of other servers included.
        Err(Mismatch::MoreScopes) if requested.is_none() => Err(Failure::MachineScopesOpen),
        Err(mismatch) => Err(refuse(server, keys, request_log, mismatch, &tokens, None).await),
    }
}

/// The scopes of the server that `resource` names, or of any: a program may work with several, and its token is bound by
/// its scopes alone. One that names no scope gets what its app client has, if all of it is of these servers.
fn check_machine_scope(named: &[&ProtectedResource], scope: &str) -> Result<(), Failure> {
    let definitions = named.iter().flat_map(|each| each.scopes.definitions());
    ScopeCatalog::new(definitions.cloned().collect())
        .request(Some(scope), None)
        .map(drop)
}

/// The upstream client of this deployment.
pub(crate) fn cognito<'a>(server: &'a AuthorizationServer, keys: &'a Keys) -> Cognito<'a> {
    Cognito {
        settings: &server.settings,
        transport: server.capabilities.cognito.as_ref(),
        client_secret: keys.cognito_client.as_ref(),
    }
}

/// The data that the next refresh token is sealed with, besides Cognito's.
struct RefreshGrant<'a> {
    client: &'a KnownClient,
    /// The scopes that the person consented to. The access token may have fewer this time.
    consented: Vec<String>,
    signed_in_at: Timestamp,
}

/// Returns tokens that match the consent. If Cognito returned no refresh token, neither does this response: the client
/// keeps the one it has, or its person signs in again.
fn hand_out(
    server: &AuthorizationServer,
    keys: &Keys,
    tokens: UpstreamTokens,
    issued: Issued,
    grant: RefreshGrant<'_>,
) -> Result<Response, Failure> {
    let settings = &server.settings;
    let refresh_token = match &tokens.refresh_token {
        Some(upstream) => {
            let token = RefreshToken {
                upstream: upstream.clone(),
                scopes: grant.consented,
                subject: issued.subject,
                signed_in_at: grant.signed_in_at.0,
            };
            Some(
                keys.keyring.seal(
                    Purpose::RefreshToken,
                    &token,
                    &[grant.client.digest.bytes()],
                    grant
                        .signed_in_at
                        .plus(settings.choices.refresh_token_lifetime.0),
                    server.capabilities.randomness.as_ref(),
                )?,
            )
        }
        None => None,
    };
    Ok(token_answer(
        settings,
        tokens,
        refresh_token,
        &issued.scopes,
    ))
}

/// RFC 6749 section 5.1. Access and ID token are Cognito's, unchanged; `scope` is what the access token has. An ID
/// token that was not requested is left out.
fn token_answer(
    settings: &Settings,
    tokens: UpstreamTokens,
    refresh_token: Option<Secret>,
    scopes: &[String],
) -> Response {
    let id_token = tokens
        .id_token
        .filter(|_| scopes.iter().any(|scope| scope == "openid"));
    let mut body = Map::new();
    body.insert("access_token".into(), json!(tokens.access_token));
    body.insert("token_type".into(), json!("Bearer"));
    body.insert("scope".into(), json!(scopes.join(" ")));
    let optional = [
        (
            "expires_in",
            tokens.expires_in.map(|seconds| json!(seconds)),
        ),
        ("refresh_token", refresh_token.map(|token| json!(token))),
        ("id_token", id_token.map(|token| json!(token))),
    ];
    body.extend(
        optional
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?))),
    );
    json_answer(settings, StatusCode::OK, &body.into())
}
