//! A user pool's OAuth endpoints, as strict as the real ones: exact redirect, PKCE, single-use codes, rotating refresh
//! tokens, client authentication.

use std::{
    collections::{HashMap, HashSet},
    sync::Mutex,
};

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use mcp_lambda_authorization::{BoxFuture, CognitoTransport, Digest, TransportFailure};
use serde_json::{Value, json};
use url::Url;

pub(crate) const SIGN_IN: &str = "https://dogs.auth.eu-west-1.amazoncognito.com";
pub(crate) const POOL: &str = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example";
pub(crate) const CLIENT_ID: &str = "4ourownappclient";
pub(crate) const CLIENT_SECRET: &str = "the-app-client-secret-never-shown";
pub(crate) const MACHINE_ID: &str = "7machineclient";
pub(crate) const MACHINE_SECRET: &str = "machine-secret-1234567890";
/// `sub` of whoever signs in.
pub(crate) const PERSON: &str = "0b4c5a1e-person-that-no-log-names";
const END: u64 = 4_000_000_000;

/// What tokens are for.
#[derive(Clone)]
struct Grant {
    scope: String,
    /// Tokens of a request without one have no `aud`.
    resource: Option<String>,
}

struct Issued {
    /// Absent if somebody has left it out of the URL.
    challenge: Option<String>,
    nonce: Option<String>,
    grant: Grant,
    used: bool,
}

#[derive(Default)]
struct State {
    codes: HashMap<String, Issued>,
    refresh_tokens: HashMap<String, Grant>,
    revoked: HashSet<String>,
    counter: u32,
    bodies: Vec<String>,
    down: bool,
    revocation_down: bool,
    foreign_nonce: bool,
    lie: Option<Lie>,
}

/// Alters the answer of the token endpoint.
pub(crate) type Lie = Box<dyn Fn(&mut Value) + Send>;

pub(crate) struct FakeCognito {
    callback: String,
    resources: Vec<String>,
    scopes: Vec<String>,
    state: Mutex<State>,
}

/// Parameters of a form or query by name.
pub(crate) fn parameters(text: &str) -> HashMap<String, String> {
    form_urlencoded::parse(text.as_bytes())
        .into_owned()
        .collect()
}

impl FakeCognito {
    pub(crate) fn new(callback: &str, resources: &[&str], scopes: &[&str]) -> Self {
        Self {
            callback: callback.to_owned(),
            resources: resources.iter().map(|each| (*each).to_owned()).collect(),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            state: Mutex::default(),
        }
    }

    /// A person signs in at this URL (or has a remembered sign-in); returns where the browser is sent.
    pub(crate) fn sign_in(&self, url: &str) -> String {
        let url = Url::parse(url).unwrap();
        assert_eq!(url.origin().ascii_serialization(), SIGN_IN);
        assert_eq!(url.path(), "/oauth2/authorize");
        let query = parameters(url.query().unwrap());
        assert_eq!(
            query["client_id"], CLIENT_ID,
            "only our app client is ever used"
        );
        assert_eq!(query["redirect_uri"], self.callback, "redirect_mismatch");
        assert_eq!(query["response_type"], "code");
        if query.contains_key("code_challenge") {
            assert_eq!(query["code_challenge_method"], "S256");
        }
        assert!(
            query
                .get("resource")
                .is_none_or(|resource| self.resources.contains(resource))
        );
        let mut back = Url::parse(&self.callback).unwrap();
        if query["scope"]
            .split(' ')
            .any(|scope| !self.scopes.iter().any(|known| known == scope))
        {
            back.query_pairs_mut()
                .append_pair("error", "invalid_scope")
                .append_pair("state", &query["state"]);
            return back.into();
        }
        let mut state = self.state.lock().unwrap();
        state.counter += 1;
        let code = format!("upstream-code-{}", state.counter);
        state.codes.insert(
            code.clone(),
            Issued {
                challenge: query.get("code_challenge").cloned(),
                nonce: query.get("nonce").cloned(),
                grant: Grant {
                    scope: query["scope"].clone(),
                    resource: query.get("resource").cloned(),
                },
                used: false,
            },
        );
        back.query_pairs_mut().append_pair("code", &code);
        if let Some(sent) = query.get("state") {
            back.query_pairs_mut().append_pair("state", sent);
        }
        back.into()
    }

    pub(crate) fn fail_sign_in(&self, url: &str, error: &str) -> String {
        let query = parameters(Url::parse(url).unwrap().query().unwrap());
        let mut back = Url::parse(&self.callback).unwrap();
        back.query_pairs_mut()
            .append_pair("error", error)
            .append_pair("error_description", "secret upstream detail")
            .append_pair("state", &query["state"]);
        back.into()
    }

    pub(crate) fn go_down(&self) {
        self.state.lock().unwrap().down = true;
    }

    pub(crate) fn answer_with_foreign_nonce(&self) {
        self.state.lock().unwrap().foreign_nonce = true;
    }

    /// Answers every request for tokens with what `lie` makes of the honest answer.
    pub(crate) fn lie(&self, lie: Lie) {
        self.state.lock().unwrap().lie = Some(lie);
    }

    pub(crate) fn refuse_revocations(&self) {
        self.state.lock().unwrap().revocation_down = true;
    }

    /// Whether every refresh token that was ever issued is revoked, or was used up by a refresh.
    pub(crate) fn has_no_refresh_token_left(&self) -> bool {
        let state = self.state.lock().unwrap();
        let issued = state.refresh_tokens.keys();
        issued
            .into_iter()
            .all(|token| state.revoked.contains(token))
    }

    /// Bodies of every request so far.
    pub(crate) fn bodies(&self) -> Vec<String> {
        self.state.lock().unwrap().bodies.clone()
    }

    pub(crate) fn revoked(&self) -> usize {
        self.state.lock().unwrap().revoked.len()
    }

    fn answer(&self, request: &http::Request<Vec<u8>>) -> (u16, Value) {
        let refused = |error: &str| (400, json!({ "error": error }));
        let form = parameters(std::str::from_utf8(request.body()).unwrap());
        let mut state = self.state.lock().unwrap();
        state
            .bodies
            .push(String::from_utf8(request.body().clone()).unwrap());
        let basic = request.headers().get("authorization").map(|value| {
            let encoded = value
                .to_str()
                .unwrap()
                .strip_prefix("Basic ")
                .unwrap()
                .to_owned();
            String::from_utf8(BASE64_STANDARD.decode(encoded).unwrap()).unwrap()
        });
        if form
            .get("grant_type")
            .is_some_and(|grant| grant == "client_credentials")
        {
            let posted = form
                .get("client_id")
                .zip(form.get("client_secret"))
                .map(|(id, secret)| format!("{id}:{secret}"));
            if basic.or(posted) != Some(format!("{MACHINE_ID}:{MACHINE_SECRET}")) {
                return refused("invalid_client");
            }
            let all = self.scopes.join(" ");
            let scope = form.get("scope").unwrap_or(&all);
            let claims = json!({ "token_use": "access", "iss": POOL, "client_id": MACHINE_ID, "sub": MACHINE_ID, "scope": scope, "exp": END });
            let body =
                json!({ "access_token": jwt(&claims), "expires_in": 3600, "token_type": "Bearer" });
            return (200, state.told(body));
        }
        if basic != Some(format!("{CLIENT_ID}:{CLIENT_SECRET}")) {
            return refused("invalid_client");
        }
        if request.uri().path() == "/oauth2/revoke" {
            if state.revocation_down {
                return (500, json!({ "error": "server_error" }));
            }
            state.revoked.insert(form["token"].clone());
            return (200, json!({}));
        }
        match form["grant_type"].as_str() {
            "authorization_code" => {
                let Some(issued) = state.codes.get_mut(&form["code"]) else {
                    return refused("invalid_grant");
                };
                let digest = Digest::of(form["code_verifier"].as_bytes());
                let challenge = BASE64_URL_SAFE_NO_PAD.encode(digest.bytes());
                // An attempt with a wrong verifier consumes the code as well: so says AWS about the errors of this endpoint.
                let was_used = std::mem::replace(&mut issued.used, true);
                let fits = issued
                    .challenge
                    .as_ref()
                    .is_none_or(|sent| *sent == challenge);
                if was_used || form["redirect_uri"] != self.callback {
                    return refused("invalid_grant");
                }
                if !fits {
                    return refused("invalid_request");
                }
                let (grant, nonce) = (issued.grant.clone(), issued.nonce.clone());
                let nonce = if state.foreign_nonce {
                    Some("another".to_owned())
                } else {
                    nonce
                };
                Self::tokens(&mut state, grant, nonce)
            }
            "refresh_token" => match state.refresh_tokens.remove(&form["refresh_token"]) {
                Some(grant) if !state.revoked.contains(&form["refresh_token"]) => {
                    Self::tokens(&mut state, grant, None)
                }
                _ => refused("invalid_grant"),
            },
            _ => refused("unsupported_grant_type"),
        }
    }

    fn tokens(state: &mut State, grant: Grant, nonce: Option<String>) -> (u16, Value) {
        state.counter += 1;
        let refresh_token = format!("upstream-refresh-{}", state.counter);
        state
            .refresh_tokens
            .insert(refresh_token.clone(), grant.clone());
        let Grant { scope, resource } = grant;
        let mut claims = json!({ "token_use": "access", "iss": POOL, "client_id": CLIENT_ID, "sub": PERSON, "scope": scope, "exp": END });
        if let Some(resource) = resource {
            claims["aud"] = json!(resource);
        }
        let mut body = json!({
            "access_token": jwt(&claims),
            "refresh_token": refresh_token,
            "expires_in": 3600,
            "token_type": "Bearer",
        });
        if scope.split(' ').any(|scope| scope == "openid") {
            let claims = json!({ "iss": POOL, "sub": PERSON, "aud": CLIENT_ID, "iat": 1_000, "exp": END, "nonce": nonce });
            body["id_token"] = json!(jwt(&claims));
        }
        (200, state.told(body))
    }
}

impl State {
    fn told(&self, mut body: Value) -> Value {
        if let Some(lie) = &self.lie {
            lie(&mut body);
        }
        body
    }
}

pub(crate) fn jwt(claims: &Value) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!(
        "{}.{}.{}",
        part(&json!({ "alg": "RS256", "kid": "k" })),
        part(claims),
        BASE64_URL_SAFE_NO_PAD.encode("signature")
    )
}

/// The claims of a JWT.
pub(crate) fn claims(jwt: &str) -> Value {
    let payload = BASE64_URL_SAFE_NO_PAD.decode(jwt.split('.').nth(1).unwrap());
    serde_json::from_slice(&payload.unwrap()).unwrap()
}

impl CognitoTransport for FakeCognito {
    fn send(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> BoxFuture<'_, Result<http::Response<Vec<u8>>, TransportFailure>> {
        Box::pin(async move {
            if self.state.lock().unwrap().down {
                return Err(TransportFailure::Unreachable);
            }
            assert!(
                request.uri().to_string().starts_with(SIGN_IN),
                "only Cognito is ever asked"
            );
            let (status, body) = self.answer(&request);
            let answer = http::Response::builder()
                .status(status)
                .header("content-type", "application/json");
            Ok(answer.body(body.to_string().into_bytes()).unwrap())
        })
    }
}
