//! Makes [`Deadline`] an argument of a tool.

use rmcp::ErrorData;
use rmcp::handler::server::common::{AsRequestContext, FromContextPart};
use rmcp::model::Extensions;

use crate::deadline::Deadline;

impl Deadline {
    /// The deadline of the request that these extensions belong to; none if it has no deadline.
    #[must_use]
    pub fn of(extensions: &Extensions) -> Self {
        extensions
            .get::<http::request::Parts>()
            .and_then(|parts| parts.extensions.get::<Self>())
            .copied()
            .unwrap_or(Self::none())
    }
}

impl<C: AsRequestContext> FromContextPart<C> for Deadline {
    fn from_context_part(context: &mut C) -> Result<Self, ErrorData> {
        Ok(Self::of(&context.as_request_context().extensions))
    }
}
