//! Says which MCP clients can connect to a server, and why the others cannot: [`gather`] plays their way in, [`Report`]
//! judges the recorded evidence.

pub mod ask;
mod cause;
mod challenge;
pub mod check;
pub mod checks;
mod diagnose;
mod documents;
pub mod evidence;
mod look;
mod page;
mod probe;
pub mod profile;
pub mod profiles;
mod render;
pub mod report;
mod rpc;
mod rules;
#[cfg(feature = "aws")]
mod stack;
mod token;
pub mod verdict;
mod walk;

pub use self::diagnose::{Prober, gather, is_unreachable};
pub use self::page::page;
pub use self::probe::HttpProber;
pub use self::render::render;
pub use self::report::Report;
#[cfg(feature = "aws")]
pub use self::stack::{StackUrlError, url_of_stack};
pub use self::token::TokenFacts;
pub use self::walk::Limits;
