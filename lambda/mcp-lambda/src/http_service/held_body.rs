//! Keeps a value until a response has been sent.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::BoxBody;

/// A response body that holds a value until it has ended or is dropped.
pub(crate) struct HeldBody<T> {
    body: BoxBody<Bytes, Infallible>,
    _held: T,
}

impl<T> HeldBody<T> {
    pub(crate) fn new(body: BoxBody<Bytes, Infallible>, held: T) -> Self {
        Self { body, _held: held }
    }
}

impl<T: Unpin> Body for HeldBody<T> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.get_mut().body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
