//! An MCP server with an authorization server at its origin, as the constructs deploy it: the documents and challenges are
//! those of `mcp-lambda-contract`. A fault changes one thing about it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use mcp_lambda_contract::{
    AuthorizationServerMetadata, Challenge, HttpUrl, ProtectedResourceMetadata,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::{Url, form_urlencoded};

/// A request as the stub sees it.
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: HashMap<String, String>,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
    /// Scheme, host and port of the stub.
    pub(crate) origin: String,
    /// The MCP URL's path.
    pub(crate) mcp: String,
}

/// A response that a fault may change.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

/// Changes responses.
pub(crate) type Fault = fn(&Asked, &mut Reply);

/// The same with values of its own.
pub(crate) type AnyFault = dyn Fn(&Asked, &mut Reply) + Send + Sync;

#[derive(Clone)]
struct Stub {
    origin: Arc<String>,
    mcp: &'static str,
    fault: Arc<AnyFault>,
}

/// Starts the stub on a free port; gives the MCP URL.
pub(crate) async fn start(
    mcp: &'static str,
    fault: impl Fn(&Asked, &mut Reply) + Send + Sync + 'static,
) -> Url {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)))
        .await
        .unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let url = Url::parse(&format!("{origin}{mcp}")).unwrap();
    let stub = Stub {
        origin: Arc::new(origin),
        mcp,
        fault: Arc::new(fault),
    };
    let app = Router::new().fallback(handle).with_state(stub);
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

async fn handle(State(stub): State<Stub>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let query = parts.uri.query().unwrap_or_default();
    let asked = Asked {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect(),
        headers: parts
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect(),
        body: String::from_utf8(body.to_vec()).unwrap(),
        origin: stub.origin.to_string(),
        mcp: stub.mcp.to_owned(),
    };
    let mut reply = asked.healthy();
    (stub.fault)(&asked, &mut reply);
    let mut response = Response::builder().status(StatusCode::from_u16(reply.status).unwrap());
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(reply.body)).unwrap()
}

pub(crate) const SCOPE: &str = "invoke";

impl Asked {
    pub(crate) fn is(&self, method: &str, path: &str) -> bool {
        self.method == method && self.path == path
    }

    pub(crate) fn is_mcp(&self) -> bool {
        self.path == self.mcp
    }

    pub(crate) fn is_resource_metadata(&self) -> bool {
        self.path
            .starts_with("/.well-known/oauth-protected-resource")
    }

    pub(crate) fn is_server_metadata(&self) -> bool {
        [
            "/.well-known/oauth-authorization-server",
            "/.well-known/openid-configuration",
        ]
        .contains(&self.path.as_str())
    }

    fn resource(&self) -> HttpUrl {
        HttpUrl::parse(&format!("{}{}", self.origin, self.mcp)).unwrap()
    }

    pub(crate) fn scope(&self) -> String {
        format!("{}/{SCOPE}", self.resource())
    }

    fn challenge(&self) -> String {
        let metadata = ProtectedResourceMetadata::url(&self.resource());
        Challenge::token_required(&metadata, &[self.scope()])
            .unwrap()
            .to_string()
    }

    /// The access token that the stub takes, with these claims.
    fn is_signed_in(&self) -> bool {
        self.headers
            .get("authorization")
            .is_some_and(|value| value.starts_with("Bearer e30."))
    }

    fn healthy(&self) -> Reply {
        let issuer = HttpUrl::parse(&self.origin).unwrap();
        let server = || {
            let keys = format!("{}/jwks.json", self.origin);
            let resources = vec![self.resource().to_string()];
            AuthorizationServerMetadata::of_server(
                &self.origin,
                &keys,
                vec![self.scope()],
                resources,
                true,
            )
        };
        let resource = ProtectedResourceMetadata::url(&self.resource());
        let resource_path = resource.strip_prefix(self.origin.as_str()).unwrap();
        match (self.method.as_str(), self.path.as_str()) {
            ("OPTIONS", _) => {
                let mut reply = Reply::new(204, String::new());
                let headers = "authorization, content-type, mcp-protocol-version, mcp-session-id, mcp-method, mcp-name";
                reply.set("access-control-allow-headers", headers);
                reply
            }
            (_, path) if path == self.mcp => self.mcp_reply(),
            ("GET", path)
                if path == resource_path || path == "/.well-known/oauth-protected-resource" =>
            {
                let document = ProtectedResourceMetadata::new(
                    &self.resource(),
                    &issuer,
                    vec![self.scope()],
                    "Stub",
                );
                Reply::json(200, &serde_json::to_value(document).unwrap())
            }
            ("GET", "/.well-known/oauth-authorization-server") => {
                Reply::json(200, &serde_json::to_value(server()).unwrap())
            }
            ("GET", "/.well-known/openid-configuration") => {
                Reply::json(200, &serde_json::to_value(server().openid()).unwrap())
            }
            ("GET", "/jwks.json") => Reply::json(200, &json!({ "keys": [] })),
            ("POST", "/register") => self.register(),
            ("GET", "/authorize") => self.authorize(),
            ("POST", "/token") => Reply::json(
                400,
                &json!({ "error": "invalid_grant", "error_description": "unknown code" }),
            ),
            _ => Reply::json(
                404,
                &json!({ "error": "not_found", "error_description": "there is nothing at this path" }),
            ),
        }
    }

    fn mcp_reply(&self) -> Reply {
        if !self.is_signed_in() {
            let mut reply = Reply::json(401, &json!({ "error": "invalid_token" }));
            reply.set("www-authenticate", &self.challenge());
            reply.set("access-control-expose-headers", "WWW-Authenticate");
            return reply;
        }
        if self.method != "POST" {
            return Reply::json(405, &json!({ "error": "method_not_allowed" }));
        }
        let message: Value = serde_json::from_str(&self.body).unwrap();
        let result = match message["method"].as_str().unwrap() {
            "initialize" => {
                json!({ "protocolVersion": "2025-11-25", "capabilities": { "tools": {} },
                                    "serverInfo": { "name": "stub", "version": "1" } })
            }
            "tools/list" => {
                json!({ "tools": [{ "name": "getFacts", "annotations": { "readOnlyHint": true },
                                                "inputSchema": { "type": "object" } }] })
            }
            "tools/call" => json!({ "content": [] }),
            _ => return Reply::new(202, String::new()),
        };
        Reply::json(
            200,
            &json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }),
        )
    }

    /// Like the authorization server: redirect URIs with a private scheme are left out.
    fn register(&self) -> Reply {
        let mut body: Value = serde_json::from_str(&self.body).unwrap();
        let kept: Vec<Value> = body["redirect_uris"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|uri| uri.as_str().unwrap().starts_with("http"))
            .cloned()
            .collect();
        body["redirect_uris"] = kept.into();
        body["client_id"] = "mcp-client-1".into();
        Reply::json(201, &body)
    }

    fn authorize(&self) -> Reply {
        let scope = self.query.get("scope").cloned().unwrap_or_default();
        let redirect = &self.query["redirect_uri"];
        if scope.split(' ').all(|scope| scope == self.scope()) {
            let mut reply = Reply::new(200, "<!doctype html><title>Allow?</title>".to_owned());
            reply.set("content-type", "text/html; charset=utf-8");
            return reply;
        }
        let mut location = Url::parse(redirect).unwrap();
        location
            .query_pairs_mut()
            .append_pair("error", "invalid_scope")
            .append_pair("iss", &self.origin)
            .append_pair("state", &self.query["state"]);
        let mut reply = Reply::new(302, String::new());
        reply.set("location", location.as_str());
        reply
    }
}

impl Reply {
    pub(crate) fn new(status: u16, body: String) -> Self {
        Self {
            status,
            headers: vec![("access-control-allow-origin", "*".to_owned())],
            body,
        }
    }

    pub(crate) fn json(status: u16, body: &Value) -> Self {
        let mut reply = Self::new(status, body.to_string());
        reply.set("content-type", "application/json");
        reply
    }

    pub(crate) fn html(status: u16) -> Self {
        let mut reply = Self::new(status, "<!doctype html><title>App</title>".to_owned());
        reply.set("content-type", "text/html");
        reply
    }

    pub(crate) fn set(&mut self, name: &'static str, value: &str) {
        self.unset(name);
        self.headers.push((name, value.to_owned()));
    }

    pub(crate) fn unset(&mut self, name: &str) {
        self.headers.retain(|(other, _)| *other != name);
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.headers
            .iter()
            .find(|(other, _)| *other == name)
            .map(|(_, value)| value.clone())
    }

    /// Changes members of a JSON body.
    pub(crate) fn edit(&mut self, edit: impl FnOnce(&mut Value)) {
        let mut body: Value = serde_json::from_str(&self.body).unwrap();
        edit(&mut body);
        self.body = body.to_string();
    }
}
