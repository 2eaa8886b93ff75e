//! Shows the mail that the stack sent, which does not leave this machine.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HeaderMap};
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::pages::Mailbox;
use super::{SignIn, respond};

/// One mail as the emulator kept it.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
pub(crate) struct Mail {
    #[serde(default, rename(deserialize = "Source", serialize = "from"))]
    pub(crate) source: String,
    #[serde(default)]
    pub(crate) to: Vec<String>,
    #[serde(default)]
    pub(crate) subject: String,
    #[serde(default, rename(deserialize = "BodyText", serialize = "text"))]
    pub(crate) text: String,
    /// Seconds since 1970.
    #[serde(default)]
    pub(crate) timestamp: f64,
}

impl Mail {
    /// The time of day at which it was sent.
    pub(crate) fn sent(&self) -> String {
        let time = Duration::try_from_secs_f64(self.timestamp)
            .unwrap_or_default()
            .as_secs();
        format!(
            "{:02}:{:02}:{:02} UTC",
            time / 3600 % 24,
            time / 60 % 60,
            time % 60
        )
    }
}

/// `GET /mailbox`: newest first, as a page or, to a program, as `{"messages": [{from, to, subject, text, timestamp}]}`.
pub(super) async fn show(
    State(sign_in): State<SignIn>,
    headers: HeaderMap,
) -> Result<Response, Response> {
    #[derive(Deserialize, Default)]
    struct Accounts {
        messages: BTreeMap<String, Vec<Mail>>,
    }
    let asked = Request::get("/_ministack/ses/messages")
        .body(Body::empty())
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())?;
    let answer = sign_in
        .upstream
        .call(asked)
        .await
        .map_err(IntoResponse::into_response)?;
    let Accounts { messages } = serde_json::from_slice(answer.body()).unwrap_or_default();
    let mails: Vec<Mail> = messages.into_values().flatten().rev().collect();
    Ok(if respond::wants_html(&headers) {
        respond::html(StatusCode::OK, &Mailbox { mails }, None)
    } else {
        (
            [(CONTENT_TYPE, "application/json")],
            serde_json::json!({ "messages": mails }).to_string(),
        )
            .into_response()
    })
}
