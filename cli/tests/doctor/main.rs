//! The doctor against servers that are broken on purpose, one fault each.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test reads the clock and fails by panicking"
)]

mod command;
mod endless;
mod faults;
mod login;
mod pages;
mod recorded;
mod signed;
mod stub;

use mcp_lambda_cli::doctor::evidence::Evidence;
use mcp_lambda_cli::doctor::profile::Profile;
use mcp_lambda_cli::doctor::profiles::usual;
use mcp_lambda_cli::doctor::{HttpProber, Limits, Report, TokenFacts, gather};
use url::Url;

/// The evidence about a server, gathered for these clients.
async fn evidence(url: &Url, profiles: &[&Profile], token: Option<&str>) -> Evidence {
    let mut evidence = Evidence::new(url.clone());
    evidence.token = token.map(TokenFacts::read);
    let prober =
        HttpProber::new(url, token.map(str::to_owned), std::time::SystemTime::now).unwrap();
    gather(&prober, evidence, profiles, limits(token)).await
}

fn limits(token: Option<&str>) -> Limits {
    Limits {
        register: true,
        token: token.is_some(),
    }
}

/// The report about a server, for the usual clients.
async fn report(url: &Url, token: Option<&str>) -> Report {
    let profiles: Vec<&Profile> = usual().collect();
    Report::of(
        &evidence(url, &profiles, token).await,
        &profiles,
        limits(token),
    )
}
