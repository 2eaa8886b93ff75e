//! `mcp-lambda publish` as a program.

use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::folder::Folder;

const URL: &str = "https://mcp.example.com/mcp";

/// A contract that every directory takes, changed by `change`.
fn contract(change: impl FnOnce(&mut Value)) -> Folder {
    let mut contract = json!({
        "server": {
            "name": "shop", "version": "1.2.3", "title": "Shop", "description": "Prices of the shop.",
            "websiteUrl": "https://shop.example.com",
            "icons": [
                { "src": "https://shop.example.com/icon.png", "sizes": ["48x48"], "theme": "light" },
                { "src": "data:image/png;base64,AA==", "mimeType": "image/png" },
            ],
        },
        "tools": [{
            "name": "getPrice",
            "annotations": { "readOnlyHint": true, "destructiveHint": false, "openWorldHint": false },
        }],
    });
    change(&mut contract);
    let folder = Folder::new();
    std::fs::write(folder.path().join("contract.json"), contract.to_string()).unwrap();
    folder
}

fn publish(folder: &Folder, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mcp-lambda"))
        .arg("publish")
        .args(arguments)
        .current_dir(folder.path())
        .env_clear()
        .output()
        .unwrap()
}

/// What the command refuses, a line each.
fn refused(change: impl FnOnce(&mut Value), arguments: &[&str]) -> Vec<String> {
    let folder = contract(change);
    let output = publish(&folder, arguments);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        !folder.path().join("server.json").exists(),
        "nothing is half done"
    );
    let error = String::from_utf8(output.stderr).unwrap();
    let error = error.strip_prefix("\nerror: the MCP registry would refuse the server:\n");
    let lines = error.unwrap().lines();
    lines
        .map(|line| line.trim_start_matches("  - ").to_owned())
        .collect()
}

#[test]
fn the_entry_has_what_the_contract_says_and_pictures_that_can_be_fetched() {
    let folder = contract(|_| {});
    let output = publish(
        &folder,
        &[
            "--url",
            URL,
            "--namespace",
            "com.example",
            "--repository",
            "https://github.com/example/shop",
        ],
    );
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let entry = std::fs::read_to_string(folder.path().join("server.json")).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&entry).unwrap(),
        json!({
            "$schema": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
            "name": "com.example/shop",
            "title": "Shop",
            "description": "Prices of the shop.",
            "version": "1.2.3",
            "websiteUrl": "https://shop.example.com",
            "repository": { "url": "https://github.com/example/shop", "source": "github" },
            "icons": [{ "src": "https://shop.example.com/icon.png", "sizes": ["48x48"], "theme": "light" }],
            "remotes": [{ "type": "streamable-http", "url": URL }],
        })
    );
}

#[test]
fn the_list_says_what_is_done_and_what_is_left_to_a_person() {
    let folder = contract(|_| {});
    let policy = "https://shop.example.com/privacy";
    let output = publish(
        &folder,
        &[
            "--url",
            URL,
            "--namespace",
            "com.example",
            "--privacy-policy",
            policy,
        ],
    );
    let list = String::from_utf8(output.stdout).unwrap();
    for line in [
        "## MCP registry",
        "- [ ] prove that com.example is yours: `mcp-publisher login dns --domain example.com`, with a TXT record",
        "## Claude's directory",
        "- [ ] claude.ai connects: `mcp-lambda doctor https://mcp.example.com/mcp --client claude`",
        "- [x] a privacy policy: https://shop.example.com/privacy",
        "- [ ] where people get help (--support)",
        "- [x] a picture at an https URL (Icon::at in the Rust server)",
        "## ChatGPT",
        "- [x] readOnlyHint, destructiveHint and openWorldHint of every tool",
    ] {
        assert!(list.lines().any(|each| each == line), "{line}\n{list}");
    }
}

#[test]
fn what_directories_would_refuse_is_on_the_list() {
    let folder = contract(|contract| {
        contract["tools"][0]["annotations"] =
            json!({ "readOnlyHint": true, "openWorldHint": false });
        contract["directory"] = json!([{ "rule": "tool-title", "about": "tool getPrice", "message": "has no title: add one" }]);
    });
    let output = publish(&folder, &["--url", URL, "--namespace", "io.github.octocat"]);
    let list = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        list.matches("- [ ] tool getPrice has no title: add one (tool-title)\n")
            .count(),
        2
    );
    assert!(list.contains("missing: getPrice"), "{list}");
    assert!(
        list.contains("prove that io.github.octocat is yours: `mcp-publisher login github`"),
        "{list}"
    );
}

#[test]
fn everything_that_the_registry_would_refuse_is_named_at_once() {
    assert_eq!(
        refused(
            |contract| {
                contract["server"]["title"] = json!("é".repeat(101));
                contract["server"]["description"] = json!("");
                contract["server"]["version"] = json!("^1.2");
            },
            &[
                "--url",
                "http://127.0.0.1:3030/mcp",
                "--namespace",
                "shop",
                "--repository",
                "https://example.com/shop"
            ],
        ),
        [
            "http://127.0.0.1:3030/mcp is no public URL: give the https URL of the deployed server with --url",
            "the namespace \"shop\" is no reversed domain: give io.github.<your account>, or the domain that you own, such as com.example",
            "the title of the server has 101 characters and the registry takes 1 to 100: change it with .title() in the Rust server and print the contract again",
            "the description of the server has 0 characters and the registry takes 1 to 100: change it with .description() in the Rust server and print the contract again",
            "the version \"^1.2\" is not one exact version, such as 1.2.3: correct it in the Rust server and print the contract again",
            "https://example.com/shop is no repository on GitHub or GitLab: give its https URL with --repository, or leave it out",
        ]
    );
    for namespace in ["com..example", "com.exa mple", ".com", "com.example/shop"] {
        assert_eq!(
            refused(|_| {}, &["--url", URL, "--namespace", namespace]).len(),
            1,
            "{namespace}"
        );
    }
    let long = format!(
        "com.{}.{}.{}.{}",
        "a".repeat(60),
        "b".repeat(60),
        "c".repeat(60),
        "d".repeat(20)
    );
    assert!(
        refused(|_| {}, &["--url", URL, "--namespace", &long])[0]
            .contains("the registry takes 200")
    );
}

#[test]
fn a_contract_that_cannot_be_read_is_named_with_the_fix() {
    let folder = Folder::new();
    let output = publish(&folder, &["--url", URL, "--namespace", "com.example"]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(error.contains("contract.json cannot be read"), "{error}");
    assert!(error.contains("name it with --contract"), "{error}");
}

#[test]
fn the_documents_of_discovery_say_what_the_entry_says() {
    let folder = contract(|_| {});
    let named = ["--url", URL, "--namespace", "com.example"];
    let output = publish(
        &folder,
        &[&named[..], &["--discovery", "public/files"]].concat(),
    );
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let read = |name: &str| -> Value {
        let content = std::fs::read_to_string(folder.path().join(name)).unwrap();
        serde_json::from_str(&content).unwrap()
    };
    let card = read("public/files/server-card.json");
    assert_eq!(
        card,
        json!({
            "$schema": "https://static.modelcontextprotocol.io/schemas/v1/server-card.schema.json",
            "name": "com.example/shop",
            "title": "Shop",
            "description": "Prices of the shop.",
            "version": "1.2.3",
            "websiteUrl": "https://shop.example.com",
            "icons": [{ "src": "https://shop.example.com/icon.png", "sizes": ["48x48"], "theme": "light" }],
            "remotes": [{ "type": "streamable-http", "url": URL }],
        })
    );
    assert_eq!(
        read("public/files/ai-catalog.json"),
        json!({
            "specVersion": "1.0",
            "entries": [{
                "identifier": "urn:air:example.com:mcp:shop",
                "type": "application/mcp-server-card+json",
                "data": card,
            }],
        })
    );
    let list = String::from_utf8(output.stdout).unwrap();
    assert!(
        list.contains(
            "- [ ] serve ai-catalog.json at https://example.com/.well-known/ai-catalog.json"
        ),
        "{list}"
    );
}

#[test]
fn documents_of_discovery_are_written_where_somebody_asks_for_them() {
    let folder = contract(|_| {});
    let output = publish(&folder, &["--url", URL, "--namespace", "com.example"]);
    assert!(!folder.path().join("ai-catalog.json").exists());
    let list = String::from_utf8(output.stdout).unwrap();
    assert!(!list.contains("Discovery"), "{list}");

    std::fs::write(folder.path().join("taken"), "").unwrap();
    let arguments = [
        "--url",
        URL,
        "--namespace",
        "com.example",
        "--discovery",
        "taken",
    ];
    let output = publish(&folder, &arguments);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains("taken/server-card.json cannot be written"),
        "{error}"
    );
    assert!(error.contains("name another with --discovery"), "{error}");
}
