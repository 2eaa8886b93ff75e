//! From the members of a struct to the environment variables that the Rust program reads.

use std::fmt::Write;

use serde_json::Value;

use crate::Error;
use crate::json::string;

/// The variables of one struct: name, and the TypeScript expression of the text.
#[derive(Default)]
pub(super) struct Environment {
    variables: Vec<(String, String)>,
}

impl Environment {
    /// Adds a member, if its field names a variable.
    pub(super) fn add(
        &mut self,
        place: &str,
        member: &str,
        kind: &str,
        schema: &Value,
    ) -> Result<(), Error> {
        let Some(variable) = string(schema, "x-env") else {
            return Ok(());
        };
        let value = format!("settings.{member}");
        let unit = string(schema, "x-unit");
        let text = match (kind, unit) {
            ("string", _) => value,
            ("boolean", _) => format!("{value}?.toString()"),
            ("number", _) => {
                format!("{value} === undefined ? undefined : Tokenization.stringifyNumber({value})")
            }
            // A list that is empty and one that is absent are the same to the program.
            ("string[]", _) => format!("{value}?.length ? {value}.join(',') : undefined"),
            ("Duration", Some("d")) => format!("{value}?.toDays().toString()"),
            ("Duration", Some("s")) => format!("{value}?.toSeconds().toString()"),
            ("Duration", _) => format!("{value}?.toMilliseconds().toString()"),
            ("Size", _) => format!("{value}?.toMebibytes().toString()"),
            (other, _) => {
                return Err(Error::new(format!(
                    "Rust field '{place}' has the variable {variable} and the type {other}, which no variable holds: use a text, a number, a boolean or a list of texts"
                )));
            }
        };
        self.variables.push((variable.to_owned(), text));
        Ok(())
    }

    /// The function for the struct; nothing if no field has a variable.
    fn function(&self, name: &str) -> Option<String> {
        let mut lines = String::new();
        for (variable, text) in &self.variables {
            let _ = writeln!(lines, "    {variable}: {text},");
        }
        (!lines.is_empty()).then(|| format!(
            "\n/** The environment variables of `{name}` that are set. The others have their default in the Rust program alone. */\nexport function environmentOf{name}(settings: {name}): {{ [name: string]: string }} {{\n  const variables: {{ [name: string]: string | undefined }} = {{\n{lines}  }};\n  return Object.fromEntries(Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined));\n}}\n"
        ))
    }
}

/// The file with the functions of all structs that have variables; empty if none has.
pub(super) fn file(structs: &[(String, Environment)], header: &str, module: &str) -> String {
    let functions: Vec<(&str, String)> = structs
        .iter()
        .filter_map(|(name, environment)| Some((name.as_str(), environment.function(name)?)))
        .collect();
    if functions.is_empty() {
        return String::new();
    }
    let names: Vec<&str> = functions.iter().map(|(name, _)| *name).collect();
    let bodies: String = functions.iter().map(|(_, text)| text.as_str()).collect();
    let tokens = if bodies.contains("Tokenization.") {
        "import { Tokenization } from 'aws-cdk-lib';\n"
    } else {
        ""
    };
    format!(
        "{header}{tokens}import type {{ {} }} from './{module}';\n{bodies}",
        names.join(", ")
    )
}
