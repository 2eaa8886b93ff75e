//! Defines the records of an audit trail, which a server writes and `mcp-lambda audit` reads.

use serde::{Deserialize, Serialize};

/// Logical id of the log group of an audit trail, by which it is found among those of a stack.
pub const AUDIT_LOG_ID: &str = "AuditLog";

/// One call of a tool in an audit trail: who called what, when and with which outcome. It has no member for arguments,
/// results, tokens or secrets.
///
/// Records of one process form a chain: each has the digest of the one before it, so that an altered, missing, swapped or
/// inserted record is found.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuditRecord {
    /// The chain: one process of the server. It is the name of the log stream, too.
    pub chain: String,
    /// Position in the chain, from 1.
    pub sequence: u64,
    /// Digest of the record before this one, or [`AuditRecord::FIRST`].
    pub previous: String,
    /// When the outcome was known, in UTC: `2026-12-01T18:00:00.000Z`.
    pub time: String,
    /// Name of the server.
    pub server: String,
    /// Lambda's request id; outside Lambda a random id.
    pub request_id: String,
    /// The way in.
    pub api: AuditApi,
    /// The caller's `sub`.
    pub subject: String,
    /// The app client that got the access token, or the name of the API key.
    pub client: String,
    /// Person or program.
    pub kind: AuditCallerKind,
    /// OAuth scopes of the server that the call had, by their names.
    pub scopes: Vec<String>,
    /// The tool; absent when the call named none that the server has, because the caller chose that name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// How the call ended.
    pub outcome: AuditOutcome,
    /// Name of the refusal or of the error; absent for a tool that returned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// SHA-256 of [`AuditRecord::canonical`], in lower-case hexadecimal digits.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub digest: String,
}

/// How a call reached the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AuditApi {
    /// A message of MCP.
    Mcp,
    /// A task of MCP whose tool runs after the response to its call.
    Task,
    /// Plain REST.
    Rest,
}

/// Who a caller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AuditCallerKind {
    /// A person who signed in.
    Person,
    /// A program with credentials of its own.
    Program,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum AuditOutcome {
    /// The tool returned a result.
    Ok,
    /// The tool returned an error.
    ToolError,
    /// The call became a task; the tool's own record follows.
    Task,
    /// The tool did not run, for `reason`.
    Refused,
    /// The call ended with an error of the server, named by `reason`.
    Failed,
}

impl AuditOutcome {
    /// As it is in a record.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::ToolError => "toolError",
            Self::Task => "task",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

impl AuditRecord {
    /// `previous` of the first record of a chain.
    pub const FIRST: &str = "0000000000000000000000000000000000000000000000000000000000000000";

    /// The bytes that `digest` is of: the record as JSON without spaces, its members in the order of this struct, without
    /// `digest`.
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        let mut record = self.clone();
        record.digest.clear();
        // Strings and numbers can always be serialised.
        serde_json::to_vec(&record).unwrap_or_default()
    }

    /// The record as one line.
    #[must_use]
    pub fn line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{AuditApi, AuditCallerKind, AuditOutcome, AuditRecord};

    #[test]
    fn the_digest_is_of_everything_else_in_one_order() {
        let mut record = AuditRecord {
            chain: "c".to_owned(),
            sequence: 1,
            previous: AuditRecord::FIRST.to_owned(),
            time: "2026-12-01T18:00:00.000Z".to_owned(),
            server: "kennel".to_owned(),
            request_id: "r".to_owned(),
            api: AuditApi::Mcp,
            subject: "s".to_owned(),
            client: "a".to_owned(),
            kind: AuditCallerKind::Person,
            scopes: vec!["read".to_owned()],
            tool: None,
            outcome: AuditOutcome::ToolError,
            reason: None,
            digest: String::new(),
        };
        let canonical = String::from_utf8(record.canonical()).unwrap();
        assert_eq!(
            canonical,
            format!(
                r#"{{"chain":"c","sequence":1,"previous":"{}","time":"2026-12-01T18:00:00.000Z","server":"kennel","requestId":"r","api":"mcp","subject":"s","client":"a","kind":"person","scopes":["read"],"outcome":"toolError"}}"#,
                AuditRecord::FIRST
            )
        );
        record.digest = "d".to_owned();
        assert_eq!(String::from_utf8(record.canonical()).unwrap(), canonical);
        let mixed = r#"{"digest":"d", "outcome":"toolError","kind":"person","client":"a","subject":"s","api":"mcp",
            "requestId":"r","server":"kennel","time":"2026-12-01T18:00:00.000Z","sequence":1,"chain":"c","scopes":["read"],
            "previous":"0000000000000000000000000000000000000000000000000000000000000000"}"#;
        assert_eq!(serde_json::from_str::<AuditRecord>(mixed).unwrap(), record);
    }
}
