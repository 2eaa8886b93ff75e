//! Makes a client span of each invocation that the function sends to itself.

use std::borrow::Cow;

use opentelemetry::KeyValue;

use crate::runtime::client_span::Call;
use crate::tasks::continuation::ContinuationError;

/// A client span of the function's invocation of itself (semantic conventions for FaaS and the AWS SDK).
pub(super) async fn invocation(
    function: &str,
    sent: impl Future<Output = Result<(), ContinuationError>>,
) -> Result<(), ContinuationError> {
    let describe = || Call {
        name: Cow::Owned(format!("Invoke {function}")),
        attributes: vec![
            KeyValue::new("rpc.system.name", "aws-api"),
            KeyValue::new("rpc.method", "Lambda/Invoke"),
            KeyValue::new("faas.invoked_name", function.to_owned()),
            KeyValue::new("faas.invoked_provider", "aws"),
        ],
    };
    Call::record(describe, sent, problem).await
}

fn problem(error: &ContinuationError) -> Option<Cow<'static, str>> {
    Some(match error {
        ContinuationError::AccessDenied => "AccessDeniedException".into(),
        ContinuationError::Throttled => "TooManyRequestsException".into(),
        ContinuationError::Unreachable => "unreachable".into(),
        ContinuationError::Refused(status) => status.to_string().into(),
        ContinuationError::Unsigned => "unsigned".into(),
        ContinuationError::Ending => "ending".into(),
    })
}
