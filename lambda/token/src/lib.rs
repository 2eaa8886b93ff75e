//! Access tokens: signature, claims, the caller that they identify, and the tools that the caller may call.
//!
//! Shared by the programs of this library. A server's author uses `mcp-lambda`, which exports [`caller::Caller`].

#[cfg(feature = "rmcp")]
mod argument;
pub mod bearer;
pub mod caller;
pub mod claims;
pub mod flattened_groups;
pub mod jwk;
pub mod jwks;
pub mod jwt;
pub mod policy;
pub mod verifier;
