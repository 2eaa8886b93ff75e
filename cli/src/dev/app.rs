//! The CDK app of a folder: its command, its context, and what a synthesis of it says.

mod assembly;
mod cdk_json;
mod entry;
mod json;
mod local_mode;
mod synthesis;

pub(crate) use self::assembly::Assembly;
pub(crate) use self::cdk_json::CdkApp;
pub(crate) use self::entry::{CargoProgram, Entry, Server, Service, Tool, ToolsApi};
pub(crate) use self::local_mode::LocalMode;
