//! The kernel of this thread: requests, and the callbacks that come in between.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::rc::Rc;

use serde_json::{Value, json};

use crate::callback::{Member, Overrides};
use crate::error::Reason;
use crate::process::Process;
use crate::{
    Assembly, Error, FromWire, Object, Result, ToWire, environment, index, package, tarball,
};

type Place = &'static Location<'static>;

thread_local! {
    static KERNEL: RefCell<Option<Rc<Kernel>>> = const { RefCell::new(None) };
}

struct Kernel {
    process: RefCell<Process>,
    loaded: RefCell<HashSet<String>>,
    unindexed: RefCell<Vec<index::Unindexed>>,
    overrides: RefCell<HashMap<String, Rc<Overrides>>>,
    /// Requests that wait for an answer; more than one while a callback runs.
    depth: Cell<u32>,
    /// A panic of a callback, carried on to the Rust code that made the call.
    panic: RefCell<Option<Box<dyn Any + Send>>>,
    /// The last error that a callback returned: JavaScript hands back its text only.
    callback_error: RefCell<Option<Error>>,
    /// Why the kernel cannot be used any more.
    end: RefCell<Option<Reason>>,
}

impl Drop for Kernel {
    fn drop(&mut self) {
        index::wait_for(&self.unindexed.borrow());
    }
}

fn current(place: Place) -> Result<Rc<Kernel>> {
    KERNEL
        .try_with(|slot| {
            if let Some(kernel) = slot.borrow().as_ref() {
                return Ok(Rc::clone(kernel));
            }
            let kernel = Rc::new(Kernel::start(&[])?);
            *slot.borrow_mut() = Some(Rc::clone(&kernel));
            Ok(kernel)
        })
        .unwrap_or_else(|_| {
            Err(Reason::KernelDied {
                status: "the end of its thread".to_owned(),
            })
        })
        .map_err(|reason| Error::new(reason).at(place))
}

/// Starts the kernel of this thread with more environment variables than this process has, and ends the one that
/// runs. `CDK_VALIDATION=false`, for example, makes the CDK leave out its rules, which take seconds in each test.
///
/// # Errors
/// When the kernel cannot be started.
#[track_caller]
pub fn start_with(variables: &[(&str, &str)]) -> Result<()> {
    shutdown();
    let place = Location::caller();
    let kernel = Kernel::start(variables).map_err(|reason| Error::new(reason).at(place))?;
    let _ = KERNEL.try_with(|slot| slot.borrow_mut().replace(Rc::new(kernel)));
    Ok(())
}

/// Ends the kernel of this thread now; the next call starts a new one. Handles from before refer to nothing.
///
/// It ends by itself when the thread ends. A program that calls `std::process::exit` should call this first,
/// so that the kernel can finish its cache, which makes the next start fast.
pub fn shutdown() {
    // Not reachable from a destructor of another thread-local, which would have nothing to end.
    let _ = KERNEL.try_with(|slot| slot.borrow_mut().take());
}

/// The process id of this thread's kernel, started if need be.
///
/// # Errors
/// When the kernel cannot be started.
#[track_caller]
pub fn process_id() -> Result<u32> {
    current(Location::caller()).map(|kernel| kernel.process.borrow().id())
}

impl Kernel {
    fn start(variables: &[(&str, &str)]) -> Result<Self, Reason> {
        Ok(Self {
            process: RefCell::new(Process::start(
                &environment::current_directory(),
                variables,
            )?),
            loaded: RefCell::default(),
            unindexed: RefCell::default(),
            overrides: RefCell::default(),
            depth: Cell::new(0),
            panic: RefCell::default(),
            callback_error: RefCell::default(),
            end: RefCell::default(),
        })
    }

    fn fail(&self, reason: Reason, place: Place) -> Error {
        let ends = !matches!(reason, Reason::Exception { .. } | Reason::Fault { .. });
        if ends {
            *self.end.borrow_mut() = Some(reason.clone());
        }
        Error::new(reason).at(place)
    }

    /// Sends a request and waits for its answer, running the callbacks that come before it.
    fn request(self: &Rc<Self>, mut message: Value, what: &str, place: Place) -> Result<Value> {
        if let Some(reason) = self.end.borrow().clone() {
            return Err(Error::new(reason).at(place));
        }
        // The first frame is ours, and construct libraries drop it; the second one is the caller's.
        if let Value::Object(fields) = &mut message {
            let frames = json!([
                ["jsii-host", 0, 0, what],
                [place.file(), place.line(), place.column(), what]
            ]);
            fields.insert("$jsii.stacktrace".to_owned(), frames);
        }
        self.depth.set(self.depth.get() + 1);
        let answer = self.converse(&message, what, place);
        self.depth.set(self.depth.get() - 1);
        if self.depth.get() == 0
            && let Some(panic) = self.panic.borrow_mut().take()
        {
            resume_unwind(panic);
        }
        answer
    }

    fn converse(self: &Rc<Self>, message: &Value, what: &str, place: Place) -> Result<Value> {
        let send = |message: &Value| self.process.borrow_mut().send(message);
        send(message).map_err(|reason| self.fail(reason, place))?;
        loop {
            let received = self.process.borrow_mut().receive(what);
            let mut answer = received.map_err(|reason| self.fail(reason, place))?;
            if let Some(callback) = answer.get_mut("callback").map(Value::take) {
                let complete = self.complete(&callback);
                send(&json!({ "complete": complete }))
                    .map_err(|reason| self.fail(reason, place))?;
            } else if let Some(message) = answer.get("error").and_then(Value::as_str) {
                return Err(self.thrown(message, &answer, place));
            } else if let Some(fields) = answer.as_object_mut() {
                if fields.is_empty() {
                    return Ok(Value::Null);
                }
                if let Some(result) = fields.remove("ok") {
                    return Ok(result);
                }
                return Err(self.fail(garbage(&answer), place));
            } else {
                return Err(self.fail(garbage(&answer), place));
            }
        }
    }

    /// What JavaScript threw. When it is what a Rust callback returned, the place of that error is kept, because
    /// it says more than the place of the call that led to the callback.
    fn thrown(&self, message: &str, answer: &Value, place: Place) -> Error {
        let stack = answer
            .get("stack")
            .and_then(Value::as_str)
            .map(str::to_owned);
        let from_callback = self
            .callback_error
            .borrow_mut()
            .take_if(|error| message.contains(&error.message()));
        if let Some(error) = from_callback {
            return error.with_stack(stack);
        }
        // "Error" says nothing; the name of another class of errors does.
        let message = message
            .strip_prefix("Error: ")
            .unwrap_or(message)
            .to_owned();
        let fault = answer.get("name").and_then(Value::as_str) == Some("@jsii/kernel.Fault");
        let reason = if fault {
            Reason::Fault { message }
        } else {
            Reason::Exception { message }
        };
        Error::new(reason).at(place).with_stack(stack)
    }

    /// Runs a callback and makes the message that completes it.
    fn complete(self: &Rc<Self>, callback: &Value) -> Value {
        let id = callback.get("cbid").cloned().unwrap_or_default();
        let outcome = match catch_unwind(AssertUnwindSafe(|| self.run(callback))) {
            Ok(outcome) => outcome,
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                let text =
                    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                *self.panic.borrow_mut() = Some(panic);
                Err(Error::callback(
                    text.unwrap_or_else(|| "a Rust callback panicked".to_owned()),
                ))
            }
        };
        match outcome {
            Ok(result) => json!({ "cbid": id, "result": result }),
            Err(error) => {
                let message = error.message();
                *self.callback_error.borrow_mut() = Some(error);
                json!({ "cbid": id, "err": message, "name": "@jsii/kernel.RuntimeError" })
            }
        }
    }

    fn run(self: &Rc<Self>, callback: &Value) -> Result<Value> {
        let kinds = [
            (Member::Method, "invoke", "method"),
            (Member::Getter, "get", "property"),
            (Member::Setter, "set", "property"),
        ];
        let called = kinds.into_iter().find_map(|(member, key, name)| {
            let request = callback.get(key)?;
            Some((member, request, request.get(name)?.as_str()?))
        });
        let Some((member, request, name)) = called else {
            return Err(Error::new(garbage(callback)));
        };
        let object = Object::from_wire(request.get("objref").cloned().unwrap_or_default())?;
        let overrides = self
            .overrides
            .borrow()
            .get(object.jsii_reference())
            .cloned();
        let body = overrides.and_then(|overrides| overrides.body(member, name));
        let args = match member {
            Member::Method => request
                .get("args")
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default(),
            Member::Getter => Vec::new(),
            Member::Setter => vec![request.get("value").cloned().unwrap_or_default()],
        };
        match (body, member) {
            (Some(body), _) => body(&object, args),
            // Only one half of a property is overridden: the other half stays JavaScript's.
            (None, Member::Getter) => get(&object, name),
            (None, Member::Setter) => {
                set(
                    &object,
                    name,
                    Ok(args.into_iter().next().unwrap_or_default()),
                )?;
                Ok(Value::Null)
            }
            (None, Member::Method) => Err(Error::callback(format!(
                "{object:?} has no method '{name}' in Rust"
            ))),
        }
    }

    fn load(self: &Rc<Self>, assembly: &'static Assembly, place: Place) -> Result<()> {
        if self.loaded.borrow().contains(assembly.name) {
            return Ok(());
        }
        let fail = |reason| Error::new(reason).at(place);
        let packages =
            package::load_order(assembly, &environment::current_directory()).map_err(fail)?;
        for package in packages {
            if self.loaded.borrow().contains(&package.name) {
                continue;
            }
            let tarball = tarball::of_package(&package).map_err(fail)?;
            let message = json!({
                "api": "load", "name": package.name, "version": package.version, "tarball": tarball,
            });
            self.request(message, "load", place)?;
            self.unindexed.borrow_mut().extend(index::Unindexed::of(
                &package.name,
                &package.version,
                &tarball,
            ));
            self.loaded.borrow_mut().insert(package.name);
        }
        Ok(())
    }

    /// `path` of the construct's node, if the object is a construct. Asked only after an error.
    fn construct_path(self: &Rc<Self>, object: &Value, place: Place) -> Option<String> {
        if self.end.borrow().is_some() {
            return None;
        }
        let ask = |object: &Value, property: &str| {
            let message = json!({ "api": "get", "objref": object, "property": property });
            Some(
                self.request(message, "get", place)
                    .ok()?
                    .get_mut("value")?
                    .take(),
            )
        };
        let node = ask(object, "node").filter(|node| node.get("$jsii.byref").is_some())?;
        ask(&node, "path")?.as_str().map(str::to_owned)
    }
}

fn garbage(answer: &Value) -> Reason {
    Reason::Garbage {
        answer: crate::error::beginning(&answer.to_string()),
    }
}

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
    let mut answer = kernel
        .request(message, property, place)
        .map_err(|error| explained(&kernel, object, error, place))?;
    Ok(answer.get_mut("value").map(Value::take).unwrap_or_default())
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
    let mut answer = kernel
        .request(message, method, place)
        .map_err(|error| explained(&kernel, object, error, place))?;
    Ok(answer
        .get_mut("result")
        .map(Value::take)
        .unwrap_or_default())
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
        let mut answer = kernel.request(json!({ "api": "callbacks" }), method, place)?;
        let Some(Value::Array(callbacks)) = answer.get_mut("callbacks").map(Value::take) else {
            break;
        };
        if callbacks.is_empty() {
            break;
        }
        for callback in callbacks {
            let mut complete = kernel.complete(&callback);
            complete["api"] = json!("complete");
            kernel.request(complete, method, place)?;
        }
    }
    let message = json!({ "api": "end", "promiseid": promise.get("promiseid") });
    let mut answer = kernel.request(message, method, place)?;
    Ok(answer
        .get_mut("result")
        .map(Value::take)
        .unwrap_or_default())
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
    let mut answer = kernel.request(message, property, place)?;
    T::from_wire(answer.get_mut("value").map(Value::take).unwrap_or_default())
        .map_err(|error| error.at(place))
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
    let mut answer = kernel.request(message, method, place)?;
    T::from_wire(
        answer
            .get_mut("result")
            .map(Value::take)
            .unwrap_or_default(),
    )
    .map_err(|error| error.at(place))
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
