//! The mistakes that people make do not compile, and the compiler's message names what is wanted.
//!
//! `TRYBUILD=overwrite cargo test -p mcp-lambda-cdk --test mistakes` writes the messages anew.

#[test]
fn mistakes_do_not_compile_and_messages_name_what_is_wanted() {
    trybuild::TestCases::new().compile_fail("tests/mistakes/*.rs");
}
