//! The contents of the pages. The template engine escapes every value.

use askama::Template;

use super::authorization_request::AuthorizationRequest;
use super::browser::{Browser, Notice};
use super::user_pool::Refusal;

/// A problem of a submitted form: a sentence and the field to correct.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) sentence: String,
    pub(crate) field: &'static str,
}

impl From<&Refusal> for Problem {
    fn from(refusal: &Refusal) -> Self {
        let (sentence, field) = refusal.sentence();
        Self { sentence, field }
    }
}

/// What every page of a running sign-in shows.
#[derive(Debug)]
pub(crate) struct Common {
    query: String,
    csrf: String,
    email: String,
    notice: &'static str,
    problem: Option<Problem>,
}

impl Common {
    pub(crate) fn new(
        browser: &Browser,
        request: &AuthorizationRequest,
        problem: Option<Problem>,
    ) -> Self {
        let notice = match browser.notice {
            None => "",
            Some(Notice::CodeSent) => "A code is on its way to your mailbox.",
            Some(Notice::NotConfirmed) => {
                "This account is not confirmed yet. Enter the code from the mail, or ask for a new one."
            }
            Some(Notice::Confirmed) => "Your account is confirmed. Sign in to go on.",
            Some(Notice::PasswordChanged) => "Your password is changed. Sign in with the new one.",
        };
        Self {
            query: request.query(),
            csrf: browser.csrf.clone(),
            email: browser.email.clone(),
            notice,
            problem,
        }
    }

    /// Whether the problem is with this field.
    fn wrong(&self, field: &str) -> bool {
        self.problem
            .as_ref()
            .is_some_and(|problem| problem.field == field)
    }
}

#[derive(Debug, Template)]
#[template(path = "login.html")]
pub(crate) struct Login {
    pub(crate) common: Common,
}

#[derive(Debug, Template)]
#[template(path = "new_password.html")]
pub(crate) struct NewPassword {
    pub(crate) common: Common,
    pub(crate) policy: String,
}

#[derive(Debug, Template)]
#[template(path = "signup.html")]
pub(crate) struct SignUp {
    pub(crate) common: Common,
    pub(crate) policy: String,
}

#[derive(Debug, Template)]
#[template(path = "confirm.html")]
pub(crate) struct Confirm {
    pub(crate) common: Common,
}

#[derive(Debug, Template)]
#[template(path = "forgot_password.html")]
pub(crate) struct ForgotPassword {
    pub(crate) common: Common,
}

#[derive(Debug, Template)]
#[template(path = "confirm_forgot_password.html")]
pub(crate) struct ConfirmForgotPassword {
    pub(crate) common: Common,
    pub(crate) policy: String,
}

#[derive(Debug, Template)]
#[template(path = "failed.html")]
pub(crate) struct Failed {
    pub(crate) heading: &'static str,
    pub(crate) error: String,
    pub(crate) description: String,
}
