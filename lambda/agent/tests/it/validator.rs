use mcp_lambda_agent::local::validate;
use serde_json::{Value, json};

fn request(messages: Value) -> Value {
    json!({
        "messages": messages,
        "toolConfig": { "tools": [{ "toolSpec": { "name": "buy", "inputSchema": { "json": { "type": "object" } } } }] },
    })
}

fn user(content: Value) -> Value {
    json!({ "role": "user", "content": content })
}

fn assistant(content: Value) -> Value {
    json!({ "role": "assistant", "content": content })
}

fn call(id: &str) -> Value {
    json!({ "toolUse": { "toolUseId": id, "name": "buy", "input": {} } })
}

fn result(id: &str) -> Value {
    json!({ "toolResult": { "toolUseId": id, "content": [{ "text": "bought" }], "status": "success" } })
}

fn hello() -> Value {
    user(json!([{ "text": "hello" }]))
}

#[test]
fn accepts_calls_with_their_results() {
    let sound = request(json!([
        hello(),
        assistant(json!([{ "text": "I buy." }, call("a"), call("b")])),
        user(json!([result("b"), result("a")])),
        assistant(json!([{ "text": "Bought." }])),
        hello(),
    ]));
    assert_eq!(validate(&sound), Ok(()));
}

#[test]
fn refuses_what_bedrock_refuses_with_its_words() {
    let tools = |tools: Value| json!({ "messages": [hello()], "toolConfig": { "tools": tools } });
    let tool = |name: &str, schema: Value| json!({ "toolSpec": { "name": name, "inputSchema": { "json": schema } } });
    let object = json!({ "type": "object" });
    let cases = [
        (
            request(json!([])),
            "A conversation must start with a user message.",
        ),
        (
            request(json!([assistant(json!([{ "text": "hello" }]))])),
            "A conversation must start with a user message.",
        ),
        (
            request(json!([hello(), hello()])),
            "A conversation must alternate between user and assistant roles.",
        ),
        (
            request(json!([hello(), assistant(json!([{ "text": "I" }]))])),
            "The conversation must end with a user message.",
        ),
        (
            request(json!([{ "role": "system", "content": [{ "text": "x" }] }])),
            "A conversation must start with a user message.",
        ),
        (
            request(json!([user(json!([]))])),
            "The content field in the Message object at messages.0 is empty.",
        ),
        (
            request(json!([user(json!([{ "text": " \n" }]))])),
            "The text field in the ContentBlock object at messages.0.content.0 is blank.",
        ),
        (
            json!({ "messages": [hello(), assistant(json!([call("a")])), user(json!([result("a")]))] }),
            "The toolConfig field must be defined when using toolUse and toolResult content blocks.",
        ),
        (
            request(json!([
                hello(),
                assistant(json!([call("a"), call("b")])),
                user(json!([result("a")]))
            ])),
            "Expected toolResult blocks at messages.2.content for the following Ids: b",
        ),
        (
            request(json!([
                hello(),
                assistant(json!([call("a")])),
                user(json!([{ "text": "and?" }]))
            ])),
            "Expected toolResult blocks at messages.2.content for the following Ids: a",
        ),
        (
            request(json!([
                hello(),
                assistant(json!([call("a")])),
                user(json!([result("z")]))
            ])),
            "Expected toolResult blocks at messages.2.content for the following Ids: a",
        ),
        (
            request(json!([
                hello(),
                assistant(json!([{ "text": "ok" }])),
                user(json!([result("a")]))
            ])),
            "The number of toolResult blocks at messages.2.content exceeds the number of toolUse blocks of previous turn.",
        ),
        (
            request(json!([
                hello(),
                assistant(json!([call("a"), call("a")])),
                user(json!([result("a"), result("a")]))
            ])),
            "`tool_use` ids must be unique: a",
        ),
        (
            request(json!([
                hello(),
                assistant(json!([call("a.b")])),
                user(json!([result("a.b")]))
            ])),
            "failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+",
        ),
        (
            request(json!([
                hello(),
                assistant(json!([call("a")])),
                user(json!([result("a"), { "text": "and" }]))
            ])),
            "cannot be provided in the same turn",
        ),
        (
            request(json!([
                hello(),
                assistant(json!([call("a")])),
                user(
                    json!([{ "toolResult": { "toolUseId": "a", "content": [], "status": "error" } }])
                )
            ])),
            "The content field at messages.2.content.0.toolResult cannot be empty when status value is error.",
        ),
        (
            request(json!([
                hello(),
                assistant(json!([call("a")])),
                user(json!([{ "toolResult": { "toolUseId": "a", "content": [{ "text": "" }] } }]))
            ])),
            "The text field in the ToolResultContentBlock object at messages.2.content.0.toolResult.content.0 is blank.",
        ),
        (
            request(json!([
                hello(),
                assistant(json!([call("a")])),
                user(json!([{ "toolResult": { "toolUseId": "a", "content": [{ "json": [1] }] } }]))
            ])),
            "The format of the value at messages.2.content.0.toolResult.content.0.json is invalid.",
        ),
        (
            request(json!([
                hello(),
                assistant(
                    json!([{ "toolUse": { "toolUseId": "a", "name": "buy", "input": "x" } }])
                ),
                user(json!([result("a")]))
            ])),
            "The format of the value at messages.1.content.0.toolUse.input is invalid.",
        ),
        (
            tools(json!([])),
            "Member must have length greater than or equal to 1",
        ),
        (
            tools(json!([tool("shop.buy", object.clone())])),
            "Value 'shop.buy' at 'toolConfig.tools.1.member.toolSpec.name' failed to satisfy constraint",
        ),
        (
            tools(json!([tool(&"x".repeat(65), object.clone())])),
            "Member must have length less than or equal to 64",
        ),
        (
            tools(json!([
                tool("buy", object.clone()),
                tool("buy", object.clone())
            ])),
            "tool names must be unique",
        ),
        (
            tools(json!([tool("buy", json!({ "properties": {} }))])),
            "The value at toolConfig.tools.0.toolSpec.inputSchema.json.type must be one of the following: object.",
        ),
        (
            tools(json!([tool(
                "buy",
                json!({ "type": "object", "anyOf": [] })
            )])),
            "input_schema does not support oneOf, allOf, or anyOf at the top level",
        ),
        (
            json!({ "messages": [hello()], "inferenceConfig": { "temperature": 1.5 } }),
            "Member must have value less than or equal to 1",
        ),
        (
            json!({ "messages": [hello()], "system": [{ "text": "" }] }),
            "system.0 is blank",
        ),
    ];
    for (body, words) in cases {
        let invalid = validate(&body).expect_err(words);
        assert!(invalid.0.contains(words), "{} is not: {words}", invalid.0);
    }
}
