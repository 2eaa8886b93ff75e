//! Changes what is known about a request while its tool is called.

use http::request::Parts;
use rmcp::ErrorData;
use rmcp::model::Extensions;

use crate::request_facts::{RequestFacts, without_facts};

impl RequestFacts {
    /// The facts of the request that a handler is called for, which the tool finds as they are left.
    pub(crate) fn of_mut(extensions: &mut Extensions) -> Result<&mut Self, ErrorData> {
        let parts = extensions.get_mut::<Parts>();
        let facts = parts.and_then(|parts| parts.extensions.get_mut());
        facts.ok_or_else(without_facts)
    }
}
