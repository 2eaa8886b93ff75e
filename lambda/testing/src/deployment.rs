//! The addresses of the deployment that a server under test belongs to.

pub(crate) const RESOURCE: &str = "https://mcp.example.com/mcp";
pub(crate) const ISSUER: &str =
    "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example01";
