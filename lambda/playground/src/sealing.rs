//! Seals what only one browser may use: access tokens, refresh tokens and half-done sign-ins.

mod keyring;
mod secret;

pub(crate) use keyring::{Keyring, SealError};
pub(crate) use secret::{SecretUnavailable, Secrets};
