//! Runs the stack that `npx cdk deploy` puts on AWS on one machine: the same synthesized template in an emulator
//! ([`stack`]). This program emulates CloudFront ([`edge`]), Cognito's managed login ([`sign_in`]) and the one internet
//! service that the example server calls ([`dog_api`]).
//!
//! It adds no security check that AWS would not make, so that a client that works here has a chance there.
//! `docs/live-checks.md` lists what the emulator cannot show.
//!
//! Everything binds to 127.0.0.1 and speaks plain HTTP.

pub mod announcement;
pub mod dog_api;
pub mod edge;
pub mod environment;
pub mod error;
pub mod paths;
pub mod ports;
pub(crate) mod progress;
pub mod sign_in;
pub mod stack;
