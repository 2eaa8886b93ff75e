//! `POST /token`: exchanges our code or refresh token for Cognito's tokens; client credentials are forwarded.

use base64::{Engine, prelude::BASE64_STANDARD};
use http::{StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::{
    capability::Timestamp,
    client::{KnownClient, client_digest, document_url, is_url, open_registration, pre_registered},
    context::Context,
    endpoints::assertion::{Assertion, authenticate},
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
    upstream::{
        cognito::MachineCredentials,
        issued::{Asked, Consented, Mismatch},
        tokens::UpstreamTokens,
    },
};

pub(crate) async fn token(context: &mut Context<'_>) -> Result<Response, Failure> {
    let form = context.request.form_parameters()?;
    if Assertion::is_in(&form) && form.optional("grant_type") == Some("client_credentials") {
        context.settings.resources.named(&form)?;
        return asserted_client(context, &form).await;
    }
    let credentials = Credentials::read(context.request, &form)?;
    context.settings.resources.named(&form)?;
    let grant_type = form.required("grant_type")?;
    match grant_type {
        "authorization_code" | "refresh_token" => {
            let client = credentials.known_client(context)?;
            context.log_known_client(&client);
            if grant_type == "refresh_token" {
                refresh(context, &form, &client).await
            } else {
                redeem_code(context, &form, &client).await
            }
        }
        "client_credentials" => client_credentials(context, &form, &credentials).await,
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
        if Assertion::is_in(form) {
            return Err(Failure::AssertionNotForGrant);
        }
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
    pub(crate) fn known_client(&self, context: &Context<'_>) -> Result<KnownClient, Failure> {
        let refused = &context.settings.choices.refused_clients;
        refused.check(&self.client_id)?;
        self.client(context, false)
    }

    /// The client, authenticated, for a revocation, regardless of changed settings and of an expired registration.
    pub(crate) fn revoking_client(&self, context: &Context<'_>) -> Result<KnownClient, Failure> {
        self.client(context, true)
    }

    fn client(&self, context: &Context<'_>, revokes: bool) -> Result<KnownClient, Failure> {
        let settings = context.settings;
        let client_id = self.client_id.as_str();
        let mut client = KnownClient {
            digest: client_digest(client_id),
            kind: "registered",
            host: None,
            scopes: None,
            secret_digests: Vec::new(),
        };
        if let Some(known) = pre_registered(settings, client_id) {
            client.kind = "preRegistered";
            client.scopes.clone_from(&known.scopes);
            let digests = known.secret_digests.iter();
            client.secret_digests = digests.map(|digest| digest.0).collect();
        } else if is_url(client_id) {
            if !revokes && !settings.choices.client_documents_enabled {
                return Err(Failure::ClientDocumentsOff);
            }
            let url = document_url(client_id, settings.addresses.issuer.url.host_str())?;
            client.kind = "metadataDocument";
            client.host = url.host_str().map(str::to_owned);
        } else {
            match open_registration(settings, &context.keys.keyring, client_id, context.now) {
                Err(Failure::ClientExpired | Failure::RegisteredClientsOff) if revokes => {}
                registered => drop(registered?),
            }
        }
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
    context: &mut Context<'_>,
    form: &Parameters,
    client: &KnownClient,
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
    let code: AuthorizationCode = context
        .open(Purpose::AuthorizationCode, sealed, &binding)
        .map_err(|_| Failure::CodeNotAccepted)?;
    // OAuth 2.1 section 10.2: not needed beside PKCE, and compared where a client of OAuth 2.0 sends it.
    if form
        .optional("redirect_uri")
        .is_some_and(|sent| sent != code.redirect_uri.as_str())
    {
        return Err(Failure::CodeNotAccepted);
    }
    let resource = granted_resource(context, form, client, &code.scopes)?
        .ok_or(Failure::CodeNotAccepted)?
        .identifier
        .as_str();
    let cognito = context.cognito();
    let tokens = cognito
        .exchange(&code.upstream_code, &code.upstream_verifier)
        .await?;
    let consented = Consented {
        scopes: &code.scopes,
        resource,
        subject: None,
        nonce: code.nonce.as_ref(),
    };
    let signed_in_at = context.now;
    hand_out(context, client, tokens, consented, signed_in_at, None).await
}

async fn refresh(
    context: &mut Context<'_>,
    form: &Parameters,
    client: &KnownClient,
) -> Result<Response, Failure> {
    let sealed = form.required("refresh_token")?;
    let token: RefreshToken =
        open_refresh_token(context, sealed, client).ok_or(Failure::RefreshNotAccepted)?;
    let signed_in_at = Timestamp(token.signed_in_at);
    // The sealed time is that of the settings when it was sealed; a lifetime that was shortened since counts as well.
    if context.now.since(signed_in_at) >= context.settings.choices.refresh_token_lifetime.0 {
        return Err(Failure::RefreshNotAccepted);
    }
    let granted = granted_resource(context, form, client, &token.scopes)?
        .ok_or(Failure::RefreshNotAccepted)?;
    if let Some(requested) = form.optional("scope") {
        // Not more than was granted, RFC 6749 section 6. Cognito cannot grant less; the response states the granted
        // scopes.
        granted
            .scopes
            .request(Some(requested), Some(&token.scopes))?;
    }
    let tokens = context.cognito().refresh(&token.upstream).await?;
    let consented = Consented {
        scopes: &token.scopes,
        resource: granted.identifier.as_str(),
        subject: Some(&token.subject),
        nonce: None,
    };
    let used = Some(&token.upstream);
    hand_out(context, client, tokens, consented, signed_in_at, used).await
}

/// The MCP server that scopes were granted for; `None` if it was removed from the settings since, or the client has lost
/// one of the scopes.
fn granted_resource<'a>(
    context: &Context<'a>,
    form: &Parameters,
    client: &KnownClient,
    scopes: &[String],
) -> Result<Option<&'a ProtectedResource>, Failure> {
    let resources = &context.settings.resources;
    let granted = resources.of_grant(scopes);
    let granted = granted.filter(|_| client.may_have(scopes));
    if let Some(granted) = granted {
        resources.check_grant(form, granted)?;
    }
    Ok(granted)
}

/// Refuses tokens that are not what was consented to. Their refresh token is revoked at Cognito, and the one that they were
/// refreshed with, which may still work beside it.
///
/// Without a refresh token there is nothing to revoke: Cognito does not revoke single access tokens, and this one is
/// dropped. The same holds if the revocation fails, which is logged.
async fn refuse(
    context: &mut Context<'_>,
    mismatch: Mismatch,
    tokens: &UpstreamTokens,
    used: Option<&Secret>,
) -> Failure {
    let mut revoked = true;
    for token in tokens.refresh_token.iter().chain(used) {
        revoked &= matches!(
            context.cognito().revoke(token).await,
            Ok(()) | Err(Failure::UpstreamRefusedGrant)
        );
    }
    context.log_refused_tokens(mismatch, revoked);
    Failure::TokenNotAsConsented
}

/// Opens a refresh token of this client; `None` for every other string.
pub(crate) fn open_refresh_token<T: DeserializeOwned>(
    context: &Context<'_>,
    sealed: &str,
    client: &KnownClient,
) -> Option<T> {
    let binding = [client.digest.bytes().as_slice()];
    context.open(Purpose::RefreshToken, sealed, &binding).ok()
}

async fn client_credentials(
    context: &mut Context<'_>,
    form: &Parameters,
    credentials: &Credentials,
) -> Result<Response, Failure> {
    let (settings, request) = (context.settings, context.request);
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
    if settings.machine_client(client_id).is_some() {
        return Err(Failure::AssertionMissing);
    }
    let client_secret = credentials
        .secret
        .as_ref()
        .ok_or(Failure::ClientAuthenticationMissing)?;
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
    machine_token(context, form, client_id, &passed_on).await
}

/// A program that authenticates with a client assertion: only then is the secret of its app client used.
async fn asserted_client(
    context: &mut Context<'_>,
    form: &Parameters,
) -> Result<Response, Failure> {
    let assertion = Assertion::read(context.request, form)?;
    let client = authenticate(context, &assertion).await?;
    let client_secret = context.machine_secret(&client.secret_arn).await?;
    let credentials = MachineCredentials::Post {
        client_id: &client.client_id,
        client_secret: &client_secret,
    };
    let answer = machine_token(context, form, &client.client_id, &credentials).await;
    if matches!(answer, Err(Failure::UpstreamRefusedMachineClient)) {
        // The secret was refused, not the program.
        context.forget_machine_secret(&client.secret_arn);
        return Err(Failure::UpstreamRefusedUs);
    }
    answer
}

/// Asks Cognito for a program's access token and compares it with the request.
async fn machine_token(
    context: &mut Context<'_>,
    form: &Parameters,
    client_id: &str,
    credentials: &MachineCredentials<'_>,
) -> Result<Response, Failure> {
    let settings = context.settings;
    let named: Vec<&ProtectedResource> = match settings.resources.named(form)? {
        Some(resource) => vec![resource],
        None => settings.resources.iter().collect(),
    };
    let requested = form.optional("scope");
    if let Some(scope) = requested {
        check_machine_scope(&named, scope)?;
    }
    let cognito = context.cognito();
    let tokens = cognito.client_credentials(credentials, form).await?;
    // Cognito has accepted its secret: only now is it known.
    context.log_client("machine", client_id);
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
    match asked.compare(&tokens.access_token, settings, context.now) {
        Ok(scopes) => Ok(token_answer(tokens, None, &scopes)),
        // Cognito gives an app client all of its scopes if it names none, those of other servers included.
        Err(Mismatch::MoreScopes) if requested.is_none() => Err(Failure::MachineScopesOpen),
        Err(mismatch) => Err(refuse(context, mismatch, &tokens, None).await),
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

/// Returns tokens that match the consent. If Cognito returned no refresh token, neither does this response: the client
/// keeps the one it has, or its person signs in again.
async fn hand_out(
    context: &mut Context<'_>,
    client: &KnownClient,
    tokens: UpstreamTokens,
    consented: Consented<'_>,
    signed_in_at: Timestamp,
    used: Option<&Secret>,
) -> Result<Response, Failure> {
    let issued = match consented.compare(&tokens, context.settings, context.now) {
        Ok(issued) => issued,
        Err(mismatch) => return Err(refuse(context, mismatch, &tokens, used).await),
    };
    let refresh_token = match &tokens.refresh_token {
        Some(upstream) => {
            let token = RefreshToken {
                upstream: upstream.clone(),
                // The access token may have fewer this time.
                scopes: consented.scopes.to_vec(),
                subject: issued.subject,
                signed_in_at: signed_in_at.0,
            };
            let ends = signed_in_at.plus(context.settings.choices.refresh_token_lifetime.0);
            let seconds = ends.since(context.now);
            let binding = [client.digest.bytes().as_slice()];
            Some(context.seal(Purpose::RefreshToken, &token, &binding, seconds)?)
        }
        None => None,
    };
    Ok(token_answer(tokens, refresh_token, &issued.scopes))
}

/// RFC 6749 section 5.1. Access and ID token are Cognito's, unchanged; `scope` is what the access token has. An ID
/// token that was not requested is left out.
fn token_answer(
    tokens: UpstreamTokens,
    refresh_token: Option<Secret>,
    scopes: &[String],
) -> Response {
    let id_token = tokens
        .id_token
        .filter(|_| scopes.iter().any(|scope| scope == "openid"));
    let mut body = json!({
        "access_token": tokens.access_token,
        "token_type": "Bearer",
        "scope": scopes.join(" "),
        "expires_in": tokens.expires_in,
        "refresh_token": refresh_token,
        "id_token": id_token,
    });
    if let Some(members) = body.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    json_answer(StatusCode::OK, &body)
}
