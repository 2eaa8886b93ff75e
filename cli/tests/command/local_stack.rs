//! The commands about a stack that runs on this machine. A script issues the access tokens of its machine clients.

use serde_json::{Map, Value, json};

use crate::folder::{Folder, write_program};
use crate::mcp_server::{Behaviour, McpServer};

/// The project of a running stack with these servers: construct path, name and MCP endpoint. The first one is that of the
/// stack's output. A program gets the access token `access-<construct path>`.
fn project(servers: &[(&str, &str, &McpServer)]) -> Folder {
    let folder = Folder::new();
    let state = folder.path().join(".mcp-lambda");
    let client = json!({ "clientId": "c", "clientSecretArn": "arn:x", "oauthScopes": ["read"] });
    let servers_of_outputs: Map<String, Value> = servers
        .iter()
        .map(|(construct, name, server)| {
            let server = json!({
                "name": name, "mcpServerUrl": server.url, "oauthScopes": ["read"], "tools": {}, "connect": {},
                "machineClients": { "MachineClient": client },
            });
            ((*construct).to_owned(), server)
        })
        .collect();
    let outputs = json!({ "McpServerUrl": servers[0].2.url, "servers": servers_of_outputs });
    std::fs::create_dir_all(state.join("state/3030")).unwrap();
    std::fs::write(state.join("state/3030/outputs.json"), outputs.to_string()).unwrap();
    let python = state.join("venv/bin/python");
    std::fs::create_dir_all(python.parent().unwrap()).unwrap();
    let script = "#!/bin/sh\nfor last; do :; done\necho \"access-$last\"\n";
    write_program(&python, script);
    folder
}

/// What the command prints in the project.
async fn printed(project: &Folder, arguments: &[&str]) -> String {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_mcp-lambda"));
    command.args(arguments).current_dir(project.path());
    command.env_clear().env("HOME", project.path());
    let output = command.output().await.unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn every_server_is_called_as_its_own_machine_client() {
    let stock = McpServer::start(Behaviour::default()).await;
    let orders = McpServer::start(Behaviour::default()).await;
    let project = project(&[
        ("Stock/Server", "stock", &stock),
        ("Orders/Server", "orders", &orders),
    ]);
    for (arguments, token) in [
        (vec!["token"], "access-Stock/Server\n"),
        (vec!["token", "--server", "stock"], "access-Stock/Server\n"),
        (
            vec!["token", "--server", "orders"],
            "access-Orders/Server\n",
        ),
        (
            vec!["token", "--server", "Orders/Server"],
            "access-Orders/Server\n",
        ),
    ] {
        assert_eq!(printed(&project, &arguments).await, token, "{arguments:?}");
    }
    for server in ["stock", "orders"] {
        let arguments = ["call", "echo", "--name", "Ada", "--server", server];
        assert_eq!(printed(&project, &arguments).await, "echoed\n", "{server}");
    }
    let nobody_signed_in = |server: &McpServer| server.seen(|seen| seen.registrations.is_empty());
    assert!(nobody_signed_in(&stock) && nobody_signed_in(&orders));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_refused_with_those_that_are() {
    let stock = McpServer::start(Behaviour::default()).await;
    let project = project(&[("Stock/Server", "stock", &stock)]);
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_mcp-lambda"));
    command.args(["call", "--list", "--server", "orders"]);
    let output = command.current_dir(project.path()).output().await.unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        format!(
            "\nerror: the local stack has no server 'orders'; it has: {}\n",
            stock.url
        )
    );
}
