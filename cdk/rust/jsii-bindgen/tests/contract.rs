//! The contracts of this repository's servers become typed constructs that compile.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use jsii_bindgen::{contract, spec};
use serde_json::{Value, json};

fn folder(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../..")
        .join(relative)
}

fn generated(server: &str) -> String {
    generated_with(server, |_| {})
}

fn generated_with(server: &str, change: impl FnOnce(&mut Value)) -> String {
    let assemblies = spec::load_with_dependencies("mcp-lambda-cdk", &folder("cdk/rust"))
        .expect("installed and built");
    let text = fs::read_to_string(folder("lambda/servers").join(server).join("contract.json"))
        .expect("checked in");
    let mut contract: Value = serde_json::from_str(&text).expect("JSON");
    change(&mut contract);
    contract::generate(&contract, "contract.json", &assemblies).expect("the contract is legal")
}

/// Compiles files and returns what the compiler says, or nothing.
fn complaints(name: &str, files: &[(&str, &str)]) -> String {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&target).expect("the target directory is writable");
    for (file, text) in files {
        fs::write(target.join(file), text).expect("written");
    }
    let modules = folder("node_modules");
    let types = folder("cdk/rust/fixture/node_modules/@types");
    let config = json!({
        "compilerOptions": {
            "strict": true, "noEmit": true, "skipLibCheck": true, "target": "es2022", "module": "commonjs", "moduleResolution": "node10",
            "ignoreDeprecations": "6.0", "preserveSymlinks": true, "typeRoots": [types], "types": ["node"], "paths": { "*": [modules.join("*")] },
        },
        "files": files.iter().map(|(file, _)| file).collect::<Vec<_>>(),
    });
    fs::write(target.join("tsconfig.json"), config.to_string()).expect("written");
    let compiler = folder("cdk/rust/fixture/node_modules/typescript/bin/tsc");
    let output = Command::new("node")
        .arg(compiler)
        .args(["-p", "."])
        .current_dir(&target)
        .output()
        .expect("node runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn typed_constructs_compile_and_refuse_what_does_not_fit() {
    let app = "import { Stack, Duration } from 'aws-cdk-lib';\nimport { McpCode } from 'mcp-lambda-cdk';\n\
        import { DogFacts } from './dog-facts';\nimport { Counter } from './counter';\nimport { Keeper } from './keeper';\n\
        const code = McpCode.fromAsset('.');\nconst stack = new Stack();\n\
        new DogFacts(stack, 'A', { code, settings: { dogApiTimeoutMs: Duration.seconds(2) } });\n\
        // @ts-expect-error a number is no Duration\n\
        new DogFacts(stack, 'B', { code, settings: { dogApiTimeoutMs: 2 } });\n\
        // The library's own table is defined by the server itself.\n\
        new Counter(stack, 'C', { code });\n\
        // @ts-expect-error the contract asks for a table\n\
        new Keeper(stack, 'D', { code });\n";
    let (dog_facts, counter) = (generated("dog-facts"), generated("counter"));
    let keeper = generated_with("counter", |contract| {
        contract["server"]["name"] = json!("keeper");
        let table = json!({ "name": "kept", "type": "dynamodbTable", "setting": "KEPT_TABLE" });
        let setting = json!({ "name": "KEPT_TABLE", "type": "string", "owner": "server" });
        for (list, member) in [("resources", table), ("settings", setting)] {
            let list = contract[list].as_array_mut().expect("a list");
            list.push(member);
        }
    });
    let files = [
        ("dog-facts.ts", dog_facts.as_str()),
        ("counter.ts", counter.as_str()),
        ("keeper.ts", keeper.as_str()),
        ("app.ts", app),
    ];
    assert_eq!(complaints("contract", &files), "");
}

#[test]
fn settings_carry_the_contracts_docs_and_defaults() {
    let text = generated("dog-facts");
    assert!(
        text.contains("export class DogFacts extends McpServer {"),
        "{text}"
    );
    assert!(
        text.contains("   * Environment variable `DOG_API_TIMEOUT_MS`."),
        "{text}"
    );
    assert!(
        text.contains(
            "   * @default Duration.millis(5000)\n   */\n  readonly dogApiTimeoutMs?: Duration;"
        ),
        "{text}"
    );
    assert!(
        !text.contains("MCP_RESOURCE"),
        "the library sets its own settings: {text}"
    );
}

#[test]
fn names_what_is_wrong_with_a_contract() {
    let refusal = |contract: Value| {
        contract::generate(&contract, "contract.json", &Default::default())
            .expect_err("it does not fit")
            .to_string()
    };
    assert_eq!(
        refusal(json!({ "server": { "name": "x" } })),
        "the file is no contract of version 1 to 3: print it with the server's contract command"
    );
    let settings = json!([{ "name": "CLASS", "type": "string", "owner": "server" }]);
    assert_eq!(
        refusal(json!({ "contractVersion": 1, "server": { "name": "x" }, "settings": settings })),
        "Rust field 'settings.CLASS' becomes 'class', a reserved word in a jsii language: rename the field"
    );
}
