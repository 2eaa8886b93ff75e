//! Describes the error responses of a tools API: problem details (RFC 9457).

use serde_json::{Map, Value, json};

/// Which error responses an operation has.
#[derive(Clone, Copy)]
pub(super) enum Statuses {
    /// It reads a list.
    Read,
    /// It reads one function.
    Describe,
    /// It calls a tool.
    Call,
    /// It would call a tool that cannot be called.
    Uncallable,
}

/// Every error response, by its status.
const PROBLEMS: [(&str, &str, &str); 14] = [
    (
        "400",
        "NotUnderstood",
        "The body is not JSON, or not what the endpoint takes.",
    ),
    (
        "401",
        "CredentialMissing",
        "There is no valid API key or access token.",
    ),
    (
        "403",
        "NotAllowed",
        "The API key is unknown, or the key or access token lacks an OAuth scope.",
    ),
    (
        "404",
        "FunctionUnknown",
        "There is no function of this name.",
    ),
    ("408", "BodyTooSlow", "The body did not arrive in time."),
    (
        "409",
        "NeedsMcpClient",
        "The tool needs an MCP client: it asks its user, or runs as a task.",
    ),
    ("413", "BodyTooLarge", "The body is too large."),
    (
        "415",
        "MediaTypeUnsupported",
        "The body is not application/json.",
    ),
    (
        "422",
        "ArgumentsInvalid",
        "The arguments do not match the tool's input schema.",
    ),
    (
        "429",
        "TooManyRequests",
        "A rate limit or a quota is used up.",
    ),
    (
        "431",
        "HeadersTooLarge",
        "The request has too many header fields, or too long ones.",
    ),
    (
        "500",
        "ToolFailed",
        "The tool returned an error, or failed.",
    ),
    (
        "503",
        "Unavailable",
        "Something that the server needs is not available now.",
    ),
    (
        "504",
        "TooLate",
        "The tool did not finish before the deadline.",
    ),
];

/// The responses of an operation: these, and its errors.
pub(super) fn with_problems(mut responses: Map<String, Value>, statuses: Statuses) -> Value {
    let applies = |status: &str| match statuses {
        Statuses::Call => true,
        Statuses::Uncallable => matches!(status, "401" | "403" | "409" | "429"),
        Statuses::Read => matches!(status, "401" | "403" | "429" | "431" | "503"),
        Statuses::Describe => matches!(status, "401" | "403" | "404" | "429" | "431" | "503"),
    };
    for (status, name, _) in PROBLEMS {
        if applies(status) {
            let reference = format!("#/components/responses/{name}");
            responses.insert(status.to_owned(), json!({ "$ref": reference }));
        }
    }
    Value::Object(responses)
}

/// The components that [`with_problems`] refers to.
pub(super) fn problem_components() -> Value {
    let content = json!({
        "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } },
    });
    let responses: Map<String, Value> = PROBLEMS
        .into_iter()
        .map(|(_, name, description)| {
            let response = json!({ "description": description, "content": content });
            (name.to_owned(), response)
        })
        .collect();
    json!({
        "responses": responses,
        "schemas": { "Problem": {
            "type": "object",
            "description": "Problem details (RFC 9457).",
            "properties": {
                "type": { "type": "string", "description": "A URN that names the kind of problem." },
                "title": { "type": "string" },
                "status": { "type": "integer" },
                "detail": { "type": "string" },
                "scopes": {
                    "type": "array", "items": { "type": "string" },
                    "description": "With status 403: the OAuth scopes that the tool needs, all of them.",
                },
            },
            "required": ["type", "title", "status", "detail"],
        } },
    })
}
