//! The conversations of a person: kept, listed, deleted, and taken on by one runner at a time.

mod document;
mod identifier;
mod kept;
mod run;

pub(crate) use document::{AppOfCall, Document, Head, Standing, shortened};
pub(crate) use identifier::ConversationId;
pub(crate) use kept::{Kept, Summary, Version};
pub(crate) use run::Run;
