//! Asks the person in the terminal what a tool wants to know (elicitation), and shows its progress.

use std::io::{BufRead, Write};
use std::sync::Arc;

use rmcp::model::{
    ClientCapabilities, ClientConfig, ElicitRequestParams, ElicitResult, ElicitationAction,
    ElicitationCapability, FormElicitationCapability, Implementation, ProgressNotificationParam,
    UrlElicitationCapability,
};
use rmcp::service::{NotificationContext, RequestContext, RoleClient};
use rmcp::{ClientHandler, ErrorData};
use serde_json::{Map, Value};

use super::kind::Kind;
use crate::visible::Visible;

/// Where answers come from.
#[derive(Debug, Clone)]
pub enum Answers {
    /// A person at the terminal.
    Terminal,
    /// These values, given before the call.
    Given(Map<String, Value>),
    /// Nowhere: what a tool asks is declined.
    None,
}

/// The MCP client of the command.
#[derive(Debug, Clone)]
pub struct Asks(Arc<Answers>);

impl Asks {
    /// A client that gets answers there.
    #[must_use]
    pub fn new(answers: Answers) -> Self {
        Self(Arc::new(answers))
    }
}

impl ClientHandler for Asks {
    fn get_info(&self) -> ClientConfig {
        let mut capabilities = ClientCapabilities::default();
        if !matches!(*self.0, Answers::None) {
            let elicitation = ElicitationCapability::new()
                .with_form(FormElicitationCapability::default())
                .with_url(UrlElicitationCapability::default());
            capabilities.elicitation = Some(elicitation);
        }
        let this = Implementation::new("mcp-lambda", env!("CARGO_PKG_VERSION"));
        ClientConfig::new(capabilities, this)
    }

    async fn create_elicitation(
        &self,
        request: ElicitRequestParams,
        _: RequestContext<RoleClient>,
    ) -> Result<ElicitResult, ErrorData> {
        match &*self.0 {
            Answers::None => Ok(ElicitResult::new(ElicitationAction::Decline)),
            Answers::Given(values) => {
                let accepted = ElicitResult::new(ElicitationAction::Accept);
                Ok(accepted.with_content(Value::Object(values.clone())))
            }
            // Reading a terminal blocks its thread.
            Answers::Terminal => tokio::task::spawn_blocking(move || {
                let mut lines = std::io::stdin().lock();
                ask(&request, &mut lines, &mut Visible(std::io::stderr()))
            })
            .await
            .unwrap_or_else(|error| Err(std::io::Error::other(error)))
            .map_err(|error| ErrorData::internal_error(error.to_string(), None)),
        }
    }

    async fn on_progress(
        &self,
        progress: ProgressNotificationParam,
        _: NotificationContext<RoleClient>,
    ) {
        let total = progress
            .total
            .map_or_else(String::new, |total| format!("/{total}"));
        let message = progress.message.unwrap_or_default();
        // A closed standard error cannot be reported.
        let _ = writeln!(
            Visible(std::io::stderr()),
            "{}{total} {message}",
            progress.progress
        );
    }
}

/// Asks for each member of the form; an empty line takes the default or leaves the member out, the end of the input declines.
///
/// # Errors
///
/// When the terminal cannot be read or written.
pub fn ask(
    request: &ElicitRequestParams,
    lines: &mut impl BufRead,
    out: &mut impl Write,
) -> std::io::Result<ElicitResult> {
    let declined = || Ok(ElicitResult::new(ElicitationAction::Decline));
    match request {
        ElicitRequestParams::UrlElicitationParams { message, url, .. } => {
            write!(
                out,
                "{message}\n{url}\nOpen this page now, and press Enter when you are done there (Ctrl-D declines): "
            )?;
            match line(lines, out)? {
                Some(_) => Ok(ElicitResult::new(ElicitationAction::Accept)),
                None => declined(),
            }
        }
        ElicitRequestParams::FormElicitationParams {
            message,
            requested_schema,
            ..
        } => {
            writeln!(out, "{message} (Ctrl-D declines)")?;
            let schema = serde_json::to_value(requested_schema)?;
            let Some(values) = form(&schema, lines, out)? else {
                return declined();
            };
            let accepted = ElicitResult::new(ElicitationAction::Accept);
            Ok(accepted.with_content(Value::Object(values)))
        }
        _ => declined(),
    }
}

/// The values of a form, or `None` when the person declines.
fn form(
    schema: &Value,
    lines: &mut impl BufRead,
    out: &mut impl Write,
) -> std::io::Result<Option<Map<String, Value>>> {
    let root = schema.as_object().cloned().unwrap_or_default();
    let required: Vec<&str> = root
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut values = Map::new();
    let properties = root.get("properties").and_then(Value::as_object);
    for (name, property) in properties.into_iter().flatten() {
        let kind = Kind::of(property, &root);
        let title = property
            .get("title")
            .and_then(Value::as_str)
            .unwrap_or(name);
        let default = property.get("default");
        let shown = default.map_or_else(String::new, |value| format!(", {value} if empty"));
        loop {
            write!(out, "{title} ({}{shown}): ", kind.name())?;
            let Some(word) = line(lines, out)? else {
                return Ok(None);
            };
            match (word.as_str(), default) {
                ("", Some(default)) => {
                    values.insert(name.clone(), default.clone());
                }
                ("", None) if !required.contains(&name.as_str()) => {}
                (word, _) => match kind.parse(word) {
                    Ok(value) => {
                        values.insert(name.clone(), value);
                    }
                    Err(expected) => {
                        writeln!(out, "{title} {expected}")?;
                        continue;
                    }
                },
            }
            break;
        }
    }
    Ok(Some(values))
}

fn line(lines: &mut impl BufRead, out: &mut impl Write) -> std::io::Result<Option<String>> {
    out.flush()?;
    let mut line = String::new();
    Ok((lines.read_line(&mut line)? > 0).then(|| line.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answered(typed: &str) -> (ElicitResult, String) {
        let request = serde_json::from_value(json!({
            "mode": "form", "message": "How many?",
            "requestedSchema": { "type": "object", "required": ["quantity"], "properties": {
                "quantity": { "type": "integer", "title": "Quantity" },
                "gift": { "type": "boolean", "title": "Gift", "default": false },
                "note": { "type": "string" } } },
        }))
        .unwrap();
        let mut shown = Vec::new();
        let result = ask(&request, &mut typed.as_bytes(), &mut shown).unwrap();
        (result, String::from_utf8(shown).unwrap())
    }

    #[test]
    fn a_form_is_asked_for_member_by_member_until_each_is_valid() {
        // The members come in the order of the schema's map, which sorts them.
        let (result, shown) = answered("\n\ntwo\n2\n");
        assert_eq!(result.action, ElicitationAction::Accept);
        assert_eq!(
            result.content,
            Some(json!({ "gift": false, "quantity": 2 }))
        );
        assert!(shown.contains("Quantity must be an integer"), "{shown}");
    }

    #[test]
    fn the_end_of_the_input_declines() {
        let (result, _) = answered("\n");
        assert_eq!(
            (result.action, result.content),
            (ElicitationAction::Decline, None)
        );
    }
}
