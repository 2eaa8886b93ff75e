//! jsii structs: passed by value, built with setters.

use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use serde_json::{Map, Value, json};

use crate::calls;
use crate::{Assembly, Error, FromWire, Handle, Object, Overrides, Result};

/// A member of a received struct: its JavaScript name, and how its value is read.
pub type Member = (&'static str, fn(Value) -> Result<Value>);

/// The members of a struct. Generated struct types wrap it.
///
/// A setter that fails (a constant of a package that does not load) keeps its error, and the call that uses
/// the struct reports it, so that setters chain without `?`.
#[derive(Clone, Debug, Default)]
pub struct StructData {
    members: Map<String, Value>,
    error: Option<Error>,
}

impl StructData {
    /// No members.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a member by its JavaScript name; `null` leaves it unset.
    pub fn set(&mut self, name: &str, value: Result<Value>) {
        match value {
            Ok(Value::Null) => {
                self.members.remove(name);
            }
            Ok(value) => {
                self.members.insert(name.to_owned(), value);
            }
            Err(error) => {
                self.error.get_or_insert(error);
            }
        }
    }

    /// Reads a member by its JavaScript name.
    ///
    /// # Errors
    /// When the member is of another type.
    #[track_caller]
    pub fn get<T: FromWire>(&self, name: &str) -> Result<T> {
        calls::typed(self.members.get(name).cloned().unwrap_or(Value::Null))
    }

    /// The struct on the wire.
    ///
    /// # Errors
    /// The first error of a setter.
    pub fn to_wire(&self, fqn: &str) -> Result<Value> {
        match &self.error {
            Some(error) => Err(error.clone()),
            None => Ok(json!({ "$jsii.struct": { "fqn": fqn, "data": self.members } })),
        }
    }

    /// Receives a struct. The kernel hands structs out by reference, so each member is fetched; after that
    /// the value is like one that Rust built.
    ///
    /// # Errors
    /// When the value is not an object, or a member is of another type.
    pub fn from_wire(value: Value, members: &[Member]) -> Result<Self> {
        let mut data = Self::new();
        if value.get("$jsii.byref").is_some() {
            let object = Object::from_wire(value)?;
            for (name, rewire) in members {
                let member = calls::get(&object, name)?;
                data.set(
                    name,
                    if member.is_null() {
                        Ok(member)
                    } else {
                        rewire(member)
                    },
                );
            }
        } else {
            let inner = value.get("$jsii.struct").and_then(|wire| wire.get("data"));
            let fields = inner.or_else(|| value.get("$jsii.map")).unwrap_or(&value);
            let Value::Object(fields) = fields else {
                return Err(Error::wrong_type("struct", &value));
            };
            for (name, rewire) in members {
                if let Some(member) = fields.get(*name).filter(|member| !member.is_null()) {
                    data.set(name, rewire(member.clone()));
                }
            }
        }
        match data.error {
            Some(error) => Err(error),
            None => Ok(data),
        }
    }
}

impl PartialEq for StructData {
    fn eq(&self, other: &Self) -> bool {
        self.members == other.members
    }
}

impl Eq for StructData {}

impl Hash for StructData {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for (name, value) in &self.members {
            name.hash(state);
            value.to_string().hash(state);
        }
    }
}

/// A constructor call that waits for the members of its last argument: what `builder` returns.
#[derive(Clone, Debug)]
pub struct Pending<T> {
    assembly: &'static Assembly,
    fqn: &'static str,
    args: Vec<Result<Value>>,
    made: PhantomData<fn() -> T>,
}

impl<T: Handle> Pending<T> {
    /// A constructor call with its first arguments. Used by generated code.
    #[must_use]
    pub fn new(assembly: &'static Assembly, args: Vec<Result<Value>>) -> Self {
        Self {
            assembly,
            fqn: T::FQN,
            args,
            made: PhantomData,
        }
    }

    /// Makes the object, with the struct as the last argument. Used by generated code.
    ///
    /// # Errors
    /// What the constructor throws, and the first error of a setter.
    #[track_caller]
    pub fn build(mut self, last: Result<Value>) -> Result<T> {
        self.args.push(last);
        calls::create_with_overrides(self.assembly, self.fqn, self.args, Overrides::new())
            .map(T::from_object)
    }
}
