//! jsii types as Rust types, and where generated items live.

use std::collections::BTreeMap;

use super::gate::{self, Gate};
use super::plan::Plan;
use crate::names::{identifier, snake_case};
use crate::spec::{Type, TypeRef};

impl Plan<'_> {
    /// Rust type of a value: `::std::string::String`, `crate::generated::constructs::Construct`.
    pub(super) fn rust_type(&self, reference: &TypeRef) -> String {
        match reference {
            TypeRef::Primitive(name) => match name.as_str() {
                "string" => "::std::string::String".to_owned(),
                "number" => "f64".to_owned(),
                "boolean" => "bool".to_owned(),
                "date" => "::jsii_host::Date".to_owned(),
                _ => "::jsii_host::Value".to_owned(),
            },
            TypeRef::Fqn(fqn) if self.input.is_json(fqn) => "::jsii_host::Value".to_owned(),
            TypeRef::Fqn(fqn) => self.path_of(fqn),
            TypeRef::Collection { kind, elementtype } => {
                let element = self.rust_type(elementtype);
                if kind == "map" {
                    format!("::std::collections::BTreeMap<::std::string::String, {element}>")
                } else {
                    format!("::std::vec::Vec<{element}>")
                }
            }
            TypeRef::Union { types } => {
                match self.union_key(types).and_then(|key| self.unions.get(&key)) {
                    Some(name) => format!("{}::unions::{name}", self.input.options.path),
                    None => "::jsii_host::Value".to_owned(),
                }
            }
            // The kernel checks the rest; Rust has no value of two types at once.
            TypeRef::Intersection { types } => types.first().map_or_else(
                || "::jsii_host::Value".to_owned(),
                |first| self.rust_type(first),
            ),
        }
    }

    /// Rust type of a value that may be absent.
    pub(super) fn rust_result(&self, reference: &TypeRef, optional: bool) -> String {
        let plain = self.rust_type(reference);
        if optional && plain != "::jsii_host::Value" {
            format!("::std::option::Option<{plain}>")
        } else {
            plain
        }
    }

    /// Rust path of a declared type.
    pub(super) fn path_of(&self, fqn: &str) -> String {
        let Some(found) = self.input.declared(fqn) else {
            return "::jsii_host::Object".to_owned();
        };
        let root = match self.input.options.external.get(&found.assembly) {
            Some(path) => path.clone(),
            None => format!(
                "{}::{}",
                self.input.options.path,
                module_name(&found.assembly)
            ),
        };
        let modules = found
            .namespace
            .iter()
            .flat_map(|namespace| namespace.split('.'));
        let modules: String = modules
            .map(|part| format!("::{}", module_name(part)))
            .collect();
        format!("{root}{modules}::{}", found.name)
    }

    /// Rust path of the assembly's description.
    pub(super) fn assembly_of(&self, r#type: &Type) -> String {
        format!(
            "{}::{}::ASSEMBLY",
            self.input.options.path,
            module_name(&r#type.assembly)
        )
    }

    /// Everything a type can be given for, with the features that it takes beyond the type's own: itself, its ancestors,
    /// the unions that it or they are in, and `any`.
    pub(super) fn targets(&self, r#type: &Type) -> BTreeMap<Gate<'_>, Vec<String>> {
        let Some(r#type) = self.input.declared(&r#type.fqn) else {
            return BTreeMap::new();
        };
        let own = self.gates.get(r#type.fqn.as_str()).cloned();
        let own = own.unwrap_or_default();
        let mut names = self.ancestors(r#type);
        names.insert(0, &r#type.fqn);
        names.retain(|name| self.types.contains_key(name) || self.input.is_external(name));
        let mut targets: BTreeMap<Gate<'_>, Vec<String>> = BTreeMap::new();
        let always = names.iter().map(|name| self.path_of(name)).collect();
        targets.insert(Gate::new(), always);
        for (members, name) in &self.unions {
            let fits = members.iter().any(|member| match member {
                TypeRef::Fqn(fqn) => names.contains(&fqn.as_str()),
                TypeRef::Intersection { types } => types.first().is_some_and(
                    |first| matches!(first, TypeRef::Fqn(fqn) if names.contains(&fqn.as_str())),
                ),
                TypeRef::Primitive(_) | TypeRef::Collection { .. } | TypeRef::Union { .. } => false,
            });
            if fits {
                let gate = self.union_gates.get(members).cloned().unwrap_or_default();
                let beyond = if gate::covers(&gate, &own) {
                    Gate::new()
                } else {
                    gate
                };
                let path = format!("{}::unions::{name}", self.input.options.path);
                targets.entry(beyond).or_default().push(path);
            }
        }
        let always = targets.entry(Gate::new()).or_default();
        always.push("::jsii_host::Value".to_owned());
        targets
    }
}

/// `aws-cdk-lib`, `@scope/lib` or `CfnBucket` as the name of a Rust module.
pub(super) fn module_name(name: &str) -> String {
    identifier(&snake_case(name.trim_start_matches('@')))
}
