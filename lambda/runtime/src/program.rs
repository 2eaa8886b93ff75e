//! Runs a program, and a function that returns one document for each invocation.

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

use bytes::Bytes;
use futures_util::FutureExt;
use http::header::CONTENT_TYPE;
use serde_json::json;

use crate::log::Log;
use crate::process::Process;
use crate::runtime_api::{Invocation, RuntimeApi, whole};
use crate::start_error::StartError;

/// What a process can be: a server, ready to run.
pub trait Program {
    /// Runs until the process ends, and returns its exit status.
    fn run_in(self, process: Process) -> ExitCode;
}

/// Runs a program on one thread until it ends. A problem that ends it is logged, and makes the exit status 1. Panics are
/// logged without their messages, if this is the process's own log.
pub fn run(log: &Log, program: impl Future<Output = Result<(), StartError>>) -> ExitCode {
    log.take_panics();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(StartError::System);
    match runtime.and_then(|runtime| runtime.block_on(program)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log.error(&error.to_string(), &json!({ "reason": error.name() }));
            ExitCode::FAILURE
        }
    }
}

/// Handles invocations one after another until the Runtime API is unreachable. The result of one is its JSON document, or
/// the message of an error, which Lambda passes to whatever has invoked the function. A panic fails its own invocation.
///
/// # Errors
///
/// The error of `start`, which is reported to Lambda, and [`StartError::RuntimeApi`].
pub async fn serve_buffered<F>(
    api: &RuntimeApi,
    process: &Process,
    start: Result<F, StartError>,
    handle: impl AsyncFn(&F, &Invocation) -> Result<Bytes, &'static str>,
) -> Result<(), StartError> {
    let function = api.started(start).await?;
    loop {
        let invocation = api.next(process.now).await?;
        let handled = AssertUnwindSafe(handle(&function, &invocation)).catch_unwind();
        let (outcome, document) = match handled.await.unwrap_or(Err("the function failed")) {
            Ok(document) => ("response", document),
            Err(message) => {
                let error = json!({ "errorType": "Refused", "errorMessage": message });
                ("error", error.to_string().into())
            }
        };
        let request_id = &invocation.ids.request_id;
        let path = format!("/runtime/invocation/{request_id}/{outcome}");
        let headers = [(CONTENT_TYPE.as_str(), "application/json")];
        if let Err(error) = api.post(&path, &headers, whole(document)).await {
            process
                .log
                .error(&error.to_string(), &json!({ "requestId": request_id }));
        }
    }
}
