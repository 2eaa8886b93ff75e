//! Reads the document of an MCP App from its server.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use mcp_lambda_agent::mcp::McpClient;
use mcp_lambda_contract::{APP_MEDIA_TYPE, APP_SCHEME, AppCsp, UI_META};
use mcp_lambda_runtime::deadline::Deadline;
use rmcp::model::{MetaObject, ReadResourceRequestParams, ResourceContents};
use serde::Deserialize;

use super::connection::{Unreached, patience};
use crate::access::Visitor;
use crate::conversations::AppOfCall;
use crate::playground::Playground;
use crate::problem::Problem;

/// The longest document that the page shows, in bytes. A streamed response of a function may have more.
const LONGEST: usize = 5 * 1024 * 1024;

/// A document, with the origins that its server declares.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AppDocument {
    pub(crate) html: String,
    pub(crate) csp: AppCsp,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Ui {
    csp: AppCsp,
}

impl Playground {
    /// The document of an MCP App; in words why there is none.
    pub(crate) async fn app_document(
        &self,
        visitor: &Visitor,
        app: &AppOfCall,
        deadline: Deadline,
    ) -> Result<Result<AppDocument, String>, Problem> {
        let reading = async {
            let client = match self.client_of_app(visitor, &app.server).await? {
                Ok(client) => client,
                Err(unreached) => return Ok(Err(unreached)),
            };
            Ok::<_, Problem>(read(&client, &app.uri).await)
        };
        let Ok(read) = tokio::time::timeout(patience(deadline), reading).await else {
            return Ok(Err("the server did not respond in time".to_owned()));
        };
        Ok(read?.map_err(|unreached| unreached.to_string()))
    }
}

async fn read(client: &McpClient, uri: &str) -> Result<AppDocument, Unreached> {
    if !uri.starts_with(APP_SCHEME) {
        let words = format!("the server names {uri:?}, which is no {APP_SCHEME} URI");
        return Err(Unreached::Failed(words));
    }
    let params = ReadResourceRequestParams::new(uri);
    let read = client.peer().read_resource(params).await;
    let read = read.map_err(|error| Unreached::Failed(error.to_string()))?;
    let found = read
        .contents
        .into_iter()
        .find_map(|contents| document(contents, uri));
    let found = found.ok_or_else(|| {
        Unreached::Failed(format!(
            "the server has no document of the type {APP_MEDIA_TYPE} at {uri}"
        ))
    })?;
    if found.html.len() > LONGEST {
        let length = found.html.len();
        let words =
            format!("the document has {length} bytes, and this page shows at most {LONGEST}");
        return Err(Unreached::Failed(words));
    }
    Ok(found)
}

fn document(contents: ResourceContents, wanted: &str) -> Option<AppDocument> {
    let (uri, media_type, html, meta) = match contents {
        ResourceContents::TextResourceContents {
            uri,
            mime_type,
            text,
            meta,
        } => (uri, mime_type, text, meta),
        ResourceContents::BlobResourceContents {
            uri,
            mime_type,
            blob,
            meta,
        } => {
            let bytes = BASE64_STANDARD.decode(blob).ok()?;
            (uri, mime_type, String::from_utf8(bytes).ok()?, meta)
        }
        _ => return None,
    };
    if uri != wanted || media_type.as_deref() != Some(APP_MEDIA_TYPE) {
        return None;
    }
    let csp = csp(meta.as_ref());
    Some(AppDocument { html, csp })
}

/// The declared origins. What cannot be read declares none.
fn csp(meta: Option<&MetaObject>) -> AppCsp {
    let ui = meta.and_then(|meta| meta.0.get(UI_META));
    let ui = ui.and_then(|ui| Ui::deserialize(ui).ok());
    ui.unwrap_or_default().csp
}

#[cfg(test)]
mod tests {
    use mcp_lambda_contract::AppCsp;
    use rmcp::model::ResourceContents;
    use serde_json::{Value, json};

    use super::document;

    const URI: &str = "ui://shop/cards";

    fn contents(member: &str, content: &str, meta: Value) -> ResourceContents {
        let contents = json!({ "uri": URI, "mimeType": "text/html;profile=mcp-app", member: content, "_meta": meta });
        serde_json::from_value(contents).unwrap()
    }

    #[test]
    fn a_document_is_text_or_base64_of_the_wanted_uri_and_type() {
        for (member, content) in [("text", "<p>hi</p>"), ("blob", "PHA+aGk8L3A+")] {
            let found = document(contents(member, content, json!({})), URI).unwrap();
            assert_eq!(
                (found.html.as_str(), found.csp),
                ("<p>hi</p>", AppCsp::default())
            );
        }
        assert_eq!(document(contents("blob", "!", json!({})), URI), None);
        assert_eq!(
            document(contents("text", "x", json!({})), "ui://shop/other"),
            None
        );
        let plain = json!({ "uri": URI, "mimeType": "text/html", "text": "x" });
        assert_eq!(document(serde_json::from_value(plain).unwrap(), URI), None);
    }

    #[test]
    fn origins_that_cannot_be_read_are_none() {
        let csp = |meta: Value| document(contents("text", "x", meta), URI).unwrap().csp;
        let read = csp(
            json!({ "ui": { "csp": { "connectDomains": ["https://a.example"] }, "later": 1 } }),
        );
        assert_eq!(read.connect_domains, ["https://a.example"]);
        for odd in [
            json!({ "ui": { "csp": "x" } }),
            json!({ "ui": { "csp": { "connectDomains": "*" } } }),
        ] {
            assert_eq!(csp(odd), AppCsp::default());
        }
    }
}
