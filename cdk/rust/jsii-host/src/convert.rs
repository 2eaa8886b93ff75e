//! Rust values to and from the wire.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Number, Value, json};

use crate::{Error, Handle, Result};

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

impl FromWire for String {
    fn from_wire(value: Value) -> Result<Self> {
        let Value::String(text) = value else {
            return Err(Error::wrong_type("string", &value));
        };
        Ok(text)
    }
}

impl FromWire for bool {
    fn from_wire(value: Value) -> Result<Self> {
        value
            .as_bool()
            .ok_or_else(|| Error::wrong_type("boolean", &value))
    }
}

impl FromWire for f64 {
    fn from_wire(value: Value) -> Result<Self> {
        value
            .as_f64()
            .ok_or_else(|| Error::wrong_type("number", &value))
    }
}

impl FromWire for Value {
    fn from_wire(value: Value) -> Result<Self> {
        Ok(plain(value))
    }
}

/// Maps arrive marked; inside an `any` the mark would be in the way.
fn plain(value: Value) -> Value {
    match value {
        Value::Object(mut object) => match object.remove("$jsii.map") {
            Some(map) => plain(map),
            None => object
                .into_iter()
                .map(|(key, value)| (key, plain(value)))
                .collect(),
        },
        Value::Array(list) => list.into_iter().map(plain).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

impl FromWire for () {
    fn from_wire(_: Value) -> Result<Self> {
        Ok(())
    }
}

impl<T: FromWire> FromWire for Option<T> {
    fn from_wire(value: Value) -> Result<Self> {
        if value.is_null() {
            Ok(None)
        } else {
            T::from_wire(value).map(Some)
        }
    }
}

impl<T: FromWire> FromWire for Vec<T> {
    fn from_wire(value: Value) -> Result<Self> {
        let Value::Array(list) = value else {
            return Err(Error::wrong_type("list", &value));
        };
        list.into_iter().map(T::from_wire).collect()
    }
}

impl<T: FromWire> FromWire for BTreeMap<String, T> {
    fn from_wire(value: Value) -> Result<Self> {
        let Value::Object(mut object) = value else {
            return Err(Error::wrong_type("map", &value));
        };
        let entries = match object.remove("$jsii.map") {
            Some(Value::Object(map)) => map,
            Some(other) => return Err(Error::wrong_type("map", &other)),
            None => object,
        };
        entries
            .into_iter()
            .map(|(key, value)| Ok((key, T::from_wire(value)?)))
            .collect()
    }
}

/// What a value on the wire can be asked for, to pick the member of a union.
#[derive(Clone, Copy)]
pub enum Wire {
    /// A string.
    Text,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A date.
    Date,
    /// A list.
    List,
    /// A map from strings.
    Map,
    /// A member of the enum with this name.
    Enum(&'static str),
    /// An object or struct of this type, or of one derived from it by the given table.
    Instance(&'static str, fn(&str, &str) -> bool),
}

impl Wire {
    /// Whether the value is of this kind.
    #[must_use]
    pub fn fits(self, value: &Value) -> bool {
        let marked = |mark: &str| value.get(mark).is_some();
        match self {
            Self::Text => value.is_string(),
            Self::Number => value.is_number(),
            Self::Boolean => value.is_boolean(),
            Self::List => value.is_array(),
            Self::Date => marked("$jsii.date"),
            Self::Map => {
                let any_mark = ["$jsii.byref", "$jsii.struct", "$jsii.date", "$jsii.enum"];
                value.is_object() && !any_mark.into_iter().any(marked)
            }
            Self::Enum(fqn) => value
                .get("$jsii.enum")
                .and_then(Value::as_str)
                .and_then(|text| text.rsplit_once('/'))
                .is_some_and(|(found, _)| found == fqn),
            Self::Instance(fqn, is_a) => {
                types_of(value).any(|found| found == fqn || is_a(found, fqn))
            }
        }
    }
}

fn types_of(value: &Value) -> impl Iterator<Item = &str> {
    let class = value.get("$jsii.byref").and_then(Value::as_str);
    let class = class.map(|reference| reference.rsplit_once('@').map_or(reference, |(fqn, _)| fqn));
    let structure = value
        .get("$jsii.struct")
        .and_then(|data| data.get("fqn"))
        .and_then(Value::as_str);
    let interfaces = value.get("$jsii.interfaces").and_then(Value::as_array);
    class
        .into_iter()
        .chain(structure)
        .chain(interfaces.into_iter().flatten().filter_map(Value::as_str))
}

/// The member name of an enum value on the wire. Used by generated code.
///
/// # Errors
/// When the value is not of that enum.
pub fn enum_member(value: &Value, fqn: &str) -> Result<String> {
    value
        .get("$jsii.enum")
        .and_then(Value::as_str)
        .and_then(|text| text.rsplit_once('/'))
        .filter(|(found, _)| *found == fqn)
        .map(|(_, member)| member.to_owned())
        .ok_or_else(|| Error::wrong_type(fqn, value))
}

/// The error of an enum member that the bindings do not know. Used by generated code.
#[must_use]
pub fn unknown_member(fqn: &str, member: &str) -> Error {
    Error::wrong_type(fqn, &Value::from(member))
}

/// Reads a value as a `T` and writes it again, which brings it into the form that Rust builds. Used by
/// generated code.
///
/// # Errors
/// When the value is of another type.
pub fn rewire<T: FromWire + ToWire>(value: Value) -> Result<Value> {
    T::from_wire(value)?.to_wire()
}

/// Gives an object another type by what it is: `None` when the kernel's class and interfaces of the object do
/// not say that it is a `T`.
#[must_use]
pub fn checked_cast<T: Handle>(object: &crate::Object, is_a: fn(&str, &str) -> bool) -> Option<T> {
    let declared = std::iter::once(object.jsii_fqn())
        .chain(object.jsii_interfaces().iter().map(String::as_str));
    let mut declared = declared;
    declared
        .any(|found| found == T::FQN || is_a(found, T::FQN))
        .then(|| object.unchecked_cast())
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
