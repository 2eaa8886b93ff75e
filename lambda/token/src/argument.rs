//! Makes [`Caller`] an argument of a tool.

use rmcp::ErrorData;
use rmcp::handler::server::common::{AsRequestContext, FromContextPart};
use rmcp::model::Extensions;

use crate::caller::Caller;

impl Caller {
    /// The caller of the request that these extensions belong to.
    ///
    /// # Errors
    ///
    /// An internal error: the endpoint refuses a request without a caller before it reaches rmcp.
    pub fn of(extensions: &Extensions) -> Result<&Self, ErrorData> {
        extensions
            .get::<http::request::Parts>()
            .and_then(|parts| parts.extensions.get::<Self>())
            .ok_or_else(|| ErrorData::internal_error("the request has no verified caller", None))
    }
}

impl<C: AsRequestContext> FromContextPart<C> for Caller {
    fn from_context_part(context: &mut C) -> Result<Self, ErrorData> {
        Self::of(&context.as_request_context().extensions).cloned()
    }
}
