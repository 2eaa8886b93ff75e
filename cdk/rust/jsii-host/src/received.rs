//! Values from the wire to Rust, and how the members of unions are told apart.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{Error, FromWire, Handle, Result, ToWire};

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
            Self::Enum(fqn) => enum_value(value).is_some_and(|(found, _)| found == fqn),
            Self::Instance(fqn, is_a) => {
                types_of(value).any(|found| found == fqn || is_a(found, fqn))
            }
        }
    }
}

/// The enum of a value, and its member.
fn enum_value(value: &Value) -> Option<(&str, &str)> {
    value.get("$jsii.enum")?.as_str()?.rsplit_once('/')
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
    enum_value(value)
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
    let interfaces = object.jsii_interfaces().iter().map(String::as_str);
    std::iter::once(object.jsii_fqn())
        .chain(interfaces)
        .any(|found| found == T::FQN || is_a(found, T::FQN))
        .then(|| object.unchecked_cast())
}
