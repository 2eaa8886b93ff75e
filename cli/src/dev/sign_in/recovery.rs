//! A forgotten password: a mailed code sets a new one.

use axum::response::Response;
use serde_json::json;

use super::browser::Notice;
use super::pages::{ConfirmForgotPassword, ForgotPassword};
use super::view::{Submission, View};

/// `GET /forgotPassword`.
pub(super) async fn page(view: View) -> Response {
    view.show(|common| ForgotPassword { common })
}

/// `POST /forgotPassword`. Whether the account exists is the user pool's secret: with its protection on, the response
/// is the same either way.
pub(super) async fn submit(submission: Submission) -> Response {
    let account = json!({ "Username": submission.field("email") });
    let view = &submission.view;
    match submission.call("ForgotPassword", account).await {
        Ok(()) => view.next("/confirmForgotPassword", Some(Notice::CodeSent)),
        Err(refusal) => view.show_again(&refusal, |common| ForgotPassword { common }),
    }
}

/// `GET /confirmForgotPassword`.
pub(super) async fn confirm_page(view: View) -> Response {
    view.show(|common| ConfirmForgotPassword {
        common,
        policy: view.policy(),
    })
}

/// `POST /confirmForgotPassword`.
pub(super) async fn confirm(submission: Submission) -> Response {
    let reset = json!({
        "Username": submission.field("email"),
        "ConfirmationCode": submission.field("code"),
        "Password": submission.form.get("password"),
    });
    let view = &submission.view;
    match submission.call("ConfirmForgotPassword", reset).await {
        Ok(()) => view.next("/login", Some(Notice::PasswordChanged)),
        Err(refusal) => view.show_again(&refusal, |common| ConfirmForgotPassword {
            common,
            policy: view.policy(),
        }),
    }
}
