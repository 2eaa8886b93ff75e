use rmcp::ErrorData;
use rmcp::model::{ReadResourceResult, Resource, ResourceContents, ResourceTemplate};
use serde_json::json;

use crate::content::PNG;

pub(crate) const TEMPLATE: &str = "test://template/{id}/data";
const TEXT: &str = "test://static-text";
const BINARY: &str = "test://static-binary";
const WATCHED: &str = "test://watched-resource";

pub(crate) fn list() -> Vec<Resource> {
    vec![
        Resource::new(TEXT, "Static text")
            .with_description("Text that never changes")
            .with_mime_type("text/plain"),
        Resource::new(BINARY, "Static image")
            .with_description("One grey pixel")
            .with_mime_type("image/png"),
        Resource::new(WATCHED, "Watched text")
            .with_description("Text that can be subscribed to")
            .with_mime_type("text/plain"),
    ]
}

pub(crate) fn templates() -> Vec<ResourceTemplate> {
    vec![
        ResourceTemplate::new(TEMPLATE, "Templated data")
            .with_description("Data of one id")
            .with_mime_type("application/json"),
    ]
}

pub(crate) fn read(uri: &str) -> Result<ReadResourceResult, ErrorData> {
    let contents = match uri {
        TEXT => ResourceContents::text("This is the content of the static text resource.", uri)
            .with_mime_type("text/plain"),
        BINARY => ResourceContents::blob(PNG, uri).with_mime_type("image/png"),
        WATCHED => ResourceContents::text("This is the content of the watched resource.", uri)
            .with_mime_type("text/plain"),
        _ => match uri
            .strip_prefix("test://template/")
            .and_then(|rest| rest.strip_suffix("/data"))
        {
            Some(id) => {
                let data =
                    json!({ "id": id, "templateTest": true, "data": format!("Data for ID: {id}") });
                ResourceContents::text(data.to_string(), uri).with_mime_type("application/json")
            }
            None => return Err(not_found(uri)),
        },
    };
    Ok(ReadResourceResult::new(vec![contents]))
}

/// Legacy `resources/subscribe` and `resources/unsubscribe`: accepted for MCP resources that exist. None of them ever
/// changes, so nothing is kept.
pub(crate) fn watch(uri: &str) -> Result<(), ErrorData> {
    read(uri).map(|_| ())
}

fn not_found(uri: &str) -> ErrorData {
    ErrorData::resource_not_found(
        format!("no MCP resource has the URI {uri:?}"),
        Some(json!({ "uri": uri })),
    )
}
