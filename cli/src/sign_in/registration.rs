//! Sign-up and confirmation. Unlike managed login, which signs a person in right after confirmation, this leads back to
//! the sign-in page of the same authorization request.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::HeaderMap;
use serde_json::json;

use super::browser::Notice;
use super::pages::{Confirm, Problem, SignUp};
use super::session::{Answer, Submission, View};
use super::user_pool::call;
use super::{SignIn, respond};

/// `GET /signup`.
pub(super) async fn page(
    State(sign_in): State<SignIn>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let view = View::open(&sign_in, query.as_deref(), &headers).await?;
    let page = SignUp {
        common: view.common(None),
        policy: sign_in.policy.sentence(),
    };
    Ok(respond::page(
        &sign_in,
        &view.browser,
        &view.request,
        StatusCode::OK,
        &page,
    ))
}

/// `POST /signup`.
pub(super) async fn submit(
    State(sign_in): State<SignIn>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let Submission { view, form } =
        Submission::read(&sign_in, query.as_deref(), &headers, &body).await?;
    let email = form.get("email").trim();
    let account = json!({
        "ClientId": view.request.get("client_id"),
        "Username": email,
        "Password": form.get("password"),
        "UserAttributes": [{ "Name": "email", "Value": email }],
    });
    match call(&sign_in.upstream, "SignUp", &account).await {
        Ok(()) => Ok(respond::next(
            &sign_in,
            &view.browser,
            &view.request,
            "/confirm",
            Some(Notice::CodeSent),
        )),
        Err(refusal) => {
            let common = view.common(Some(Problem::from(&refusal)));
            let page = SignUp {
                common,
                policy: sign_in.policy.sentence(),
            };
            Ok(respond::page(
                &sign_in,
                &view.browser,
                &view.request,
                StatusCode::BAD_REQUEST,
                &page,
            ))
        }
    }
}

/// `GET /confirm`.
pub(super) async fn confirm_page(
    State(sign_in): State<SignIn>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let view = View::open(&sign_in, query.as_deref(), &headers).await?;
    Ok(respond::page(
        &sign_in,
        &view.browser,
        &view.request,
        StatusCode::OK,
        &Confirm {
            common: view.common(None),
        },
    ))
}

/// `POST /confirm`.
pub(super) async fn confirm(
    State(sign_in): State<SignIn>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let Submission { view, form } =
        Submission::read(&sign_in, query.as_deref(), &headers, &body).await?;
    let confirmation = json!({
        "ClientId": view.request.get("client_id"),
        "Username": form.get("email").trim(),
        "ConfirmationCode": form.get("code").trim(),
    });
    match call(&sign_in.upstream, "ConfirmSignUp", &confirmation).await {
        Ok(()) => Ok(respond::next(
            &sign_in,
            &view.browser,
            &view.request,
            "/login",
            Some(Notice::Confirmed),
        )),
        Err(refusal) => {
            let page = Confirm {
                common: view.common(Some(Problem::from(&refusal))),
            };
            Ok(respond::page(
                &sign_in,
                &view.browser,
                &view.request,
                StatusCode::BAD_REQUEST,
                &page,
            ))
        }
    }
}

/// `POST /resend`: a second button of the confirmation page.
pub(super) async fn resend(
    State(sign_in): State<SignIn>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let Submission { view, form } =
        Submission::read(&sign_in, query.as_deref(), &headers, &body).await?;
    let account =
        json!({ "ClientId": view.request.get("client_id"), "Username": form.get("email").trim() });
    match call(&sign_in.upstream, "ResendConfirmationCode", &account).await {
        Ok(()) => Ok(respond::next(
            &sign_in,
            &view.browser,
            &view.request,
            "/confirm",
            Some(Notice::CodeSent),
        )),
        Err(refusal) => {
            let page = Confirm {
                common: view.common(Some(Problem::from(&refusal))),
            };
            Ok(respond::page(
                &sign_in,
                &view.browser,
                &view.request,
                StatusCode::BAD_REQUEST,
                &page,
            ))
        }
    }
}
