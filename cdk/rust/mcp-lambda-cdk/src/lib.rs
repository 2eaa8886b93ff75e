#[rustfmt::skip]
pub mod generated;
pub use generated::*;
