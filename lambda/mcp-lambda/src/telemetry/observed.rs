//! Finishes the record of a request when its response stream ends.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::BoxBody;

use crate::telemetry::record::Record;

/// Wraps an event stream whose record is finished at its end, or when it is dropped.
pub(crate) fn observe(body: BoxBody<Bytes, Infallible>, record: Record) -> Observed {
    Observed {
        body,
        record: Some(record),
    }
}

/// See [`observe`].
pub(crate) struct Observed {
    body: BoxBody<Bytes, Infallible>,
    record: Option<Record>,
}

impl Body for Observed {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        let frame = Pin::new(&mut this.body).poll_frame(context);
        if matches!(frame, Poll::Ready(None))
            && let Some(record) = this.record.take()
        {
            record.finish();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        // The last poll reports the end, so that the record is finished.
        false
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
