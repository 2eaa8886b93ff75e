//! What is asked for: the assemblies, and the options of the person who generates.

use std::collections::BTreeMap;

use crate::names::NameTable;
use crate::spec::{Assembly, Type};

/// What the user asked for.
#[derive(Debug, Default)]
pub struct Options {
    /// Fully qualified names, or prefixes that end in `*`.
    pub roots: Vec<String>,
    /// More roots, by the Cargo feature that they belong to. What only they reach is compiled with that feature only.
    pub features: BTreeMap<String, Vec<String>>,
    /// Names or prefixes of classes whose members can be overridden in Rust.
    pub overridable: Vec<String>,
    /// Names given by a person.
    pub names: NameTable,
    /// Rust path of the module that the files make, for example `crate::generated`.
    pub path: String,
    /// Assemblies whose bindings are in another crate, with the Rust path of their module.
    pub external: BTreeMap<String, String>,
}

/// The assemblies with the options, and what the two say about a type.
#[derive(Clone, Copy)]
pub(super) struct Input<'a> {
    pub(super) assemblies: &'a BTreeMap<String, Assembly>,
    pub(super) options: &'a Options,
}

impl<'a> Input<'a> {
    /// A declared type of any assembly.
    pub(super) fn declared(&self, fqn: &str) -> Option<&'a Type> {
        let assembly = fqn.split('.').next()?;
        self.assemblies.get(assembly)?.types.get(fqn)
    }

    pub(super) fn is_external(&self, fqn: &str) -> bool {
        fqn.split('.')
            .next()
            .is_some_and(|assembly| self.options.external.contains_key(assembly))
    }

    pub(super) fn is_overridable(&self, fqn: &str) -> bool {
        self.options
            .overridable
            .iter()
            .any(|pattern| matches(pattern, fqn))
    }

    /// Whether only the name of the type is generated: a handle without members.
    pub(super) fn is_opaque(&self, r#type: &Type) -> bool {
        is_low_level(r#type) && !self.options.roots.contains(&r#type.fqn)
    }

    /// Whether the type is plain JSON: a property bag of a low-level class that is not among the roots.
    pub(super) fn is_json(&self, fqn: &str) -> bool {
        self.declared(fqn)
            .is_none_or(|r#type| r#type.datatype && self.is_opaque(r#type))
    }

    /// The types that a root names.
    pub(super) fn types_of(&self, root: &str) -> impl Iterator<Item = &'a Type> {
        let types = self
            .assemblies
            .values()
            .flat_map(|assembly| assembly.types.values());
        // A pattern means what people write manually; low-level types are asked for by name.
        types.filter(move |r#type| {
            matches(root, &r#type.fqn) && (!root.ends_with('*') || !is_low_level(r#type))
        })
    }
}

fn matches(pattern: &str, fqn: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => fqn.starts_with(prefix),
        None => pattern == fqn,
    }
}

/// CloudFormation's own resource classes and their property bags: thousands, and rarely used manually.
pub(super) fn is_low_level(r#type: &Type) -> bool {
    let cfn = |name: &str| {
        name.strip_prefix("Cfn")
            .is_some_and(|rest| rest.starts_with(char::is_uppercase))
    };
    r#type.assembly == "aws-cdk-lib"
        && r#type
            .namespace
            .as_deref()
            .is_some_and(|namespace| namespace.split('.').any(cfn) || cfn(&r#type.name))
}
