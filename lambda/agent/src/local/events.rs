//! A reply of a local model, as a stream.

use futures_util::stream::BoxStream;

use crate::model::{ModelError, StreamEvent};

/// The events of a reply.
pub(super) type Events = BoxStream<'static, Result<StreamEvent, ModelError>>;
