//! Writes the operations of an OpenAPI document: one for each tool, and those that take its name.

use serde_json::{Map, Value, json};

use crate::openapi::access::{ACCESS_TOKEN, API_KEY, ToolsApiAccess};
use crate::openapi::problems::{Statuses, with_problems};
use crate::openapi::schemas::{Schemas, component_name};
use crate::{CALL_PATHS, FUNCTION_PATH, FUNCTIONS_PATH, Tool, full_scope};

/// The paths of a document, while they are collected.
pub(super) struct Operations<'a> {
    tools: &'a [&'a Tool],
    access: ToolsApiAccess<'a>,
    paths: Map<String, Value>,
}

impl<'a> Operations<'a> {
    pub(super) fn new(
        tools: &'a [&'a Tool],
        access: ToolsApiAccess<'a>,
        schemas: &mut Schemas,
    ) -> Self {
        let mut operations = Self {
            tools,
            access,
            paths: Map::new(),
        };
        let content = schemas.add("ContentBlock", content_block());
        for tool in tools {
            operations.add_tool(tool, &content, schemas);
        }
        operations.add_by_name(&content, schemas);
        operations
    }

    pub(super) fn into_paths(self) -> Map<String, Value> {
        self.paths
    }

    /// The operation of one tool. A tool whose name no path of its own can have is called by the other endpoints.
    fn add_tool(&mut self, tool: &Tool, content: &Value, schemas: &mut Schemas) {
        let path = FUNCTION_PATH.replace("{name}", &path_segment(&tool.name));
        if tool.name.contains('/') || CALL_PATHS.contains(&path.as_str()) {
            return;
        }
        let name = component_name(&tool.name);
        let arguments = schemas.add_tool_schema(&format!("{name}.Arguments"), &tool.input_schema);
        let takes_nothing = tool.input_schema["required"]
            .as_array()
            .is_none_or(Vec::is_empty);
        let mut description = tool.description.clone().unwrap_or_default();
        let responses = match &tool.needs_mcp_client {
            Some(reason) => {
                description = format!(
                    "{description}\n\nCannot be called here, because it needs an MCP client: {reason}."
                );
                with_problems(Map::new(), Statuses::Uncallable)
            }
            None => {
                let structured = tool.output_schema.as_ref().map(|schema| {
                    schemas.add_tool_schema(&format!("{name}.StructuredContent"), schema)
                });
                let schema = result_schema(content, structured);
                let result = schemas.add(&format!("{name}.Result"), schema);
                with_problems(success("The result of the tool.", &result), Statuses::Call)
            }
        };
        let operation = json!({
            "operationId": self.operation_id(&name, false),
            "summary": tool.title.as_deref().unwrap_or(&tool.name),
            "description": description.trim_start(),
            "tags": ["tools"],
            "security": self.security(&tool.scopes),
            "requestBody": {
                "required": !takes_nothing,
                "content": { "application/json": { "schema": arguments } },
            },
            "responses": responses,
        });
        self.paths.insert(path, json!({ "post": operation }));
    }

    /// The operations that list and describe tools, and those that take the tool's name in the body.
    fn add_by_name(&mut self, content: &Value, schemas: &mut Schemas) {
        let function = schemas.add("Function", function_schema());
        let functions = schemas.add(
            "Functions",
            json!({
                "type": "object",
                "properties": { "functions": { "type": "array", "items": function } },
                "required": ["functions"],
            }),
        );
        let call = schemas.add("FunctionCall", self.call_schema());
        let result = schemas.add("FunctionResult", result_schema(content, None));
        self.paths.insert(
            FUNCTIONS_PATH.to_owned(),
            json!({ "get": {
                "operationId": self.operation_id("listFunctions", true),
                "summary": "List the functions that the caller may call",
                "tags": ["functions"],
                "security": self.security(&[]),
                "responses": with_problems(success("The functions.", &functions), Statuses::Read),
            } }),
        );
        let name = json!({
            "name": "name", "in": "path", "required": true, "schema": { "type": "string" },
            "description": "The name of the function.",
        });
        self.paths.insert(
            FUNCTION_PATH.to_owned(),
            json!({ "get": {
                "operationId": self.operation_id("describeFunction", true),
                "summary": "Describe a function",
                "tags": ["functions"],
                "security": self.security(&[]),
                "parameters": [name],
                "responses": with_problems(success("The function.", &function), Statuses::Describe),
            } }),
        );
        for (path, id) in CALL_PATHS
            .into_iter()
            .zip(["callFunction", "callTool", "execute"])
        {
            self.paths.insert(
                path.to_owned(),
                json!({ "post": {
                    "operationId": self.operation_id(id, true),
                    "summary": "Call the function that the body names",
                    "tags": ["functions"],
                    "security": self.security(&[]),
                    "requestBody": {
                        "required": true,
                        "content": { "application/json": { "schema": call } },
                    },
                    "responses": with_problems(success("The result of the tool.", &result), Statuses::Call),
                } }),
            );
        }
    }

    /// What the body of the endpoints that take the tool's name must be.
    fn call_schema(&self) -> Value {
        let callable = self
            .tools
            .iter()
            .filter(|tool| tool.needs_mcp_client.is_none());
        let names: Vec<&str> = callable.map(|tool| tool.name.as_str()).collect();
        let mut name = json!({ "type": "string" });
        if !names.is_empty() {
            name["enum"] = json!(names);
        }
        json!({
            "type": "object",
            "properties": {
                "name": name,
                "arguments": { "type": "object", "additionalProperties": true },
            },
            "required": ["name"],
            "additionalProperties": false,
        })
    }

    /// Each alternative names the OAuth scopes that the key or the access token must have.
    fn security(&self, scopes: &[String]) -> Value {
        let mut alternatives = Vec::new();
        if self.access.takes_keys {
            alternatives.push(json!({ API_KEY: scopes }));
        }
        if self.access.takes_access_tokens {
            let full: Vec<String> = match self.access.resource {
                Some(resource) => scopes
                    .iter()
                    .map(|name| full_scope(resource.as_str(), name))
                    .collect(),
                None => scopes.to_vec(),
            };
            alternatives.push(json!({ ACCESS_TOKEN: full }));
        }
        Value::Array(alternatives)
    }

    /// An id of an operation; that of an endpoint gives way to a tool of the same name.
    fn operation_id(&self, wanted: &str, is_endpoint: bool) -> String {
        let mut id = wanted.to_owned();
        while is_endpoint
            && self
                .tools
                .iter()
                .any(|tool| component_name(&tool.name) == id)
        {
            id.push_str("Endpoint");
        }
        id
    }
}

fn success(description: &str, schema: &Value) -> Map<String, Value> {
    let response = json!({
        "description": description,
        "content": { "application/json": { "schema": schema } },
    });
    Map::from_iter([("200".to_owned(), response)])
}

/// A tool's result: the structured content and the content blocks that an MCP client gets.
fn result_schema(content: &Value, structured: Option<Value>) -> Value {
    let has_schema = structured.is_some();
    let structured = structured
        .unwrap_or_else(|| json!({ "description": "Absent for a tool without an output schema." }));
    let required = if has_schema {
        json!(["content", "structuredContent"])
    } else {
        json!(["content"])
    };
    json!({
        "type": "object",
        "properties": {
            "content": { "type": "array", "items": content },
            "structuredContent": structured,
        },
        "required": required,
    })
}

fn content_block() -> Value {
    json!({
        "type": "object",
        "description": "A content block of MCP: text, image, audio, resource or resource_link.",
        "properties": {
            "type": { "type": "string" },
            "text": { "type": "string" },
            "data": { "type": "string" },
            "mimeType": { "type": "string" },
            "uri": { "type": "string" },
        },
        "required": ["type"],
        "additionalProperties": true,
    })
}

fn function_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": { "type": "string" },
            "title": { "type": "string" },
            "description": { "type": "string" },
            "inputSchema": { "type": "object", "description": "JSON Schema (2020-12) of the arguments." },
            "outputSchema": { "type": "object", "description": "JSON Schema (2020-12) of the structured content." },
            "annotations": { "type": "object" },
            "needsMcpClient": {
                "type": "string",
                "description": "Why the function cannot be called here; absent for one that can.",
            },
        },
        "required": ["name", "inputSchema"],
    })
}

/// A name as one segment of a path (RFC 3986 section 3.3).
fn path_segment(name: &str) -> String {
    name.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
        text
    })
}
