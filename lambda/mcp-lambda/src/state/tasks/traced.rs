//! Makes a client span of each invocation that the function sends to itself.

use std::borrow::Cow;

use crate::runtime::client_span::Call;
use crate::state::tasks::continuation::ContinuationError;

/// A client span of the function's invocation of itself (semantic conventions for FaaS and the AWS SDK).
pub(super) async fn invocation(
    function: &str,
    sent: impl Future<Output = Result<(), ContinuationError>>,
) -> Result<(), ContinuationError> {
    let describe = || {
        Call::new(format!("Invoke {function}"))
            .text("rpc.system.name", "aws-api")
            .text("rpc.method", "Lambda/Invoke")
            .text("faas.invoked_name", function.to_owned())
            .text("faas.invoked_provider", "aws")
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
