//! Values that are of one of several types: how they are told apart, and their enums.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::gate::{self, Gate};
use super::plan::Plan;
use crate::names::Taken;
use crate::spec::{Kind, Type, TypeRef};

impl<'a> Plan<'a> {
    /// What makes two unions the same: the set of their members. `None` when a member can be anything, or when
    /// only one is left.
    pub(super) fn union_key(&self, types: &[TypeRef]) -> Option<Vec<TypeRef>> {
        let is_anything = |member: &TypeRef| match member {
            TypeRef::Primitive(name) => name == "any" || name == "json",
            TypeRef::Fqn(fqn) => self.input.is_json(fqn),
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

    pub(super) fn find_unions(&mut self) {
        let types: Vec<&'a Type> = self
            .types
            .values()
            .copied()
            .filter(|r#type| !self.input.is_opaque(r#type))
            .collect();
        let mut names = BTreeSet::new();
        for r#type in types {
            let fqn = r#type.fqn.as_str();
            let mut used = r#type.uses();
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
                        let gate = self.gates.get(fqn).cloned().unwrap_or_default();
                        let known = self.union_gates.get(&key);
                        let gate =
                            known.map_or_else(|| gate.clone(), |known| gate::either(known, &gate));
                        self.union_gates.insert(key.clone(), gate);
                        if self.unions.contains_key(&key) {
                            continue;
                        }
                        let parts: Vec<String> = key.iter().take(4).map(short_name).collect();
                        let mut name = parts.join("Or");
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

    /// All unions, as enums: one variant for each member, and one for what later versions may add.
    pub(super) fn union_items(&self) -> String {
        let mut items = Vec::new();
        for (members, name) in &self.unions {
            let mut out = String::new();
            let mut taken = Taken::with(&["Other"]);
            let variants: Vec<(String, String, &TypeRef)> = members
                .iter()
                .map(|member| {
                    (
                        taken.claim(&short_name(member)),
                        self.rust_type(member),
                        member,
                    )
                })
                .collect();
            let _ = writeln!(
                out,
                "/// One of: {}.",
                variants
                    .iter()
                    .map(|(name, ..)| format!("`{name}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            );
            let _ = writeln!(
                out,
                "#[derive(::std::clone::Clone, ::std::fmt::Debug, ::std::cmp::PartialEq)]\n#[non_exhaustive]\npub enum {name} {{"
            );
            for (variant, rust, _) in &variants {
                let _ = writeln!(out, "    /// A `{variant}`.\n    {variant}({rust}),");
            }
            out.push_str("    /// Something that the bindings do not know.\n    Other(::jsii_host::Value),\n}\n");
            let arms: String = variants
                .iter()
                .map(|(variant, ..)| {
                    format!("            Self::{variant}(value) => value.to_wire(),\n")
                })
                .collect();
            let _ = writeln!(
                out,
                "impl ::jsii_host::ToWire for {name} {{\n    fn to_wire(&self) -> ::jsii_host::Result<::jsii_host::Value> {{\n        use ::jsii_host::ToWire as _;\n        match self {{\n{arms}            Self::Other(value) => value.to_wire(),\n        }}\n    }}\n}}"
            );
            let _ = writeln!(
                out,
                "::jsii_host::is_a!({name}: {name}, ::jsii_host::Value);"
            );
            if self.received_unions.contains(members) {
                let mut tests = String::new();
                for (variant, _, member) in &variants {
                    let _ = writeln!(
                        tests,
                        "        if {}.fits(&value) {{\n            return ::jsii_host::FromWire::from_wire(value).map(Self::{variant});\n        }}",
                        self.wire_test(member)
                    );
                }
                let _ = writeln!(
                    out,
                    "impl ::jsii_host::FromWire for {name} {{\n    fn from_wire(value: ::jsii_host::Value) -> ::jsii_host::Result<Self> {{\n{tests}        ::std::result::Result::Ok(Self::Other(value))\n    }}\n}}"
                );
            }
            for (_, _, member) in &variants {
                out.push_str(&self.union_conversions(name, member));
            }
            let gate = self.union_gates.get(members).cloned().unwrap_or_default();
            items.push((gate, out));
        }
        gate::modules(items, &Gate::new(), "")
    }

    fn wire_test(&self, member: &TypeRef) -> String {
        match member {
            TypeRef::Primitive(name) => match name.as_str() {
                "string" => "::jsii_host::Wire::Text".to_owned(),
                "number" => "::jsii_host::Wire::Number".to_owned(),
                "boolean" => "::jsii_host::Wire::Boolean".to_owned(),
                _ => "::jsii_host::Wire::Date".to_owned(),
            },
            TypeRef::Fqn(fqn)
                if self
                    .input
                    .declared(fqn)
                    .is_some_and(|found| found.kind == Kind::Enum) =>
            {
                format!("::jsii_host::Wire::Enum({fqn:?})")
            }
            TypeRef::Fqn(fqn) => format!(
                "::jsii_host::Wire::Instance({fqn:?}, {}::is_a)",
                self.input.options.path
            ),
            TypeRef::Collection { kind, .. } if kind == "map" => {
                "::jsii_host::Wire::Map".to_owned()
            }
            TypeRef::Collection { .. } => "::jsii_host::Wire::List".to_owned(),
            TypeRef::Union { types } | TypeRef::Intersection { types } => {
                types.first().map_or_else(
                    || "::jsii_host::Wire::Map".to_owned(),
                    |first| self.wire_test(first),
                )
            }
        }
    }

    /// How values that are not generated types are given where the union is wanted. Generated types say it of themselves.
    fn union_conversions(&self, union: &str, member: &TypeRef) -> String {
        let direct = |generics: &str, source: &str, rust: &str| {
            format!(
                "impl{generics} ::jsii_host::IntoArg<{union}> for {source} {{\n    fn into_arg(self) -> ::jsii_host::Result<::jsii_host::Value> {{\n        ::jsii_host::IntoArg::<{rust}>::into_arg(self)\n    }}\n}}\n"
            )
        };
        let rust = self.rust_type(member);
        let sources: &[&str] = match member {
            TypeRef::Primitive(name) => match name.as_str() {
                "string" => &["&str", "::std::string::String", "&::std::string::String"],
                "number" => &["f64", "i32", "i64", "u32"],
                "boolean" => &["bool"],
                _ => &["::jsii_host::Date"],
            },
            TypeRef::Collection { kind, elementtype } => {
                let element = self.rust_type(elementtype);
                let generics = format!("<X: ::jsii_host::IntoArg<{element}>>");
                let sized = format!("<X: ::jsii_host::IntoArg<{element}>, const N: usize>");
                return if kind == "map" {
                    direct(&sized, "[(&str, X); N]", &rust)
                        + &direct(
                            &generics,
                            "::std::collections::BTreeMap<::std::string::String, X>",
                            &rust,
                        )
                } else {
                    direct(&generics, "::std::vec::Vec<X>", &rust)
                        + &direct(&sized, "[X; N]", &rust)
                };
            }
            TypeRef::Fqn(fqn) if self.input.is_external(fqn) => {
                return direct("", &rust, &rust)
                    + &format!("impl ::jsii_host::IsA<{union}> for {rust} {{}}\n");
            }
            TypeRef::Fqn(_) | TypeRef::Union { .. } | TypeRef::Intersection { .. } => &[],
        };
        sources
            .iter()
            .map(|source| direct("", source, &rust))
            .collect()
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
