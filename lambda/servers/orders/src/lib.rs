//! An MCP server with the orders of the person who signed in, kept in a DynamoDB table beside the catalogue of the server
//! `products`.
//!
//! An order and the stock of its products change in one transaction, so two buyers of the last piece get one order. The tools say
//! beside themselves what they do to both tables, and the constructs grant exactly that.

mod arguments;
mod confirmation;
pub mod order;
mod purchase;
mod server;
pub mod store;
mod transaction;
mod view;

pub use server::{Orders, OrdersSettings, definition};
