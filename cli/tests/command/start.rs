//! What a person and a program see of `npm start`, without starting an emulator.

use std::net::{Ipv4Addr, TcpListener};
use std::process::{Command, Output};

use mcp_lambda_cli::dev::announcement::{
    self, MachineClientOutputs, Outputs, PlaygroundOutputs, ServerOutputs,
};
use mcp_lambda_cli::dev::ports::Ports;
use mcp_lambda_cli::dev::tools_api::ToolsApiOutputs;

fn run(command: &str, arguments: &[&str]) -> Output {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    Command::new(env!("CARGO_BIN_EXE_mcp-lambda"))
        .args([command, "--root", root])
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn a_taken_port_is_one_message_with_cause_and_fix() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let said = run("dev", &["--port", &port.to_string()]);
    let other = if port < 60_000 { port + 1000 } else { 3030 };
    assert_eq!(said.status.code(), Some(1));
    assert_eq!(
        String::from_utf8_lossy(&said.stderr),
        format!(
            "\nerror: port {port} (MCP endpoint) is taken by another program: stop that program (it may be another \
             `mcp-lambda dev`), or choose other ports with --port {other}\n"
        )
    );
}

#[test]
fn a_directory_without_an_app_is_one_message_with_cause_and_fix() {
    let directory = env!("CARGO_MANIFEST_DIR");
    let said = Command::new(env!("CARGO_BIN_EXE_mcp-lambda"))
        .args(["dev", "--port", "0"])
        .current_dir(directory)
        .output()
        .unwrap();
    assert_eq!(said.status.code(), Some(1));
    assert_eq!(
        String::from_utf8_lossy(&said.stderr),
        format!(
            "\nerror: {directory} has no cdk.json: run the command in the directory of a CDK app, or make a project with \
             `mcp-lambda new`\n"
        )
    );
}

#[test]
fn a_token_needs_a_running_stack() {
    let said = run("token", &["--port", "65000"]);
    assert_eq!(said.status.code(), Some(1));
    assert_eq!(
        String::from_utf8_lossy(&said.stderr),
        "\nerror: no stack runs here on port 65000: start one with `mcp-lambda dev` (`npm start`), or name a server with --url\n"
    );
}

/// A server at `url`, with a line for each client but those that are left out.
fn server(name: &str, url: &str, clients: &[&str]) -> ServerOutputs {
    let connect = clients
        .iter()
        .map(|client| ((*client).to_owned(), format!("{client} connects to {url}")));
    ServerOutputs {
        name: name.to_owned(),
        mcp_server_url: url.to_owned(),
        sign_in_url: Some("http://127.0.0.1:4031/login?client_id=c".to_owned()),
        tools: [("getFact".to_owned(), vec!["facts.read".to_owned()])].into(),
        connect: connect.collect(),
        ..ServerOutputs::default()
    }
}

const CLIENTS: [&str; 5] = ["claude-code", "codex", "gemini", "vscode", "cursor"];

fn outputs(servers: Vec<(&str, ServerOutputs)>, ports: Ports) -> Outputs {
    Outputs {
        values: announcement::local_values(ports, "us-east-1").into(),
        servers: servers
            .into_iter()
            .map(|(construct, server)| (construct.to_owned(), server))
            .collect(),
        ..Outputs::default()
    }
}

#[test]
fn the_block_can_be_pasted_from() {
    let url = "http://127.0.0.1:4030/mcp";
    let ports = Ports::starting_at(4030);
    let mut dogs = server("dogs", url, &CLIENTS);
    let client = MachineClientOutputs {
        client_secret_arn: Some("arn:x".to_owned()),
        ..MachineClientOutputs::default()
    };
    dogs.machine_clients = [("MachineClient".to_owned(), client)].into();
    let outputs = outputs(vec![("Dogs/Server", dogs)], ports);
    assert_eq!(outputs.values["AwsEndpointUrl"], "http://127.0.0.1:4032");
    assert_eq!(outputs.values["AwsRegion"], "us-east-1");
    let block = announcement::block(&outputs, ports, 1.0);
    let lines: Vec<&str> = block.lines().collect();
    let commands = CLIENTS.map(|client| format!("{client} connects to {url}"));
    for line in commands.iter().map(String::as_str).chain([
        url,
        "#   tools: getFact [facts.read]",
        "http://127.0.0.1:4031/signup?client_id=c",
        "http://127.0.0.1:4031/mailbox",
        r#"  -H "Authorization: Bearer $(npm run --silent token -- --port 4030)" \"#,
        r#"  -d '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'"#,
    ]) {
        assert!(lines.contains(&line), "{line} in {block}");
    }
    assert!(!block.contains("authorization-modes"), "{block}");
    assert!(
        lines.contains(&"# Create an account without a client"),
        "{block}"
    );
}

#[test]
fn the_block_names_the_tools_as_plain_rest_and_how_to_read_a_key() {
    let ports = Ports::starting_at(4030);
    let dogs = server("dogs", "http://127.0.0.1:4030/mcp", &CLIENTS);
    let mut outputs = outputs(vec![("Dogs/Server", dogs)], ports);
    assert!(!announcement::block(&outputs, ports, 1.0).contains("plain REST"));
    let rest = ToolsApiOutputs {
        url: "http://127.0.0.1:4040".to_owned(),
        api_keys: [("reports".to_owned(), "abc123".to_owned())].into(),
    };
    outputs.tools_apis = [("Dogs/Rest".to_owned(), rest)].into();
    let block = announcement::block(&outputs, ports, 1.0);
    assert!(
        block.contains("# The tools as plain REST\nhttp://127.0.0.1:4040\n# API key of reports\naws --endpoint-url http://127.0.0.1:4032 apigateway get-api-key"),
        "{block}"
    );
    assert!(block.contains("--api-key abc123\n"), "{block}");
}

#[test]
fn the_block_has_no_line_for_what_cannot_connect() {
    let ports = Ports::starting_at(3030);
    let dogs = server("dogs", "http://127.0.0.1:3030/mcp", &["claude-code"]);
    let block = announcement::block(&outputs(vec![("Dogs/Server", dogs)], ports), ports, 1.0);
    assert!(block.contains("claude-code connects"), "{block}");
    for client in ["Codex", "Gemini", "VS Code", "Cursor", "machine client"] {
        assert!(!block.contains(client), "{client} in {block}");
    }
    assert!(block.contains("docs/authorization-modes.md"), "{block}");
    assert!(
        block.contains("the browser cannot connect to localhost"),
        "{block}"
    );
}

#[test]
fn the_block_names_every_server() {
    let url = |path: &str| format!("http://127.0.0.1:3030/{path}/mcp");
    let ports = Ports::starting_at(3030);
    let servers = vec![
        ("Two/Counter", server("counter", &url("counter"), &CLIENTS)),
        (
            "Two/DogFacts",
            server("dog-facts", &url("dog-facts"), &CLIENTS),
        ),
    ];
    let block = announcement::block(&outputs(servers, ports), ports, 1.0);
    assert!(block.contains("# The MCP endpoints\n"), "{block}");
    for path in ["counter", "dog-facts"] {
        assert!(block.contains(&format!("\n{}\n", url(path))), "{block}");
        let command = format!("codex connects to {}\n", url(path));
        assert!(block.contains(&command), "{block}");
    }
}

#[test]
fn the_block_names_every_playground_and_what_replies_there() {
    let ports = Ports::starting_at(3030);
    let dogs = server("dogs", "http://127.0.0.1:3030/mcp", &CLIENTS);
    let mut outputs = outputs(vec![("Dogs/Server", dogs)], ports);
    let without = announcement::block(&outputs, ports, 1.0);
    assert!(!without.contains("playground"), "{without}");
    let playground = PlaygroundOutputs {
        url: "http://127.0.0.1:3040".to_owned(),
        model: "qwen3 of http://127.0.0.1:11434/v1".to_owned(),
    };
    outputs.playgrounds = [("Dogs/Playground".to_owned(), playground)].into();
    let block = announcement::block(&outputs, ports, 1.0);
    assert!(
        block.contains(
            "\n\n# The playground, a chat in the browser; its model is qwen3 of http://127.0.0.1:11434/v1\n\
             http://127.0.0.1:3040\n\n# Claude Code"
        ),
        "{block}"
    );
}

#[test]
fn a_model_needs_its_endpoint_and_the_endpoint_its_model() {
    for alone in [
        ["--model", "qwen3"],
        ["--model-endpoint", "http://127.0.0.1:11434/v1"],
    ] {
        let said = run("dev", &alone);
        assert_eq!(said.status.code(), Some(2), "{alone:?}");
    }
}
