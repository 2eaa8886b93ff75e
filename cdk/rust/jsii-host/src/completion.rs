//! Callbacks: JavaScript calls Rust while it answers a request of Rust.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use serde_json::{Value, json};

use crate::callback::Member;
use crate::calls::{get, set};
use crate::error::garbage;
use crate::kernel::Kernel;
use crate::{Error, FromWire, Object, Result};

impl Kernel {
    /// Runs a callback and makes the message that completes it.
    pub(crate) fn complete(self: &Rc<Self>, callback: &Value) -> Value {
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
            return Err(Error::new(garbage(&callback.to_string())));
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
}
