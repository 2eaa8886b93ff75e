//! Programs without a stored secret: client assertions (RFC 7521 section 4.2, RFC 7523 sections 2.2 and 3, as
//! draft-ietf-oauth-rfc7523bis tightens them).
//!
//! A program signs a JWT with a key of its own, or presents the token that its platform has signed for it. Everything that
//! counts comes from the settings: the keys, with one algorithm each, the issuer, and the claims. Of the JWT's header only
//! `alg`, `kid`, `typ` and the presence of members that are refused are read.

pub(crate) mod keys;
pub(crate) mod problem;
pub(crate) mod trust;
pub(crate) mod used;
mod verify;

pub use problem::AssertionProblem;
pub(crate) use trust::{AssertionTrust, Keys, MachineClient};
pub(crate) use verify::{accepted, check_header, check_signature};
