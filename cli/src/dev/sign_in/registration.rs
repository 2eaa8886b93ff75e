//! Sign-up and confirmation. Unlike managed login, which signs a person in right after confirmation, this leads back to
//! the sign-in page of the same authorization request.

use axum::response::Response;
use serde_json::json;

use super::browser::Notice;
use super::pages::{Confirm, SignUp};
use super::view::{Submission, View};

/// `GET /signup`.
pub(super) async fn page(view: View) -> Response {
    view.show(|common| SignUp {
        common,
        policy: view.policy(),
    })
}

/// `POST /signup`.
pub(super) async fn submit(submission: Submission) -> Response {
    let email = submission.field("email");
    let account = json!({
        "Username": email,
        "Password": submission.form.get("password"),
        "UserAttributes": [{ "Name": "email", "Value": email }],
    });
    let view = &submission.view;
    match submission.call("SignUp", account).await {
        Ok(()) => view.next("/confirm", Some(Notice::CodeSent)),
        Err(refusal) => view.show_again(&refusal, |common| SignUp {
            common,
            policy: view.policy(),
        }),
    }
}

/// `GET /confirm`.
pub(super) async fn confirm_page(view: View) -> Response {
    view.show(|common| Confirm { common })
}

/// `POST /confirm`.
pub(super) async fn confirm(submission: Submission) -> Response {
    let confirmation = json!({
        "Username": submission.field("email"),
        "ConfirmationCode": submission.field("code"),
    });
    let view = &submission.view;
    match submission.call("ConfirmSignUp", confirmation).await {
        Ok(()) => view.next("/login", Some(Notice::Confirmed)),
        Err(refusal) => view.show_again(&refusal, |common| Confirm { common }),
    }
}

/// `POST /resend`: a second button of the confirmation page.
pub(super) async fn resend(submission: Submission) -> Response {
    let account = json!({ "Username": submission.field("email") });
    let view = &submission.view;
    match submission.call("ResendConfirmationCode", account).await {
        Ok(()) => view.next("/confirm", Some(Notice::CodeSent)),
        Err(refusal) => view.show_again(&refusal, |common| Confirm { common }),
    }
}
