//! Measures programs as Lambda functions: from the start of a process to its first answer, warm calls, processor time,
//! memory, and how soon a tool's report of its progress is on the wire.
//!
//! A program is started as Lambda starts a custom runtime, with a Lambda Runtime API of its own, and gets events of a
//! REST API's proxy integration with the claims of a Cognito authorizer. The time is taken at the Runtime API's socket.
//! Every answer is verified, so nothing that is quick because it is wrong is measured.
//!
//! It does not freeze processes, limit their processor, or time anything that AWS does around them: the start of a
//! micro virtual machine, the download of the code, the gateway.

mod answer;
mod event;
mod order;
mod problem;
mod process;
mod request;
mod round;
mod runtime_api;

pub use event::{ISSUER, RESOURCE, Revision};
pub use order::order;
pub use problem::Problem;
pub use round::{Asked, Figures, Program, measure};
