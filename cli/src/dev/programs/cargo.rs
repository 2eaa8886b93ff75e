//! Builds programs with cargo, and asks it where their sources are.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Deserialize;

use crate::dev::app::CargoProgram;
use crate::dev::error::StackError;
use crate::dev::paths::Paths;
use crate::dev::process::{building, output, step_heard};
use crate::dev::progress::Progress;

/// Builds a program for this machine, in the target directory of its workspace; returns where cargo put it.
///
/// Cargo unites the features of the whole workspace, as `cargo test` does there: what one has compiled, the other does not compile
/// again. The program that is deployed is built by itself.
pub(super) async fn build(
    program: &CargoProgram,
    release: bool,
    paths: &Paths,
    progress: Progress,
) -> Result<PathBuf, StackError> {
    let CargoProgram {
        directory,
        package_name,
        binary_name,
    } = program;
    let mut build = building("cargo", paths);
    build
        .current_dir(directory)
        .args(["build", "--message-format=json-render-diagnostics"])
        .args(["--workspace", "--bin", binary_name]);
    if release {
        build.arg("--release");
    }
    let fix = "fix what the compiler reports";
    let compiled = AtomicUsize::new(0);
    let heard = |line: &str| {
        if line.trim_start().starts_with("Compiling ") {
            compiled.fetch_add(1, Ordering::Relaxed);
        }
    };
    let messages = progress
        .long_step(
            &format!("Building {binary_name}"),
            step_heard("building the servers", fix, &mut build, &heard),
            || match compiled.load(Ordering::Relaxed) {
                0 => None,
                1 => Some("1 crate".to_owned()),
                crates => Some(format!("{crates} crates")),
            },
        )
        .await?;
    executable(&messages, package_name, binary_name).ok_or_else(|| StackError::Incomplete {
        missing: format!(
            "binary {binary_name} in the package {package_name} of {}",
            directory.display()
        ),
    })
}

/// The path of the binary, from cargo's JSON messages: the target directory may be anywhere, and another package of the workspace may
/// have a binary of that name.
fn executable(messages: &[u8], package_name: &str, binary_name: &str) -> Option<PathBuf> {
    #[derive(Deserialize)]
    struct Message {
        package_id: Option<String>,
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
            let target = message.target.as_ref();
            let package = message.package_id.as_deref().and_then(name_of);
            target.is_some_and(|target| target.name == binary_name) && package == Some(package_name)
        })
        .find_map(|message| message.executable)
}

/// The package that an id names: `…/folder#name@version`, or `…/name#version` where the folder has the name of the package.
fn name_of(package_id: &str) -> Option<&str> {
    let (place, fragment) = package_id.rsplit_once('#')?;
    match fragment.split_once('@') {
        Some((name, _)) => Some(name),
        None => place.rsplit_once('/').map(|(_, folder)| folder),
    }
}

#[derive(Deserialize)]
struct Workspace {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    targets: Vec<CargoTarget>,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct CargoTarget {
    name: String,
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    path: Option<PathBuf>,
    /// `dev` or `build`; none for a normal one.
    kind: Option<String>,
}

impl Dependency {
    /// Whether it is a part of the programs, and not of the tests alone.
    fn is_built_in(&self) -> bool {
        self.kind.as_deref() != Some("dev")
    }
}

impl Package {
    fn directory(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(&self.manifest_path)
    }
}

async fn workspace(directory: &Path, paths: &Paths) -> Option<Workspace> {
    let mut metadata = building("cargo", paths);
    metadata.current_dir(directory).args([
        "metadata",
        "--no-deps",
        "--format-version",
        "1",
        "--offline",
    ]);
    let said = output(&mut metadata).await.ok()?;
    serde_json::from_slice(&said.stdout).ok()
}

/// Where the sources of programs are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sources {
    /// The packages that they are made of: their own and those that these depend on by path.
    pub(crate) programs: BTreeSet<PathBuf>,
    /// All packages of their workspaces.
    pub(crate) packages: BTreeSet<PathBuf>,
}

/// The sources of a program. If cargo does not say where they are, they are in the directory of its manifest.
pub(crate) async fn sources(program: &CargoProgram, paths: &Paths) -> Sources {
    let mut sources = Sources::default();
    let Some(workspace) = workspace(&program.directory, paths).await else {
        sources.programs.insert(program.directory.clone());
        return sources;
    };
    let packages = &workspace.packages;
    let directories = packages.iter().map(|each| each.directory().to_owned());
    sources.packages.extend(directories);
    let own = packages
        .iter()
        .find(|package| package.name == program.package_name);
    let mut open: Vec<PathBuf> = own
        .map(|package| package.directory().to_owned())
        .into_iter()
        .collect();
    while let Some(directory) = open.pop() {
        let package = packages.iter().find(|each| each.directory() == directory);
        if sources.programs.insert(directory)
            && let Some(package) = package
        {
            let by_path = package
                .dependencies
                .iter()
                .filter(|each| each.is_built_in());
            open.extend(by_path.filter_map(|each| each.path.clone()));
        }
    }
    sources
}

/// The binaries of the project's packages that depend on `mcp-lambda` and have a contract file, or will have one.
pub(super) async fn servers(
    directory: &Path,
    paths: &Paths,
) -> Option<Vec<(CargoProgram, PathBuf)>> {
    Some(servers_of(&workspace(directory, paths).await?, directory))
}

fn servers_of(workspace: &Workspace, directory: &Path) -> Vec<(CargoProgram, PathBuf)> {
    let servers = workspace.packages.iter().filter(|package| {
        let mut dependencies = package.dependencies.iter();
        dependencies.any(|each| each.name == "mcp-lambda" && each.is_built_in())
    });
    let programs = servers.filter_map(|package| {
        let is_binary = |target: &&CargoTarget| target.kind.iter().any(|kind| kind == "bin");
        let mut binaries = package.targets.iter().filter(is_binary);
        let (binary, None) = (binaries.next()?, binaries.next()) else {
            return None;
        };
        let program = CargoProgram {
            directory: directory.to_owned(),
            package_name: package.name.clone(),
            binary_name: binary.name.clone(),
        };
        Some((program, package.directory().join("contract.json")))
    });
    programs.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn finds_the_binary_where_cargo_says_it_is() {
        let messages =
            br#"{"reason":"compiler-artifact","package_id":"registry+https://example.org#serde@1.0.0","target":{"name":"serde"},"executable":null}
{"reason":"compiler-artifact","package_id":"path+file:///shop/cats#0.1.0","target":{"name":"server"},"executable":"/elsewhere/cats"}
{"reason":"compiler-artifact","package_id":"path+file:///shop/second#dogs@0.1.0","target":{"name":"server"},"executable":"/elsewhere/dogs"}
{"reason":"build-finished","success":true}"#;
        assert_eq!(
            executable(messages, "dogs", "server"),
            Some(PathBuf::from("/elsewhere/dogs"))
        );
        assert_eq!(
            executable(messages, "cats", "server"),
            Some(PathBuf::from("/elsewhere/cats"))
        );
        assert_eq!(executable(messages, "dogs", "counter"), None);
    }

    #[test]
    fn a_program_whose_tests_alone_use_the_crate_is_no_server() {
        let package = |name: &str, kind: Option<&str>| {
            json!({
                "name": name,
                "manifest_path": format!("/shop/{name}/Cargo.toml"),
                "targets": [{ "name": name, "kind": ["bin"] }],
                "dependencies": [{ "name": "mcp-lambda", "kind": kind, "path": null }],
            })
        };
        let workspace =
            json!({ "packages": [package("cats", None), package("proxy", Some("dev"))] });
        let workspace = serde_json::from_value(workspace).unwrap();
        let servers = servers_of(&workspace, Path::new("/shop"));
        let names: Vec<&str> = servers
            .iter()
            .map(|(program, _)| program.package_name.as_str())
            .collect();
        assert_eq!(names, ["cats"]);
    }
}
