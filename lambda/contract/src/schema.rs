//! Generates the JSON Schema of the contract from its Rust types.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use crate::scope::SCOPE_NAME_IN_WORDS;
use crate::{CONTRACT_VERSION, Contract, ENDPOINT_METHODS_VERSION, SELF_INVOCATION_VERSION};

/// The command that generates the checked-in schema.
const COMMAND: &str =
    "cargo run -p mcp-lambda-contract --example schema > lambda/contract/contract.schema.json";

impl Contract {
    /// The JSON Schema (2020-12) of the document that `<server> contract` prints, from these Rust types.
    ///
    /// Its `$id` ends with [`CONTRACT_VERSION`]. Unknown members are allowed, as in the contract's readers. It does not
    /// cover references between members, which [`Contract::problems`] checks.
    #[must_use]
    pub fn json_schema() -> Value {
        let generator = SchemaSettings::draft2020_12()
            .for_serialize()
            .into_generator();
        let mut schema = generator.into_root_schema_for::<Self>().to_value();
        schema["$id"] = json!(format!("urn:mcp-lambda:contract:{CONTRACT_VERSION}"));
        schema["$comment"] = json!(format!("Made from the Rust types: {COMMAND}"));
        schema["properties"]["contractVersion"]["enum"] = json!([
            CONTRACT_VERSION,
            SELF_INVOCATION_VERSION,
            ENDPOINT_METHODS_VERSION
        ]);
        // What errors of the constructs say instead of the pattern.
        schema["$defs"]["Scope"]["properties"]["name"]["title"] = json!(SCOPE_NAME_IN_WORDS);
        let setting = &mut schema["$defs"]["Setting"];
        setting["if"] = json!({ "properties": { "type": { "const": "duration" } } });
        setting["then"] = json!({ "properties": { "unit": { "$ref": "#/$defs/SettingUnit" } } });
        schema
    }
}
