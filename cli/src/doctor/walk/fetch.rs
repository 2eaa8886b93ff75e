//! Fetches a metadata document as a client does: redirects and the rules of CORS.

use serde_json::Value;
use url::Url;

use super::client::{Step_, Walk};
use crate::doctor::ask::{Ask, PAGE_ORIGIN};
use crate::doctor::evidence::Received;
use crate::doctor::profile::{Lane, Redirects};
use crate::doctor::verdict::Step;

/// The longest chain of redirects that is followed.
const LONGEST_CHAIN: usize = 5;

/// The result of fetching a document.
#[derive(Debug)]
pub(super) enum Fetched<'e> {
    /// A JSON object, and the exchange's number.
    Document(usize, Value),
    /// 200 with something else.
    Unreadable(usize),
    /// 500 or more.
    ServerError(usize, &'e Received),
    /// A redirect that the client does not follow.
    Redirect(usize),
    /// The response lacks `Access-Control-Allow-Origin`.
    Hidden(usize),
    /// Any other status.
    NotFound(usize),
}

pub(super) fn fetch<'e>(walk: &Walk<'e>, url: &Url, step: Step) -> Step_<Fetched<'e>> {
    let page = walk.profile.lane == Lane::Page;
    let mut at = url.clone();
    for _ in 0..LONGEST_CHAIN {
        let ask = Ask::Document {
            url: at.to_string(),
            page,
        };
        let (number, response) = walk.response(&ask, step)?;
        if page && !is_shown_to_page(response) {
            return Ok(Fetched::Hidden(number));
        }
        let Some(target) = response.location(&at) else {
            return Ok(classified(number, response));
        };
        if walk.profile.redirects == Redirects::Origin && target.origin() != at.origin() {
            return Ok(Fetched::Redirect(number));
        }
        at = target;
    }
    let (number, _) = walk.response(
        &Ask::Document {
            url: url.to_string(),
            page,
        },
        step,
    )?;
    Ok(Fetched::Redirect(number))
}

/// Whether CORS shows a response to a page.
pub(super) fn is_shown_to_page(response: &Received) -> bool {
    response
        .header("access-control-allow-origin")
        .is_some_and(|allowed| allowed == "*" || allowed == PAGE_ORIGIN)
}

fn classified(number: usize, response: &Received) -> Fetched<'_> {
    if response.is_server_error() {
        return Fetched::ServerError(number, response);
    }
    if !response.is_success() {
        return Fetched::NotFound(number);
    }
    match response.json().filter(Value::is_object) {
        Some(value) => Fetched::Document(number, value),
        None => Fetched::Unreadable(number),
    }
}
