//! Bedrock's Converse on this machine: what Bedrock refuses is refused, and a planner or an endpoint of the user replies.

mod deeds;
mod event_stream;
mod events;
mod evidence;
mod language;
mod openai;
mod openai_request;
mod planner;
mod service;
mod slots;
mod source;
mod validator;

pub use planner::{NOTICE, plan};
pub use service::router;
pub use source::{LocalModel, Source};
pub use validator::{Invalid, validate};
