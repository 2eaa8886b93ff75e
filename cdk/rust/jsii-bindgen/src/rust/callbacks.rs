//! Interfaces implemented in Rust, and class members overridden in Rust.

use std::fmt::Write;

use super::members::constructor_parameters;
use super::plan::Plan;
use crate::names::{Taken, snake_case};
use crate::spec::{Callable, Type};

/// A method as Rust code is called: parameter names and types, and how they are taken from the wire.
struct Incoming {
    names: Vec<String>,
    types: Vec<String>,
    /// The parameter that the list of arguments is given as, and the statement that makes it iterable.
    args: &'static str,
    prologue: &'static str,
    take: String,
    result: String,
}

impl Incoming {
    /// The parameters after `self`, with their types.
    fn parameters(&self) -> String {
        let typed = self.names.iter().zip(&self.types);
        typed
            .map(|(name, rust)| format!(", {name}: {rust}"))
            .collect()
    }
}

impl<'a> Plan<'a> {
    fn incoming(&self, method: &Callable) -> Incoming {
        let mut taken = Taken::with(&["self", "args", "this", "value", "body"]);
        let mut names = Vec::new();
        let mut types = Vec::new();
        let mut take = Vec::new();
        for (index, parameter) in method.parameters.iter().enumerate() {
            names.push(taken.claim(&self.input.options.names.snake(&parameter.name)));
            if method.variadic && index + 1 == method.parameters.len() {
                types.push(format!(
                    "::std::vec::Vec<{}>",
                    self.rust_type(&parameter.r#type)
                ));
                take.push(
                    "args.map(::jsii_host::FromWire::from_wire).collect::<::jsii_host::Result<_>>()?".to_owned(),
                );
            } else {
                types.push(self.rust_result(&parameter.r#type, parameter.optional));
                take.push("::jsii_host::take(&mut args)?".to_owned());
            }
        }
        let returned = method.returns.as_ref();
        let (args, prologue) = match method.parameters.as_slice() {
            [] => ("_args", ""),
            [_] if method.variadic => ("args", "let args = args.into_iter(); "),
            [..] => ("args", "let mut args = args.into_iter(); "),
        };
        Incoming {
            names,
            types,
            args,
            prologue,
            take: take.join(", "),
            result: returned.map_or_else(
                || "()".to_owned(),
                |returns| self.rust_result(&returns.r#type, returns.optional),
            ),
        }
    }

    /// `implement`, `implementation` and `from_fn` of an interface.
    pub(super) fn implement(&self, r#type: &'a Type, taken: &mut Taken) -> String {
        let name = &r#type.name;
        let assembly = self.assembly_of(r#type);
        let (methods, properties) = (self.methods_of(r#type), self.members_of(r#type));
        let mut names = Taken::default();
        let mut body = String::new();
        for method in &methods {
            let rust = names.claim(&self.input.options.names.member(&r#type.fqn, &method.name));
            let incoming = self.incoming(method);
            let Incoming { args, prologue, .. } = incoming;
            let _ = writeln!(
                body,
                "        let this = ::std::rc::Rc::clone(&value);\n        overrides.method({:?}, move |_, {args}| {{ {prologue}::jsii_host::ToWire::to_wire(&this.{rust}({})?) }});",
                method.name, incoming.take
            );
        }
        for property in &properties {
            let rust = names.claim(&self.input.options.names.member(&r#type.fqn, &property.name));
            let _ = writeln!(
                body,
                "        let this = ::std::rc::Rc::clone(&value);\n        overrides.getter({:?}, move |_, _| ::jsii_host::ToWire::to_wire(&this.{rust}()?));",
                property.name
            );
            if !property.immutable {
                let setter = names.claim(&format!("set_{}", rust.trim_start_matches("r#")));
                let _ = writeln!(
                    body,
                    "        let this = ::std::rc::Rc::clone(&value);\n        overrides.setter({:?}, move |_, args| {{ let mut args = args.into_iter(); ::jsii_host::ToWire::to_wire(&this.{setter}(::jsii_host::take(&mut args)?)?) }});",
                    property.name
                );
            }
        }
        let implementation = taken.claim("implementation");
        let implement = taken.claim("implement");
        let mut out = format!(
            "    /// A Rust implementation, to be added to an overridden class.\n    pub fn {implementation}(value: impl {name}Impl) -> ::jsii_host::Implementation<Self> {{\n        let value = ::std::rc::Rc::new(value);\n        let mut overrides = ::jsii_host::Overrides::new();\n        overrides.interface({:?});\n{body}        overrides.implementation(value);\n        ::jsii_host::Implementation::new(overrides)\n    }}\n    /// Hands a Rust implementation to JavaScript.\n    #[track_caller]\n    pub fn {implement}(value: impl {name}Impl) -> ::jsii_host::Result<Self> {{\n        ::jsii_host::create_with_overrides(&{assembly}, \"Object\", ::std::vec![], Self::{implementation}(value).into_overrides()).map(::jsii_host::Handle::from_object)\n    }}\n",
            r#type.fqn
        );
        let only_method = methods.first().filter(|_| {
            methods.len() == 1
                && properties
                    .iter()
                    .all(|property| property.optional && property.immutable)
        });
        if let Some(method) = only_method {
            let incoming = self.incoming(method);
            let rust = self.input.options.names.member(&r#type.fqn, &method.name);
            let from_fn = taken.claim("from_fn");
            let signature = format!(
                "::std::ops::Fn({}) -> ::jsii_host::Result<{}> + 'static",
                incoming.types.join(", "),
                incoming.result
            );
            let parameters = incoming.parameters();
            let _ = writeln!(
                out,
                "    /// Makes one of a closure.\n    #[track_caller]\n    pub fn {from_fn}(body: impl {signature}) -> ::jsii_host::Result<Self> {{\n        struct Closure<F>(F);\n        impl<F: {signature}> {name}Impl for Closure<F> {{\n            fn {rust}(&self{parameters}) -> ::jsii_host::Result<{}> {{\n                (self.0)({})\n            }}\n        }}\n        Self::{implement}(Closure(body))\n    }}",
                incoming.result,
                incoming.names.join(", ")
            );
        }
        out
    }

    /// The trait that Rust code implements for an interface.
    pub(super) fn implementation_trait(&self, r#type: &'a Type) -> String {
        let mut names = Taken::default();
        let mut body = String::new();
        for method in self.methods_of(r#type) {
            let rust = names.claim(&self.input.options.names.member(&r#type.fqn, &method.name));
            let incoming = self.incoming(method);
            let parameters = incoming.parameters();
            let _ = writeln!(
                body,
                "    /// `{}`, called by JavaScript.\n    fn {rust}(&self{parameters}) -> ::jsii_host::Result<{}>;",
                method.name, incoming.result
            );
        }
        for property in self.members_of(r#type) {
            let rust = names.claim(&self.input.options.names.member(&r#type.fqn, &property.name));
            let result = self.rust_result(&property.r#type, property.optional);
            let default = if property.optional {
                let nothing = if result == "::jsii_host::Value" {
                    "::jsii_host::Value::Null"
                } else {
                    "::std::option::Option::None"
                };
                format!(" {{\n        ::std::result::Result::Ok({nothing})\n    }}")
            } else {
                ";".to_owned()
            };
            let _ = writeln!(
                body,
                "    /// `{}`, read by JavaScript.\n    fn {rust}(&self) -> ::jsii_host::Result<{result}>{default}",
                property.name
            );
            if !property.immutable {
                let setter = names.claim(&format!("set_{}", rust.trim_start_matches("r#")));
                let _ = writeln!(
                    body,
                    "    /// `{}`, written by JavaScript.\n    fn {setter}(&self, value: {result}) -> ::jsii_host::Result<()>;",
                    property.name
                );
            }
        }
        format!(
            "/// What Rust code provides to be a [`{0}`].\npub trait {0}Impl: 'static {{\n{body}}}\n",
            r#type.name
        )
    }

    /// `overriding` of a class.
    pub(super) fn overriding(&self, r#type: &'a Type, taken: &mut Taken) -> String {
        let name = taken.claim("overriding");
        format!(
            "    /// Starts a subclass: override members with Rust closures, then call `create`. Inside a closure the same\n    /// member of the handle is the one of the base class.\n    #[must_use]\n    pub fn {name}() -> {0}Overrides {{\n        {0}Overrides(::jsii_host::Overrides::new())\n    }}\n",
            r#type.name
        )
    }

    /// The builder of a subclass.
    pub(super) fn overrides(&self, r#type: &'a Type) -> String {
        let Some(init) = &r#type.initializer else {
            return String::new();
        };
        let name = &r#type.name;
        let mut taken = Taken::with(&["create", "with", "clone"]);
        let mut body = String::new();
        let this = format!("<{name} as ::jsii_host::Handle>::from_object(this.clone())");
        for method in self
            .methods_of(r#type)
            .into_iter()
            .filter(|method| !method.r#static)
        {
            let rust = taken.claim(&self.input.options.names.member(&r#type.fqn, &method.name));
            let incoming = self.incoming(method);
            let types: String = incoming
                .types
                .iter()
                .map(|rust| format!(", {rust}"))
                .collect();
            let take = if incoming.take.is_empty() {
                String::new()
            } else {
                format!(", {}", incoming.take)
            };
            let Incoming { args, prologue, .. } = incoming;
            let _ = writeln!(
                body,
                "    /// Overrides `{}`.\n    #[must_use]\n    pub fn {rust}(mut self, body: impl ::std::ops::Fn(&{name}{types}) -> ::jsii_host::Result<{}> + 'static) -> Self {{\n        self.0.method({:?}, move |this, {args}| {{ {prologue}::jsii_host::ToWire::to_wire(&body(&{this}{take})?) }});\n        self\n    }}",
                method.name, incoming.result, method.name
            );
        }
        for property in self
            .members_of(r#type)
            .into_iter()
            .filter(|property| !property.r#static)
        {
            let snake = snake_case(&property.name);
            let result = self.rust_result(&property.r#type, property.optional);
            let getter = taken.claim(&format!("get_{snake}"));
            let _ = writeln!(
                body,
                "    /// Overrides the reading of `{}`.\n    #[must_use]\n    pub fn {getter}(mut self, body: impl ::std::ops::Fn(&{name}) -> ::jsii_host::Result<{result}> + 'static) -> Self {{\n        self.0.getter({:?}, move |this, _| ::jsii_host::ToWire::to_wire(&body(&{this})?));\n        self\n    }}",
                property.name, property.name
            );
            if !property.immutable {
                let setter = taken.claim(&format!("set_{snake}"));
                let _ = writeln!(
                    body,
                    "    /// Overrides the writing of `{}`.\n    #[must_use]\n    pub fn {setter}(mut self, body: impl ::std::ops::Fn(&{name}, {result}) -> ::jsii_host::Result<()> + 'static) -> Self {{\n        self.0.setter({:?}, move |this, args| {{ let mut args = args.into_iter(); ::jsii_host::ToWire::to_wire(&body(&{this}, ::jsii_host::take(&mut args)?)?) }});\n        self\n    }}",
                    property.name, property.name
                );
            }
        }
        let arguments = self.arguments(&constructor_parameters(init), init.variadic);
        let separator = arguments.separator();
        let list = arguments.as_vec();
        format!(
            "/// A subclass of [`{name}`] whose members are Rust code.\n#[derive(::std::clone::Clone, ::std::fmt::Debug)]\npub struct {name}Overrides(::jsii_host::Overrides);\nimpl {name}Overrides {{\n{body}    /// Adds an interface that Rust implements.\n    #[must_use]\n    pub fn with<I>(self, implementation: ::jsii_host::Implementation<I>) -> Self {{\n        Self(self.0.with(implementation))\n    }}\n    /// Makes the object, with every argument of the constructor.\n    #[track_caller]\n    pub fn create(self{separator}{}) -> ::jsii_host::Result<{name}> {{\n        ::jsii_host::create_with_overrides(&{}, {:?}, {list}, self.0).map(::jsii_host::Handle::from_object)\n    }}\n}}\n",
            arguments.signature,
            self.assembly_of(r#type),
            r#type.fqn
        )
    }
}
