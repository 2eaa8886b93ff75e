//! What OAuth requests carry: parameters, redirect URIs, resources and OAuth scopes.

pub(crate) mod redirect;
pub(crate) mod request;
pub(crate) mod resource;
pub(crate) mod scope;
