//! From start to end of the local stack, with stand-ins for cargo, node and the emulator: the order of things, and that
//! nothing is left running, is the program's own.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(
    clippy::disallowed_methods,
    reason = "the stand-ins go before the tools of the machine"
)]

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const CARGO: &str = r#"#!/bin/sh
[ "$1" = --version ] && { echo "cargo 1.95.0 (0000000 2026-01-01)"; exit; }
[ -e fail-build ] && { sleep 0.5; echo '{"reason":"build-finished","success":false}'; echo "error[E0000]: this does not compile" >&2; exit 101; }
echo '{"reason":"compiler-artifact","target":{"name":"dog-facts"},"executable":"'"$PWD"'/dog-facts"}'
"#;
const NODE: &str = r#"#!/bin/sh
[ "$1" = --version ] && { echo v22.0.0; exit; }
echo "$CDK_CONTEXT_JSON" > context.json
echo '{"Resources":{"Pool":{"Type":"AWS::Cognito::UserPool"},"Api":{"Type":"AWS::ApiGateway::RestApi"}}}' > "$CDK_OUTDIR/DogFacts.template.json"
"#;
/// The environment's Python: the emulator listens and ends with its standard input, a function of its outlives that.
const PYTHON: &str = r#"#!/bin/sh
case "$1" in
*deploy.py) [ -e fail-deployment ] && { echo "Table (AWS::DynamoDB::Table): no" >&2; exit 1; }
  echo '{"RestApiIds":{"Api":"abc"},"McpServerUrl":"http://127.0.0.1/mcp"}' ;;
*) echo $$ > emulator.pid
  sleep 60 & echo $! > function.pid
  exec python3 -c '
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
sys.stdin.buffer.read()' "$3" ;;
esac
"#;

/// A project directory with stand-ins, and the program started in it.
struct Stack {
    root: PathBuf,
    program: Child,
}

impl Stack {
    fn start(name: &str, trouble: Option<&str>) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&root);
        let (emulator, venv, tools) = (
            root.join("lambda/local/emulator"),
            root.join(".local/venv"),
            root.join("tools"),
        );
        for directory in [&emulator, &venv.join("bin"), &tools] {
            fs::create_dir_all(directory).unwrap();
        }
        fs::write(root.join("dog-facts"), "server").unwrap();
        fs::write(root.join("cdk.json"), r#"{"context":{"flag":true}}"#).unwrap();
        fs::write(emulator.join("requirements.txt"), "").unwrap();
        fs::write(venv.join("requirements.stamp"), "").unwrap();
        for (file, script) in [
            (tools.join("cargo"), CARGO),
            (tools.join("node"), NODE),
            (venv.join("bin/python"), PYTHON),
        ] {
            fs::write(&file, script).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        }
        if let Some(trouble) = trouble {
            fs::write(root.join(trouble), "").unwrap();
        }
        let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
        let program = Command::new(env!("CARGO_BIN_EXE_mcp-lambda-local"))
            .args([
                "--port",
                &four_free_ports().to_string(),
                "--outputs-file",
                "ready.json",
                "--root",
                ".",
            ])
            .current_dir(&root)
            .env("PATH", path)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self { root, program }
    }

    fn ready(name: &str) -> Self {
        let mut stack = Self::start(name, None);
        let deadline = Instant::now() + Duration::from_secs(60);
        while !stack.root.join("ready.json").exists() {
            assert!(Instant::now() < deadline && stack.program.try_wait().unwrap().is_none());
            std::thread::sleep(Duration::from_millis(20));
        }
        stack
    }

    fn pid(&self, file: &str) -> String {
        fs::read_to_string(self.root.join(file))
            .unwrap()
            .trim()
            .to_owned()
    }

    /// Exit status and standard error, after making sure that nobody is left.
    fn end(self) -> (Option<i32>, String) {
        let (emulator, function) = (self.pid("emulator.pid"), self.pid("function.pid"));
        let said = self.program.wait_with_output().unwrap();
        for pid in [emulator, function] {
            let deadline = Instant::now() + Duration::from_secs(30);
            while runs(&pid) {
                assert!(Instant::now() < deadline, "{pid} is left running");
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        (said.status.code(), String::from_utf8(said.stderr).unwrap())
    }
}

/// Whether the process exists and is more than an entry waiting to be collected.
fn runs(pid: &str) -> bool {
    let said = Command::new("ps")
        .args(["-o", "stat=", "-p", pid])
        .output()
        .unwrap();
    let state = String::from_utf8(said.stdout).unwrap();
    !state.trim().is_empty() && !state.trim().starts_with('Z')
}

fn signal(signal: &str, pid: &str) {
    assert!(
        Command::new("kill")
            .args([signal, pid])
            .status()
            .unwrap()
            .success()
    );
}

/// The first of four ports in a row that were free a moment ago.
fn four_free_ports() -> u16 {
    (0..100)
        .find_map(|_| {
            let first = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
                .unwrap()
                .local_addr()
                .unwrap()
                .port();
            let row = first.checked_add(3)?;
            (first..=row)
                .all(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
                .then_some(first)
        })
        .unwrap()
}

#[test]
fn a_signal_ends_everything_and_is_no_failure() {
    let stack = Stack::ready("signal");
    let outputs = stack.root.join("ready.json");
    let outputs: serde_json::Value = serde_json::from_slice(&fs::read(outputs).unwrap()).unwrap();
    assert_eq!(outputs["McpServerUrl"], "http://127.0.0.1/mcp");
    assert_eq!(
        fs::read(stack.root.join(".local/lambda/dog-facts/bootstrap")).unwrap(),
        b"server"
    );
    let context: serde_json::Value =
        serde_json::from_slice(&fs::read(stack.root.join("context.json")).unwrap()).unwrap();
    assert_eq!(context["front"], "external");
    assert_eq!(context["flag"], true);
    signal("-TERM", &stack.program.id().to_string());
    assert_eq!(stack.end().0, Some(0));
}

#[test]
fn the_end_of_the_emulator_ends_everything_and_is_a_failure() {
    let stack = Stack::ready("crash");
    signal("-KILL", &stack.pid("emulator.pid"));
    let (status, said) = stack.end();
    assert_eq!(status, Some(1));
    assert!(
        said.contains("error: the emulator ended by itself (signal: 9 (SIGKILL)): see /"),
        "{said}"
    );
    assert!(
        said.contains("/emulator.log, then run `npm start` again"),
        "{said}"
    );
}

#[test]
fn a_failed_build_ends_everything_with_what_the_compiler_said() {
    let (status, said) = Stack::start_failing("build", "fail-build").end();
    assert_eq!(status, Some(1));
    assert_eq!(
        said,
        "\nerror: building the servers failed (exit status: 101): mend what the compiler says and run `npm start` again\n\n\
         error[E0000]: this does not compile\n"
    );
}

#[test]
fn a_failed_deployment_ends_everything_with_the_resource_and_its_reason() {
    let (status, said) = Stack::start_failing("deployment", "fail-deployment").end();
    assert_eq!(status, Some(1));
    assert_eq!(
        said,
        "\nerror: deploying the stack failed (exit status: 1): mend the template; if it deployed before, forget the old stack \
         with `npm start -- --reset`\n\nTable (AWS::DynamoDB::Table): no\n"
    );
}

impl Stack {
    /// Starts with trouble ahead and waits until the emulator is there to be ended.
    fn start_failing(name: &str, trouble: &str) -> Self {
        let stack = Self::start(name, Some(trouble));
        let deadline = Instant::now() + Duration::from_secs(60);
        while !stack.root.join("function.pid").exists() {
            assert!(Instant::now() < deadline);
            std::thread::sleep(Duration::from_millis(10));
        }
        std::thread::sleep(Duration::from_millis(50)); // the file is made before it is written
        stack
    }
}

#[test]
fn a_missing_tool_is_one_message_with_cause_and_mend() {
    let said = Command::new(env!("CARGO_BIN_EXE_mcp-lambda-local"))
        .args([
            "--port",
            &four_free_ports().to_string(),
            "--root",
            env!("CARGO_TARGET_TMPDIR"),
        ])
        .env("PATH", "/nowhere")
        .output()
        .unwrap();
    assert_eq!(said.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(said.stderr).unwrap(),
        "\nerror: `cargo` cannot be started (No such file or directory (os error 2)): install Rust with rustup, then run \
         `npm start` again\n"
    );
}
