//! Access tokens: signature, claims, the caller that they identify, and the tools that the caller may call.

pub(crate) mod access;
pub(crate) mod bearer;
pub(crate) mod caller;
pub(crate) mod claims;
pub(crate) mod flattened_groups;
pub(crate) mod jwks;
pub(crate) mod jwt;
