//! Classes, interfaces, structs, enums and unions.

use std::fmt::Write;

use super::docs::{member_docs, type_docs};
use super::gate;
use super::plan::Plan;
use crate::names::{Taken, upper_camel};
use crate::spec::{Kind, Type};

/// Names that handles have already.
const HANDLE_NAMES: &[&str] = &[
    "clone",
    "deref",
    "eq",
    "jsii_invoke",
    "jsii_get",
    "jsii_set",
    "to_wire",
];

impl<'a> Plan<'a> {
    /// The Rust item of a type, with all that belongs to it.
    pub(super) fn item(&self, r#type: &'a Type) -> String {
        match r#type.kind {
            Kind::Class => self.class(r#type),
            Kind::Interface if r#type.datatype => self.structure(r#type),
            Kind::Interface => self.interface(r#type),
            Kind::Enum => self.enumeration(r#type),
        }
    }

    fn is_a(&self, r#type: &Type) -> String {
        let lists = self.targets(r#type).into_iter();
        lists
            .map(|(gate, targets)| {
                format!(
                    "{}::jsii_host::is_a!({}: {});\n",
                    gate::attribute(&gate),
                    r#type.name,
                    targets.join(", ")
                )
            })
            .collect()
    }

    fn class(&self, r#type: &'a Type) -> String {
        let name = &r#type.name;
        let base = r#type.base.as_deref().map_or_else(
            || "::jsii_host::Object".to_owned(),
            |base| self.path_of(base),
        );
        let mut out = type_docs(r#type);
        let _ = writeln!(
            out,
            "#[derive(::std::clone::Clone)]\npub struct {name}({base});"
        );
        let _ = writeln!(
            out,
            "::jsii_host::handle!({name}({base}), {:?});",
            r#type.fqn
        );
        out.push_str(&self.is_a(r#type));
        if self.input.is_opaque(r#type) {
            return out;
        }
        let mut taken = Taken::with(HANDLE_NAMES);
        let mut body = self.constructors(r#type, &mut taken);
        for property in &r#type.properties {
            body.push_str(&self.property(r#type, property, &mut taken));
        }
        for method in &r#type.methods {
            if !(method.r#static && method.r#async) {
                body.push_str(&self.method(r#type, method, &mut taken));
            }
        }
        let overridable = self.input.is_overridable(&r#type.fqn) && r#type.initializer.is_some();
        if overridable {
            body.push_str(&self.overriding(r#type, &mut taken));
        }
        if !body.is_empty() {
            let _ = writeln!(out, "impl {name} {{\n{body}}}");
        }
        if overridable {
            out.push_str(&self.overrides(r#type));
        }
        out
    }

    fn interface(&self, r#type: &'a Type) -> String {
        let name = &r#type.name;
        let mut out = type_docs(r#type);
        let _ = writeln!(
            out,
            "#[derive(::std::clone::Clone)]\npub struct {name}(::jsii_host::Object);"
        );
        let _ = writeln!(
            out,
            "::jsii_host::handle!({name}(::jsii_host::Object), {:?});",
            r#type.fqn
        );
        out.push_str(&self.is_a(r#type));
        let mut taken = Taken::with(HANDLE_NAMES);
        let mut body = String::new();
        for property in self.members_of(r#type) {
            body.push_str(&self.property(r#type, property, &mut taken));
        }
        for method in self.methods_of(r#type) {
            body.push_str(&self.method(r#type, method, &mut taken));
        }
        // Constructs are subclasses of `Construct`: nobody implements `IBucket` from nothing.
        let is_construct = self.ancestors(r#type).contains(&"constructs.IConstruct")
            || r#type.fqn == "constructs.IConstruct";
        if !is_construct {
            body.push_str(&self.implement(r#type, &mut taken));
        }
        if !body.is_empty() {
            let _ = writeln!(out, "impl {name} {{\n{body}}}");
        }
        if !is_construct {
            out.push_str(&self.implementation_trait(r#type));
        }
        out
    }

    fn structure(&self, r#type: &'a Type) -> String {
        let name = &r#type.name;
        let members = self.members_of(r#type);
        let required: Vec<_> = members.iter().filter(|member| !member.optional).collect();
        let is_props = self.props.contains(r#type.fqn.as_str());
        let is_received = self.received.contains(r#type.fqn.as_str());
        let (declaration, carrier) = if is_props {
            (
                format!("{name}<C = ()>(::jsii_host::StructData, C)"),
                ", ()",
            )
        } else {
            (format!("{name}(::jsii_host::StructData)"), "")
        };
        let mut out = type_docs(r#type);
        let _ = writeln!(
            out,
            "#[derive(::std::clone::Clone, ::std::fmt::Debug, ::std::cmp::PartialEq, ::std::cmp::Eq, ::std::hash::Hash)]\npub struct {declaration};"
        );
        out.push_str(&self.is_a(r#type));
        let parameters: Vec<_> = required
            .iter()
            .map(|member| crate::spec::Parameter {
                name: member.name.clone(),
                r#type: member.r#type.clone(),
                optional: false,
            })
            .collect();
        let arguments = self.arguments(&parameters, false);
        let values = arguments.list.split(", ").filter(|value| !value.is_empty());
        let sets: String = required
            .iter()
            .zip(values)
            .map(|(member, value)| format!("        jsii_data.set({:?}, {value});\n", member.name))
            .collect();
        let mutable = if sets.is_empty() { "" } else { "mut " };
        let mut own = String::new();
        let _ = writeln!(
            own,
            "    /// With everything that is required.\n    #[must_use]\n    pub fn new({}) -> Self {{\n        let {mutable}jsii_data = ::jsii_host::StructData::new();\n{sets}        Self(jsii_data{carrier})\n    }}",
            arguments.signature
        );
        let _ = writeln!(out, "impl {name} {{\n{own}}}");
        if required.is_empty() {
            let _ = writeln!(
                out,
                "impl ::std::default::Default for {name} {{\n    fn default() -> Self {{\n        Self::new()\n    }}\n}}"
            );
        }
        let mut taken = Taken::with(&[
            "new",
            "build",
            "jsii_pending",
            "clone",
            "eq",
            "hash",
            "fmt",
            "to_wire",
        ]);
        let mut body = String::new();
        for member in &members {
            let rust = self.rust_type(&member.r#type);
            let snake = self.input.options.names.member(&r#type.fqn, &member.name);
            if member.optional {
                let setter = taken.claim(&snake);
                let _ = writeln!(
                    body,
                    "{}    #[must_use]\n    pub fn {setter}(mut self, value: impl ::jsii_host::IntoArg<{rust}>) -> Self {{\n        self.0.set({:?}, value.into_arg());\n        self\n    }}",
                    member_docs(&member.docs, &format!("Sets `{}`.", member.name)),
                    member.name
                );
            }
            if is_received {
                let getter = taken.claim(&format!("get_{}", snake.trim_start_matches("r#")));
                let result = self.rust_result(&member.r#type, member.optional);
                let _ = writeln!(
                    body,
                    "    /// The value of `{}`.\n    #[track_caller]\n    pub fn {getter}(&self) -> ::jsii_host::Result<{result}> {{\n        self.0.get({:?})\n    }}",
                    member.name, member.name
                );
            }
        }
        let generic = if is_props {
            format!("impl<C> {name}<C>")
        } else {
            format!("impl {name}")
        };
        if !body.is_empty() {
            let _ = writeln!(out, "{generic} {{\n{body}}}");
        }
        if is_props {
            let _ = writeln!(
                out,
                "impl<T: ::jsii_host::Handle> {name}<::jsii_host::Pending<T>> {{\n    #[doc(hidden)]\n    pub fn jsii_pending(data: ::jsii_host::StructData, pending: ::jsii_host::Pending<T>) -> Self {{\n        Self(data, pending)\n    }}\n    /// Makes the object.\n    #[track_caller]\n    pub fn build(self) -> ::jsii_host::Result<T> {{\n        self.1.build(self.0.to_wire({:?}))\n    }}\n}}",
                r#type.fqn
            );
        }
        let _ = writeln!(
            out,
            "impl ::jsii_host::ToWire for {name} {{\n    fn to_wire(&self) -> ::jsii_host::Result<::jsii_host::Value> {{\n        self.0.to_wire({:?})\n    }}\n}}",
            r#type.fqn
        );
        if is_received {
            let table: String = members
                .iter()
                .map(|member| {
                    format!(
                        "            ({:?}, ::jsii_host::rewire::<{}>),\n",
                        member.name,
                        self.rust_type(&member.r#type)
                    )
                })
                .collect();
            let _ = writeln!(
                out,
                "impl ::jsii_host::FromWire for {name} {{\n    fn from_wire(value: ::jsii_host::Value) -> ::jsii_host::Result<Self> {{\n        const MEMBERS: &[::jsii_host::Member] = &[\n{table}        ];\n        ::std::result::Result::Ok(Self(::jsii_host::StructData::from_wire(value, MEMBERS)?{carrier}))\n    }}\n}}"
            );
        }
        out
    }

    fn enumeration(&self, r#type: &'a Type) -> String {
        let name = &r#type.name;
        let mut taken = Taken::default();
        let members: Vec<(String, &str)> = r#type
            .members
            .iter()
            .map(|member| {
                (
                    taken.claim(&upper_camel(&member.name)),
                    member.name.as_str(),
                )
            })
            .collect();
        let mut out = type_docs(r#type);
        let _ = writeln!(
            out,
            "#[derive(::std::clone::Clone, ::std::marker::Copy, ::std::fmt::Debug, ::std::cmp::PartialEq, ::std::cmp::Eq, ::std::hash::Hash)]\n#[non_exhaustive]\npub enum {name} {{"
        );
        for (member, (rust, js)) in r#type.members.iter().zip(&members) {
            let _ = writeln!(
                out,
                "{}    {rust},",
                member_docs(&member.docs, &format!("The member `{js}`."))
            );
        }
        out.push_str("}\n");
        out.push_str(&self.is_a(r#type));
        let to: String = members
            .iter()
            .map(|(rust, js)| format!("            Self::{rust} => \"{}/{js}\",\n", r#type.fqn))
            .collect();
        let from: String = members
            .iter()
            .map(|(rust, js)| {
                format!("            {js:?} => ::std::result::Result::Ok(Self::{rust}),\n")
            })
            .collect();
        let _ = writeln!(
            out,
            "impl ::jsii_host::ToWire for {name} {{\n    fn to_wire(&self) -> ::jsii_host::Result<::jsii_host::Value> {{\n        let member = match self {{\n{to}        }};\n        ::std::result::Result::Ok(::jsii_host::json!({{ \"$jsii.enum\": member }}))\n    }}\n}}"
        );
        let fqn = &r#type.fqn;
        let _ = writeln!(
            out,
            "impl ::jsii_host::FromWire for {name} {{\n    fn from_wire(value: ::jsii_host::Value) -> ::jsii_host::Result<Self> {{\n        match ::jsii_host::enum_member(&value, {fqn:?})?.as_str() {{\n{from}            other => ::std::result::Result::Err(::jsii_host::unknown_member({fqn:?}, other)),\n        }}\n    }}\n}}"
        );
        out
    }
}
