//! Shows the mail that the stack sent, which does not leave this machine.

use std::collections::BTreeMap;
use std::time::Duration;

use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HeaderMap};
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::respond;
use super::state::SignIn;

/// One mail as the emulator kept it.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "camelCase"))]
struct Mail {
    #[serde(default, rename(deserialize = "Source", serialize = "from"))]
    source: String,
    #[serde(default)]
    to: Vec<String>,
    #[serde(default)]
    subject: String,
    #[serde(default, rename(deserialize = "BodyText", serialize = "text"))]
    text: String,
    /// Seconds since 1970.
    #[serde(default)]
    timestamp: f64,
}

impl Mail {
    /// The time of day at which it was sent.
    fn sent(&self) -> String {
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

#[derive(Debug, Template)]
#[template(path = "mailbox.html")]
struct Mailbox {
    mails: Vec<Mail>,
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
    let request = Request::get("/_ministack/ses/messages")
        .body(Body::empty())
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())?;
    let response = sign_in
        .upstream
        .call(request)
        .await
        .map_err(IntoResponse::into_response)?;
    let Accounts { messages } = serde_json::from_slice(response.body()).unwrap_or_default();
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
