//! The identity provider that people sign in with: Cognito.

pub(crate) mod cognito;
pub(crate) mod issued;
pub(crate) mod tokens;
