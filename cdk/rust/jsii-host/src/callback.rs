//! Rust code that JavaScript calls: implementations of interfaces, and overrides of class members.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use serde_json::{Value, json};

use crate::{Object, Result};

type Body = Rc<dyn Fn(&Object, Vec<Value>) -> Result<Value>>;

/// What a Rust implementation brings to a JavaScript object: interfaces, methods and properties.
#[derive(Clone, Default)]
pub struct Overrides {
    interfaces: Vec<&'static str>,
    methods: BTreeMap<&'static str, Body>,
    getters: BTreeMap<&'static str, Body>,
    setters: BTreeMap<&'static str, Body>,
    implementation: Option<Rc<dyn Any>>,
}

/// A Rust implementation of the jsii interface `I`, to be added to a class with
/// [`Overrides::with`] or to be made an object of its own.
#[derive(Clone, Debug)]
pub struct Implementation<I> {
    overrides: Overrides,
    interface: std::marker::PhantomData<fn() -> I>,
}

impl<I> Implementation<I> {
    /// Wraps overrides. Used by generated code.
    #[must_use]
    pub fn new(overrides: Overrides) -> Self {
        Self {
            overrides,
            interface: std::marker::PhantomData,
        }
    }

    /// The overrides. Used by generated code.
    #[must_use]
    pub fn into_overrides(self) -> Overrides {
        self.overrides
    }
}

impl Overrides {
    /// Nothing overridden.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Declares a jsii interface.
    pub fn interface(&mut self, fqn: &'static str) {
        if !self.interfaces.contains(&fqn) {
            self.interfaces.push(fqn);
        }
    }

    /// Remembers the Rust value behind the object, for [`Object::implementation`].
    pub fn implementation(&mut self, value: Rc<dyn Any>) {
        self.implementation = Some(value);
    }

    /// Overrides a method by its JavaScript name.
    pub fn method(
        &mut self,
        name: &'static str,
        body: impl Fn(&Object, Vec<Value>) -> Result<Value> + 'static,
    ) {
        self.methods.insert(name, Rc::new(body));
    }

    /// Overrides the reading of a property by its JavaScript name.
    pub fn getter(
        &mut self,
        name: &'static str,
        body: impl Fn(&Object, Vec<Value>) -> Result<Value> + 'static,
    ) {
        self.getters.insert(name, Rc::new(body));
    }

    /// Overrides the writing of a property by its JavaScript name. The value is the only argument.
    pub fn setter(
        &mut self,
        name: &'static str,
        body: impl Fn(&Object, Vec<Value>) -> Result<Value> + 'static,
    ) {
        self.setters.insert(name, Rc::new(body));
    }

    /// Adds an interface that Rust implements.
    #[must_use]
    pub fn with<I>(mut self, implementation: Implementation<I>) -> Self {
        let other = implementation.overrides;
        for interface in other.interfaces {
            self.interface(interface);
        }
        self.methods.extend(other.methods);
        self.getters.extend(other.getters);
        self.setters.extend(other.setters);
        self.implementation = self.implementation.or(other.implementation);
        self
    }

    pub(crate) fn interface_names(&self) -> &[&'static str] {
        &self.interfaces
    }

    pub(crate) fn rust_value(&self) -> Option<Rc<dyn Any>> {
        self.implementation.clone()
    }

    /// The list that the kernel wants: every overridden method and property once.
    pub(crate) fn to_wire(&self) -> Value {
        let methods = self
            .methods
            .keys()
            .map(|name| json!({ "method": name, "cookie": name }));
        let mut properties: Vec<_> = self.getters.keys().chain(self.setters.keys()).collect();
        properties.sort_unstable();
        properties.dedup();
        methods
            .chain(
                properties
                    .into_iter()
                    .map(|name| json!({ "property": name, "cookie": name })),
            )
            .collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.methods.is_empty() && self.getters.is_empty() && self.setters.is_empty()
    }

    pub(crate) fn body(&self, member: Member, name: &str) -> Option<Body> {
        let bodies = match member {
            Member::Method => &self.methods,
            Member::Getter => &self.getters,
            Member::Setter => &self.setters,
        };
        bodies.get(name).cloned()
    }
}

/// Which kind of member JavaScript calls.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Member {
    Method,
    Getter,
    Setter,
}

impl fmt::Debug for Overrides {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self
            .methods
            .keys()
            .chain(self.getters.keys())
            .chain(self.setters.keys());
        f.debug_list().entries(names).finish()
    }
}

/// Takes the next argument of a callback as a `T`; a missing one counts as `undefined`. Used by generated code.
///
/// # Errors
/// When the argument is of another type.
pub fn take<T: crate::FromWire>(args: &mut std::vec::IntoIter<Value>) -> Result<T> {
    T::from_wire(args.next().unwrap_or(Value::Null))
}
