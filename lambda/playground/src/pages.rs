//! Pages and pieces of pages. Templates escape; what is HTML already comes from [`markdown`] or another template.

mod app;
mod asset;
mod call;
mod export;
mod frame;
pub(crate) mod markdown;
mod piece;
mod server;
mod streamed;
mod turn;
mod words;

pub(crate) use app::app_refusal;
pub(crate) use asset::asset;
pub(crate) use export::{as_json, as_markdown};
pub(crate) use frame::{
    ErrorPage, HomePage, LeavePage, List, Page, ServersPage, WelcomePage, rendered,
};
pub(crate) use piece::{Swap, partial, sent};
pub(crate) use server::ServerView;
pub(crate) use streamed::{ProgressView, RetryView, TurnEnd, TurnStart, notice};
pub(crate) use turn::{Turns, turn_id};
pub(crate) use words::{model_words, usage_words};
