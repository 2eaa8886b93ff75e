//! A forgotten password: a mailed code sets a new one.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::HeaderMap;
use serde_json::json;

use super::browser::Notice;
use super::pages::{ConfirmForgotPassword, ForgotPassword, Problem};
use super::session::{Answer, Submission, View};
use super::user_pool::call;
use super::{SignIn, respond};

/// `GET /forgotPassword`.
pub(super) async fn page(
    State(sign_in): State<SignIn>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let view = View::open(&sign_in, query.as_deref(), &headers).await?;
    let page = ForgotPassword {
        common: view.common(None),
    };
    Ok(respond::page(
        &sign_in,
        &view.browser,
        &view.request,
        StatusCode::OK,
        &page,
    ))
}

/// `POST /forgotPassword`. Whether the account exists is the user pool's secret: with its protection on, the response
/// is the same either way.
pub(super) async fn submit(
    State(sign_in): State<SignIn>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let Submission { view, form } =
        Submission::read(&sign_in, query.as_deref(), &headers, &body).await?;
    let account =
        json!({ "ClientId": view.request.get("client_id"), "Username": form.get("email").trim() });
    match call(&sign_in.upstream, "ForgotPassword", &account).await {
        Ok(()) => Ok(respond::next(
            &sign_in,
            &view.browser,
            &view.request,
            "/confirmForgotPassword",
            Some(Notice::CodeSent),
        )),
        Err(refusal) => {
            let page = ForgotPassword {
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

/// `GET /confirmForgotPassword`.
pub(super) async fn confirm_page(
    State(sign_in): State<SignIn>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let view = View::open(&sign_in, query.as_deref(), &headers).await?;
    let page = ConfirmForgotPassword {
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

/// `POST /confirmForgotPassword`.
pub(super) async fn confirm(
    State(sign_in): State<SignIn>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let Submission { view, form } =
        Submission::read(&sign_in, query.as_deref(), &headers, &body).await?;
    let reset = json!({
        "ClientId": view.request.get("client_id"),
        "Username": form.get("email").trim(),
        "ConfirmationCode": form.get("code").trim(),
        "Password": form.get("password"),
    });
    match call(&sign_in.upstream, "ConfirmForgotPassword", &reset).await {
        Ok(()) => Ok(respond::next(
            &sign_in,
            &view.browser,
            &view.request,
            "/login",
            Some(Notice::PasswordChanged),
        )),
        Err(refusal) => {
            let common = view.common(Some(Problem::from(&refusal)));
            let page = ConfirmForgotPassword {
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
