//! `mcp-lambda connect` and `completions` as programs.

use std::fs::read_to_string;
use std::process::{Command, Output};

use crate::folder::Folder;

const URL: &str = "https://mcp.example.com/shop/mcp";

fn run(folder: &Folder, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mcp-lambda"))
        .args(arguments)
        .current_dir(folder.path())
        .env_clear()
        .env("HOME", folder.path().join("home"))
        .output()
        .unwrap()
}

fn line(arguments: &str) -> String {
    let words: Vec<&str> = arguments.split(' ').collect();
    let output = run(&Folder::new(), &words);
    assert_eq!(output.status.code(), Some(0));
    String::from_utf8(output.stdout).unwrap()
}

fn write(folder: &Folder, client: &str) -> String {
    let output = run(folder, &["connect", client, "--url", URL, "--write"]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), error.as_str()), (Some(0), ""));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_line_alone_is_on_standard_output() {
    assert_eq!(
        line(&format!("connect claude-code --url {URL}")),
        format!("claude mcp add --transport http shop {URL}\n")
    );
    assert_eq!(
        line(&format!("connect codex --name orders --url {URL}")),
        format!("codex mcp add orders --url {URL}\n")
    );
    assert_eq!(
        line("connect cursor --url http://127.0.0.1:3030/mcp"),
        "cursor://anysphere.cursor-deeplink/mcp/install?name=127-0-0-1&config=eyJ1cmwiOiJodHRwOi8vMTI3LjAuMC4xOjMwMzAvbWNwIn0=\n"
    );
    let all = line(&format!("connect --url {URL}"));
    assert_eq!(
        all.matches(URL).count(),
        7,
        "one for each client, and Cursor's in Base64: {all}"
    );
}

#[test]
fn a_configuration_is_made_where_each_client_looks() {
    let folder = Folder::new();
    for (client, file, content) in [
        (
            "claude-code",
            ".mcp.json",
            r#"{"mcpServers":{"shop":{"type":"http","url":"URL"}}}"#,
        ),
        (
            "cursor",
            ".cursor/mcp.json",
            r#"{"mcpServers":{"shop":{"url":"URL"}}}"#,
        ),
        (
            "gemini",
            ".gemini/settings.json",
            r#"{"mcpServers":{"shop":{"httpUrl":"URL"}}}"#,
        ),
        (
            "vscode",
            ".vscode/mcp.json",
            r#"{"servers":{"shop":{"type":"http","url":"URL"}}}"#,
        ),
        (
            "windsurf",
            "home/.codeium/windsurf/mcp_config.json",
            r#"{"mcpServers":{"shop":{"serverUrl":"URL"}}}"#,
        ),
    ] {
        let said = write(&folder, client);
        assert!(
            said.starts_with("added shop in ") && said.trim_end().ends_with(file),
            "{said}"
        );
        let written = read_to_string(folder.path().join(file)).unwrap();
        let written: serde_json::Value = serde_json::from_str(&written).unwrap();
        let expected: serde_json::Value =
            serde_json::from_str(&content.replace("URL", URL)).unwrap();
        assert_eq!(written, expected, "{client}");
    }
    write(&folder, "codex");
    assert_eq!(
        read_to_string(folder.path().join("home/.codex/config.toml")).unwrap(),
        format!("[mcp_servers.shop]\nurl = \"{URL}\"\n")
    );
}

#[test]
fn everything_else_in_the_file_stays_comments_and_order_included() {
    let folder = Folder::new();
    let file = folder.path().join(".vscode/mcp.json");
    std::fs::create_dir(folder.path().join(".vscode")).unwrap();
    let before = "{\n  // mine\n  \"servers\": {\n    \"zoo\": { \"command\": \"zoo\" },\n    \"shop\": {\n      \"url\": \"http://old\"\n    }\n  },\n  \"inputs\": []\n}\n";
    std::fs::write(&file, before).unwrap();
    assert!(write(&folder, "vscode").starts_with("replaced shop"));
    let after = read_to_string(&file).unwrap();
    assert!(after.starts_with("{\n  // mine\n  \"servers\": {\n    \"zoo\": { \"command\": \"zoo\" },\n    \"shop\": {"), "{after}");
    assert!(
        after.ends_with("  \"inputs\": []\n}\n") && !after.contains("http://old"),
        "{after}"
    );
    write(&folder, "vscode");
    assert_eq!(
        read_to_string(&file).unwrap(),
        after,
        "a second time changes nothing"
    );

    let file = folder.path().join("home/.codex/config.toml");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let before = "model = \"o5\" # mine\n\n[mcp_servers.zoo]\ncommand = \"zoo\"\n";
    std::fs::write(&file, before).unwrap();
    write(&folder, "codex");
    let after = read_to_string(&file).unwrap();
    assert!(
        after.starts_with(before) && after.contains("[mcp_servers.shop]"),
        "{after}"
    );
}

#[test]
fn a_file_that_cannot_be_read_is_left_alone_and_the_message_has_what_to_add() {
    for content in ["{ \"mcpServers\": [] }", "{ broken", "[1]"] {
        let folder = Folder::new();
        let file = folder.path().join(".mcp.json");
        std::fs::write(&file, content).unwrap();
        let output = run(
            &folder,
            &["connect", "claude-code", "--url", URL, "--write"],
        );
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(
            error.contains("is not changed, because it cannot be read"),
            "{error}"
        );
        assert!(error.contains(&format!("\"url\": \"{URL}\"")), "{error}");
        assert_eq!(read_to_string(&file).unwrap(), content);
    }
}

#[test]
fn completions_know_the_commands_and_options() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = line(&format!("completions {shell}"));
        for known in ["connect", "no-browser", "completions"] {
            assert!(script.contains(known), "{shell}: {known}");
        }
    }
}
