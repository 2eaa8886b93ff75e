//! Makes the documents by which clients find a server before they connect: its server card, and an AI catalog with the card. Both are
//! drafts (MCP extension of SEP-2127, schema v1; AI catalog 1.0 as of July 2026).

use serde_json::{Value, json};

use super::server_json::Entry;

const SCHEMA: &str = "https://static.modelcontextprotocol.io/schemas/v1/server-card.schema.json";
const CARD_TYPE: &str = "application/mcp-server-card+json";
/// Where clients look for the catalog of a domain.
const CATALOG_PATH: &str = "/.well-known/ai-catalog.json";

/// The server card: what the entry of the registry says, under another schema.
#[must_use]
pub fn server_card(entry: &Entry) -> Value {
    let mut card = json!(entry);
    card["$schema"] = json!(SCHEMA);
    card
}

/// An AI catalog with this server card in it, so that the catalog is the only file that has to be served.
#[must_use]
pub fn ai_catalog(entry: &Entry, namespace: &str) -> Value {
    let card = server_card(entry);
    let name = card["name"].as_str().unwrap_or_default();
    let name = name.rsplit('/').next().unwrap_or_default();
    json!({
        "specVersion": "1.0",
        "entries": [{
            "identifier": format!("urn:air:{}:mcp:{name}", domain(namespace)),
            "type": CARD_TYPE,
            "data": card,
        }],
    })
}

/// What is left to a person.
#[must_use]
pub fn discovery_list(namespace: &str) -> String {
    format!(
        "\n\n## Discovery (drafts)\n\n- [ ] serve ai-catalog.json at https://{}{CATALOG_PATH}, as application/ai-catalog+json and with \
         `Access-Control-Allow-Origin: *`\n- [ ] serve server-card.json at any public URL, as {CARD_TYPE}, where somebody asks for the card alone",
        domain(namespace)
    )
}

/// The domain of a namespace, which is the reversed domain.
fn domain(namespace: &str) -> String {
    let labels: Vec<&str> = namespace.split('.').rev().collect();
    labels.join(".")
}
