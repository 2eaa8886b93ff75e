//! The identity provider that people sign in with.

pub(crate) mod cognito;
pub(crate) mod issued;
pub(crate) mod tokens;
