//! Administration.
fn main() {}
