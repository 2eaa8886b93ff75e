//! The kernel of this thread: requests, and the callbacks that come in between.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::panic::{Location, resume_unwind};
use std::rc::Rc;

use serde_json::{Value, json};

use crate::callback::Overrides;
use crate::error::{Reason, garbage};
use crate::pool::{self, Origin};
use crate::process::Process;
use crate::{Assembly, Error, Result, environment, index, package, tarball};

pub(crate) type Place = &'static Location<'static>;

thread_local! {
    pub(crate) static KERNEL: RefCell<Option<Rc<Kernel>>> = const { RefCell::new(None) };
}

pub(crate) struct Kernel {
    /// There until the kernel is dropped.
    process: RefCell<Option<Process>>,
    /// How the process was started, if another thread may go on with it.
    origin: RefCell<Option<Origin>>,
    loaded: RefCell<HashSet<String>>,
    unindexed: RefCell<Vec<index::Unindexed>>,
    pub(crate) overrides: RefCell<HashMap<String, Rc<Overrides>>>,
    /// Requests that wait for an answer; more than one while a callback runs.
    depth: Cell<u32>,
    /// A panic of a callback, carried on to the Rust code that made the call.
    pub(crate) panic: RefCell<Option<Box<dyn Any + Send>>>,
    /// The last error that a callback returned: JavaScript hands back its text only.
    pub(crate) callback_error: RefCell<Option<Error>>,
    /// Why the kernel cannot be used any more.
    end: RefCell<Option<Reason>>,
}

impl Drop for Kernel {
    fn drop(&mut self) {
        index::wait_for(&self.unindexed.borrow());
        let healthy = self.end.borrow().is_none() && self.depth.get() == 0;
        let origin = self.origin.borrow_mut().take().filter(|_| healthy);
        if let (Some(origin), Some(process)) = (origin, self.process.borrow_mut().take()) {
            pool::hand_on(origin, process, self.loaded.take());
        }
    }
}

pub(crate) fn current(place: Place) -> Result<Rc<Kernel>> {
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

/// As [`start_with`], for tests: goes on with the process of a thread that ended, if that was started by this function with the same
/// variables in the same directory. Objects of the two threads do not meet, but what a library keeps outside of objects does.
///
/// A process serves a limited number of threads, because objects are released only when it ends.
///
/// # Errors
/// When the kernel cannot be started.
#[track_caller]
pub fn start_or_go_on_with(variables: &[(&str, &str)]) -> Result<()> {
    shutdown();
    let place = Location::caller();
    let origin = Origin::new(variables);
    let kernel = match pool::take(&origin) {
        Some((origin, process, loaded)) => Kernel::of(process, Some(origin), loaded),
        None => Kernel::start(variables)
            .map_err(|reason| Error::new(reason).at(place))?
            .from(origin),
    };
    let _ = KERNEL.try_with(|slot| slot.borrow_mut().replace(Rc::new(kernel)));
    Ok(())
}

/// Ends the kernel of this thread now; the next call starts a new one. Handles from before refer to nothing.
///
/// It ends by itself when the thread ends. A program that calls `std::process::exit` should call this first,
/// so that the kernel can finish its cache, which makes the next start fast.
pub fn shutdown() {
    // Not reachable from a destructor of another thread-local, which would have nothing to end.
    let _ = KERNEL.try_with(|slot| {
        if let Some(kernel) = slot.borrow_mut().take() {
            kernel.origin.borrow_mut().take();
        }
    });
}

/// The process id of this thread's kernel, started if need be.
///
/// # Errors
/// When the kernel cannot be started.
#[track_caller]
pub fn process_id() -> Result<u32> {
    let place = Location::caller();
    let kernel = current(place)?;
    kernel
        .with_process(|process| Ok(process.id()))
        .map_err(|reason| Error::new(reason).at(place))
}

impl Kernel {
    fn start(variables: &[(&str, &str)]) -> Result<Self, Reason> {
        let process = Process::start(&environment::current_directory(), variables)?;
        Ok(Self::of(process, None, HashSet::new()))
    }

    fn of(process: Process, origin: Option<Origin>, loaded: HashSet<String>) -> Self {
        Self {
            process: RefCell::new(Some(process)),
            origin: RefCell::new(origin),
            loaded: RefCell::new(loaded),
            unindexed: RefCell::default(),
            overrides: RefCell::default(),
            depth: Cell::new(0),
            panic: RefCell::default(),
            callback_error: RefCell::default(),
            end: RefCell::default(),
        }
    }

    /// The same kernel, whose process another thread may go on with.
    fn from(self, origin: Origin) -> Self {
        self.origin.replace(Some(origin));
        self
    }

    fn with_process<T>(
        &self,
        action: impl FnOnce(&mut Process) -> Result<T, Reason>,
    ) -> Result<T, Reason> {
        match self.process.borrow_mut().as_mut() {
            Some(process) => action(process),
            None => Err(Reason::KernelDied {
                status: "the end of its thread".to_owned(),
            }),
        }
    }

    fn fail(&self, reason: Reason, place: Place) -> Error {
        let ends = !matches!(reason, Reason::Exception { .. } | Reason::Fault { .. });
        if ends {
            *self.end.borrow_mut() = Some(reason.clone());
        }
        Error::new(reason).at(place)
    }

    /// Sends a request and waits for its answer, running the callbacks that come before it.
    pub(crate) fn request(
        self: &Rc<Self>,
        mut message: Value,
        what: &str,
        place: Place,
    ) -> Result<Value> {
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
        let send = |message: &Value| self.with_process(|process| process.send(message));
        send(message).map_err(|reason| self.fail(reason, place))?;
        loop {
            let received = self.with_process(|process| process.receive(what));
            let mut answer = received.map_err(|reason| self.fail(reason, place))?;
            if let Some(callback) = answer.get_mut("callback").map(Value::take) {
                let complete = self.complete(&callback);
                send(&json!({ "complete": complete }))
                    .map_err(|reason| self.fail(reason, place))?;
            } else if let Some(message) = answer.get("error").and_then(Value::as_str) {
                return Err(self.thrown(message, &answer, place));
            } else if answer == json!({}) {
                return Ok(Value::Null);
            } else if let Some(result) = answer.get_mut("ok") {
                return Ok(result.take());
            } else {
                return Err(self.fail(garbage(&answer.to_string()), place));
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

    pub(crate) fn load(self: &Rc<Self>, assembly: &'static Assembly, place: Place) -> Result<()> {
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
    pub(crate) fn construct_path(self: &Rc<Self>, object: &Value, place: Place) -> Option<String> {
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
