//! What is generated: the closure of the roots, and what each type needs.

use std::collections::{BTreeMap, BTreeSet};

use crate::Error;
use crate::names::NameTable;
use crate::spec::{Assembly, Callable, Kind, Optional, Type, TypeRef};

/// What the user asked for.
#[derive(Debug, Default)]
pub struct Options {
    /// Fully qualified names, or prefixes that end in `*`.
    pub roots: Vec<String>,
    /// Names or prefixes of classes whose members can be overridden in Rust.
    pub overridable: Vec<String>,
    /// Names given by a person.
    pub names: NameTable,
    /// Rust path of the module that the files make, for example `crate::generated`.
    pub path: String,
    /// Assemblies whose bindings are in another crate, with the Rust path of their module.
    pub external: BTreeMap<String, String>,
}

/// Everything that the emitters ask.
pub(super) struct Plan<'a> {
    pub(super) assemblies: &'a BTreeMap<String, Assembly>,
    pub(super) options: &'a Options,
    /// The assembly that was asked for; the installed version must be its version.
    pub(super) main: &'a str,
    /// Types that are generated.
    pub(super) types: BTreeMap<&'a str, &'a Type>,
    /// Structs and unions that JavaScript hands to Rust.
    pub(super) received: BTreeSet<&'a str>,
    pub(super) received_unions: BTreeSet<Vec<TypeRef>>,
    /// Unions by their members, with the name given to each.
    pub(super) unions: BTreeMap<Vec<TypeRef>, String>,
    /// Structs that are the last argument of a constructor.
    pub(super) props: BTreeSet<&'a str>,
}

fn matches(pattern: &str, fqn: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => fqn.starts_with(prefix),
        None => pattern == fqn,
    }
}

/// CloudFormation's own resource classes and their property bags: thousands, and rarely used by hand.
fn is_low_level(r#type: &Type) -> bool {
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

impl<'a> Plan<'a> {
    pub(super) fn new(
        assemblies: &'a BTreeMap<String, Assembly>,
        main: &'a str,
        options: &'a Options,
    ) -> Result<Self, Error> {
        let mut plan = Self {
            assemblies,
            options,
            main,
            types: BTreeMap::new(),
            received: BTreeSet::new(),
            received_unions: BTreeSet::new(),
            unions: BTreeMap::new(),
            props: BTreeSet::new(),
        };
        plan.close()?;
        plan.find_props();
        plan.find_received();
        plan.find_unions();
        Ok(plan)
    }

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

    /// Whether the type stands for plain JSON: property bags of low-level classes that nobody asked for.
    pub(super) fn is_json(&self, fqn: &str) -> bool {
        self.declared(fqn)
            .is_none_or(|r#type| r#type.datatype && self.is_opaque(r#type))
    }

    fn close(&mut self) -> Result<(), Error> {
        let mut pending: Vec<&'a str> = Vec::new();
        for root in &self.options.roots {
            let before = pending.len();
            for assembly in self.assemblies.values() {
                let fits = assembly
                    .types
                    .values()
                    .filter(|r#type| matches(root, &r#type.fqn));
                // A pattern means what people write by hand; low-level types are asked for by name.
                pending.extend(
                    fits.filter(|r#type| !root.ends_with('*') || !is_low_level(r#type))
                        .map(|r#type| r#type.fqn.as_str()),
                );
            }
            if pending.len() == before {
                return Err(Error::new(format!(
                    "no type of the assembly fits the root '{root}': check its spelling"
                )));
            }
        }
        while let Some(fqn) = pending.pop() {
            if self.types.contains_key(fqn) || self.is_json(fqn) || self.is_external(fqn) {
                continue;
            }
            let Some(r#type) = self.declared(fqn) else {
                continue;
            };
            self.types.insert(fqn, r#type);
            pending.extend(
                r#type
                    .base
                    .iter()
                    .chain(&r#type.interfaces)
                    .map(String::as_str),
            );
            if self.is_opaque(r#type) {
                continue;
            }
            let mut used = Vec::new();
            for callable in r#type.methods.iter().chain(&r#type.initializer) {
                used.extend(
                    callable
                        .parameters
                        .iter()
                        .map(|parameter| &parameter.r#type),
                );
                used.extend(callable.returns.iter().map(|returns| &returns.r#type));
            }
            used.extend(r#type.properties.iter().map(|property| &property.r#type));
            used.into_iter().for_each(|used| named(used, &mut pending));
        }
        Ok(())
    }

    fn find_props(&mut self) {
        for r#type in self.types.values().copied() {
            let last = r#type
                .initializer
                .as_ref()
                .and_then(|init| init.parameters.last());
            let last = last.and_then(|parameter| self.as_struct(&parameter.r#type));
            if let (Some(props), false) = (last, r#type.r#abstract) {
                self.props.insert(&props.fqn);
            }
        }
    }

    /// The struct that a type reference names, if it is one that is generated.
    pub(super) fn as_struct(&self, reference: &TypeRef) -> Option<&'a Type> {
        match reference {
            TypeRef::Fqn(fqn) => self
                .types
                .get(fqn.as_str())
                .copied()
                .filter(|found| found.datatype),
            TypeRef::Primitive(_)
            | TypeRef::Collection { .. }
            | TypeRef::Union { .. }
            | TypeRef::Intersection { .. } => None,
        }
    }

    fn find_received(&mut self) {
        let types: Vec<&'a Type> = self.types.values().copied().collect();
        for r#type in types
            .into_iter()
            .filter(|r#type| r#type.kind != Kind::Enum && !r#type.datatype)
        {
            if self.is_opaque(r#type) {
                continue;
            }
            let from_script = r#type.kind == Kind::Interface || self.is_overridable(&r#type.fqn);
            for property in &r#type.properties {
                self.receive(&property.r#type);
            }
            for method in &r#type.methods {
                if let Some(Optional {
                    r#type: returned, ..
                }) = &method.returns
                {
                    self.receive(returned);
                }
                if from_script {
                    method
                        .parameters
                        .iter()
                        .for_each(|parameter| self.receive(&parameter.r#type));
                }
            }
        }
    }

    fn receive(&mut self, reference: &'a TypeRef) {
        match reference {
            TypeRef::Primitive(_) => {}
            TypeRef::Fqn(fqn) => {
                let Some(found) = self
                    .types
                    .get(fqn.as_str())
                    .copied()
                    .filter(|found| found.datatype)
                else {
                    return;
                };
                if self.received.insert(&found.fqn) {
                    let members: Vec<&'a TypeRef> = self
                        .members_of(found)
                        .into_iter()
                        .map(|member| &member.r#type)
                        .collect();
                    members.into_iter().for_each(|member| self.receive(member));
                }
            }
            TypeRef::Collection { elementtype, .. } => self.receive(elementtype),
            TypeRef::Union { types } => {
                if let Some(key) = self.union_key(types)
                    && self.received_unions.insert(key)
                {
                    types.iter().for_each(|member| self.receive(member));
                }
            }
            TypeRef::Intersection { types } => {
                types.iter().take(1).for_each(|member| self.receive(member))
            }
        }
    }

    /// What makes two unions the same: the set of their members. `None` when a member can be anything, or when
    /// only one is left.
    pub(super) fn union_key(&self, types: &[TypeRef]) -> Option<Vec<TypeRef>> {
        let is_anything = |member: &TypeRef| match member {
            TypeRef::Primitive(name) => name == "any" || name == "json",
            TypeRef::Fqn(fqn) => self.is_json(fqn),
            TypeRef::Collection { .. } | TypeRef::Union { .. } | TypeRef::Intersection { .. } => {
                false
            }
        };
        let mut flat: Vec<TypeRef> = Vec::new();
        for member in types {
            match member {
                TypeRef::Union { types } => flat.extend(types.iter().cloned()),
                other @ (TypeRef::Primitive(_)
                | TypeRef::Fqn(_)
                | TypeRef::Collection { .. }
                | TypeRef::Intersection { .. }) => flat.push(other.clone()),
            }
        }
        if flat.iter().any(is_anything) {
            return None;
        }
        flat.sort();
        flat.dedup();
        Some(flat)
    }

    fn find_unions(&mut self) {
        let types: Vec<&'a Type> = self
            .types
            .values()
            .copied()
            .filter(|r#type| !self.is_opaque(r#type))
            .collect();
        let mut names = BTreeSet::new();
        for r#type in types {
            let mut used: Vec<&TypeRef> = r#type
                .properties
                .iter()
                .map(|property| &property.r#type)
                .collect();
            for callable in r#type.methods.iter().chain(&r#type.initializer) {
                used.extend(
                    callable
                        .parameters
                        .iter()
                        .map(|parameter| &parameter.r#type),
                );
                used.extend(callable.returns.iter().map(|returns| &returns.r#type));
            }
            while let Some(reference) = used.pop() {
                match reference {
                    TypeRef::Primitive(_) | TypeRef::Fqn(_) => {}
                    TypeRef::Collection { elementtype, .. } => used.push(elementtype),
                    TypeRef::Intersection { types } => used.extend(types.iter().take(1)),
                    TypeRef::Union { types } => {
                        used.extend(types);
                        let Some(key) = self.union_key(types) else {
                            continue;
                        };
                        if self.unions.contains_key(&key) {
                            continue;
                        }
                        let mut name = key
                            .iter()
                            .take(4)
                            .map(short_name)
                            .collect::<Vec<_>>()
                            .join("Or");
                        if key.len() > 4 {
                            name.push_str("OrMore");
                        }
                        while !names.insert(name.clone()) {
                            name.push('2');
                        }
                        self.unions.insert(key, name);
                    }
                }
            }
        }
    }

    /// All ancestors of a type, itself not included: base classes and interfaces, in a stable order.
    pub(super) fn ancestors(&self, r#type: &'a Type) -> Vec<&'a str> {
        let mut found: Vec<&'a str> = Vec::new();
        let mut pending: Vec<&'a str> = r#type
            .base
            .iter()
            .chain(&r#type.interfaces)
            .map(String::as_str)
            .collect();
        while let Some(fqn) = pending.pop() {
            if found.contains(&fqn) {
                continue;
            }
            found.push(fqn);
            if let Some(parent) = self.declared(fqn) {
                pending.extend(
                    parent
                        .base
                        .iter()
                        .chain(&parent.interfaces)
                        .map(String::as_str),
                );
            }
        }
        found.sort_unstable();
        found
    }

    /// The members of a struct with those it inherits, each once, by name.
    pub(super) fn members_of(&self, r#type: &'a Type) -> Vec<&'a crate::spec::Property> {
        let mut members = BTreeMap::new();
        for fqn in self.ancestors(r#type) {
            if let Some(parent) = self.declared(fqn) {
                members.extend(
                    parent
                        .properties
                        .iter()
                        .map(|member| (member.name.as_str(), member)),
                );
            }
        }
        members.extend(
            r#type
                .properties
                .iter()
                .map(|member| (member.name.as_str(), member)),
        );
        members.into_values().collect()
    }

    /// Methods of a type with those it inherits, each once, by name. Static ones are not inherited.
    pub(super) fn methods_of(&self, r#type: &'a Type) -> Vec<&'a Callable> {
        let mut methods = BTreeMap::new();
        for fqn in self.ancestors(r#type) {
            if let Some(parent) = self.declared(fqn) {
                methods.extend(
                    parent
                        .methods
                        .iter()
                        .filter(|method| !method.r#static)
                        .map(|method| (method.name.as_str(), method)),
                );
            }
        }
        methods.extend(
            r#type
                .methods
                .iter()
                .map(|method| (method.name.as_str(), method)),
        );
        methods.into_values().collect()
    }
}

fn named<'a>(reference: &'a TypeRef, names: &mut Vec<&'a str>) {
    match reference {
        TypeRef::Primitive(_) => {}
        TypeRef::Fqn(fqn) => names.push(fqn),
        TypeRef::Collection { elementtype, .. } => named(elementtype, names),
        TypeRef::Union { types } => types.iter().for_each(|member| named(member, names)),
        TypeRef::Intersection { types } => {
            types.iter().take(1).for_each(|member| named(member, names))
        }
    }
}

/// The name of a union member inside the name of the union.
pub(super) fn short_name(reference: &TypeRef) -> String {
    match reference {
        TypeRef::Primitive(name) => match name.as_str() {
            "string" => "Text".to_owned(),
            other => crate::names::upper_camel(&other.to_uppercase()),
        },
        TypeRef::Fqn(fqn) => fqn.rsplit('.').next().unwrap_or(fqn).to_owned(),
        TypeRef::Collection { kind, elementtype } => {
            let prefix = if kind == "map" { "MapOf" } else { "ListOf" };
            format!("{prefix}{}", short_name(elementtype))
        }
        TypeRef::Union { types } => types.iter().map(short_name).collect::<Vec<_>>().join("Or"),
        TypeRef::Intersection { types } => types.first().map(short_name).unwrap_or_default(),
    }
}
