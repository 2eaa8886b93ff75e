//! Renders the OpenAPI document's content as a page for people, without scripts.

use std::fmt::Write as _;

use mcp_lambda_contract::{FUNCTIONS_PATH, ServerInfo, Tool, ToolsApiAccess};
use serde_json::{Map, Value};

/// The style sheet, whose digest the Content-Security-Policy has.
pub(super) const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}\
h2{margin-top:2.5rem;border-top:1px solid #ccc;padding-top:1rem}code,pre{font:14px/1.4 ui-monospace,monospace;background:#f4f4f4}\
pre{padding:.75rem;overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid #ddd}";

/// The page of these tools.
pub(super) struct Page<'a> {
    pub(super) server: &'a ServerInfo,
    pub(super) tools: &'a [&'a Tool],
    pub(super) access: ToolsApiAccess<'a>,
}

impl Page<'_> {
    pub(super) fn html(&self) -> String {
        let title = escaped(&self.server.title);
        let mut html = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
             content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style></head><body>\n<h1>{title}</h1>\n"
        );
        self.introduction(&mut html);
        for tool in self.tools {
            self.function(&mut html, tool);
        }
        html.push_str("</body></html>\n");
        html
    }

    fn introduction(&self, html: &mut String) {
        let base = escaped(&self.base());
        let version = escaped(&self.server.version);
        let description = escaped(&self.server.description);
        let credentials = match (self.access.takes_keys, self.access.takes_access_tokens) {
            (true, true) => {
                "<code>x-api-key: KEY</code> or <code>Authorization: Bearer TOKEN</code>"
            }
            (true, false) => "<code>x-api-key: KEY</code>",
            (false, _) => "<code>Authorization: Bearer TOKEN</code>",
        };
        let _ = write!(
            html,
            "<p>{description}</p>\n<table><tr><th>Version</th><td>{version}</td></tr><tr><th>Base URL</th><td><code>{base}</code></td></tr>\
             <tr><th>Credentials</th><td>{credentials}</td></tr><tr><th>OpenAPI</th><td><a href=\"openapi.json\">openapi.json</a></td></tr></table>\n"
        );
    }

    fn function(&self, html: &mut String, tool: &Tool) {
        let name = escaped(&tool.name);
        let description = escaped(tool.description.as_deref().unwrap_or_default());
        let scopes: Vec<String> = tool
            .scopes
            .iter()
            .map(|scope| format!("<code>{}</code>", escaped(scope)))
            .collect();
        let _ = write!(
            html,
            "<h2><code>{name}</code></h2>\n<p>{description}</p>\n<p>OAuth scopes: {}</p>\n",
            scopes.join(" ")
        );
        if let Some(reason) = &tool.needs_mcp_client {
            let reason = escaped(reason);
            let _ = writeln!(
                html,
                "<p><strong>Cannot be called here, because it needs an MCP client: {reason}.</strong></p>"
            );
            return;
        }
        parameters(html, &tool.input_schema);
        let credential = if self.access.takes_keys {
            "x-api-key: $KEY"
        } else {
            "Authorization: Bearer $TOKEN"
        };
        let base = escaped(&self.base());
        let _ = writeln!(
            html,
            "<pre>curl {base}{FUNCTIONS_PATH}/{name} -H '{credential}' -H 'content-type: application/json' -d '{{…}}'</pre>"
        );
        schema(html, "Arguments", &tool.input_schema);
        if let Some(output) = &tool.output_schema {
            schema(html, "Structured content", output);
        }
    }

    fn base(&self) -> String {
        let url = self.access.url.map_or("", |url| url.as_str());
        url.trim_end_matches('/').to_owned()
    }
}

fn parameters(html: &mut String, schema: &Value) {
    let none = Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&none);
    if properties.is_empty() {
        html.push_str("<p>No arguments.</p>\n");
        return;
    }
    let required = schema["required"].as_array();
    html.push_str("<table><tr><th>Argument</th><th>Type</th><th>Meaning</th></tr>\n");
    for (name, property) in properties {
        let is_required = required.is_some_and(|required| required.iter().any(|each| each == name));
        let kind = match &property["type"] {
            Value::String(kind) => kind.clone(),
            Value::Array(kinds) => kinds
                .iter()
                .filter_map(Value::as_str)
                .collect::<Vec<_>>()
                .join(" or "),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
                "see the schema".to_owned()
            }
        };
        let need = if is_required { ", required" } else { "" };
        let meaning = property["description"].as_str().unwrap_or_default();
        let _ = writeln!(
            html,
            "<tr><td><code>{}</code></td><td>{}{need}</td><td>{}</td></tr>",
            escaped(name),
            escaped(&kind),
            escaped(meaning)
        );
    }
    html.push_str("</table>\n");
}

fn schema(html: &mut String, name: &str, schema: &Value) {
    let text = serde_json::to_string_pretty(schema).unwrap_or_default();
    let _ = writeln!(
        html,
        "<details><summary>{name}: JSON Schema</summary><pre>{}</pre></details>",
        escaped(&text)
    );
}

/// Text as it may stand in HTML, in attributes too.
fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut html, character| {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            character => html.push(character),
        }
        html
    })
}
