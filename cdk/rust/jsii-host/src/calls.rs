//! What generated code asks of the kernel of its thread: objects, properties, methods.

use std::panic::Location;
use std::rc::Rc;

use serde_json::{Value, json};

use crate::callback::Overrides;
use crate::kernel::{KERNEL, Kernel, Place, current};
use crate::{Assembly, Error, FromWire, Object, Result, ToWire};

fn collect(args: Vec<Result<Value>>, place: Place) -> Result<Vec<Value>> {
    let mut values: Vec<Value> = args
        .into_iter()
        .collect::<Result<_>>()
        .map_err(|error| error.at(place))?;
    // A trailing undefined is an argument that was not given.
    while values.last().is_some_and(Value::is_null) {
        values.pop();
    }
    Ok(values)
}

/// A member of an answer; one that is missing counts as `undefined`.
fn taken(mut answer: Value, member: &str) -> Value {
    answer.get_mut(member).map(Value::take).unwrap_or_default()
}

/// Reads an answer as a `T`, with the caller's place in the error.
#[track_caller]
pub(crate) fn typed<T: FromWire>(value: Value) -> Result<T> {
    let place = Location::caller();
    T::from_wire(value).map_err(|error| error.at(place))
}

/// Makes an object. Used by generated code.
///
/// # Errors
/// What the constructor throws; a kernel that does not start; a package that is not installed.
#[track_caller]
pub fn create(assembly: &'static Assembly, fqn: &str, args: Vec<Result<Value>>) -> Result<Object> {
    create_with_overrides(assembly, fqn, args, Overrides::new())
}

/// Makes an object some of whose members are Rust code. Used by generated code.
///
/// # Errors
/// As [`create`].
#[track_caller]
pub fn create_with_overrides(
    assembly: &'static Assembly,
    fqn: &str,
    args: Vec<Result<Value>>,
    overrides: Overrides,
) -> Result<Object> {
    let place = Location::caller();
    let kernel = current(place)?;
    kernel.load(assembly, place)?;
    let args = collect(args, place)?;
    let mut message = json!({ "api": "create", "fqn": fqn, "args": args });
    if !overrides.is_empty() || !overrides.interface_names().is_empty() {
        message["interfaces"] = json!(overrides.interface_names());
        message["overrides"] = overrides.to_wire();
    }
    let created = kernel.request(message, &format!("new {fqn}"), place);
    let created = created.map_err(|error| {
        let scope = args
            .first()
            .and_then(|scope| kernel.construct_path(scope, place));
        let path = scope.zip(args.get(1).and_then(Value::as_str));
        error.with_construct_path(
            path.map(|(scope, id)| format!("{scope}/{id}").trim_matches('/').to_owned()),
        )
    })?;
    let object = Object::from_wire(created).map_err(|error| error.at(place))?;
    kernel
        .overrides
        .borrow_mut()
        .insert(object.jsii_reference().to_owned(), Rc::new(overrides));
    Ok(object)
}

/// The Rust value that implements an object.
pub(crate) fn implementation<T: 'static>(reference: &str) -> Option<Rc<T>> {
    KERNEL
        .try_with(|slot| {
            let kernel = slot.borrow().as_ref().map(Rc::clone)?;
            let value = kernel.overrides.borrow().get(reference)?.rust_value()?;
            value.downcast().ok()
        })
        .ok()
        .flatten()
}

#[track_caller]
pub(crate) fn get(object: &Object, property: &str) -> Result<Value> {
    let place = Location::caller();
    let kernel = current(place)?;
    let message = json!({ "api": "get", "objref": object.to_wire()?, "property": property });
    let answer = kernel
        .request(message, property, place)
        .map_err(|error| explained(&kernel, object, error, place))?;
    Ok(taken(answer, "value"))
}

#[track_caller]
pub(crate) fn set(object: &Object, property: &str, value: Result<Value>) -> Result<()> {
    let place = Location::caller();
    let kernel = current(place)?;
    let value = value.map_err(|error| error.at(place))?;
    let mut message = json!({ "api": "set", "objref": object.to_wire()?, "property": property });
    if !value.is_null() {
        message["value"] = value;
    }
    let done = kernel.request(message, property, place);
    done.map(drop)
        .map_err(|error| explained(&kernel, object, error, place))
}

#[track_caller]
pub(crate) fn invoke(object: &Object, method: &str, args: Vec<Result<Value>>) -> Result<Value> {
    let place = Location::caller();
    let kernel = current(place)?;
    let args = collect(args, place)?;
    let message =
        json!({ "api": "invoke", "objref": object.to_wire()?, "method": method, "args": args });
    let answer = kernel
        .request(message, method, place)
        .map_err(|error| explained(&kernel, object, error, place))?;
    Ok(taken(answer, "result"))
}

fn explained(kernel: &Rc<Kernel>, object: &Object, error: Error, place: Place) -> Error {
    if error.construct_path().is_some() {
        return error;
    }
    let path = object
        .to_wire()
        .ok()
        .and_then(|object| kernel.construct_path(&object, place));
    error.with_construct_path(path.filter(|path| !path.is_empty()))
}

#[track_caller]
pub(crate) fn invoke_async(
    object: &Object,
    method: &str,
    args: Vec<Result<Value>>,
) -> Result<Value> {
    let place = Location::caller();
    let kernel = current(place)?;
    let args = collect(args, place)?;
    let message =
        json!({ "api": "begin", "objref": object.to_wire()?, "method": method, "args": args });
    let promise = kernel.request(message, method, place)?;
    loop {
        let answer = kernel.request(json!({ "api": "callbacks" }), method, place)?;
        let callbacks = taken(answer, "callbacks");
        let Some(callbacks) = callbacks.as_array().filter(|list| !list.is_empty()) else {
            break;
        };
        for callback in callbacks {
            let mut complete = kernel.complete(callback);
            complete["api"] = json!("complete");
            kernel.request(complete, method, place)?;
        }
    }
    let message = json!({ "api": "end", "promiseid": promise.get("promiseid") });
    Ok(taken(kernel.request(message, method, place)?, "result"))
}

/// Reads a static property. Used by generated code.
///
/// # Errors
/// What the getter throws, and values of the wrong type.
#[track_caller]
pub fn static_get<T: FromWire>(
    assembly: &'static Assembly,
    fqn: &str,
    property: &str,
) -> Result<T> {
    let place = Location::caller();
    let kernel = current(place)?;
    kernel.load(assembly, place)?;
    let message = json!({ "api": "sget", "fqn": fqn, "property": property });
    let answer = kernel.request(message, property, place)?;
    T::from_wire(taken(answer, "value")).map_err(|error| error.at(place))
}

/// Sets a static property. Used by generated code.
///
/// # Errors
/// What the setter throws, and values of the wrong type.
#[track_caller]
pub fn static_set(
    assembly: &'static Assembly,
    fqn: &str,
    property: &str,
    value: Result<Value>,
) -> Result<()> {
    let place = Location::caller();
    let kernel = current(place)?;
    kernel.load(assembly, place)?;
    let value = value.map_err(|error| error.at(place))?;
    let message = json!({ "api": "sset", "fqn": fqn, "property": property, "value": value });
    kernel.request(message, property, place).map(drop)
}

/// Calls a static method. Used by generated code.
///
/// # Errors
/// What the method throws, and values of the wrong type.
#[track_caller]
pub fn static_invoke<T: FromWire>(
    assembly: &'static Assembly,
    fqn: &str,
    method: &str,
    args: Vec<Result<Value>>,
) -> Result<T> {
    let place = Location::caller();
    let kernel = current(place)?;
    kernel.load(assembly, place)?;
    let args = collect(args, place)?;
    let message = json!({ "api": "sinvoke", "fqn": fqn, "method": method, "args": args });
    let answer = kernel.request(message, method, place)?;
    T::from_wire(taken(answer, "result")).map_err(|error| error.at(place))
}

/// How many objects the kernel of this thread holds.
///
/// # Errors
/// When the kernel cannot be started.
#[track_caller]
pub fn object_count() -> Result<u64> {
    let place = Location::caller();
    let answer = current(place)?.request(json!({ "api": "stats" }), "stats", place)?;
    answer
        .get("objectCount")
        .and_then(Value::as_u64)
        .ok_or_else(|| Error::wrong_type("statistics", &answer).at(place))
}
