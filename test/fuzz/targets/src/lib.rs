//! The targets by name. Each takes any bytes and panics when something does not hold that must always hold.

use mcp_lambda::fuzzing as server;
use mcp_lambda_authorization::fuzzing as authorization;

/// A function that is fuzzed.
pub type Target = fn(&[u8]);

/// All of them; `corpus/<name>` holds seeds of each.
pub const TARGETS: [(&str, Target); 11] = [
    ("authorization_sealed", authorization::sealed),
    ("batch", server::batch),
    ("client_document", authorization::client_document),
    ("event", server::event),
    ("form", authorization::form),
    ("message", server::message),
    ("redirect_uri", authorization::redirect_uri),
    ("request", server::request),
    ("scopes", server::scopes),
    ("sealed", server::sealed),
    ("token", server::token),
];

/// The target of this name.
#[must_use]
pub fn target(name: &str) -> Option<Target> {
    TARGETS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, target)| *target)
}
