//! Makes tools of functions: what `#[tool]` expands to uses these items.

use std::marker::PhantomData;
use std::sync::Arc;

pub use rmcp::handler::server::common::FromContextPart;
use rmcp::handler::server::common::{
    schema_for_empty_input, schema_for_input, schema_for_output, schema_for_type,
};
use rmcp::handler::server::tool::ToolCallContext;
pub use rmcp::handler::server::tool::{IntoCallToolResult, ToolRoute};
use rmcp::handler::server::wrapper::Json;
pub use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    CallToolResponse, CallToolResult, ContentBlock, JsonObject, Tool, ToolAnnotations,
};
pub use schemars::{self, JsonSchema};
use serde::de::DeserializeOwned;
pub use serde::{self, Deserialize};
use serde_json::Value;

use crate::icon::Icon;

/// The definition of a tool, without what is optional.
#[must_use]
pub fn definition(
    name: impl Into<String>,
    description: impl Into<String>,
    input: Arc<JsonObject>,
) -> Tool {
    let description = Some(description.into()).filter(|description| !description.is_empty());
    Tool::new_with_raw(name.into(), description.map(Into::into), input)
}

/// The tool with a picture.
#[must_use]
pub fn with_icon(tool: Tool, icon: Icon) -> Tool {
    let mut icons = tool.icons.clone().unwrap_or_default();
    icons.push(icon.into_model());
    tool.with_icons(icons)
}

/// The hints about what a tool does.
#[must_use]
pub fn annotations(
    read_only: Option<bool>,
    destructive: Option<bool>,
    idempotent: Option<bool>,
    open_world: Option<bool>,
) -> ToolAnnotations {
    ToolAnnotations::from_raw(None, read_only, destructive, idempotent, open_world)
}

/// The input schema of a tool without arguments.
#[must_use]
pub fn no_input() -> Arc<JsonObject> {
    schema_for_empty_input()
}

/// The input schema of arguments of this type. One that is not an object's is refused with the definition.
#[must_use]
pub fn input<T: JsonSchema + 'static>() -> Arc<JsonObject> {
    schema_for_input::<T>().unwrap_or_else(|_| schema_for_type::<T>())
}

/// The output schema of structured content of this type.
#[must_use]
pub fn output<T: JsonSchema + 'static>() -> Arc<JsonObject> {
    schema_for_output::<T>()
}

/// Reads all arguments of a call.
///
/// # Errors
///
/// A tool error that names the argument.
pub fn arguments<T: DeserializeOwned, S>(
    context: &mut ToolCallContext<'_, S>,
) -> Result<T, Box<CallToolResponse>> {
    let arguments = Value::Object(context.arguments.take().unwrap_or_default());
    serde_path_to_error::deserialize(arguments).map_err(|error| {
        let path = error.path().to_string();
        let problem = error.into_inner();
        let text = match path.as_str() {
            "." => problem.to_string(),
            path => format!("{path}: {problem}"),
        };
        Box::new(CallToolResult::error(vec![ContentBlock::text(text)]).into())
    })
}

/// The result type of a tool, to find its output schema.
pub struct Output<T>(PhantomData<fn() -> T>);

impl<T> Output<T> {
    /// Of this type.
    #[expect(clippy::new_without_default, reason = "only `#[tool]` makes one")]
    #[must_use]
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

/// The output schema of a result that is `Json`.
pub trait OutputOfJson {
    /// The schema.
    fn schema(&self) -> Option<Arc<JsonObject>>;
}

impl<T: JsonSchema + 'static> OutputOfJson for Output<Json<T>> {
    fn schema(&self) -> Option<Arc<JsonObject>> {
        Some(output::<T>())
    }
}

impl<T: JsonSchema + 'static, E> OutputOfJson for Output<Result<Json<T>, E>> {
    fn schema(&self) -> Option<Arc<JsonObject>> {
        Some(output::<T>())
    }
}

/// Any other result has no output schema. The compiler prefers [`OutputOfJson`], which needs one reference less.
pub trait OutputOfOther {
    /// None.
    fn schema(&self) -> Option<Arc<JsonObject>> {
        None
    }
}

impl<T> OutputOfOther for &Output<T> {}
