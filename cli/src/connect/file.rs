//! Adds a server to the text of a configuration file, and leaves the rest of the text as it is.

use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstInputValue, CstRootNode};
use serde_json::Value;
use toml_edit::{DocumentMut, Item, Table, value};

use super::clients::{Configuration, Format};
use super::server::Server;

/// The new text, and whether the server was there before; or what is wrong with the text.
pub(super) fn with_server(
    text: &str,
    configuration: &Configuration,
    server: &Server,
) -> Result<(String, bool), String> {
    let entry = (configuration.entry)(server.url.as_str());
    match configuration.format {
        Format::Json => json(text, configuration.servers, &server.name, &entry),
        Format::Toml => toml(text, configuration.servers, &server.name, &entry),
    }
}

fn json(text: &str, servers: &str, name: &str, entry: &Value) -> Result<(String, bool), String> {
    let text = if text.trim().is_empty() { "{}\n" } else { text };
    let root =
        CstRootNode::parse(text, &ParseOptions::default()).map_err(|error| error.to_string())?;
    let members = root.object_value().ok_or("it is no object")?;
    let servers = members
        .object_value_or_create(servers)
        .ok_or_else(|| format!("{servers} is no object"))?;
    let known = servers.get(name);
    let replaced = known.is_some();
    match known {
        Some(server) => server.set_value(input(entry)),
        None => drop(servers.append(name, input(entry))),
    }
    Ok((root.to_string(), replaced))
}

fn input(value: &Value) -> CstInputValue {
    match value {
        Value::Null => CstInputValue::Null,
        Value::Bool(value) => CstInputValue::Bool(*value),
        Value::Number(value) => CstInputValue::Number(value.to_string()),
        Value::String(value) => CstInputValue::String(value.clone()),
        Value::Array(values) => CstInputValue::Array(values.iter().map(input).collect()),
        Value::Object(members) => CstInputValue::Object(
            members
                .iter()
                .map(|(name, value)| (name.clone(), input(value)))
                .collect(),
        ),
    }
}

fn toml(text: &str, servers: &str, name: &str, entry: &Value) -> Result<(String, bool), String> {
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| error.message().to_owned())?;
    let table = document.entry(servers).or_insert_with(|| {
        let mut table = Table::new();
        // Its header alone would be an empty table in the file.
        table.set_implicit(true);
        Item::Table(table)
    });
    let table = table
        .as_table_like_mut()
        .ok_or_else(|| format!("{servers} is no table"))?;
    let mut server = Table::new();
    for (member, string) in entry.as_object().into_iter().flatten() {
        server.insert(member, value(string.as_str().unwrap_or_default()));
    }
    let replaced = table.insert(name, Item::Table(server)).is_some();
    Ok((document.to_string(), replaced))
}
