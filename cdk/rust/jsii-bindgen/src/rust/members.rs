//! Methods, properties and constructors.

use std::fmt::Write;

use super::docs::member_docs;
use super::plan::Plan;
use crate::names::{Taken, screaming};
use crate::spec::{Callable, Parameter, Property, Type, TypeRef};

/// How arguments are written: in the signature, and as the list that is sent.
pub(super) struct Arguments {
    pub(super) signature: String,
    pub(super) list: String,
    pub(super) is_fixed: bool,
}

impl Arguments {
    /// The list as a vector.
    pub(super) fn as_vec(&self) -> String {
        if self.is_fixed {
            format!("::std::vec![{}]", self.list)
        } else {
            self.list.clone()
        }
    }

    /// What stands between a receiver and the signature.
    pub(super) fn separator(&self) -> &'static str {
        if self.signature.is_empty() { "" } else { ", " }
    }
}

impl Plan<'_> {
    fn parameter_names(&self, parameters: &[Parameter]) -> Vec<String> {
        let mut taken = Taken::with(&["self", "jsii_list"]);
        parameters
            .iter()
            .enumerate()
            .map(|(index, parameter)| {
                let name = self.input.options.names.snake(&parameter.name);
                let nameless = name.chars().all(|letter| letter == '_');
                taken.claim(&if nameless {
                    format!("arg{index}")
                } else {
                    name
                })
            })
            .collect()
    }

    pub(super) fn arguments(&self, parameters: &[Parameter], variadic: bool) -> Arguments {
        let names = self.parameter_names(parameters);
        let mut signature = String::new();
        let mut list = String::new();
        let fixed = if variadic {
            parameters.len().saturating_sub(1)
        } else {
            parameters.len()
        };
        for (index, (parameter, name)) in parameters.iter().zip(&names).enumerate() {
            let rust = self.rust_type(&parameter.r#type);
            if index < fixed {
                let _ = write!(signature, "{name}: impl ::jsii_host::IntoArg<{rust}>, ");
                let _ = write!(list, "{name}.into_arg(), ");
            } else {
                let _ = write!(
                    signature,
                    "{name}: impl ::std::iter::IntoIterator<Item = impl ::jsii_host::IntoArg<{rust}>>, "
                );
            }
        }
        let list = list.trim_end_matches(", ").to_owned();
        let signature = signature.trim_end_matches(", ").to_owned();
        if !variadic {
            return Arguments {
                signature,
                list,
                is_fixed: true,
            };
        }
        let rest = names.last().cloned().unwrap_or_default();
        let list = format!(
            "{{ let mut jsii_list = ::std::vec![{list}]; \
             jsii_list.extend({rest}.into_iter().map(::jsii_host::IntoArg::into_arg)); jsii_list }}"
        );
        Arguments {
            signature,
            list,
            is_fixed: false,
        }
    }

    pub(super) fn method(&self, owner: &Type, method: &Callable, taken: &mut Taken) -> String {
        let name = taken.claim(&self.input.options.names.member(&owner.fqn, &method.name));
        let required = method
            .parameters
            .iter()
            .take_while(|parameter| !parameter.optional)
            .count();
        let mut out = String::new();
        if required == method.parameters.len() || method.variadic {
            out.push_str(&self.one_method(
                owner,
                method,
                &name,
                &method.parameters,
                method.variadic,
            ));
        } else {
            let short = method.parameters.get(..required).unwrap_or_default();
            out.push_str(&self.one_method(owner, method, &name, short, false));
            let long = taken.claim(&format!("{}_with", name.trim_start_matches("r#")));
            out.push_str(&self.one_method(owner, method, &long, &method.parameters, false));
        }
        out
    }

    fn one_method(
        &self,
        owner: &Type,
        method: &Callable,
        name: &str,
        parameters: &[Parameter],
        variadic: bool,
    ) -> String {
        let arguments = self.arguments(parameters, variadic);
        let returned = method.returns.as_ref();
        let result = returned.map_or_else(
            || "()".to_owned(),
            |returns| self.rust_result(&returns.r#type, returns.optional),
        );
        let mut out = member_docs(&method.docs, &format!("Calls `{}`.", method.name));
        let js = &method.name;
        let list = arguments.as_vec();
        let (receiver, body) = if method.r#static {
            let assembly = self.assembly_of(owner);
            (
                String::new(),
                format!(
                    "::jsii_host::static_invoke(&{assembly}, {:?}, {js:?}, {list})",
                    owner.fqn
                ),
            )
        } else {
            let receiver = format!("&self{}", arguments.separator());
            let body = if method.r#async {
                format!("self.jsii_invoke_async({js:?}, {list})")
            } else if arguments.is_fixed {
                format!("self.jsii_invoke({js:?}, [{}])", arguments.list)
            } else {
                format!("self.jsii_invoke_list({js:?}, {list})")
            };
            (receiver, body)
        };
        let _ = writeln!(
            out,
            "    #[track_caller]\n    pub fn {name}({receiver}{}) -> ::jsii_host::Result<{result}> {{\n        {body}\n    }}",
            arguments.signature
        );
        out
    }

    pub(super) fn property(&self, owner: &Type, property: &Property, taken: &mut Taken) -> String {
        let rust = self.rust_type(&property.r#type);
        let result = self.rust_result(&property.r#type, property.optional);
        let js = &property.name;
        let fqn = &owner.fqn;
        let mut out = member_docs(&property.docs, &format!("The property `{js}`."));
        if property.r#static && property.r#const && !property.optional {
            let name = taken.claim(&screaming(js));
            let assembly = self.assembly_of(owner);
            let _ = writeln!(
                out,
                "    pub const {name}: ::jsii_host::Const<{rust}> = ::jsii_host::Const::new(&{assembly}, {fqn:?}, {js:?});"
            );
            return out;
        }
        let name = taken.claim(&self.input.options.names.member(fqn, js));
        let (receiver, get, set) = if property.r#static {
            let assembly = self.assembly_of(owner);
            (
                "",
                format!("::jsii_host::static_get(&{assembly}, {fqn:?}, {js:?})"),
                format!("::jsii_host::static_set(&{assembly}, {fqn:?}, {js:?}, value.into_arg())"),
            )
        } else {
            (
                "&self",
                format!("self.jsii_get({js:?})"),
                format!("self.jsii_set({js:?}, value.into_arg())"),
            )
        };
        let _ = writeln!(
            out,
            "    #[track_caller]\n    pub fn {name}({receiver}) -> ::jsii_host::Result<{result}> {{\n        {get}\n    }}"
        );
        if !property.immutable {
            let setter = taken.claim(&format!("set_{}", name.trim_start_matches("r#")));
            let separator = if receiver.is_empty() { "" } else { ", " };
            let _ = writeln!(
                out,
                "    /// Sets `{js}`.\n    #[track_caller]\n    pub fn {setter}({receiver}{separator}value: impl ::jsii_host::IntoArg<{rust}>) -> ::jsii_host::Result<()> {{\n        {set}\n    }}"
            );
        }
        out
    }

    /// `new`, `new_with` and `builder`, as the shape of the constructor allows.
    pub(super) fn constructors(&self, owner: &Type, taken: &mut Taken) -> String {
        let Some(init) = owner.initializer.as_ref().filter(|_| !owner.r#abstract) else {
            return String::new();
        };
        let parameters = constructor_parameters(init);
        let mut out = String::new();
        let assembly = self.assembly_of(owner);
        let fqn = &owner.fqn;
        let make = |list: &str| {
            format!(
                "::jsii_host::create(&{assembly}, {fqn:?}, {list}).map(::jsii_host::Handle::from_object)"
            )
        };
        let docs = |text: &str| member_docs(&init.docs, text);
        let required = parameters
            .iter()
            .take_while(|parameter| !parameter.optional)
            .count();
        let last_struct = parameters
            .last()
            .and_then(|last| self.as_struct(&last.r#type));
        let mut emit = |name: &str, parameters: &[Parameter], variadic: bool, text: &str| {
            let arguments = self.arguments(parameters, variadic);
            let list = arguments.as_vec();
            let name = taken.claim(name);
            let _ = writeln!(
                out,
                "{}    #[track_caller]\n    pub fn {name}({}) -> ::jsii_host::Result<Self> {{\n        {}\n    }}",
                docs(text),
                arguments.signature,
                make(&list)
            );
        };
        let needs_all = required == parameters.len() || init.variadic;
        if needs_all {
            emit(
                "new",
                &parameters,
                init.variadic,
                "Makes one, with everything that is required.",
            );
        } else {
            let props_required = last_struct
                .is_some_and(|props| self.members_of(props).iter().any(|member| !member.optional));
            if !props_required {
                emit(
                    "new",
                    parameters.get(..required).unwrap_or_default(),
                    false,
                    "Makes one, with everything that is required.",
                );
            }
            emit(
                "new_with",
                &parameters,
                false,
                "Makes one, with every argument.",
            );
        }
        if let Some(props) = last_struct.filter(|_| !init.variadic) {
            let name = taken.claim("builder");
            let leading = parameters.get(..parameters.len() - 1).unwrap_or_default();
            let members: Vec<_> = self
                .members_of(props)
                .into_iter()
                .filter(|member| !member.optional)
                .collect();
            let mut all: Vec<Parameter> = leading.to_vec();
            all.extend(members.iter().map(|member| Parameter {
                name: member.name.clone(),
                r#type: member.r#type.clone(),
                optional: false,
            }));
            let signature = self.arguments(&all, false).signature;
            let names = self.parameter_names(&all);
            let list: Vec<String> = names
                .iter()
                .take(leading.len())
                .map(|name| format!("{name}.into_arg()"))
                .collect();
            let sets: String = members
                .iter()
                .zip(names.iter().skip(leading.len()))
                .map(|(member, name)| {
                    format!(
                        "        jsii_data.set({:?}, {name}.into_arg());\n",
                        member.name
                    )
                })
                .collect();
            let path = self.path_of(&props.fqn);
            let mutable = if sets.is_empty() { "" } else { "mut " };
            let _ = writeln!(
                out,
                "    /// Starts one: set what is optional, then call `build`.\n    pub fn {name}({signature}) -> {path}<::jsii_host::Pending<Self>> {{\n        let {mutable}jsii_data = ::jsii_host::StructData::new();\n{sets}        {path}::jsii_pending(jsii_data, ::jsii_host::Pending::new(&{assembly}, ::std::vec![{}]))\n    }}",
                list.join(", ")
            );
        }
        out
    }
}

/// The parameters of a constructor. The construct rule: what starts with a scope and an id has both, also where
/// jsii says that they are optional (`new Stack()` without a scope is for tests of the CDK itself).
pub(super) fn constructor_parameters(init: &Callable) -> Vec<Parameter> {
    let mut parameters = init.parameters.clone();
    let is_construct = |parameter: &Parameter| matches!(&parameter.r#type, TypeRef::Fqn(fqn) if fqn == "constructs.Construct" || fqn == "constructs.IConstruct");
    if let [scope, id, ..] = parameters.as_mut_slice()
        && is_construct(scope)
        && matches!(&id.r#type, TypeRef::Primitive(name) if name == "string")
    {
        scope.optional = false;
        id.optional = false;
    }
    parameters
}
