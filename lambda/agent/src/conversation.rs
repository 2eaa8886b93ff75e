//! A conversation that is sound in every state: it cannot hold a call without a result, an empty message, two user turns in
//! a row or a result for another call, and from every state there is exactly one way on.
//!
//! It is data, without I/O: save it after every change, and a process that is killed between any two changes resumes with
//! [`Conversation::next`].

mod content;
mod deciding;
mod identifiers;
mod messages;
mod next;
mod reply;
mod replying;
mod state;
mod turn;

pub use content::{
    Image, ImageFormat, NonBlank, NonEmpty, Outcome, Prompt, Reasoning, ResultPart, Said, ToolCall,
    ToolResult,
};
pub use identifiers::{CallId, ToolName};
pub use next::{Next, NotNow, Plan};
pub use reply::{ModelReply, ProposedCall};
pub use state::Conversation;
pub use turn::{
    BlockedBy, CallState, Cut, End, FinishedCall, OpenTurn, PendingCall, PendingRound, Round, Stop,
    Turn,
};
