//! One deployment with everything around it: browser, client, metadata hosts, log, clock.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use mcp_lambda_authorization::{
    AuthorizationServer, BoxFuture, Capabilities, Digest, EventLog, FetchLimits, LogEvent,
    MetadataHosts, NoRandomness, Randomness, Request, Response, Secret, SecretStore,
    SecretsUnavailable, Settings, StoredSecrets, Timestamp, TransportFailure,
};
use serde_json::Value;
use url::Url;

pub(crate) use crate::browser::{
    Browser, Client, arrival, assert_refused_on_a_page, error, hidden_request, json, location,
    redirected_error, refresh_target,
};
use crate::cognito::{self, FakeCognito, parameters};

pub(crate) const ISSUER: &str = "https://dogs.example.com";
pub(crate) const RESOURCE: &str = "https://dogs.example.com/mcp";
pub(crate) const READ: &str = "https://dogs.example.com/mcp/read";
pub(crate) const WRITE: &str = "https://dogs.example.com/mcp/write";
/// The redirect URI of most clients here.
pub(crate) const LOOPBACK: &str = "http://localhost:53682/callback";
pub(crate) const DOCUMENT: &str = "https://claude.ai/oauth/claude-code-client-metadata";
pub(crate) const VERIFIER: &str = "a-verifier-that-is-long-enough-to-be-accepted-0123";
pub(crate) const SEALING: &str = "a sealing secret of more than thirty-two characters";
pub(crate) const START: u64 = 1_800_000_000;

/// Deterministic, and never the same twice.
#[derive(Default)]
pub(crate) struct Counter(AtomicU64);

impl Randomness for Counter {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
        let seed = self.0.fetch_add(1, Ordering::Relaxed);
        for (index, chunk) in buffer.chunks_mut(32).enumerate() {
            let digest = Digest::of(format!("{seed}-{index}").as_bytes());
            chunk.copy_from_slice(&digest.bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

#[derive(Default)]
pub(crate) struct Hosts {
    pub(crate) addresses: Mutex<Vec<IpAddr>>,
    /// What the name resolves to from the second time on; the same as before if nothing is here.
    pub(crate) rebound: Mutex<Option<Vec<IpAddr>>>,
    pub(crate) answer: Mutex<Option<Result<http::Response<Vec<u8>>, TransportFailure>>>,
    pub(crate) connections: Mutex<Vec<SocketAddr>>,
}

impl MetadataHosts for Hosts {
    fn resolve<'a>(
        &'a self,
        _host: &'a str,
    ) -> BoxFuture<'a, Result<Vec<IpAddr>, TransportFailure>> {
        Box::pin(async {
            let mut addresses = self.addresses.lock().unwrap();
            let now = addresses.clone();
            if let Some(next) = self.rebound.lock().unwrap().take() {
                *addresses = next;
            }
            Ok(now)
        })
    }

    fn get<'a>(
        &'a self,
        url: &'a Url,
        address: SocketAddr,
        limits: FetchLimits,
    ) -> BoxFuture<'a, Result<http::Response<Vec<u8>>, TransportFailure>> {
        Box::pin(async move {
            let is_key_set = url.path().ends_with("/jwks");
            let most = if is_key_set { 64 * 1024 } else { 5 * 1024 };
            assert!(limits.max_bytes == most && limits.deadline.as_secs() <= 5);
            self.connections.lock().unwrap().push(address);
            let answer = self.answer.lock().unwrap();
            match answer.as_ref().expect("nothing was expected to be fetched") {
                Ok(answer) => {
                    let mut copy = http::Response::new(answer.body().clone());
                    *copy.status_mut() = answer.status();
                    *copy.headers_mut() = answer.headers().clone();
                    Ok(copy)
                }
                Err(failure) => Err(*failure),
            }
        })
    }
}

/// The secrets of the server, the ARNs of the machine clients whose secret was read, and that secret.
pub(crate) struct Store(
    pub(crate) Mutex<Result<StoredSecrets, SecretsUnavailable>>,
    pub(crate) Mutex<Vec<String>>,
    pub(crate) Mutex<Secret>,
);

impl SecretStore for Store {
    fn load(&self, _now: Timestamp) -> BoxFuture<'_, Result<StoredSecrets, SecretsUnavailable>> {
        Box::pin(async { self.0.lock().unwrap().clone() })
    }

    fn machine_client<'a>(
        &'a self,
        arn: &'a str,
        _now: Timestamp,
    ) -> BoxFuture<'a, Result<Secret, SecretsUnavailable>> {
        self.1.lock().unwrap().push(arn.to_owned());
        let stored = self.0.lock().unwrap().clone();
        let secret = self.2.lock().unwrap().clone();
        Box::pin(async { stored.map(|_| secret) })
    }
}

#[derive(Default)]
pub(crate) struct Log(pub(crate) Mutex<Vec<String>>);

impl EventLog for Log {
    fn record(&self, event: &LogEvent) {
        self.0
            .lock()
            .unwrap()
            .push(serde_json::to_string(event).unwrap());
    }
}

pub(crate) struct Harness {
    pub(crate) server: AuthorizationServer,
    pub(crate) cognito: Arc<FakeCognito>,
    pub(crate) hosts: Arc<Hosts>,
    pub(crate) store: Arc<Store>,
    pub(crate) log: Arc<Log>,
    now: AtomicU64,
}

pub(crate) fn variables() -> BTreeMap<String, String> {
    let scopes = serde_json::json!([
        { "name": READ, "description": "Read facts about dogs" },
        { "name": WRITE, "description": "Change facts about dogs" },
    ]);
    [
        ("MCP_RESOURCE", RESOURCE),
        ("MCP_ISSUER", cognito::POOL),
        ("AUTHORIZATION_ISSUER", ISSUER),
        ("AUTHORIZATION_SIGN_IN_URL", cognito::SIGN_IN),
        ("AUTHORIZATION_COGNITO_CLIENT_ID", cognito::CLIENT_ID),
        (
            "AUTHORIZATION_COGNITO_CLIENT_SECRET",
            cognito::CLIENT_SECRET,
        ),
        ("AUTHORIZATION_SEALING_SECRET", SEALING),
        ("AUTHORIZATION_SCOPES", &scopes.to_string()),
        ("AUTHORIZATION_BRAND_NAME", "Dog facts"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect()
}

pub(crate) fn stored(sealing: &str, previous: Option<&str>) -> StoredSecrets {
    StoredSecrets {
        sealing: Secret::new(sealing),
        previous_sealing: previous.map(Secret::new),
        cognito_client: Some(Secret::new(cognito::CLIENT_SECRET)),
    }
}

/// The client metadata document of Claude Code, which is at [`DOCUMENT`].
pub(crate) fn claude_code_document() -> Value {
    serde_json::json!({
        "client_id": DOCUMENT, "client_name": "Claude Code",
        "redirect_uris": ["http://localhost/callback", "http://127.0.0.1/callback"],
        "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    })
}

impl Harness {
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    /// The usual deployment with some variables changed.
    pub(crate) fn with(changes: &[(&str, &str)]) -> Self {
        let mut variables = variables();
        variables.extend(
            changes
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        let settings = Settings::from_variables(variables).unwrap();
        let resources: Vec<&str> = settings
            .resources
            .iter()
            .map(|resource| resource.identifier.as_str())
            .collect();
        let cognito = Arc::new(FakeCognito::new(
            &settings.callback_url(),
            &resources,
            &settings.resources.scope_names(),
        ));
        Self::of(settings, cognito)
    }

    /// Another instance of the usual deployment, with the same user pool.
    pub(crate) fn sharing(other: &Self) -> Self {
        let settings = Settings::from_variables(variables()).unwrap();
        Self::of(settings, other.cognito.clone())
    }

    fn of(settings: Settings, cognito: Arc<FakeCognito>) -> Self {
        let hosts = Arc::new(Hosts::default());
        *hosts.addresses.lock().unwrap() = vec!["160.79.104.10".parse().unwrap()];
        let store = Arc::new(Store(
            Mutex::new(Ok(stored(SEALING, None))),
            Mutex::default(),
            Mutex::new(Secret::new(cognito::MACHINE_SECRET)),
        ));
        let log = Arc::new(Log::default());
        let capabilities = Capabilities {
            randomness: Arc::new(Counter::default()),
            cognito: cognito.clone(),
            metadata_hosts: hosts.clone(),
            secrets: store.clone(),
            log: log.clone(),
        };
        let server = AuthorizationServer::new(settings, capabilities);
        Self {
            server,
            cognito,
            hosts,
            store,
            log,
            now: AtomicU64::new(START),
        }
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.now.fetch_add(seconds, Ordering::Relaxed);
    }

    pub(crate) fn send(&self, request: &Request) -> Response {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(
            self.server
                .handle(request, Timestamp(self.now.load(Ordering::Relaxed))),
        )
    }

    pub(crate) fn get(&self, path_and_query: &str, headers: &[(&str, &str)]) -> Response {
        self.ask(Method::GET, path_and_query, headers)
    }

    pub(crate) fn ask(
        &self,
        method: Method,
        path_and_query: &str,
        headers: &[(&str, &str)],
    ) -> Response {
        let (path, query) = path_and_query
            .split_once('?')
            .unwrap_or((path_and_query, ""));
        let mut request = plain(method, path, headers);
        request.query = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        self.send(&request)
    }

    pub(crate) fn post(
        &self,
        path: &str,
        content_type: &str,
        body: &str,
        headers: &[(&str, &str)],
    ) -> Response {
        let mut request = plain(Method::POST, path, headers);
        request
            .headers
            .insert("content-type", HeaderValue::from_str(content_type).unwrap());
        request.body = body.as_bytes().to_vec();
        self.send(&request)
    }

    pub(crate) fn form(
        &self,
        path: &str,
        form: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Response {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        self.post(path, "application/x-www-form-urlencoded", &body, headers)
    }

    pub(crate) fn register(&self, body: &Value) -> Response {
        self.post("/register", "application/json", &body.to_string(), &[])
    }

    /// Registers a client with one redirect URI and returns its id.
    pub(crate) fn registered(&self, redirect_uri: &str) -> String {
        let answer = self.register(&serde_json::json!({
            "client_name": "Claude Code (dogs)", "redirect_uris": [redirect_uri], "token_endpoint_auth_method": "none",
            "application_type": "native", "grant_types": ["authorization_code", "refresh_token"], "scope": READ,
        }));
        assert_eq!(answer.status(), 201, "{}", answer.body());
        json(&answer)["client_id"].as_str().unwrap().to_owned()
    }

    /// A client that has registered [`LOOPBACK`].
    pub(crate) fn client(&self) -> Client {
        Client::new(&self.registered(LOOPBACK), LOOPBACK)
    }

    /// Puts a document at [`DOCUMENT`].
    pub(crate) fn publish(&self, document: &Value) {
        let answer = http::Response::builder().header("content-type", "application/json");
        self.answer_document(answer.body(document.to_string().into_bytes()).unwrap());
    }

    pub(crate) fn answer_document(&self, answer: http::Response<Vec<u8>>) {
        *self.hosts.answer.lock().unwrap() = Some(Ok(answer));
    }

    /// From `/authorize` to the tokens, in one browser.
    pub(crate) fn sign_in(&self, client: &Client) -> Value {
        let mut browser = Browser::default();
        let code = self.code(&mut browser, client);
        let answer = self.redeem(client, &code);
        assert_eq!(answer.status(), 200, "{}", answer.body());
        json(&answer)
    }

    /// From `/authorize` to our code at the client.
    pub(crate) fn code(&self, browser: &mut Browser, client: &Client) -> String {
        let callback = self.cognito.sign_in(&self.approve(browser, client));
        let location = arrival(&browser.get(self, &callback));
        assert!(location.starts_with(&client.redirect_uri), "{location}");
        let query = parameters(Url::parse(&location).unwrap().query().unwrap());
        assert_eq!(query.get("state"), client.state.as_ref());
        assert_eq!(query["iss"], ISSUER);
        query["code"].clone()
    }

    /// From `/authorize` to Cognito's URL.
    pub(crate) fn approve(&self, browser: &mut Browser, client: &Client) -> String {
        let page = browser.get(self, &client.authorize_url());
        assert_eq!(page.status(), 200, "{} {:?}", page.body(), page.headers());
        let answer = browser.decide(self, &page, "allow");
        assert_eq!(answer.status(), 200, "{}", answer.body());
        refresh_target(&answer)
    }

    pub(crate) fn redeem(&self, client: &Client, code: &str) -> Response {
        self.redeem_for(client, code, RESOURCE)
    }

    pub(crate) fn redeem_for(&self, client: &Client, code: &str, resource: &str) -> Response {
        self.form(
            "/token",
            &[
                ("grant_type", "authorization_code"),
                ("code", code),
                ("code_verifier", VERIFIER),
                ("redirect_uri", &client.redirect_uri),
                ("client_id", &client.client_id),
                ("resource", resource),
            ],
            &[],
        )
    }
}

fn plain(method: Method, path: &str, headers: &[(&str, &str)]) -> Request {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_str(value).unwrap(),
        );
    }
    Request {
        method,
        path: path.to_owned(),
        query: Vec::new(),
        headers: map,
        body: Vec::new(),
        request_id: None,
    }
}
