//! Pairs a response with the work that continues after it.

use crate::runtime::response::Response;
use crate::state::tail::Tail;

/// A response, and the work that continues after its end.
pub(crate) struct Reply {
    pub(crate) response: Response,
    pub(crate) tail: Option<Tail>,
}

impl From<Response> for Reply {
    /// Nothing continues.
    fn from(response: Response) -> Self {
        Self {
            response,
            tail: None,
        }
    }
}
