//! A person at a browser, and the emulator behind the pages as far as they use it.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderValue};
use axum::response::{IntoResponse, Response};
use mcp_lambda_cli::dev::edge::{LoopbackHost, Upstream};
use mcp_lambda_cli::dev::sign_in;
use serde_json::json;
use tower::ServiceExt;

use crate::stub::{Asked, Stub, text};

pub(crate) const QUERY: &str = "client_id=people&redirect_uri=http%3A%2F%2Flocalhost%3A8765%2Fcallback&response_type=code&state=s%22%3E";

/// What the patched emulator answers, as far as the pages use it.
fn emulator(asked: &Asked) -> Response {
    let body = String::from_utf8_lossy(&asked.body).into_owned();
    let json =
        |status: StatusCode, body: serde_json::Value| (status, body.to_string()).into_response();
    let operation = asked
        .headers
        .get("x-amz-target")
        .map_or("", |target| target.to_str().unwrap());
    let refused = |kind: &str| {
        json(
            StatusCode::BAD_REQUEST,
            json!({ "__type": kind, "message": "No" }),
        )
    };
    if asked.target.starts_with("/oauth2/authorize") {
        return if asked.target.contains("redirect_uri=http%3A%2F%2Fevil") {
            json(
                StatusCode::BAD_REQUEST,
                json!({ "error": "invalid_request", "error_description": "redirect_uri <b>no</b>" }),
            )
        } else if asked.target.contains("scope=unknown") {
            (
                StatusCode::FOUND,
                [(
                    header::LOCATION,
                    "http://localhost:8765/callback?error=invalid_scope",
                )],
            )
                .into_response()
        } else {
            json(StatusCode::OK, json!({ "page": "signIn", "error": "" }))
        };
    }
    match (asked.target.as_str(), operation.rsplit('.').next().unwrap()) {
        ("/login", _) if body.contains("password=right") => (
            StatusCode::FOUND,
            [(
                header::LOCATION,
                "http://localhost:8765/callback?code=c&state=s",
            )],
        )
            .into_response(),
        ("/login", _) if body.contains("password=temporary") => json(
            StatusCode::OK,
            json!({ "page": "newPassword", "token": "np", "error": "" }),
        ),
        ("/login", _) if body.contains("np_token=np") && body.contains("new_password=own") => (
            StatusCode::FOUND,
            [(header::LOCATION, "http://localhost:8765/callback?code=n")],
        )
            .into_response(),
        ("/login", _) if body.contains("password=early") => json(
            StatusCode::OK,
            json!({ "page": "signIn", "error": "User is not confirmed." }),
        ),
        ("/login", _) => json(
            StatusCode::OK,
            json!({ "page": "signIn", "error": "Incorrect username or password." }),
        ),
        ("/_ministack/ses/messages", _) => json(
            StatusCode::OK,
            json!({ "messages": { "000000000000": [
                { "Source": "no-reply@x", "To": ["a@b"], "Subject": "old", "BodyText": "code 0", "Timestamp": 3661.5 },
                { "Source": "no-reply@x", "To": ["a@b"], "Subject": "<new>", "BodyText": "code 1", "Timestamp": 3662.5 },
            ] } }),
        ),
        ("/", "SignUp") if body.contains("\"weak\"") => refused("InvalidPasswordException"),
        ("/", "SignUp") if body.contains("\"spaced \"") => json(
            StatusCode::BAD_REQUEST,
            json!({ "__type": "InvalidParameterException", "message": "1 validation error detected: Value at 'password' failed" }),
        ),
        ("/", "ConfirmSignUp" | "ConfirmForgotPassword") if !body.contains("\"123123\"") => {
            refused("CodeMismatchException")
        }
        ("/", "RevokeToken") if body.contains("\"access\"") => {
            refused("UnsupportedTokenTypeException")
        }
        ("/", "RevokeToken") if body.contains("\"stranger\"") => refused("UnauthorizedException"),
        _ => json(StatusCode::OK, json!({})),
    }
}

/// A browser: keeps the cookie, sends forms with the value they came with.
pub(crate) struct Person {
    pub(crate) stub: Stub,
    pub(crate) app: Router,
    cookie: Option<HeaderValue>,
}

impl Person {
    pub(crate) async fn new() -> Self {
        let stub = Stub::answering(emulator).await;
        let app = sign_in::app(
            sign_in::SignIn::new(Upstream::at(stub.port), 3031),
            LoopbackHost::new(3031),
        );
        Self {
            stub,
            app,
            cookie: None,
        }
    }

    pub(crate) async fn send(&mut self, mut request: Request) -> Response {
        request
            .headers_mut()
            .insert(header::HOST, HeaderValue::from_static("127.0.0.1:3031"));
        request
            .headers_mut()
            .insert(header::ACCEPT, HeaderValue::from_static("text/html"));
        if let Some(cookie) = &self.cookie {
            request.headers_mut().insert(header::COOKIE, cookie.clone());
        }
        let response = self.app.clone().oneshot(request).await.unwrap();
        if let Some(cookie) = response.headers().get(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            self.cookie = Some(HeaderValue::from_str(pair).unwrap());
        }
        response
    }

    pub(crate) async fn open(&mut self, target: &str) -> Response {
        self.send(Request::get(target).body(Body::empty()).unwrap())
            .await
    }

    /// Opens the page and sends its form with `fields`.
    pub(crate) async fn fill(&mut self, path: &str, fields: &str) -> Response {
        let page = text(self.open(&format!("{path}?{QUERY}")).await).await;
        let csrf = page
            .split("name=\"csrf\" value=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap();
        self.post(&format!("{path}?{QUERY}"), &format!("csrf={csrf}&{fields}"))
            .await
    }

    pub(crate) async fn post(&mut self, target: &str, body: &str) -> Response {
        self.send(
            Request::post(target)
                .body(Body::from(body.to_owned()))
                .unwrap(),
        )
        .await
    }
}

pub(crate) fn location(response: &Response) -> &str {
    response.headers()[header::LOCATION].to_str().unwrap()
}
