//! Keeps the contract file of a server as its binary prints it.

use std::path::Path;

use serde_json::Value;

use super::difference::differences;
use crate::dev::error::StackError;
use crate::dev::paths::Paths;
use crate::dev::process::{command, output};

/// What the binary prints, if it is a contract that can be deployed.
pub(super) async fn print(
    binary: &Path,
    label: &str,
    paths: &Paths,
) -> Result<Vec<u8>, StackError> {
    let wrong = |cause: String| StackError::ContractWrong {
        binary: label.to_owned(),
        cause,
    };
    let said = output(command(binary, paths).arg("contract"))
        .await
        .map_err(StackError::file(binary))?;
    if !said.status.success() {
        let error = String::from_utf8_lossy(&said.stderr);
        return Err(wrong(message(error.trim())));
    }
    let contract: Value = serde_json::from_slice(&said.stdout).map_err(|error| {
        wrong(format!(
            "`{label} contract` printed what is not JSON ({error}): let main print nothing itself"
        ))
    })?;
    let tools = contract["tools"].as_array().into_iter().flatten();
    let without = tools.filter(|tool| tool["scopes"].as_array().is_none_or(Vec::is_empty));
    if let Some(tool) = without.filter_map(|tool| tool["name"].as_str()).next() {
        return Err(wrong(format!(
            "the tool {tool} names no OAuth scope, so that every access token could call it: give it one in the Rust server"
        )));
    }
    Ok(said.stdout)
}

/// The sentence in the last line of a log, or the lines themselves.
fn message(error: &str) -> String {
    let last = error.lines().last().unwrap_or_default();
    let record: Option<Value> = serde_json::from_str(last).ok();
    let sentence = record.and_then(|record| {
        let member = |name: &str| record[name].as_str().map(str::to_owned);
        member("error").or_else(|| member("message"))
    });
    sentence.unwrap_or_else(|| error.to_owned())
}

/// Writes the contract file in one step if it is not what the binary prints; one line for each difference.
pub(super) fn refresh(file: &Path, printed: &[u8]) -> Result<Vec<String>, StackError> {
    let known = std::fs::read(file).unwrap_or_default();
    if known == printed {
        return Ok(Vec::new());
    }
    let part = file.with_added_extension("part");
    std::fs::write(&part, printed).map_err(StackError::file(&part))?;
    std::fs::rename(&part, file).map_err(StackError::file(file))?;
    let [known, new] =
        [&known, printed].map(|text| serde_json::from_slice(text).unwrap_or_default());
    let lines = differences(&known, &new);
    Ok(if lines.is_empty() {
        vec![format!("{} written", file.display())]
    } else {
        lines
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::dev::environment::Environment;

    /// A folder with a binary that prints `contract`, or ends with an error.
    fn server(name: &str, script: &str) -> (Paths, PathBuf) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../target/tmp/contract")
            .join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let binary = folder.join("server");
        // A shell writes it: what this process has open for writing is also open in a child that another test starts at that
        // moment, and cannot be run until then.
        let written = std::process::Command::new("/bin/sh")
            .args([
                "-c",
                r#"printf '#!/bin/sh\n%s\n' "$2" > "$1" && chmod 755 "$1""#,
                "sh",
            ])
            .arg(&binary)
            .arg(script)
            .status();
        assert!(written.unwrap().success());
        let variables = [("PATH".into(), "/usr/bin:/bin".into())];
        let environment = Environment::from_variables(variables);
        (Paths::below(&folder, "state", 1, environment), binary)
    }

    #[tokio::test]
    async fn a_contract_that_cannot_be_deployed_is_refused_with_the_fix() {
        for (name, script, said) in [
            (
                "without-scope",
                r#"echo '{"tools": [{"name": "refund", "scopes": []}]}'"#,
                "the contract of shop is wrong: the tool refund names no OAuth scope, so that every access token could call it: \
                 give it one in the Rust server",
            ),
            (
                "refused",
                r#"echo '{"level":"ERROR","message":"cannot start","error":"two tools are named refund"}' >&2; exit 1"#,
                "the contract of shop is wrong: two tools are named refund",
            ),
            (
                "not-json",
                "echo hello",
                "the contract of shop is wrong: `shop contract` printed what is not JSON (expected value at line 1 column 1): \
                 let main print nothing itself",
            ),
        ] {
            let (paths, binary) = server(name, script);
            let error = print(&binary, "shop", &paths).await.unwrap_err();
            assert_eq!(error.to_string(), said);
        }
    }

    #[tokio::test]
    async fn a_contract_file_is_replaced_when_it_is_not_what_the_binary_prints() {
        let script = r#"echo '{"tools": [{"name": "refund", "scopes": ["orders.write"]}]}'"#;
        let (paths, binary) = server("stale", script);
        let printed = print(&binary, "shop", &paths).await.unwrap();
        let file = paths.root.join("contract.json");
        std::fs::write(&file, r#"{"tools": []}"#).unwrap();
        assert_eq!(
            refresh(&file, &printed).unwrap(),
            ["+ tool refund [orders.write]"]
        );
        assert_eq!(std::fs::read(&file).unwrap(), printed);
        assert!(refresh(&file, &printed).unwrap().is_empty());
    }
}
