//! The jsii assembly: what a compiled library says about its types. Only what generators need is read.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use serde::Deserialize;

use crate::Error;

/// One compiled library (`.jsii`).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Assembly {
    /// npm package name.
    pub name: String,
    /// Version of the package.
    pub version: String,
    /// Direct jsii dependencies, with version ranges.
    #[serde(default)]
    pub dependencies: BTreeMap<String, String>,
    /// All types, by fully qualified name.
    #[serde(default)]
    pub types: BTreeMap<String, Type>,
}

/// A class, interface, struct or enum.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Type {
    /// Name with assembly and namespace, `aws-cdk-lib.aws_s3.Bucket`.
    pub fqn: String,
    /// Assembly that declares it.
    pub assembly: String,
    /// Which kind of type.
    pub kind: Kind,
    /// Simple name.
    pub name: String,
    /// Submodules and enclosing types, joined with dots.
    pub namespace: Option<String>,
    /// Base class.
    pub base: Option<String>,
    /// Implemented or extended interfaces.
    #[serde(default)]
    pub interfaces: Vec<String>,
    /// Whether an interface is a struct.
    #[serde(default)]
    pub datatype: bool,
    /// Whether a class cannot be made without overriding something.
    #[serde(default)]
    pub r#abstract: bool,
    /// The constructor, if it can be called.
    pub initializer: Option<Callable>,
    /// Methods declared here.
    #[serde(default)]
    pub methods: Vec<Callable>,
    /// Properties declared here.
    #[serde(default)]
    pub properties: Vec<Property>,
    /// Members of an enum.
    #[serde(default)]
    pub members: Vec<EnumMember>,
    /// Documentation.
    #[serde(default)]
    pub docs: Docs,
}

impl Type {
    /// Its base class and its interfaces.
    pub(crate) fn parents(&self) -> impl Iterator<Item = &str> {
        self.base.iter().chain(&self.interfaces).map(String::as_str)
    }

    /// The types that its properties, constructor and methods use.
    pub(crate) fn uses(&self) -> Vec<&TypeRef> {
        let mut used: Vec<&TypeRef> = Vec::new();
        used.extend(self.properties.iter().map(|property| &property.r#type));
        for callable in self.methods.iter().chain(&self.initializer) {
            used.extend(
                callable
                    .parameters
                    .iter()
                    .map(|parameter| &parameter.r#type),
            );
            used.extend(callable.returns.iter().map(|returns| &returns.r#type));
        }
        used
    }
}

/// What a type is.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A class.
    Class,
    /// A behavioural interface, or a struct.
    Interface,
    /// An enum.
    Enum,
}

/// A method or constructor.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Callable {
    /// JavaScript name; empty for constructors.
    pub name: String,
    /// Parameters in order.
    pub parameters: Vec<Parameter>,
    /// Result, unless void.
    pub returns: Option<Optional>,
    /// Whether it belongs to the class, not to an object.
    pub r#static: bool,
    /// Whether it returns a promise.
    pub r#async: bool,
    /// Whether the last parameter repeats.
    pub variadic: bool,
    /// Whether it is meant for subclasses.
    pub protected: bool,
    /// Documentation.
    pub docs: Docs,
}

/// A parameter.
#[derive(Clone, Debug, Deserialize)]
pub struct Parameter {
    /// JavaScript name.
    pub name: String,
    /// Its type.
    pub r#type: TypeRef,
    /// Whether it can be left out.
    #[serde(default)]
    pub optional: bool,
}

/// A type that may be absent.
#[derive(Clone, Debug, Deserialize)]
pub struct Optional {
    /// The type.
    pub r#type: TypeRef,
    /// Whether `undefined` is possible.
    #[serde(default)]
    pub optional: bool,
}

/// A property.
#[derive(Clone, Debug, Deserialize)]
pub struct Property {
    /// JavaScript name.
    pub name: String,
    /// Its type.
    pub r#type: TypeRef,
    /// Whether it can be unset.
    #[serde(default)]
    pub optional: bool,
    /// Whether it can only be read.
    #[serde(default)]
    pub immutable: bool,
    /// Whether it belongs to the class.
    #[serde(default)]
    pub r#static: bool,
    /// Whether it never changes.
    #[serde(default)]
    pub r#const: bool,
    /// Whether it is meant for subclasses.
    #[serde(default)]
    pub protected: bool,
    /// Documentation.
    #[serde(default)]
    pub docs: Docs,
}

/// A member of an enum.
#[derive(Clone, Debug, Deserialize)]
pub struct EnumMember {
    /// Name, in capitals.
    pub name: String,
    /// Documentation.
    #[serde(default)]
    pub docs: Docs,
}

/// Documentation of anything.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Docs {
    /// One line.
    pub summary: Option<String>,
    /// The rest.
    pub remarks: Option<String>,
    /// What happens when it is left out.
    pub default: Option<String>,
    /// Why not to use it.
    pub deprecated: Option<String>,
}

/// A use of a type.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub enum TypeRef {
    /// `string`, `number`, `boolean`, `date`, `json` or `any`.
    Primitive(String),
    /// A declared type.
    Fqn(String),
    /// A list or a map.
    Collection {
        /// `array` or `map`.
        kind: String,
        /// What it holds.
        elementtype: Box<TypeRef>,
    },
    /// One of several types.
    Union {
        /// The types.
        types: Vec<TypeRef>,
    },
    /// All of several types at once.
    Intersection {
        /// The types.
        types: Vec<TypeRef>,
    },
}

/// Reads the assembly of an npm package and of all jsii packages that it depends on.
///
/// # Errors
/// When a package is not installed or its assembly cannot be read.
pub fn load_with_dependencies(
    name: &str,
    start: &Path,
) -> Result<BTreeMap<String, Assembly>, Error> {
    let mut assemblies = BTreeMap::new();
    let mut pending = vec![(name.to_owned(), start.to_owned())];
    while let Some((name, start)) = pending.pop() {
        if assemblies.contains_key(&name) {
            continue;
        }
        let directory = find_package(&name, &start)?;
        let assembly = load(&directory)?;
        pending.extend(
            assembly
                .dependencies
                .keys()
                .map(|dependency| (dependency.clone(), directory.clone())),
        );
        assemblies.insert(name, assembly);
    }
    Ok(assemblies)
}

fn find_package(name: &str, start: &Path) -> Result<PathBuf, Error> {
    let own = start.join("package.json");
    if let Ok(manifest) = fs::read_to_string(&own)
        && start.join(".jsii").is_file()
        && serde_json::from_str::<serde_json::Value>(&manifest)
            .is_ok_and(|manifest| manifest["name"] == name)
    {
        return Ok(start.to_owned());
    }
    let absolute = std::path::absolute(start).unwrap_or_else(|_| start.to_owned());
    let real = fs::canonicalize(start).unwrap_or_else(|_| start.to_owned());
    // A linked package shares the peer dependencies of the project that it is linked into.
    absolute
        .ancestors()
        .chain(real.ancestors())
        .map(|directory| directory.join("node_modules").join(name))
        .find(|directory| directory.join(".jsii").is_file())
        .ok_or_else(|| {
            Error::new(format!(
                "jsii package '{name}' is in no node_modules from '{}' upward: run 'npm install {name}'",
                start.display()
            ))
        })
}

/// Reads `.jsii` of a package directory, and follows it when it points to a compressed file.
fn load(directory: &Path) -> Result<Assembly, Error> {
    let path = directory.join(".jsii");
    let unreadable = |path: &Path, error: &dyn std::fmt::Display| {
        Error::new(format!(
            "cannot read the jsii assembly '{}': {error}",
            path.display()
        ))
    };
    let text = fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
    if !text.contains("jsii/file-redirect") {
        return serde_json::from_str(&text).map_err(|error| unreadable(&path, &error));
    }
    let target = directory.join(".jsii.gz");
    let file = File::open(&target).map_err(|error| unreadable(&target, &error))?;
    let mut json = Vec::new();
    GzDecoder::new(BufReader::new(file))
        .read_to_end(&mut json)
        .map_err(|error| unreadable(&target, &error))?;
    serde_json::from_slice(&json).map_err(|error| unreadable(&target, &error))
}
