//! Emulates the Cognito domain: the OAuth endpoints and the managed login pages.
//!
//! The emulator checks everything that is OAuth (client, redirect URI, scopes, PKCE, codes, tokens), for each page, so
//! that this module is neither laxer nor stricter. The pages, which the emulator lacks, are defined here.
//!
//! Unlike Cognito, no sign-in session outlives the authorization request: managed login remembers a person for an hour;
//! here every sign-in needs the password. The pages speak English only and look the same with every branding.

mod authorization_request;
mod browser;
mod mailbox;
mod pages;
mod password_policy;
mod recovery;
mod registration;
mod respond;
mod revocation;
mod session;
mod state;
mod user_pool;
mod view;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderValue};
use axum::http::uri::PathAndQuery;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};

pub use self::state::SignIn;
use super::edge::LoopbackHost;

/// The sign-in origin as a service for the names of `host`.
pub fn app(sign_in: SignIn, host: LoopbackHost) -> Router {
    Router::new()
        .route("/oauth2/authorize", get(session::authorize))
        .route("/login", get(session::page).post(session::submit))
        .route(
            "/newPassword",
            get(session::new_password_page).post(session::submit_new_password),
        )
        .route(
            "/signup",
            get(registration::page).post(registration::submit),
        )
        .route(
            "/confirm",
            get(registration::confirm_page).post(registration::confirm),
        )
        .route("/resend", post(registration::resend))
        .route(
            "/forgotPassword",
            get(recovery::page).post(recovery::submit),
        )
        .route(
            "/confirmForgotPassword",
            get(recovery::confirm_page).post(recovery::confirm),
        )
        .route("/oauth2/revoke", post(revocation::revoke).options(forward))
        .route("/oauth2/token", post(forward).options(forward))
        .route("/oauth2/userInfo", any(forward))
        .route("/logout", get(forward))
        .route("/{pool}/.well-known/jwks.json", get(forward))
        .route("/{pool}/.well-known/openid-configuration", get(forward))
        .route("/mailbox", get(mailbox::show))
        .route("/style.css", get(style))
        .fallback(respond::no_such_page)
        .with_state(sign_in)
        .layer(from_fn_with_state(host, LoopbackHost::check))
}

/// The emulator responds as Cognito would, under our own host name, so that the endpoints in its documents are
/// reachable.
async fn forward(State(sign_in): State<SignIn>, request: Request<Body>) -> Response {
    let path = request
        .uri()
        .path_and_query()
        .cloned()
        .unwrap_or_else(|| PathAndQuery::from_static("/"));
    let host = request
        .headers()
        .get(header::HOST)
        .cloned()
        .unwrap_or_else(|| HeaderValue::from_static("localhost"));
    match sign_in.upstream.forward(request, &path, host).await {
        Ok(response) => response,
        Err(unreachable) => unreachable.into_response(),
    }
}

async fn style() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/css; charset=utf-8")],
        include_str!("../../templates/style.css"),
    )
}
