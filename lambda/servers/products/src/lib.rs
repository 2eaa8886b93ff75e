//! An MCP server with the catalogue of a shop, kept in a DynamoDB table, and the program that fills the table.
//!
//! The MCP App `catalogue.html` shows what `search-products` finds; it speaks with the host itself, without a library.
//!
//! Every tool says beside itself what it does to the table, so that the constructs grant the function exactly that. The server
//! `orders` orders from the same table and uses the modules of this crate.

mod arguments;
pub mod catalogue;
pub mod cursor;
pub mod icon;
mod near;
pub mod price;
pub mod product;
pub mod seed;
mod server;
pub mod table_problem;
mod view;

pub use server::{Products, ProductsSettings, definition};
