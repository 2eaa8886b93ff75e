//! Plays API Gateway (a REST API with a Lambda proxy integration, or a function URL) and Lambda for one function binary,
//! on loopback.
//!
//! [`Function`] is Lambda: it starts processes of the binary, hands each one invocation at a time through a Lambda
//! Runtime API of its own, starts more when all are busy, and can end idle ones at random. [`Gateway`] is API Gateway:
//! it turns HTTP requests into events of the REST API's proxy integration (payload format 1.0), or of a function URL
//! (payload format 2.0), and answers back.
//!
//! [`serve`] and [`serve_program`] put an MCP server into a function with everything it needs, so that a test calls its tools
//! in one line.
//!
//! [`LogGroup`] is a log group of CloudWatch Logs for the audit trail of a server.
//!
//! [`LambdaApi`] is the one operation of Lambda's API that a function needs to invoke itself asynchronously.
//!
//! It is as strict as AWS where a server could go wrong: the response transfer mode is fixed, a challenge header is
//! renamed, a function that runs too long is killed. It does not verify access tokens (claims are given), limit
//! rates or sizes, or freeze idle processes.

mod answer;
mod contract;
mod deployment;
mod function;
mod gateway;
mod instance;
mod lambda_api;
mod log_group;
mod options;
mod pool;
mod process;
mod runtime_api;
mod server_under_test;
mod table;
mod test_caller;
mod tool_response;
mod url_event;

pub use answer::{Answer, Failure, TransferMode};
pub use contract::check_contract;
pub use function::Function;
pub use gateway::{Gateway, GatewayOptions};
pub use lambda_api::LambdaApi;
pub use log_group::LogGroup;
pub use options::{FunctionOptions, Kills};
pub use server_under_test::{ServerUnderTest, serve, serve_program};
pub use test_caller::TestCaller;
pub use tool_response::ToolResponse;
