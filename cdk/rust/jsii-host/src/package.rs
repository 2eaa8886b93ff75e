//! npm packages that bindings need: where they are, which version, in which order they are loaded.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::environment::find_upward;
use crate::error::Reason;

/// A jsii assembly that bindings were generated from. Generated code has one per npm package.
#[derive(Debug)]
pub struct Assembly {
    /// Name of the npm package.
    pub name: &'static str,
    /// The version that the bindings were generated from.
    pub version: &'static str,
    /// Whether the installed version must be that one. Otherwise a later one of the same major version will do.
    pub exact: bool,
    /// The packages whose types appear in this one's bindings.
    pub dependencies: &'static [&'static Assembly],
}

/// An installed package.
#[derive(Clone, Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// `node_modules/<name>`, which may be a symbolic link.
    pub(crate) directory: PathBuf,
    pub(crate) has_bundled_dependencies: bool,
    /// What the package publishes (`files`): the first parts of paths. `None` publishes everything.
    pub(crate) published: Option<Vec<String>>,
    dependencies: Vec<String>,
}

impl Package {
    fn read(name: &str, directory: PathBuf) -> Option<Self> {
        let manifest = fs::read(directory.join("package.json")).ok()?;
        let manifest: Value = serde_json::from_slice(&manifest).ok()?;
        let bundled: Vec<&str> = ["bundleDependencies", "bundledDependencies"]
            .iter()
            .filter_map(|key| manifest.get(*key)?.as_array())
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let dependencies = ["dependencies", "peerDependencies"]
            .iter()
            .filter_map(|key| manifest.get(*key)?.as_object())
            .flat_map(|list| list.keys())
            .filter(|name| !bundled.contains(&name.as_str()))
            .cloned()
            .collect();
        Some(Self {
            name: name.to_owned(),
            version: manifest.get("version")?.as_str()?.to_owned(),
            has_bundled_dependencies: !bundled.is_empty(),
            published: manifest
                .get("files")
                .and_then(Value::as_array)
                .map(|files| {
                    let names = files.iter().filter_map(Value::as_str);
                    names
                        .filter_map(|name| {
                            name.trim_start_matches("./")
                                .split('/')
                                .next()
                                .map(str::to_owned)
                        })
                        .collect()
                }),
            directory,
            dependencies,
        })
    }
}

/// The package of an assembly and all jsii packages that it needs, dependencies first.
pub(crate) fn load_order(assembly: &Assembly, start: &Path) -> Result<Vec<Package>, Reason> {
    let mut order = Vec::new();
    check_versions(assembly, start, assembly.exact)?;
    let missing = || missing(assembly, start);
    let directory = find_upward(start, assembly.name).ok_or_else(missing)?;
    let package = Package::read(assembly.name, directory).ok_or_else(missing)?;
    visit(package, &mut order);
    Ok(order)
}

fn visit(package: Package, order: &mut Vec<Package>) {
    if order.iter().any(|known| known.name == package.name) {
        return;
    }
    let real = fs::canonicalize(&package.directory).unwrap_or_else(|_| package.directory.clone());
    for name in &package.dependencies {
        // A linked package shares the peer dependencies of the project that it is linked into.
        let found = find_upward(&package.directory, name).or_else(|| find_upward(&real, name));
        let found = found.filter(|directory| directory.join(".jsii").is_file());
        if let Some(dependency) = found.and_then(|directory| Package::read(name, directory)) {
            visit(dependency, order);
        }
    }
    order.push(package);
}

fn missing(assembly: &Assembly, start: &Path) -> Reason {
    Reason::PackageMissing {
        package: assembly.name.to_owned(),
        version: assembly.version.to_owned(),
        searched_from: start.to_owned(),
    }
}

fn check_versions(assembly: &Assembly, start: &Path, exact: bool) -> Result<(), Reason> {
    for dependency in assembly.dependencies {
        check_versions(dependency, start, false)?;
    }
    let installed = find_upward(start, assembly.name)
        .and_then(|directory| Package::read(assembly.name, directory))
        .ok_or_else(|| missing(assembly, start))?
        .version;
    let fits = if exact {
        installed == assembly.version
    } else {
        is_compatible(&installed, assembly.version)
    };
    if fits {
        return Ok(());
    }
    Err(Reason::PackageVersion {
        package: assembly.name.to_owned(),
        generated_from: assembly.version.to_owned(),
        installed,
    })
}

/// Same major version, and not older.
pub(crate) fn is_compatible(installed: &str, wanted: &str) -> bool {
    let (installed, wanted) = (numbers(installed), numbers(wanted));
    installed.first() == wanted.first() && installed >= wanted
}

fn numbers(version: &str) -> Vec<u64> {
    let release = version.split(['-', '+']).next().unwrap_or(version);
    release
        .split('.')
        .map(|part| part.parse().unwrap_or(0))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::is_compatible;

    #[test]
    fn accepts_later_minor_versions_only() {
        assert!(is_compatible("2.280.0", "2.276.0"));
        assert!(is_compatible("10.5.0", "10.5.0"));
        assert!(!is_compatible("2.99.9", "2.276.0"));
        assert!(!is_compatible("3.0.0", "2.276.0"));
    }
}
