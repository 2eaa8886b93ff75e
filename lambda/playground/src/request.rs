//! A request as the endpoints read it.

use std::collections::HashMap;

use bytes::Bytes;
use http::{HeaderMap, Method, header};
use mcp_lambda_runtime::deadline::Deadline;

/// A request.
#[derive(Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path, without the API's stage.
    pub path: String,
    /// The decoded parameters of the query.
    pub query: Vec<(String, String)>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// When the invocation ends.
    pub deadline: Deadline,
}

impl Request {
    /// A header of one value.
    pub(crate) fn header(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The parameters of the query; the first of a name counts.
    pub(crate) fn query(&self) -> HashMap<String, String> {
        first_of_each(self.query.iter().cloned())
    }

    /// The fields of a form; the last of a name counts: the button that was pressed comes last.
    pub(crate) fn form(&self) -> HashMap<String, String> {
        form_urlencoded::parse(&self.body).into_owned().collect()
    }

    /// Whether htmx sent it: then the response is a piece of the page.
    pub(crate) fn is_piece(&self) -> bool {
        self.header("hx-request") == Some("true")
    }

    /// Whether a page of `origin` sent it. Browsers send one of the two headers with every POST, and pages cannot change them.
    pub(crate) fn is_from(&self, origin: &str) -> bool {
        match (self.header(header::ORIGIN), self.header("sec-fetch-site")) {
            (Some(sender), site) => {
                sender == origin && site.is_none_or(|site| site == "same-origin")
            }
            (None, site) => site == Some("same-origin"),
        }
    }
}

fn first_of_each(pairs: impl Iterator<Item = (String, String)>) -> HashMap<String, String> {
    let mut first = HashMap::new();
    for (name, value) in pairs {
        first.entry(name).or_insert(value);
    }
    first
}
