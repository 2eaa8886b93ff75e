//! Rust values to and from the wire.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Number, Value, json};

use crate::Result;

/// A value that can be sent to the kernel.
pub trait ToWire {
    /// The JSON that the kernel understands.
    ///
    /// # Errors
    /// When a part of the value could not be made, for example a constant of a package that does not load.
    fn to_wire(&self) -> Result<Value>;
}

/// A value that can be received from the kernel.
pub trait FromWire: Sized {
    /// Reads the kernel's JSON.
    ///
    /// # Errors
    /// When the value is of another type.
    fn from_wire(value: Value) -> Result<Self>;
}

/// "Can be given where a `T` is wanted": a bucket for an `IBucket`, a `&str` for a `String`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be given where `{T}` is wanted",
    label = "not a `{T}`"
)]
pub trait IntoArg<T> {
    /// The JSON that the kernel understands.
    ///
    /// # Errors
    /// When a part of the value could not be made.
    fn into_arg(self) -> Result<Value>;
}

/// A generated type that can be given by reference where an `A` is wanted.
///
/// One implementation of [`IntoArg`] for all references instead of one for each type and ancestor: the compiler compares all
/// implementations for references with each other, which took a quarter of its time.
pub trait IsA<A>: ToWire {}

// The message about a misfit names the type that was given, not this detour.
#[diagnostic::do_not_recommend]
impl<A, T: IsA<A>> IntoArg<A> for &T {
    fn into_arg(self) -> Result<Value> {
        self.to_wire()
    }
}

/// A JSON value given in place of any type, unchecked by Rust. The kernel checks it. This is the way out
/// when bindings lack something.
#[derive(Clone, Debug)]
pub struct Untyped(pub Value);

impl<T> IntoArg<T> for Untyped {
    fn into_arg(self) -> Result<Value> {
        Ok(self.0)
    }
}

/// JavaScript's `undefined`: leaves an optional argument out, or clears an optional property. Where a value is
/// required, the kernel refuses it.
#[derive(Clone, Copy, Debug)]
pub struct Undefined;

impl<T> IntoArg<T> for Undefined {
    fn into_arg(self) -> Result<Value> {
        Ok(Value::Null)
    }
}

/// A value of any type as JSON, for lists and maps whose elements are of different types:
/// `[("TIMEOUT", any(Duration::seconds(3)?)?), ("NAME", any("x")?)]`.
///
/// # Errors
/// When the value could not be made.
pub fn any(value: impl IntoArg<Value>) -> Result<Value> {
    value.into_arg()
}

macro_rules! by_value {
    ($target:ty: $($source:ty),+ => |$value:ident| $wire:expr) => {
        $(impl IntoArg<$target> for $source {
            fn into_arg(self) -> Result<Value> {
                let $value = self;
                Ok($wire)
            }
        })+
    };
}

by_value!(String: &str, String => |text| Value::from(text));
by_value!(String: &String => |text| Value::from(text.as_str()));
by_value!(bool: bool, &bool => |flag| json!(flag));
by_value!(f64: f64 => |number| number_to_wire(number));
by_value!(f64: &f64 => |number| number_to_wire(*number));
by_value!(f64: i8, i16, i32, i64, u8, u16, u32, u64, usize, isize => |number| Value::from(number));
by_value!(f64: f32 => |number| number_to_wire(f64::from(number)));
by_value!(Value: &String => |text| Value::from(text.as_str()));
by_value!(Value: &str, String, bool, i32, i64, u32, u64, usize => |value| Value::from(value));
by_value!(Value: f64 => |number| number_to_wire(number));
by_value!(Value: Value => |value| value);
by_value!(Value: &Value => |value| value.clone());

/// JavaScript has one number type and writes whole numbers without a fraction; so does this, which keeps
/// values that went through the kernel equal to values that did not.
fn number_to_wire(number: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() < EXACT {
        // Exact: a whole number below 2^53.
        #[allow(clippy::cast_possible_truncation)]
        return Value::from(number as i64);
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

impl<T, X: IntoArg<T>> IntoArg<Vec<T>> for Vec<X> {
    fn into_arg(self) -> Result<Value> {
        self.into_iter().map(IntoArg::<T>::into_arg).collect()
    }
}

impl<T, X: IntoArg<T>, const N: usize> IntoArg<Vec<T>> for [X; N] {
    fn into_arg(self) -> Result<Value> {
        self.into_iter().map(IntoArg::<T>::into_arg).collect()
    }
}

impl<'a, T, X> IntoArg<Vec<T>> for &'a [X]
where
    &'a X: IntoArg<T>,
{
    fn into_arg(self) -> Result<Value> {
        self.iter().map(IntoArg::<T>::into_arg).collect()
    }
}

fn map_to_wire<T, X: IntoArg<T>>(
    entries: impl IntoIterator<Item = (impl Into<String>, X)>,
) -> Result<Value> {
    let mut map = Map::new();
    for (key, value) in entries {
        map.insert(key.into(), value.into_arg()?);
    }
    Ok(json!({ "$jsii.map": map }))
}

impl<T, K: Into<String>, X: IntoArg<T>, const N: usize> IntoArg<BTreeMap<String, T>>
    for [(K, X); N]
{
    fn into_arg(self) -> Result<Value> {
        map_to_wire(self)
    }
}

impl<T, K: Into<String>, X: IntoArg<T>> IntoArg<BTreeMap<String, T>> for Vec<(K, X)> {
    fn into_arg(self) -> Result<Value> {
        map_to_wire(self)
    }
}

impl<T, K: Into<String>, X: IntoArg<T>> IntoArg<BTreeMap<String, T>> for BTreeMap<K, X> {
    fn into_arg(self) -> Result<Value> {
        map_to_wire(self)
    }
}

impl<T, K: Into<String>, X: IntoArg<T>, S> IntoArg<BTreeMap<String, T>> for HashMap<K, X, S> {
    fn into_arg(self) -> Result<Value> {
        map_to_wire(self)
    }
}

impl<X: IntoArg<Value>> IntoArg<Value> for Vec<X> {
    fn into_arg(self) -> Result<Value> {
        self.into_iter().map(IntoArg::into_arg).collect()
    }
}

impl<X: IntoArg<Value>, const N: usize> IntoArg<Value> for [X; N] {
    fn into_arg(self) -> Result<Value> {
        self.into_iter().map(IntoArg::into_arg).collect()
    }
}

impl<K: Into<String>, X: IntoArg<Value>> IntoArg<Value> for BTreeMap<K, X> {
    fn into_arg(self) -> Result<Value> {
        map_to_wire(self)
    }
}

impl ToWire for String {
    fn to_wire(&self) -> Result<Value> {
        Ok(Value::from(self.as_str()))
    }
}

impl ToWire for bool {
    fn to_wire(&self) -> Result<Value> {
        Ok(Value::from(*self))
    }
}

impl ToWire for f64 {
    fn to_wire(&self) -> Result<Value> {
        Ok(number_to_wire(*self))
    }
}

impl ToWire for Value {
    fn to_wire(&self) -> Result<Value> {
        Ok(self.clone())
    }
}

impl ToWire for () {
    fn to_wire(&self) -> Result<Value> {
        Ok(Value::Null)
    }
}

impl<T: ToWire> ToWire for Option<T> {
    fn to_wire(&self) -> Result<Value> {
        self.as_ref().map_or(Ok(Value::Null), ToWire::to_wire)
    }
}

impl<T: ToWire> ToWire for Vec<T> {
    fn to_wire(&self) -> Result<Value> {
        self.iter().map(ToWire::to_wire).collect()
    }
}

impl<T: ToWire> ToWire for BTreeMap<String, T> {
    fn to_wire(&self) -> Result<Value> {
        let mut map = Map::new();
        for (key, value) in self {
            map.insert(key.clone(), value.to_wire()?);
        }
        Ok(json!({ "$jsii.map": map }))
    }
}

/// Says what a generated type can be given for: itself, each ancestor and each union that it is in.
///
/// Everything is `inline`, here and in [`handle!`]: code is then made only for what an app uses, where it uses it.
#[macro_export]
macro_rules! is_a {
    ($type:ty: $($ancestor:ty),* $(,)?) => {
        $(
            impl $crate::IsA<$ancestor> for $type {}
            impl $crate::IntoArg<$ancestor> for $type {
                #[inline]
                fn into_arg(self) -> $crate::Result<$crate::Value> {
                    $crate::ToWire::to_wire(&self)
                }
            }
        )*
    };
}

/// Implements what every generated handle has.
#[macro_export]
macro_rules! handle {
    ($type:ident($base:ty), $fqn:literal) => {
        impl ::std::ops::Deref for $type {
            type Target = $base;
            #[inline]
            fn deref(&self) -> &$base {
                &self.0
            }
        }
        impl $crate::Handle for $type {
            const FQN: &'static str = $fqn;
            #[inline]
            fn from_object(object: $crate::Object) -> Self {
                Self(<$base as $crate::Handle>::from_object(object))
            }
            #[inline]
            fn as_object(&self) -> &$crate::Object {
                $crate::Handle::as_object(&self.0)
            }
        }
        impl ::std::fmt::Debug for $type {
            #[inline]
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Debug::fmt($crate::Handle::as_object(self), f)
            }
        }
        impl ::std::cmp::PartialEq for $type {
            #[inline]
            fn eq(&self, other: &Self) -> bool {
                $crate::Handle::as_object(self) == $crate::Handle::as_object(other)
            }
        }
        impl ::std::cmp::Eq for $type {}
        impl $crate::ToWire for $type {
            #[inline]
            fn to_wire(&self) -> $crate::Result<$crate::Value> {
                $crate::ToWire::to_wire($crate::Handle::as_object(self))
            }
        }
        impl $crate::FromWire for $type {
            #[inline]
            fn from_wire(value: $crate::Value) -> $crate::Result<Self> {
                <$crate::Object as $crate::FromWire>::from_wire(value)
                    .map($crate::Handle::from_object)
            }
        }
    };
}
