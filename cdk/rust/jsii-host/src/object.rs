//! Handles of JavaScript objects.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use serde_json::{Value, json};

use crate::calls;
use crate::{Error, FromWire, IntoArg, IsA, Result, ToWire};

/// A reference to an object that lives in the kernel of this thread. Two handles are equal when they refer
/// to the same object.
#[derive(Clone)]
pub struct Object {
    reference: Rc<str>,
    interfaces: Option<Rc<[String]>>,
}

/// A typed handle: generated classes and interfaces.
pub trait Handle: Sized {
    /// Fully qualified jsii name, for example `aws-cdk-lib.aws_s3.Bucket`.
    const FQN: &'static str;
    /// Gives an untyped handle this type, without a check.
    fn from_object(object: Object) -> Self;
    /// The untyped handle.
    fn as_object(&self) -> &Object;
}

impl Object {
    /// The kernel's name of the object, such as `aws-cdk-lib.App@10000`.
    #[must_use]
    pub fn jsii_reference(&self) -> &str {
        &self.reference
    }

    /// The jsii class that the kernel made this object of. `Object` for objects of private classes.
    #[must_use]
    pub fn jsii_fqn(&self) -> &str {
        self.reference
            .rsplit_once('@')
            .map_or(&*self.reference, |(fqn, _)| fqn)
    }

    /// The jsii interfaces that the kernel says the object has, beyond those of its class.
    #[must_use]
    pub fn jsii_interfaces(&self) -> &[String] {
        self.interfaces.as_deref().unwrap_or(&[])
    }

    /// Treats the object as a `T`, without a check: what TypeScript writes as `x as T`. A wrong type shows
    /// at the first call.
    #[must_use]
    pub fn unchecked_cast<T: Handle>(&self) -> T {
        T::from_object(self.clone())
    }

    /// The Rust value that implements this object, if it was made from a `T`.
    #[must_use]
    pub fn implementation<T: 'static>(&self) -> Option<Rc<T>> {
        calls::implementation(&self.reference)
    }

    /// Calls a method by its JavaScript name. Used by generated code.
    ///
    /// # Errors
    /// What the method throws, and values of the wrong type.
    #[track_caller]
    pub fn jsii_invoke<R: FromWire, const N: usize>(
        &self,
        method: &str,
        args: [Result<Value>; N],
    ) -> Result<R> {
        self.jsii_invoke_list(method, args.into())
    }

    /// The same for arguments whose number is not known, which variadic methods have.
    ///
    /// # Errors
    /// What the method throws, and values of the wrong type.
    #[track_caller]
    pub fn jsii_invoke_list<R: FromWire>(
        &self,
        method: &str,
        args: Vec<Result<Value>>,
    ) -> Result<R> {
        calls::typed(calls::invoke(self, method, args)?)
    }

    /// Calls an asynchronous method and waits for its promise. Used by generated code.
    ///
    /// # Errors
    /// What the promise is rejected with, and values of the wrong type.
    #[track_caller]
    pub fn jsii_invoke_async<R: FromWire>(
        &self,
        method: &str,
        args: Vec<Result<Value>>,
    ) -> Result<R> {
        calls::typed(calls::invoke_async(self, method, args)?)
    }

    /// Reads a property by its JavaScript name. Used by generated code.
    ///
    /// # Errors
    /// What the getter throws, and values of the wrong type.
    #[track_caller]
    pub fn jsii_get<R: FromWire>(&self, property: &str) -> Result<R> {
        calls::typed(calls::get(self, property)?)
    }

    /// Sets a property by its JavaScript name. Used by generated code.
    ///
    /// # Errors
    /// What the setter throws, and values of the wrong type.
    #[track_caller]
    pub fn jsii_set(&self, property: &str, value: Result<Value>) -> Result<()> {
        calls::set(self, property, value)
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.reference == other.reference
    }
}

impl Eq for Object {}

impl Hash for Object {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.reference.hash(state);
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reference)
    }
}

impl Handle for Object {
    const FQN: &'static str = "Object";

    fn from_object(object: Object) -> Self {
        object
    }

    fn as_object(&self) -> &Object {
        self
    }
}

impl ToWire for Object {
    fn to_wire(&self) -> Result<Value> {
        Ok(json!({ "$jsii.byref": &*self.reference }))
    }
}

impl IntoArg<Value> for Object {
    fn into_arg(self) -> Result<Value> {
        self.to_wire()
    }
}

impl IsA<Value> for Object {}

impl FromWire for Object {
    fn from_wire(value: Value) -> Result<Self> {
        let Some(reference) = value.get("$jsii.byref").and_then(Value::as_str) else {
            return Err(Error::wrong_type("object", &value));
        };
        let interfaces = value
            .get("$jsii.interfaces")
            .and_then(Value::as_array)
            .map(|list| {
                list.iter()
                    .filter_map(|name| name.as_str().map(str::to_owned))
                    .collect::<Vec<_>>()
                    .into()
            });
        Ok(Self {
            reference: reference.into(),
            interfaces,
        })
    }
}
