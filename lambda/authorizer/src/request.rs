//! Reads the REQUEST authorizer event: the access token and the tool that the headers name.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mcp_lambda_token::bearer::bearer_token;
use serde::Deserialize;

/// Marks a header value that is the Base64 of the real one (MCP 2026-07-28, transports, value encoding).
const ENCODED: (&str, &str) = ("=?base64?", "?=");

/// The members of a REQUEST authorizer event that the Lambda authorizer reads.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthorizerRequest {
    pub(crate) method_arn: String,
    multi_value_headers: Option<BTreeMap<String, Option<Vec<String>>>>,
    headers: Option<BTreeMap<String, Option<String>>>,
}

impl AuthorizerRequest {
    pub(crate) fn read(event: &[u8]) -> Option<Self> {
        serde_json::from_slice(event).ok()
    }

    /// The access token of a request that has one and no other credentials.
    pub(crate) fn bearer_token(&self) -> Option<&str> {
        bearer_token(self.header("authorization")?)
    }

    /// The tool that the headers name; `None` for other methods, for malformed headers, and for clients of older
    /// revisions, which do not send them.
    pub(crate) fn tool(&self) -> Option<String> {
        if self.header("mcp-method")? != "tools/call" {
            return None;
        }
        decoded(self.header("mcp-name")?)
    }

    /// The only value of a header.
    fn header(&self, name: &str) -> Option<&str> {
        let multiple = self.multi_value_headers.iter().flatten();
        let mut values: Vec<&str> = multiple
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .flat_map(|(_, values)| values.iter().flatten())
            .map(String::as_str)
            .collect();
        if values.is_empty() {
            let single = self.headers.iter().flatten();
            values = single
                .filter(|(key, _)| key.eq_ignore_ascii_case(name))
                .filter_map(|(_, value)| value.as_deref())
                .collect();
        }
        match values.as_slice() {
            [value] => Some(value.trim()),
            [] | [_, _, ..] => None,
        }
    }
}

fn decoded(value: &str) -> Option<String> {
    let (prefix, suffix) = ENCODED;
    match value
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_suffix(suffix))
    {
        Some(encoded) => String::from_utf8(STANDARD.decode(encoded).ok()?).ok(),
        None => Some(value.to_owned()),
    }
}
