//! From start to end of the local stack, with mocks of cargo, node and the emulator: the order of things, and that
//! nothing is left running, is the program's own.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(
    clippy::disallowed_methods,
    reason = "the mocks go before the tools of the machine"
)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Builds whatever is asked for; the program that `npm start` builds is the real one.
const CARGO: &str = r#"#!/bin/sh
[ "$1" = --version ] && { echo "cargo 1.95.0 (0000000 2026-01-01)"; exit; }
[ -e fail-build ] && { sleep 0.5; echo '{"reason":"build-finished","success":false}'; echo "error[E0000]: this does not compile" >&2; exit 101; }
echo '{"reason":"compiler-artifact","package_id":"path+file:///project#dog-facts@0.1.0","target":{"name":"dog-facts","kind":["bin"]},"executable":"'"$PWD"'/dog-facts"}'
echo '{"reason":"compiler-artifact","target":{"name":"mcp-lambda","kind":["bin"]},"executable":"'"$PWD"'/mcp-lambda"}'
"#;
/// Runs npm's script by the Node of the machine, plays the program of `--with`, and plays the synthesis.
const NODE: &str = r#"#!/bin/sh
case "$1" in
scripts/mcp-lambda.mjs) exec "$(PATH=${PATH##*node_modules/.bin:} command -v node)" "$@" ;;
--version) echo v22.0.0; exit ;;
lambda/*) exec sleep 600 ;;
esac
echo "$CDK_CONTEXT_JSON" > context.json
env > node.environment
echo '{"Resources":{}}' > "$CDK_OUTDIR/DogFacts.template.json"
origin=$(sed 's/.*"newFronts":\["\([^"]*\)".*/\1/' context.json)
cat > "$CDK_OUTDIR/manifest.json" <<END
{"artifacts": {"DogFacts": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "DogFacts.template.json"}, "metadata": {
  "/DogFacts/Server": [
    {"type": "mcp-lambda:local", "data": {"kind": "front", "origin": "$origin", "api": {"Ref": "Api"}, "hasPage": false}},
    {"type": "mcp-lambda:local", "data": {"kind": "server", "name": "dog-facts", "url": "$origin/mcp"}}],
  "/DogFacts/Server/Function": [
    {"type": "mcp-lambda:local", "data": {"kind": "program", "name": "dog-facts-1",
      "cargo": {"directory": "$PWD", "packageName": "dog-facts", "binaryName": "dog-facts"}}}]}}}}
END
"#;
/// The environment's Python: the emulator listens, and ends with its standard input, as launch.py does. A function of its
/// would outlive that.
const PYTHON: &str = r#"#!/bin/sh
case "$1" in
*deploy_app.py) env > deployment.environment
  cat > plan.json
  [ -e fail-deployment ] && { echo "DogFacts: Table (AWS::DynamoDB::Table): no" >&2; exit 1; }
  echo '{"DogFacts": {"outputs": {"McpServerUrl": "http://127.0.0.1/mcp"}, "resources": {"Api": "abc"}}}' ;;
*) env > emulator.environment
  echo $$ > emulator.pid
  sleep 60 & echo $! > function.pid
  exec python3 -c '
import os, signal, socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
with open(sys.argv[2] + ".part", "w") as file:
    file.write(str(listener.getsockname()[1]))
os.rename(sys.argv[2] + ".part", sys.argv[2])
sys.stdin.buffer.read()
os.killpg(0, signal.SIGKILL)' "$3" "$5" ;;
esac
"#;

/// `npm ci` is done for the (empty) lock file.
const SHA256_OF_NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// The search path with the mocks first. The one of Node is there by itself when `command` is the program; npm and
/// scripts/mcp-lambda.mjs run on the real one and put the mock before it.
fn path(root: &Path, command: &[&str]) -> String {
    let mut path = format!(
        "{}:{}",
        root.join("tools").display(),
        std::env::var("PATH").unwrap()
    );
    if command[0] == env!("CARGO_BIN_EXE_mcp-lambda") {
        path = format!("{}:{path}", root.join("node_modules/.bin").display());
    }
    path
}

/// A project directory with mocks, and the program started in it.
struct Stack {
    root: PathBuf,
    program: Child,
}

impl Stack {
    /// Starts the program itself.
    fn start(name: &str, trouble: Option<&str>) -> Self {
        let program = env!("CARGO_BIN_EXE_mcp-lambda");
        // What takes a second on a busy machine would be reported as progress.
        let command = [program, "dev", "--state-directory", ".local", "--quiet"];
        Self::start_by(name, trouble, &command, &[])
    }

    /// Starts it by a command, with more `variables` in the environment.
    fn start_by(
        name: &str,
        trouble: Option<&str>,
        command: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&root);
        let (venv, tools) = (root.join(".local/venv"), root.join("tools"));
        for directory in [&venv.join("bin"), &tools] {
            fs::create_dir_all(directory).unwrap();
        }
        fs::write(root.join("dog-facts"), "server").unwrap();
        let cdk_json = r#"{"app":"node app.js","context":{"flag":true}}"#;
        fs::write(root.join("cdk.json"), cdk_json).unwrap();
        let requirements = include_str!("../emulator/requirements.txt");
        fs::write(venv.join("requirements.stamp"), requirements).unwrap();
        // As in the checkout, where the workspace's own Node goes before the machine's.
        let packages = root.join("node_modules/.bin");
        fs::create_dir_all(&packages).unwrap();
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for folder in ["scripts", "scripts/lib", "cli/npm/mcp-lambda/bin"] {
            fs::create_dir_all(root.join(folder)).unwrap();
            for entry in fs::read_dir(checkout.join(folder)).unwrap() {
                let script = entry.unwrap().path();
                if script.is_file() {
                    let copy = root.join(folder).join(script.file_name().unwrap());
                    fs::copy(&script, copy).unwrap();
                }
            }
        }
        fs::copy(checkout.join("package.json"), root.join("package.json")).unwrap();
        fs::write(root.join("package-lock.json"), "").unwrap();
        fs::write(root.join(".local/npm-root"), SHA256_OF_NOTHING).unwrap();
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_mcp-lambda"), root.join("mcp-lambda"))
            .unwrap();
        for (file, script) in [
            (tools.join("cargo"), CARGO),
            (packages.join("node"), NODE),
            (venv.join("bin/python"), PYTHON),
        ] {
            fs::write(&file, script).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        }
        if let Some(trouble) = trouble {
            fs::write(root.join(trouble), "").unwrap();
        }
        let path = path(&root, command);
        let program = Command::new(command[0])
            .args(&command[1..])
            .args(["--port", "0", "--no-watch", "--outputs-file", "ready.json"])
            .current_dir(&root)
            .env("PATH", path)
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self { root, program }
    }

    /// The search path with the mocks first.
    fn path(&self) -> String {
        path(&self.root, &[env!("CARGO_BIN_EXE_mcp-lambda")])
    }

    fn ready(name: &str) -> Self {
        Self::start(name, None).when_ready()
    }

    fn when_ready(mut self) -> Self {
        let deadline = Instant::now() + PATIENCE;
        while !self.root.join("ready.json").exists() {
            assert!(Instant::now() < deadline && self.program.try_wait().unwrap().is_none());
            std::thread::sleep(Duration::from_millis(20));
        }
        self
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
            ends(&pid);
        }
        (said.status.code(), String::from_utf8(said.stderr).unwrap())
    }
}

/// How long nothing takes, on a machine that is busy with anything else.
const PATIENCE: Duration = Duration::from_secs(300);

/// Waits until the process is gone.
fn ends(pid: &str) {
    let deadline = Instant::now() + PATIENCE;
    while runs(pid) {
        assert!(Instant::now() < deadline, "{pid} is left running");
        std::thread::sleep(Duration::from_millis(20));
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

#[test]
fn a_signal_ends_everything_and_is_no_failure() {
    let stack = Stack::ready("signal");
    let outputs = stack.root.join("ready.json");
    let outputs: serde_json::Value = serde_json::from_slice(&fs::read(outputs).unwrap()).unwrap();
    assert_eq!(outputs["McpServerUrl"], "http://127.0.0.1/mcp");
    let url = outputs["servers"]["DogFacts/Server"]["mcpServerUrl"]
        .as_str()
        .unwrap();
    let port = url
        .trim_start_matches("http://127.0.0.1:")
        .trim_end_matches("/mcp");
    let context: serde_json::Value =
        serde_json::from_slice(&fs::read(stack.root.join("context.json")).unwrap()).unwrap();
    assert_eq!(
        context["mcp-lambda:local"]["newFronts"][0],
        format!("http://127.0.0.1:{port}")
    );
    assert_eq!(context["flag"], true);
    let runs = stack.root.join(".local/runs");
    let program = runs.join(port).join("programs/dog-facts-1/bootstrap");
    assert_eq!(fs::read(program).unwrap(), b"server");
    assert_eq!(fs::read_dir(&runs).unwrap().count(), 1);
    signal("-TERM", &stack.program.id().to_string());
    assert_eq!(stack.end().0, Some(0));
    assert_eq!(
        fs::read_dir(&runs).unwrap().count(),
        0,
        "nothing of a run with free ports is kept"
    );
}

#[test]
fn two_stacks_with_free_ports_share_no_port_and_no_data() {
    let first = Stack::ready("beside");
    let outputs = |stack: &Stack| fs::read_to_string(stack.root.join("ready.json")).unwrap();
    let of_first = outputs(&first);
    fs::remove_file(first.root.join("ready.json")).unwrap();
    let emulator = first.pid("emulator.pid");
    let second = Command::new(env!("CARGO_BIN_EXE_mcp-lambda"))
        .args([
            "dev",
            "--state-directory",
            ".local",
            "--no-watch",
            "--port",
            "0",
            "--outputs-file",
            "ready.json",
        ])
        .current_dir(&first.root)
        .env("PATH", first.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let root = first.root.clone();
    let second = Stack {
        root: root.clone(),
        program: second,
    }
    .when_ready();
    let directories = fs::read_dir(root.join(".local/runs")).unwrap().count();
    assert_eq!(directories, 2);
    let endpoint = |outputs: &str| {
        serde_json::from_str::<serde_json::Value>(outputs).unwrap()["AwsEndpointUrl"].clone()
    };
    assert_ne!(endpoint(&of_first), endpoint(&outputs(&second)));
    for stack in [&first, &second] {
        signal("-TERM", &stack.program.id().to_string());
    }
    ends(&emulator);
    assert_eq!(second.end().0, Some(0));
}

#[test]
fn what_a_killed_run_left_behind_goes_with_the_next() {
    let stack = Stack::ready("killed");
    signal("-KILL", &stack.program.id().to_string());
    let root = stack.root.clone();
    let path = stack.path();
    stack.end();
    let left = || fs::read_dir(root.join(".local/runs")).unwrap().count();
    assert_eq!(left(), 1);
    fs::write(root.join("fail-deployment"), "").unwrap();
    let next = Command::new(env!("CARGO_BIN_EXE_mcp-lambda"))
        .args(["dev", "--state-directory", ".local", "--port", "0"])
        .current_dir(&root)
        .env("PATH", path)
        .output()
        .unwrap();
    assert_eq!(next.status.code(), Some(1));
    assert_eq!(left(), 1, "its own log, to be read");
}

#[test]
fn nothing_of_the_shells_settings_reaches_what_runs() {
    let hostile = [
        ("AWS_PROFILE", "no-such-profile"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        ("AWS_ACCESS_KEY_ID", "somebodys"),
        ("CDK_OUTDIR", "/nowhere"),
        ("HTTP_PROXY", "http://127.0.0.1:9"),
        ("http_proxy", "http://127.0.0.1:9"),
        ("ALL_PROXY", "http://127.0.0.1:9"),
        ("NODE_OPTIONS", "--require=/nowhere"),
        ("PYTHONPATH", "/nowhere"),
        ("PYTHONHOME", "/nowhere"),
        ("CARGO_HOSTILE", "1"),
    ];
    // The mock of the emulator is a Python of the machine.
    let program = env!("CARGO_BIN_EXE_mcp-lambda");
    let command = [program, "dev", "--state-directory", ".local"];
    let stack = Stack::start_by("hostile", None, &command, &hostile).when_ready();
    let app = fs::read_to_string(stack.root.join("node.environment")).unwrap();
    let leads_away = app
        .lines()
        .find(|line| line.starts_with("AWS_") || line.starts_with("CDK_OUTDIR=/nowhere"));
    assert_eq!(
        leads_away, None,
        "the app keeps its own settings but for these"
    );
    assert!(app.contains("HTTP_PROXY=http://127.0.0.1:9"), "{app}");
    for program in ["emulator", "deployment"] {
        let environment =
            fs::read_to_string(stack.root.join(format!("{program}.environment"))).unwrap();
        let mut names: Vec<&str> = environment
            .lines()
            .filter_map(|line| line.split_once('=').map(|(name, _)| name))
            .collect();
        assert!(names.contains(&"PATH"), "{environment}");
        names.retain(|name| hostile.iter().any(|(hostile, _)| hostile == name));
        assert!(names.is_empty(), "{program}: {names:?}");
        assert!(
            !environment.contains("/nowhere"),
            "{program}: {environment}"
        );
    }
    signal("-TERM", &stack.program.id().to_string());
    assert_eq!(stack.end().0, Some(0));
}

/// A process above the servers, and the command that makes one.
#[derive(Clone, Copy, PartialEq)]
enum Parent {
    Npm,
    Shell,
    Node,
    Program,
}

/// A way to end.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Terminated,
    Killed,
    TerminalClosed,
}

const START: &str = "node scripts/mcp-lambda.mjs dev";
/// Runs a command in a terminal, which closes with this program.
const TERMINAL: [&str; 3] = ["python3", "-c", "import pty, sys; pty.spawn(sys.argv[1:])"];

impl Parent {
    fn command(self) -> Vec<&'static str> {
        match self {
            Self::Npm | Self::Program => vec!["npm", "start", "--"],
            // More than one command: a shell with a single one replaces itself by it.
            Self::Shell => vec![
                "sh",
                "-c",
                "node scripts/mcp-lambda.mjs dev \"$@\"; exit $?",
                "sh",
            ],
            Self::Node => START.split(' ').collect(),
        }
    }

    /// Its process among those of `started`.
    fn process(self, started: &[(String, String)]) -> &str {
        let (pid, _) = match self {
            Self::Npm | Self::Shell => started.first(),
            Self::Node => started.iter().find(|(_, line)| line.contains(START)),
            Self::Program => started
                .iter()
                .find(|(_, line)| line.contains("/mcp-lambda dev ")),
        }
        .unwrap();
        pid
    }
}

/// The process and all that descend from it, parents first: number and command line.
fn family(pid: &str) -> Vec<(String, String)> {
    let said = Command::new("ps")
        .args(["-A", "-o", "pid=,ppid=,args="])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let all: Vec<(&str, &str, String)> = said
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let (pid, parent) = (words.next()?, words.next()?);
            Some((pid, parent, words.collect::<Vec<_>>().join(" ")))
        })
        .collect();
    let mut family: Vec<&(&str, &str, String)> =
        all.iter().filter(|(own, ..)| *own == pid).collect();
    let mut next = 0;
    while next < family.len() {
        let parent = family[next].0;
        family.extend(all.iter().filter(|(_, of, _)| *of == parent));
        next += 1;
    }
    family
        .into_iter()
        .map(|(pid, _, line)| ((*pid).to_owned(), line.clone()))
        .collect()
}

/// Ends one process of a stack that is ready; everything else of it must end too.
fn everything_ends(name: &str, parent: Parent, way: Way) {
    let mut command = parent.command();
    if way == Way::TerminalClosed {
        command.splice(0..0, TERMINAL);
    }
    // npm writes logs of its own otherwise.
    let variables = [
        ("npm_config_logs_max", "0"),
        ("npm_config_update_notifier", "false"),
    ];
    let mut stack = Stack::start_by(name, None, &command, &variables).when_ready();
    let started = family(&stack.program.id().to_string());
    let (emulator, function) = (stack.pid("emulator.pid"), stack.pid("function.pid"));
    for pid in [&emulator, &function] {
        assert!(
            started.iter().any(|(started, _)| started == pid),
            "{pid} in {started:?}"
        );
    }
    match way {
        Way::Terminated => signal("-TERM", parent.process(&started)),
        Way::Killed => signal("-KILL", parent.process(&started)),
        Way::TerminalClosed => signal("-KILL", &started[0].0),
    }
    // The first one is ours to collect.
    stack.program.wait().unwrap();
    for (pid, _) in &started {
        ends(pid);
    }
}

#[test]
fn the_end_of_npm_ends_everything() {
    everything_ends("npm-terminated", Parent::Npm, Way::Terminated);
    everything_ends("npm-killed", Parent::Npm, Way::Killed);
    everything_ends("npm-terminal", Parent::Npm, Way::TerminalClosed);
}

#[test]
fn the_end_of_the_shell_ends_everything() {
    everything_ends("shell-terminated", Parent::Shell, Way::Terminated);
    everything_ends("shell-killed", Parent::Shell, Way::Killed);
    everything_ends("shell-terminal", Parent::Shell, Way::TerminalClosed);
}

#[test]
fn the_end_of_node_ends_everything() {
    everything_ends("node-terminated", Parent::Node, Way::Terminated);
    everything_ends("node-killed", Parent::Node, Way::Killed);
    everything_ends("node-terminal", Parent::Node, Way::TerminalClosed);
}

#[test]
fn the_end_of_the_program_ends_everything() {
    everything_ends("program-terminated", Parent::Program, Way::Terminated);
    everything_ends("program-killed", Parent::Program, Way::Killed);
    everything_ends("program-terminal", Parent::Program, Way::TerminalClosed);
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
        said.contains("/emulator.log, then run `mcp-lambda dev` again"),
        "{said}"
    );
}

#[test]
fn a_failed_build_ends_everything_with_what_the_compiler_said() {
    let stack = Stack::start("build", Some("fail-build"));
    let said = stack.program.wait_with_output().unwrap();
    assert_eq!(said.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(said.stderr).unwrap(),
        "\nerror: building the servers failed (exit status: 101): fix what the compiler reports\n\n\
         error[E0000]: this does not compile\n"
    );
    assert!(!stack.root.join("emulator.pid").exists());
}

#[test]
fn a_failed_deployment_ends_everything_with_the_resource_and_its_reason() {
    let (status, said) = Stack::start_failing("deployment", "fail-deployment").end();
    assert_eq!(status, Some(1));
    assert_eq!(
        said,
        "\nerror: deploying the stacks failed (exit status: 1): fix the stack; if it deployed before, forget the old one with \
         --reset\n\nDogFacts: Table (AWS::DynamoDB::Table): no\n"
    );
}

impl Stack {
    /// Starts with trouble ahead and waits until the emulator is there to be ended.
    fn start_failing(name: &str, trouble: &str) -> Self {
        let stack = Self::start(name, Some(trouble));
        let deadline = Instant::now() + PATIENCE;
        // The file is made before it is written.
        while !fs::read(stack.root.join("function.pid")).is_ok_and(|pid| pid.ends_with(b"\n")) {
            assert!(Instant::now() < deadline);
            std::thread::sleep(Duration::from_millis(10));
        }
        stack
    }
}

#[test]
fn a_missing_tool_is_one_message_with_cause_and_fix() {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("missing-tool");
    fs::create_dir_all(&root).unwrap();
    fs::write(root.join("cdk.json"), r#"{"app":"true"}"#).unwrap();
    let said = Command::new(env!("CARGO_BIN_EXE_mcp-lambda"))
        .args(["dev", "--port", "0", "--root"])
        .arg(&root)
        .env("PATH", "/nowhere")
        .output()
        .unwrap();
    assert_eq!(said.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(said.stderr).unwrap(),
        "\nerror: `cargo` cannot be started (No such file or directory (os error 2)): install Rust with rustup, then run \
         `mcp-lambda dev` again\n"
    );
}
