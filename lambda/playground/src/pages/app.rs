//! The frame of an MCP App in a page.

use askama::Template;

use crate::conversations::AppOfCall;

/// The frame, under the card of the call.
#[derive(Template)]
#[template(path = "app.html")]
pub(super) struct AppView {
    id: String,
    /// The address of the document.
    document: String,
    tool: String,
    server: String,
}

impl AppView {
    /// The MCP App of the call `id` in the conversation at `path`.
    pub(super) fn new(app: &AppOfCall, id: &str, path: &str) -> Self {
        Self {
            id: id.to_owned(),
            document: format!("{path}/apps/{id}"),
            tool: app.tool.clone(),
            server: app.name.clone(),
        }
    }
}

/// Why there is no document, in place of one. It loads nothing.
#[derive(Template)]
#[template(
    source = "<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"color-scheme\" content=\"light dark\"><title>No app</title><p>This app cannot be shown: {{ words }}. Its result is in the card above.</p></html>",
    ext = "html"
)]
struct RefusalView<'a> {
    words: &'a str,
}

/// The document that says why there is none.
pub(crate) fn app_refusal(words: &str) -> String {
    RefusalView { words }.render().unwrap_or_default()
}
