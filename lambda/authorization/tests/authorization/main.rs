//! The authorization server from outside: requests in, answers out, with a Cognito in process that keeps Cognito's rules.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says where it stopped"
)]

mod assertions;
mod browser;
mod client_documents;
mod codes;
mod cognito;
mod cognito_tokens;
mod consent;
mod harness;
mod log;
mod machine_clients;
mod metadata;
mod pages;
mod redirects;
mod refused_clients;
mod refused_sign_ins;
mod registration;
mod resources;
mod sealed_values;
mod settings;
mod several_servers;
mod sign_in;
mod token_endpoint;
mod wire;
