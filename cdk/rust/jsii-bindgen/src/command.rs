//! The command line.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Parser};
use jsii_bindgen::names::NameTable;
use jsii_bindgen::{Error, contract, output, rust, spec, typescript};

/// Generates code on both sides of jsii.
#[derive(Parser)]
#[command(version, about)]
pub(crate) enum Command {
    /// A jsii assembly and a list of roots → Rust bindings of everything that the roots reach
    Rust(RustArguments),
    /// Structs described by a JSON schema (from Rust) → TypeScript that jsii accepts
    Typescript(TypescriptArguments),
    /// The contract that a server's binary printed → a typed construct for that server
    Contract(ContractArguments),
}

#[derive(Args)]
pub(crate) struct RustArguments {
    /// Name of the npm package, installed in node_modules
    #[arg(long)]
    assembly: String,
    /// Types to generate: fully qualified names, or prefixes with `*`; a file with one in each line is given as @file,
    /// where the lines after `[name]` belong to the Cargo feature of that name
    #[arg(long, required = true, value_delimiter = ',')]
    roots: Vec<String>,
    /// Directory of the generated module
    #[arg(long)]
    out: PathBuf,
    /// Rust path of that module [default: crate::<last part of --out>]
    #[arg(long)]
    path: Option<String>,
    /// Classes whose members can be overridden in Rust: names, or prefixes with `*`
    #[arg(long, value_delimiter = ',')]
    overridable: Vec<String>,
    /// JSON file with names that the rules get wrong: {"words": {"OAuth": "Oauth"}, "members": {"fqn#member": "name"}}
    #[arg(long)]
    names: Option<PathBuf>,
    /// Bindings that another crate has: package=rust::path of its module
    #[arg(long, value_parser = pair)]
    external: Vec<(String, String)>,
    /// Directory from which node_modules is searched upward
    #[arg(long, default_value = ".")]
    search_from: PathBuf,
    /// Write nothing; fail when a file would change
    #[arg(long)]
    check: bool,
}

#[derive(Args)]
pub(crate) struct TypescriptArguments {
    /// JSON schema of the structs
    #[arg(long)]
    schema: PathBuf,
    /// TypeScript file to write
    #[arg(long)]
    out: PathBuf,
    /// TypeScript file beside it for the functions from structs to environment variables (`x-env`)
    #[arg(long)]
    environment: Option<PathBuf>,
    /// Write nothing; fail when a file would change
    #[arg(long)]
    check: bool,
}

#[derive(Args)]
pub(crate) struct ContractArguments {
    /// The contract, as the server's binary prints it
    #[arg(long)]
    contract: PathBuf,
    /// TypeScript file to write
    #[arg(long)]
    out: PathBuf,
    /// Directory from which node_modules with mcp-lambda-cdk is searched upward
    #[arg(long, default_value = ".")]
    search_from: PathBuf,
    /// Write nothing; fail when the file would change
    #[arg(long)]
    check: bool,
}

/// Roots by the feature that they belong to.
type Features = BTreeMap<String, Vec<String>>;

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, path) = text
        .split_once('=')
        .ok_or_else(|| format!("'{text}' is not package=rust::path"))?;
    Ok((name.to_owned(), path.to_owned()))
}

impl Command {
    pub(crate) fn run(self) -> Result<String, Error> {
        match self {
            Self::Rust(arguments) => arguments.run(),
            Self::Typescript(arguments) => {
                let name = arguments.out.file_name().unwrap_or_default();
                let schema = json_file(&arguments.schema)?;
                let output = typescript::generate(&schema, &name.to_string_lossy())?;
                if let Some(environment) = &arguments.environment {
                    one_file(environment, output.environment, arguments.check)?;
                }
                one_file(&arguments.out, output.types, arguments.check)
            }
            Self::Contract(arguments) => {
                let assemblies =
                    spec::load_with_dependencies("mcp-lambda-cdk", &arguments.search_from)?;
                let name = arguments
                    .contract
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                let text =
                    contract::generate(&json_file(&arguments.contract)?, &name, &assemblies)?;
                one_file(&arguments.out, text, arguments.check)
            }
        }
    }
}

impl RustArguments {
    fn run(self) -> Result<String, Error> {
        let last = self
            .out
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let (roots, features) = with_files(self.roots)?;
        let options = rust::Options {
            roots,
            features,
            overridable: self.overridable,
            names: match &self.names {
                Some(path) => parse::<NameTable>(path)?,
                None => NameTable::default(),
            },
            path: self.path.unwrap_or_else(|| format!("crate::{last}")),
            external: self.external.into_iter().collect(),
        };
        let assemblies = spec::load_with_dependencies(&self.assembly, &self.search_from)?;
        let output = rust::generate(&assemblies, &self.assembly, &options)?;
        finish(&self.out, &output.files, self.check)?;
        Ok(format!(
            "{} types in '{}'",
            output.type_count,
            self.out.display()
        ))
    }
}

/// Replaces `@file` by the lines of the file, without comments (`#`) and empty lines. A line `[name]` begins the roots of a feature.
fn with_files(roots: Vec<String>) -> Result<(Vec<String>, Features), Error> {
    let mut all = Vec::new();
    let mut features = Features::new();
    for root in roots {
        let Some(path) = root.strip_prefix('@') else {
            all.push(root);
            continue;
        };
        let mut list = &mut all;
        for line in read(Path::new(path))?.lines() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if let Some(feature) = line
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'))
            {
                list = features.entry(feature.to_owned()).or_default();
            } else if !line.is_empty() {
                list.push(line.to_owned());
            }
        }
    }
    Ok((all, features))
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path)
        .map_err(|error| Error::new(format!("cannot read '{}': {error}", path.display())))
}

fn parse<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let text = read(path)?;
    serde_json::from_str(&text)
        .map_err(|error| Error::new(format!("'{}' does not fit: {error}", path.display())))
}

fn json_file(path: &Path) -> Result<serde_json::Value, Error> {
    parse(path)
}

fn one_file(out: &Path, text: String, check: bool) -> Result<String, Error> {
    let name = PathBuf::from(out.file_name().unwrap_or_default());
    let directory = out.parent().unwrap_or_else(|| Path::new("."));
    finish(directory, &BTreeMap::from([(name, text)]), check)?;
    Ok(format!("'{}'", out.display()))
}

fn finish(directory: &Path, files: &BTreeMap<PathBuf, String>, check: bool) -> Result<(), Error> {
    if check {
        output::check(directory, files)
    } else {
        output::write(directory, files)
    }
}
