//! Every check, in the order of the report.

mod aws;
mod browser;
mod challenge;
mod reach;
mod registration;
mod resource;
mod server;
mod signed;

use super::check::Check;

/// The checks, area by area.
pub const AREAS: &[(&str, &[Check])] = &[
    ("Reaching the server", reach::CHECKS),
    ("AWS", aws::CHECKS),
    ("The first response", challenge::CHECKS),
    ("Protected resource metadata", resource::CHECKS),
    ("Authorization server metadata", server::CHECKS),
    (
        "Registration, authorization, token endpoint",
        registration::CHECKS,
    ),
    ("Web pages", browser::CHECKS),
    ("With an access token", signed::CHECKS),
];

/// Every check.
pub fn all() -> impl Iterator<Item = &'static Check> {
    AREAS.iter().flat_map(|(_, checks)| checks.iter())
}

/// The check of an id.
#[must_use]
pub fn by_id(id: &str) -> Option<&'static Check> {
    all().find(|check| check.id == id)
}
