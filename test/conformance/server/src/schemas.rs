use std::sync::Arc;

use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::JsonObject;
use rmcp::{tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::server::Conformance;

#[derive(Deserialize, JsonSchema)]
struct Echo {
    /// Text that also travels in the header `Mcp-Param-Value`.
    #[schemars(extend("x-mcp-header" = "Value"))]
    value: String,
}

#[derive(Deserialize)]
struct Contact {
    name: Option<String>,
}

/// Tools whose input schemas are the point.
#[tool_router(router = schema_tools, vis = "pub(crate)")]
impl Conformance {
    #[tool(description = "Answers with an argument that is also sent as a header")]
    fn test_custom_header(&self, Parameters(echo): Parameters<Echo>) -> String {
        echo.value
    }

    #[tool(description = "Tool with JSON Schema 2020-12 features", input_schema = contact_schema())]
    fn json_schema_2020_12_tool(&self, Parameters(contact): Parameters<Contact>) -> String {
        format!(
            "contact {} noted",
            contact.name.as_deref().unwrap_or("without a name")
        )
    }
}

/// The schema that the suite prescribes, keyword by keyword.
fn contact_schema() -> Arc<JsonObject> {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": { "street": { "type": "string" }, "city": { "type": "string" } }
            }
        },
        "properties": {
            "name": { "type": "string" },
            "address": { "$ref": "#/$defs/address" },
            "contactMethod": { "type": "string", "enum": ["phone", "email"] },
            "phone": { "type": "string" },
            "email": { "type": "string" }
        },
        "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
        "if": { "properties": { "contactMethod": { "const": "phone" } }, "required": ["contactMethod"] },
        "then": { "required": ["phone"] },
        "else": { "required": ["email"] },
        "additionalProperties": false
    });
    Arc::new(match schema {
        Value::Object(schema) => schema,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            JsonObject::new()
        }
    })
}
