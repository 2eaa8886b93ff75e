//! Sign-in: the authorization endpoint, the password and, for accounts an administrator made, the first own password.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::authorization_request::AuthorizationRequest;
use super::browser::Notice;
use super::pages::{Login, NewPassword, Problem};
use super::respond;
use super::state::SignIn;
use super::user_pool::Refusal;
use super::view::{Submission, View};

/// `GET /oauth2/authorize`: to the sign-in page when the request is good, as Cognito does it.
pub(super) async fn authorize(request: AuthorizationRequest) -> Response {
    let login = HeaderValue::try_from(format!("/login?{}", request.query()));
    login.map_or_else(
        |_| StatusCode::BAD_REQUEST.into_response(),
        respond::redirect,
    )
}

/// `GET /login`.
pub(super) async fn page(view: View) -> Response {
    view.show(|common| Login { common })
}

/// `POST /login`.
pub(super) async fn submit(Submission { view, form }: Submission) -> Result<Response, Response> {
    let fields = view.request.form([
        ("username", view.browser.email.as_str()),
        ("password", form.get("password")),
    ]);
    Ok(match sign_in(&view.sign_in, fields).await? {
        Outcome::Redirect(location) => respond::redirect(location),
        Outcome::NewPassword { token } => {
            view.sign_in
                .browsers
                .remember(&view.browser, |browser| browser.new_password_token = token);
            view.next("/newPassword", None)
        }
        Outcome::SignIn { error } if error == "User is not confirmed." => {
            view.next("/confirm", Some(Notice::NotConfirmed))
        }
        Outcome::SignIn { error } => {
            let problem = Problem {
                sentence: error,
                field: "password",
            };
            view.show_again(problem, |common| Login { common })
        }
    })
}

/// `GET /newPassword`.
pub(super) async fn new_password_page(view: View) -> Response {
    view.show(|common| NewPassword {
        common,
        policy: view.policy(),
    })
}

/// `POST /newPassword`.
pub(super) async fn submit_new_password(
    Submission { view, form }: Submission,
) -> Result<Response, Response> {
    let password = form.get("password");
    let fields = view.request.form([
        ("np_token", view.browser.new_password_token.as_str()),
        ("new_password", password),
        ("confirm_password", password),
    ]);
    Ok(match sign_in(&view.sign_in, fields).await? {
        Outcome::Redirect(location) => respond::redirect(location),
        // Both fields are the same, so it can only be the policy.
        Outcome::SignIn { .. } | Outcome::NewPassword { .. } => {
            view.show_again(&Refusal::InvalidPassword, |common| NewPassword {
                common,
                policy: view.policy(),
            })
        }
    })
}

/// What the emulator's own page would do next.
enum Outcome {
    /// Back to the client, with a code or an error.
    Redirect(HeaderValue),
    /// The sign-in page again.
    SignIn { error: String },
    /// The page for a first own password, perhaps again.
    NewPassword { token: String },
}

/// Submits the emulator's sign-in form.
async fn sign_in(sign_in: &SignIn, fields: String) -> Result<Outcome, Response> {
    #[derive(Deserialize)]
    #[serde(tag = "page", rename_all = "camelCase")]
    enum Page {
        SignIn { error: String },
        NewPassword { token: String },
    }
    let submitted = Request::post("/login")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(fields))
        .map_err(|_| StatusCode::BAD_REQUEST.into_response())?;
    let response = sign_in
        .upstream
        .call(submitted)
        .await
        .map_err(IntoResponse::into_response)?;
    if let (StatusCode::FOUND, Some(location)) =
        (response.status(), response.headers().get(LOCATION))
    {
        return Ok(Outcome::Redirect(location.clone()));
    }
    match serde_json::from_slice(response.body()) {
        Ok(Page::SignIn { error }) => Ok(Outcome::SignIn { error }),
        Ok(Page::NewPassword { token }) => Ok(Outcome::NewPassword { token }),
        Err(_) => Err(respond::failed(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "This sign-in cannot be finished any more. Start again from your MCP client.",
        )),
    }
}
