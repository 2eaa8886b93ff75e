//! Structs from Rust become TypeScript that the jsii compiler accepts, and names that jsii refuses are named by their Rust field.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use jsii_bindgen::typescript::generate;
use serde_json::{Value, json};

const SCHEMA: &str = include_str!("fixtures/settings.schema.json");

fn schema() -> Value {
    serde_json::from_str(SCHEMA).expect("the fixture is JSON")
}

fn types(schema: &Value) -> String {
    generate(schema, "settings.ts")
        .expect("the schema is legal")
        .types
}

#[test]
fn writes_docs_defaults_and_native_types() {
    let text = types(&schema());
    let wanted = include_str!("fixtures/settings.ts.txt");
    assert_eq!(
        text, wanted,
        "set tests/fixtures/settings.ts.txt to:\n{text}"
    );
}

#[test]
fn compiles_with_jsii() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixture");
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("settings");
    fs::create_dir_all(folder.join("lib")).expect("the target directory is writable");
    // The native types come from a library of the same shape, because compiling against aws-cdk-lib takes minutes.
    let text = types(&schema()).replace(
        "import { Duration, Size } from 'aws-cdk-lib';",
        "/** A time. */\nexport class Duration { constructor(public readonly seconds: number) {} }\n\
         /** A size. */\nexport class Size { constructor(public readonly bytes: number) {} }",
    );
    fs::write(folder.join("lib/index.ts"), text).expect("written");
    fs::write(folder.join("README.md"), "# settings\n").expect("written");
    let manifest = json!({
        "name": "settings", "version": "0.0.0", "license": "Apache-2.0", "main": "lib/index.js", "types": "lib/index.d.ts",
        "author": { "name": "mcp-lambda" }, "repository": { "type": "git", "url": "https://github.com/mcp-lambda/mcp-lambda.git" },
        "jsii": { "outdir": "packages", "targets": {}, "versionFormat": "short", "tsc": { "rootDir": "lib", "outDir": "lib", "types": [] } },
    });
    fs::write(folder.join("package.json"), manifest.to_string()).expect("written");
    let output = Command::new("node")
        .arg(fixture.join("node_modules/jsii/bin/jsii"))
        .arg("--fail-on-warnings")
        .env("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")
        .current_dir(&folder)
        .output()
        .expect("node runs");
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let assembly = fs::read_to_string(folder.join(".jsii")).expect("jsii wrote an assembly");
    assert!(assembly.contains("settings.ServerSettings"));
}

fn refusal(field: &str, definition: Value) -> String {
    let schema = json!({ "title": "Settings", "properties": { field: definition } });
    generate(&schema, "settings.ts")
        .expect_err("jsii would refuse it")
        .to_string()
}

#[test]
fn names_the_rust_field_that_jsii_refuses() {
    assert_eq!(
        refusal("import", json!({ "type": "string" })),
        "Rust field 'Settings.import' becomes 'import', a reserved word in a jsii language: rename the field"
    );
    assert_eq!(
        refusal(
            "pair",
            json!({ "type": "array", "prefixItems": [{ "type": "string" }] })
        ),
        "Rust field 'Settings.pair' is a tuple, which jsii does not have: use a struct"
    );
    assert_eq!(
        refusal(
            "limit",
            json!({ "anyOf": [{ "type": "string" }, { "type": "integer" }] })
        ),
        "Rust field 'Settings.limit' is one of several types, which not every jsii language has: use a struct with optional fields"
    );
    assert_eq!(
        refusal("3d", json!({ "type": "string" })),
        "Rust field 'Settings.3d' becomes '3d', and jsii wants camelCase that begins with a small letter: rename the field"
    );
    assert_eq!(
        refusal("ttl", json!({ "type": "integer", "x-cdk-type": "Time" })),
        "Rust field 'Settings.ttl' has x-cdk-type 'Time': only Duration and Size are known"
    );
    let twice = json!({ "title": "Settings", "properties": { "max_size": { "type": "string" }, "maxSize": { "type": "string" } } });
    assert!(
        generate(&twice, "settings.ts")
            .expect_err("two fields, one name")
            .to_string()
            .contains("another field of the struct")
    );
}

#[test]
fn writes_how_fields_become_environment_variables() {
    let schema = json!({ "title": "Limits", "properties": {
        "days": { "type": "integer", "x-cdk-type": "Duration", "x-unit": "d", "default": 3, "x-env": "DAYS" },
        "hosts": { "type": "array", "items": { "type": "string" }, "x-default": "all", "x-env": "HOSTS" },
        "note": { "type": "string" },
        "retries": { "type": "integer", "default": 2, "x-env": "RETRIES" },
    } });
    let output = generate(&schema, "limits.ts").expect("the schema is legal");
    assert!(output.types.contains("@default Duration.days(3)"));
    assert!(output.types.contains("@default - all"));
    let wanted = "import { Tokenization } from 'aws-cdk-lib';\nimport type { Limits } from './limits';\n\n\
        /** The environment variables of `Limits` that are set. The others have their default in the Rust program alone. */\n\
        export function environmentOfLimits(settings: Limits): { [name: string]: string } {\n  \
        const variables: { [name: string]: string | undefined } = {\n    \
        DAYS: settings.days?.toDays().toString(),\n    \
        HOSTS: settings.hosts?.length ? settings.hosts.join(',') : undefined,\n    \
        RETRIES: settings.retries === undefined ? undefined : Tokenization.stringifyNumber(settings.retries),\n  };\n";
    assert!(
        output.environment.contains(wanted),
        "{}",
        output.environment
    );
    assert_eq!(
        refusal(
            "tags",
            json!({ "type": "object", "additionalProperties": { "type": "string" }, "x-env": "TAGS" })
        ),
        "Rust field 'Settings.tags' has the variable TAGS and the type { [key: string]: string }, which no variable holds: use a text, a number, a boolean or a list of texts"
    );
}

#[test]
fn names_the_rust_type_that_jsii_takes_for_an_interface() {
    let schema = json!({ "title": "ISettings", "properties": { "a": { "type": "string" } } });
    assert_eq!(
        generate(&schema, "settings.ts")
            .expect_err("jsii would refuse it")
            .to_string(),
        "Rust type 'ISettings' begins with I and a capital, which in jsii means a behavioural interface: rename it"
    );
}

#[test]
fn check_fails_when_the_file_is_stale() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("stale");
    fs::create_dir_all(&folder).expect("the target directory is writable");
    let (schema, out) = (folder.join("schema.json"), folder.join("settings.ts"));
    fs::write(&schema, SCHEMA).expect("written");
    fs::remove_file(&out).ok();
    let run = |check: bool| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jsii-bindgen"));
        command
            .arg("typescript")
            .arg("--schema")
            .arg(&schema)
            .arg("--out")
            .arg(&out);
        command
            .args(check.then_some("--check"))
            .output()
            .expect("jsii-bindgen runs")
    };
    assert!(!run(true).status.success(), "nothing is there yet");
    assert!(run(false).status.success());
    assert!(run(true).status.success());
    let text = fs::read_to_string(&out)
        .expect("written")
        .replace("The public URL.", "The URL.");
    fs::write(&out, text).expect("written");
    let stale = run(true);
    assert!(!stale.status.success());
    let message = String::from_utf8_lossy(&stale.stderr).into_owned();
    assert!(
        message.contains("is stale from line")
            && message.contains("run the same command without --check"),
        "{message}"
    );
}
