//! Prepares what the emulator needs to run the stack: tools, the emulator's environment, the servers and the template.

use std::fs::File;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::app::{App, AppOptions, Authorization};
use super::process::{building, command, output, step};
use crate::dev::error::StackError;
use crate::dev::paths::Paths;
use crate::dev::ports::Ports;
use crate::dev::progress::Progress;

/// The programs of the stacks' functions: package and binary.
const DOG_FACTS: Server = ("dog-facts", "dog-facts");
const COUNTER: Server = ("counter", "counter");
const AUTHORIZATION: Server = ("mcp-lambda-authorization", "authorization");
const LAMBDA_AUTHORIZER: Server = ("mcp-lambda-authorizer", "authorizer");
type Server = (&'static str, &'static str);
const INSTALL_RUST: &str = "install Rust with rustup";
const INSTALL_PYTHON: &str = "install Python 3.10 or newer (on Debian and Ubuntu: `sudo apt-get install python3 python3-venv`)";
const INSTALL_NODE: &str = "install Node.js 20 or newer";

/// Checks that the required programs are installed and new enough.
pub(crate) async fn tools(paths: &Paths) -> Result<(), StackError> {
    tokio::try_join!(
        tool(paths, "cargo", INSTALL_RUST, "cargo ", "1.85", (1, 85)),
        tool(paths, "python3", INSTALL_PYTHON, "Python ", "3.10", (3, 10)),
        tool(paths, "node", INSTALL_NODE, "v", "20.0", (20, 0)),
    )?;
    Ok(())
}

async fn tool(
    paths: &Paths,
    tool: &'static str,
    fix: &'static str,
    prefix: &str,
    wanted: &'static str,
    minimum: (u32, u32),
) -> Result<(), StackError> {
    let missing = |cause: String| StackError::ToolMissing { tool, cause, fix };
    let said = output(building(tool, paths).arg("--version"))
        .await
        .map_err(|error| missing(error.to_string()))?;
    if !said.status.success() {
        return Err(missing(
            String::from_utf8_lossy(&said.stderr).trim().to_owned(),
        ));
    }
    let found = String::from_utf8_lossy(&said.stdout)
        .trim()
        .trim_start_matches(prefix)
        .to_owned();
    if version(&found) < Some(minimum) {
        return Err(StackError::ToolTooOld {
            tool,
            found,
            wanted,
            fix,
        });
    }
    Ok(())
}

/// Major and minor of "1.95.0 (f2d3ce0bd 2026-03-21)".
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split(['.', ' ', '+', '-']).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Creates the emulator's Python environment, unless it exists with the same requirements.
///
/// # Errors
///
/// [`StackError::StepFailed`] when Python's `venv` module or pip fails, [`StackError::File`] for files of the project.
pub async fn install_emulator(paths: &Paths) -> Result<(), StackError> {
    venv(paths, Progress::new(true)).await
}

/// The same, with progress output.
pub(crate) async fn venv(paths: &Paths, progress: Progress) -> Result<(), StackError> {
    let requirements = paths.emulator("requirements.txt");
    let wanted = std::fs::read(&requirements).map_err(StackError::file(&requirements))?;
    // Another stack of this checkout, or a test of it, may begin at the same moment: one installs, the other waits.
    let _lock = lock(&paths.venv.with_extension("lock")).await?;
    // Written last: half an installation does not count.
    let stamp = paths.venv.join("requirements.stamp");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == wanted) && paths.python().exists() {
        return Ok(());
    }
    let install = async {
        step(
            "making the emulator's Python environment",
            "install the venv module (on Debian and Ubuntu: `sudo apt-get install python3-venv`) and run `npm start` again",
            building("python3", paths).args(["-I", "-m", "venv", "--clear"]).arg(&paths.venv),
        )
        .await?;
        step(
            "installing the emulator",
            "check that pip can reach its package index, then run `npm start` again",
            building(paths.python(), paths)
                .args([
                    "-I",
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                    "--require-hashes",
                    "--requirement",
                ])
                .arg(&requirements),
        )
        .await
    };
    progress.step("Installing the emulator", install).await?;
    std::fs::write(&stamp, wanted).map_err(StackError::file(&stamp))
}

/// Waits for the lock on `file`, which the operating system releases when a process ends in any way.
async fn lock(file: &Path) -> Result<File, StackError> {
    let path = file.to_owned();
    let waiting = tokio::task::spawn_blocking(move || {
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory)?;
        }
        let lock = File::create(path)?;
        lock.lock()?;
        Ok(lock)
    });
    waiting
        .await
        .unwrap_or_else(|cause| Err(std::io::Error::other(cause)))
        .map_err(StackError::file(file))
}

/// Builds the servers for this machine and copies each to `<server>/bootstrap`.
pub(crate) async fn servers(
    paths: &Paths,
    options: AppOptions,
    progress: Progress,
) -> Result<(), StackError> {
    let mut servers: Vec<Server> = match options.app {
        App::DogFacts => vec![DOG_FACTS],
        App::Two => vec![DOG_FACTS, COUNTER],
    };
    if options.authorization == Authorization::Server {
        servers.push(AUTHORIZATION);
    }
    if options.lambda_authorizer {
        servers.push(LAMBDA_AUTHORIZER);
    }
    // One by one: built together they share features, and one choice would compile again what another has built.
    for (package, binary) in &servers {
        let mut build = building("cargo", paths);
        build
            .args([
                "build",
                "--locked",
                "--message-format=json-render-diagnostics",
            ])
            .args(["--package", package, "--bin", binary]);
        let fix = "fix what the compiler reports and run `npm start` again";
        let messages = progress
            .step(
                &format!("Building {binary}"),
                step("building the servers", fix, &mut build),
            )
            .await?;
        let built = executable(&messages, binary).ok_or_else(|| StackError::Incomplete {
            missing: format!("binary `{binary}` in the workspace"),
        })?;
        lay_down(&built, &paths.lambda.join(binary))?;
    }
    Ok(())
}

/// The path of the binary, from cargo's JSON messages: the target directory may be anywhere.
fn executable(messages: &[u8], name: &str) -> Option<PathBuf> {
    #[derive(Deserialize)]
    struct Message {
        target: Option<Target>,
        executable: Option<PathBuf>,
    }
    #[derive(Deserialize)]
    struct Target {
        name: String,
    }
    messages
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<Message>(line).ok())
        .filter(|message| {
            message
                .target
                .as_ref()
                .is_some_and(|target| target.name == name)
        })
        .find_map(|message| message.executable)
}

/// Copies the binary, unless it is there already: an untouched file keeps the template's asset digests quick.
fn lay_down(built: &Path, directory: &Path) -> Result<(), StackError> {
    let bootstrap = directory.join("bootstrap");
    let new = std::fs::read(built).map_err(StackError::file(built))?;
    if std::fs::read(&bootstrap).is_ok_and(|old| old == new) {
        return Ok(());
    }
    std::fs::create_dir_all(directory).map_err(StackError::file(directory))?;
    // Another stack of this checkout may be reading it, or beginning at the same moment.
    let part = directory.with_extension(format!("{}.part", std::process::id()));
    std::fs::copy(built, &part).map_err(StackError::file(&part))?;
    std::fs::rename(&part, &bootstrap).map_err(StackError::file(&bootstrap))
}

/// Adds `ours` to the context of `cdk.json`, which the CDK's command line also passes and whose feature flags change
/// the template.
fn with_feature_flags(paths: &Paths, ours: Value) -> Result<Value, StackError> {
    #[derive(Deserialize)]
    struct CdkJson {
        context: Map<String, Value>,
    }
    let path = paths.root.join("cdk.json");
    let text = std::fs::read_to_string(&path).map_err(StackError::file(&path))?;
    let CdkJson { mut context } = serde_json::from_str(&text)
        .map_err(|cause| StackError::file(&path)(std::io::Error::other(cause)))?;
    if let Value::Object(ours) = ours {
        context.extend(ours);
    }
    Ok(Value::Object(context))
}

/// Synthesizes the stack for this machine: the same app, with this program as the external front.
pub(crate) async fn template(
    paths: &Paths,
    ports: Ports,
    options: AppOptions,
    progress: Progress,
) -> Result<(), StackError> {
    let sign_in = format!("http://127.0.0.1:{}", ports.sign_in);
    let ours = serde_json::json!({
        "front": "external",
        "publicBaseUrl": format!("http://127.0.0.1:{}", ports.edge),
        "signInBaseUrl": sign_in,
        "cognitoIdpUrl": sign_in,
        "authorization": options.authorization.context_value(),
        "lambdaAuthorizer": options.lambda_authorizer.to_string(),
        "lambdaDir": paths.lambda,
        "dogApiBaseUrl": format!("http://127.0.0.1:{}/api/v2", ports.dog_api),
        "callbackPort": ports.callback,
    });
    let context = with_feature_flags(paths, ours)?;
    let mut synth = command("node", paths);
    synth
        .args(["--import", "tsx", options.app.program()])
        .env("CDK_OUTDIR", &paths.cdk_out)
        .env("CDK_CONTEXT_JSON", context.to_string())
        // `npm run check` validates the same template; here only the seconds count.
        .env("CDK_VALIDATION", "false");
    let fix = "fix what it reports (if a package is missing: `npm ci`) and run `npm start` again";
    progress
        .step(
            "Synthesizing the stack",
            step("synthesizing the stack", fix, &mut synth),
        )
        .await
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_versions_as_the_tools_print_them() {
        assert_eq!(version("1.95.0 (f2d3ce0bd 2026-03-21)"), Some((1, 95)));
        assert_eq!(version("3.11.7"), Some((3, 11)));
        assert_eq!(version("3.13.0rc1"), Some((3, 13)));
        assert_eq!(version("unknown"), None);
    }

    #[test]
    fn finds_the_binary_where_cargo_says_it_is() {
        let messages =
            br#"{"reason":"compiler-artifact","target":{"name":"serde"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"dog-facts"},"executable":"/elsewhere/dog-facts"}
{"reason":"build-finished","success":true}"#;
        assert_eq!(
            executable(messages, "dog-facts"),
            Some(PathBuf::from("/elsewhere/dog-facts"))
        );
        assert_eq!(executable(messages, "counter"), None);
    }
}
