//! Runs a CDK app on one machine: its synthesized templates in an emulator ([`emulator`]). This program emulates CloudFront
//! ([`edge`]) and Cognito's managed login ([`sign_in`]), builds the programs of the functions, and brings up to date what
//! changes.
//!
//! It adds no security check that AWS would not make, so that a client that works here has a chance there.
//! `docs/live-checks.md` lists what the emulator cannot show.
//!
//! Everything binds to 127.0.0.1 and speaks plain HTTP.

pub mod announcement;
pub(crate) mod app;
pub(crate) mod converse;
pub mod edge;
pub mod emulator;
pub mod environment;
pub mod error;
pub(crate) mod fronts;
pub(crate) mod log;
pub(crate) mod memory;
pub mod paths;
pub mod ports;
pub(crate) mod process;
pub(crate) mod programs;
pub(crate) mod progress;
pub(crate) mod serve;
pub(crate) mod services;
pub(crate) mod session;
pub mod sign_in;
pub(crate) mod tools;
pub mod tools_api;
pub(crate) mod watch;
pub(crate) mod with;
