//! The endpoints of the authorization server, a module for each.

pub(crate) mod assertion;
pub(crate) mod authorize;
pub(crate) mod burn;
pub(crate) mod callback;
pub(crate) mod consent;
pub(crate) mod metadata;
pub(crate) mod register;
pub(crate) mod revoke;
pub(crate) mod sign_in;
pub(crate) mod token;
