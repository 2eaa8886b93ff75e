//! Decides what a changed file is part of: a program, the stacks, or neither.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::dev::programs::Sources;

/// What has to be brought up to date.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// The names of the programs.
    pub(crate) programs: BTreeSet<String>,
    pub(crate) stacks: bool,
    /// The files, relative to the project.
    pub(crate) files: BTreeSet<PathBuf>,
}

impl Change {
    /// Adds a later change.
    pub(crate) fn add(&mut self, later: Self) {
        self.programs.extend(later.programs);
        self.stacks |= later.stacks;
        self.files = later.files;
    }
}

/// The sources of an app.
#[derive(Debug, Clone, Default)]
pub(crate) struct WatchedSources {
    /// The directory of the app.
    pub(crate) root: PathBuf,
    /// The sources of each program, by its name.
    pub(crate) programs: BTreeMap<String, Sources>,
    /// The contract files, which the command writes itself.
    pub(crate) contracts: BTreeSet<PathBuf>,
}

/// Directories of what was made from sources.
const MADE: [&str; 7] = [
    "target",
    "node_modules",
    "cdk.out",
    "dist",
    "build",
    "__pycache__",
    "venv",
];
/// Endings of what is no source: notes, and files that editors and programs write on the way.
const NO_SOURCE: [&str; 9] = [
    "md", "log", "part", "swp", "swx", "tmp", "orig", "pyc", "snap",
];
/// Endings of sources of the stacks, beside a Rust package too.
const OF_STACKS: [&str; 8] = ["ts", "mts", "cts", "tsx", "js", "mjs", "cjs", "py"];
/// Directories of a Rust package that are no part of its binary.
const NO_PROGRAM: [&str; 3] = ["tests", "benches", "examples"];

/// Whether a directory of this name has sources.
pub(super) fn has_sources(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    (!name.starts_with('.') || name == ".cargo") && !MADE.contains(&&*name)
}

impl WatchedSources {
    /// All directories that have sources, with those above them first.
    pub(super) fn roots(&self) -> BTreeSet<&Path> {
        let programs = self.programs.values().flat_map(|each| &each.programs);
        let programs = programs.map(PathBuf::as_path);
        let mut roots: BTreeSet<&Path> = programs.chain([self.root.as_path()]).collect();
        let all = roots.clone();
        roots.retain(|root| {
            !all.iter()
                .any(|other| other != root && root.starts_with(other))
        });
        roots
    }

    /// Adds a changed file.
    pub(super) fn add(&self, file: &Path, change: &mut Change) {
        let relative = self
            .roots()
            .into_iter()
            .find_map(|root| file.strip_prefix(root).ok());
        let Some(relative) = relative.filter(|relative| is_source(relative)) else {
            return;
        };
        if self.contracts.contains(file) {
            return;
        }
        let (programs, stacks) = self.parts(file);
        if stacks || !programs.is_empty() {
            change.programs.extend(programs);
            change.stacks |= stacks;
            change.files.insert(relative.to_owned());
        }
    }

    /// The programs that the file is part of, and whether it is part of the stacks.
    fn parts(&self, file: &Path) -> (Vec<String>, bool) {
        let all = self.programs.values();
        let all = all.flat_map(|each| each.packages.iter().chain(&each.programs));
        let package = all
            .filter(|package| file.starts_with(package))
            .max_by_key(|package| package.as_os_str().len());
        let Some(package) = package else {
            return (Vec::new(), true);
        };
        let of_package = self.programs.iter();
        let programs: Vec<String> = of_package
            .filter(|(_, sources)| sources.programs.contains(package))
            .map(|(name, _)| name.clone())
            .collect();
        if programs.is_empty() {
            // A package without a server: the CDK app, if that is in Rust.
            return (programs, true);
        }
        let inside = file.strip_prefix(package).unwrap_or(file);
        let first = inside.iter().next().unwrap_or_default().to_string_lossy();
        let ending = file.extension().unwrap_or_default().to_string_lossy();
        if NO_PROGRAM.contains(&&*first) {
            (Vec::new(), false)
        } else if first == "src" || ["rs", "toml", "lock"].contains(&&*ending) {
            (programs, false)
        } else {
            // A page or data may be part of either.
            let is_stack = OF_STACKS.contains(&&*ending);
            (if is_stack { Vec::new() } else { programs }, true)
        }
    }
}

/// Whether the path below a root can be that of a source.
fn is_source(relative: &Path) -> bool {
    let mut names = relative.iter();
    let Some(file) = names.next_back() else {
        return false;
    };
    let name = file.to_string_lossy();
    let ending = relative.extension().unwrap_or_default().to_string_lossy();
    names.all(has_sources)
        && !name.starts_with('.')
        && !name.ends_with('~')
        && !NO_SOURCE.contains(&&*ending)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources() -> WatchedSources {
        WatchedSources {
            root: "/shop".into(),
            programs: [
                (
                    "shop".to_owned(),
                    Sources {
                        programs: ["/shop".into(), "/common".into()].into(),
                        packages: ["/shop".into(), "/shop/infra".into()].into(),
                    },
                ),
                (
                    "other".to_owned(),
                    Sources {
                        programs: ["/common".into(), "/other".into()].into(),
                        packages: ["/other".into()].into(),
                    },
                ),
            ]
            .into(),
            contracts: ["/shop/contract.json".into()].into(),
        }
    }

    /// The names of the programs, and `stacks`, that a change of the file belongs to.
    fn change(file: &str) -> Vec<String> {
        let mut change = Change::default();
        sources().add(Path::new(file), &mut change);
        let stacks = change.stacks.then(|| "stacks".to_owned());
        change.programs.into_iter().chain(stacks).collect()
    }

    #[test]
    fn sources_of_servers_and_of_the_stacks_are_told_apart() {
        const PROGRAM: &[&str] = &["shop"];
        const STACKS: &[&str] = &["stacks"];
        const NEITHER: &[&str] = &[];
        for (file, parts) in [
            ("/shop/src/main.rs", PROGRAM),
            ("/shop/src/page.html", PROGRAM),
            ("/shop/Cargo.toml", PROGRAM),
            ("/shop/build.rs", PROGRAM),
            ("/common/src/lib.rs", &["other", "shop"]),
            ("/other/src/lib.rs", &["other"]),
            ("/shop/infra/app.ts", STACKS),
            ("/shop/infra/src/main.rs", STACKS),
            ("/shop/app.py", STACKS),
            ("/shop/cdk.json", &["shop", "stacks"]),
            ("/shop/contract.json", NEITHER),
            ("/shop/contract.json.part", NEITHER),
            ("/shop/tests/server.rs", NEITHER),
            ("/shop/README.md", NEITHER),
            ("/shop/target/debug/shop", NEITHER),
            ("/shop/node_modules/a/index.js", NEITHER),
            ("/shop/.git/index", NEITHER),
            ("/shop/src/.main.rs.swp", NEITHER),
            ("/shop/src/main.rs~", NEITHER),
            ("/elsewhere/src/main.rs", NEITHER),
        ] {
            assert_eq!(change(file), parts, "{file}");
        }
    }
}
