//! An authorization server that believes everybody: the person is a parameter of the consent page's URL.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPair, PublicKeyComponents};
use ring::signature::RSA_PKCS1_SHA256;
use serde_json::{Value, json};

/// What the authorization server knows.
#[derive(Default)]
pub(crate) struct Known {
    codes: HashMap<String, Grant>,
    refresh: HashMap<String, Grant>,
    /// The access tokens that servers take, with their persons and OAuth scopes.
    access: HashMap<String, (String, Vec<String>)>,
    pub(crate) revoked: Vec<String>,
    /// Parameters of the requests for consent.
    pub(crate) asked: Vec<HashMap<String, String>>,
    pub(crate) refreshed: usize,
    /// Refresh tokens are refused.
    pub(crate) refuses_refresh: bool,
    issued: usize,
}

#[derive(Clone)]
struct Grant {
    person: String,
    challenge: String,
    scopes: Vec<String>,
    resource: String,
}

/// The authorization server of one origin.
#[derive(Clone)]
pub(crate) struct Authorization {
    pub(crate) origin: String,
    pub(crate) known: Arc<Mutex<Known>>,
}

impl Authorization {
    pub(crate) fn new(origin: &str) -> Self {
        Self {
            origin: origin.to_owned(),
            known: Arc::default(),
        }
    }

    pub(crate) fn router(&self, resource: &str, scopes: &[&str]) -> Router {
        let protected = json!({ "resource": resource, "authorization_servers": [self.origin], "scopes_supported": scopes });
        let path = resource.trim_start_matches(&self.origin);
        Router::new()
            .route(
                &format!("/.well-known/oauth-protected-resource{path}"),
                get(|| async move { Json(protected) }),
            )
            .route("/.well-known/oauth-authorization-server", get(metadata))
            .route("/jwks", get(keys))
            .route("/register", post(register))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .route("/revoke", post(revoke))
            .with_state(self.clone())
    }

    /// The person of an access token that has these OAuth scopes, or why not.
    pub(crate) fn caller(&self, token: &str, scope: &str) -> Result<String, StatusCode> {
        let known = self.known.lock().unwrap();
        let (person, scopes) = known.access.get(token).ok_or(StatusCode::UNAUTHORIZED)?;
        if scope.is_empty() || scopes.iter().any(|known| known == scope) {
            return Ok(person.clone());
        }
        Err(StatusCode::FORBIDDEN)
    }

    /// No access token so far is taken any more.
    pub(crate) fn expire(&self) {
        self.known.lock().unwrap().access.clear();
    }

    fn issue(&self, grant: &Grant, known: &mut Known) -> Value {
        known.issued += 1;
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs();
        let claims = json!({
            "iss": self.origin, "sub": format!("subject of {}", grant.person), "aud": grant.resource,
            "username": grant.person, "exp": now + 3600, "jti": known.issued.to_string(),
        });
        let access = signed(&claims);
        let refresh = format!("refresh-{}", known.issued);
        known
            .access
            .insert(access.clone(), (grant.person.clone(), grant.scopes.clone()));
        known.refresh.insert(refresh.clone(), grant.clone());
        json!({
            "access_token": access, "token_type": "Bearer", "expires_in": 3600, "refresh_token": refresh,
            "scope": grant.scopes.join(" "),
        })
    }
}

async fn metadata(State(server): State<Authorization>) -> Json<Value> {
    let origin = &server.origin;
    Json(json!({
        "issuer": origin, "authorization_endpoint": format!("{origin}/authorize"), "token_endpoint": format!("{origin}/token"),
        "registration_endpoint": format!("{origin}/register"), "revocation_endpoint": format!("{origin}/revoke"),
        "jwks_uri": format!("{origin}/jwks"), "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"], "authorization_response_iss_parameter_supported": true,
    }))
}

async fn keys() -> Json<Value> {
    let PublicKeyComponents { n, e }: PublicKeyComponents<Vec<u8>> = key().public().into();
    let (n, e) = (URL_SAFE_NO_PAD.encode(n), URL_SAFE_NO_PAD.encode(e));
    Json(
        json!({ "keys": [{ "kty": "RSA", "kid": "test", "alg": "RS256", "use": "sig", "n": n, "e": e }] }),
    )
}

async fn register(Json(request): Json<Value>) -> Json<Value> {
    Json(json!({ "client_id": "client", "redirect_uris": request["redirect_uris"] }))
}

async fn authorize(
    State(server): State<Authorization>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let mut known = server.known.lock().unwrap();
    known.asked.push(query.clone());
    let Some(person) = query.get("person") else {
        return "a consent page".into_response();
    };
    let back = &query["redirect_uri"];
    let state = &query["state"];
    if person == "nobody" {
        return Redirect::to(&format!(
            "{back}?error=access_denied&state={state}&iss={}",
            server.origin
        ))
        .into_response();
    }
    known.issued += 1;
    let code = format!("code-{}", known.issued);
    let grant = Grant {
        person: person.clone(),
        challenge: query["code_challenge"].clone(),
        scopes: query
            .get("scope")
            .map(|scope| scope.split(' ').map(str::to_owned).collect())
            .unwrap_or_default(),
        resource: query["resource"].clone(),
    };
    known.codes.insert(code.clone(), grant);
    Redirect::to(&format!(
        "{back}?code={code}&state={state}&iss={}",
        server.origin
    ))
    .into_response()
}

async fn token(
    State(server): State<Authorization>,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let mut known = server.known.lock().unwrap();
    let refused = || {
        (
            StatusCode::BAD_REQUEST,
            Json(json!({ "error": "invalid_grant" })),
        )
            .into_response()
    };
    let grant = match form["grant_type"].as_str() {
        "authorization_code" => {
            let digest =
                ring::digest::digest(&ring::digest::SHA256, form["code_verifier"].as_bytes());
            let challenge = URL_SAFE_NO_PAD.encode(digest);
            let grant = known.codes.remove(&form["code"]);
            grant.filter(|grant| grant.challenge == challenge && grant.resource == form["resource"])
        }
        "refresh_token" if !known.refuses_refresh => {
            known.refreshed += 1;
            known.refresh.remove(&form["refresh_token"])
        }
        _ => None,
    };
    match grant {
        Some(grant) => Json(server.issue(&grant, &mut known)).into_response(),
        None => refused(),
    }
}

async fn revoke(State(server): State<Authorization>, Form(form): Form<HashMap<String, String>>) {
    let mut known = server.known.lock().unwrap();
    known.refresh.remove(&form["token"]);
    known.revoked.push(form["token"].clone());
}

fn key() -> KeyPair {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../mcp-lambda/tests/data/test-only-key-1.pk8"
    );
    KeyPair::from_pkcs8(&std::fs::read(path).unwrap()).unwrap()
}

fn signed(claims: &Value) -> String {
    let header = json!({ "alg": "RS256", "kid": "test" });
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", encode(&header), encode(claims));
    let key = key();
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        signed.as_bytes(),
        &mut signature,
    )
    .unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}
