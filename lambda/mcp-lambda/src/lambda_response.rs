use std::borrow::Cow;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, combinators::BoxBody};
use serde::{Serialize, Serializer};

use crate::refusal::Answer;

/// Ends the prelude of a streamed response.
const PRELUDE_END: [u8; 8] = [0; 8];

/// The response of a proxy integration whose transfer mode is `STREAM`: a JSON prelude, eight NUL bytes, and the
/// body as it comes.
pub(crate) fn streamed_response(answer: Answer) -> StreamedResponse {
    let (parts, body) = answer.into_parts();
    let mut start = json(&Head::new(parts.status, &parts.headers));
    start.extend_from_slice(&PRELUDE_END);
    StreamedResponse {
        start: Some(start),
        body,
    }
}

/// The body of [`streamed_response`].
pub(crate) struct StreamedResponse {
    start: Option<Vec<u8>>,
    body: BoxBody<Bytes, Infallible>,
}

impl Body for StreamedResponse {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        let frame = Pin::new(&mut this.body).poll_frame(context);
        let Some(mut start) = this.start.take() else {
            return frame;
        };
        // What is there already goes out with the prelude, in one write.
        if let Poll::Ready(Some(Ok(frame))) = &frame
            && let Some(data) = frame.data_ref()
        {
            start.extend_from_slice(data);
        }
        Poll::Ready(Some(Ok(Frame::data(start.into()))))
    }
}

/// The response of a proxy integration whose transfer mode is `BUFFERED`.
pub(crate) async fn buffered_response(answer: Answer) -> Bytes {
    let (parts, body) = answer.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(never) => match never {},
    };
    let (text, is_base64_encoded) = match std::str::from_utf8(&body) {
        Ok(text) => (Cow::Borrowed(text), false),
        Err(_) => (Cow::Owned(STANDARD.encode(&body)), true),
    };
    let document = Document {
        head: Head::new(parts.status, &parts.headers),
        body: text,
        is_base64_encoded,
    };
    json(&document).into()
}

/// Status and headers; a header that occurs once is in `headers`, one that occurs more often in `multiValueHeaders`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    status_code: u16,
    headers: Single<'a>,
    #[serde(skip_serializing_if = "Multiple::is_empty")]
    multi_value_headers: Multiple<'a>,
}

struct Single<'a>(&'a HeaderMap);

struct Multiple<'a>(&'a HeaderMap);

impl<'a> Head<'a> {
    fn new(status: StatusCode, headers: &'a HeaderMap) -> Self {
        Self {
            status_code: status.as_u16(),
            headers: Single(headers),
            multi_value_headers: Multiple(headers),
        }
    }
}

impl Multiple<'_> {
    fn is_empty(&self) -> bool {
        self.0.len() == self.0.keys_len()
    }
}

impl Serialize for Single<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.keys().filter_map(|name| {
            let mut values = values(self.0, name);
            let value = values.next()?;
            values.next().is_none().then_some((name.as_str(), value))
        }))
    }
}

impl Serialize for Multiple<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.keys().filter_map(|name| {
            let values: Vec<_> = values(self.0, name).collect();
            (values.len() > 1).then_some((name.as_str(), values))
        }))
    }
}

fn values<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = Cow<'a, str>> {
    let values = headers.get_all(name).iter();
    values.map(|value| String::from_utf8_lossy(value.as_bytes()))
}

/// The response of a proxy integration whose transfer mode is `BUFFERED`, in one document.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    body: Cow<'a, str>,
    is_base64_encoded: bool,
}

/// The JSON of something that is made of text, numbers and maps with text as their keys, which cannot fail.
fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}
