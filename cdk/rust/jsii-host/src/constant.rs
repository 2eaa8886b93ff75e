//! Static readonly members that are fetched when they are used.

use std::fmt;
use std::marker::PhantomData;

use serde_json::Value;

use crate::calls;
use crate::{Assembly, FromWire, IntoArg, Result};

/// A constant of a jsii class, such as `Runtime::PROVIDED_AL2023`. It is accepted wherever a `T` is, and
/// read from the kernel when it is used, so that it can be a Rust `const`.
pub struct Const<T> {
    assembly: &'static Assembly,
    fqn: &'static str,
    property: &'static str,
    value: PhantomData<fn() -> T>,
}

impl<T> Const<T> {
    /// The constant `property` of the class `fqn`. Used by generated code.
    #[must_use]
    pub const fn new(
        assembly: &'static Assembly,
        fqn: &'static str,
        property: &'static str,
    ) -> Self {
        Self {
            assembly,
            fqn,
            property,
            value: PhantomData,
        }
    }
}

impl<T: FromWire> Const<T> {
    /// The value.
    ///
    /// # Errors
    /// When the kernel cannot be started or the package not be loaded.
    #[track_caller]
    pub fn get(&self) -> Result<T> {
        calls::static_get(self.assembly, self.fqn, self.property)
    }
}

impl<T> Clone for Const<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Const<T> {}

impl<T> fmt::Debug for Const<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.fqn, self.property)
    }
}

impl<T: IntoArg<U>, U> IntoArg<U> for Const<T> {
    #[track_caller]
    fn into_arg(self) -> Result<Value> {
        calls::static_get(self.assembly, self.fqn, self.property)
    }
}
