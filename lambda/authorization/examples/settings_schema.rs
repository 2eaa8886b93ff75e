//! Prints what people choose about the server, as a JSON schema. `npm run generate` makes properties of the constructs from it.

#![allow(clippy::print_stdout, reason = "the schema is the result")]

fn main() {
    println!("{:#}", mcp_lambda_authorization::settings_schema());
}
