use std::collections::BTreeMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{BufMut, Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Body, Frame};
use http_body_util::{BodyExt, combinators::BoxBody};
use serde_json::{Value, json};

use crate::refusal::Answer;

/// Ends the prelude of a streamed response.
const PRELUDE_END: [u8; 8] = [0; 8];

/// The response of a proxy integration whose transfer mode is `STREAM`: a JSON prelude, eight NUL bytes, and the
/// body as it comes.
pub(crate) fn streamed_response(answer: Answer) -> StreamedResponse {
    let (parts, body) = answer.into_parts();
    let prelude = head(parts.status.as_u16(), &parts.headers);
    let mut start = BytesMut::from(Value::Object(prelude).to_string().as_bytes());
    start.put_slice(&PRELUDE_END);
    StreamedResponse {
        start: Some(start),
        body,
    }
}

/// The body of [`streamed_response`].
pub(crate) struct StreamedResponse {
    start: Option<BytesMut>,
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
            start.put_slice(data);
        }
        Poll::Ready(Some(Ok(Frame::data(start.freeze()))))
    }
}

/// The response of a proxy integration whose transfer mode is `BUFFERED`.
pub(crate) async fn buffered_response(answer: Answer) -> Bytes {
    let (parts, body) = answer.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(never) => match never {},
    };
    let (text, is_base64) = match std::str::from_utf8(&body) {
        Ok(text) => (text.to_owned(), false),
        Err(_) => (STANDARD.encode(&body), true),
    };
    let mut response = head(parts.status.as_u16(), &parts.headers);
    response.insert("body".to_owned(), json!(text));
    response.insert("isBase64Encoded".to_owned(), json!(is_base64));
    Bytes::from(Value::Object(response).to_string())
}

/// Status and headers; a header that occurs once is in `headers`, one that occurs more often in `multiValueHeaders`.
fn head(status: u16, headers: &HeaderMap) -> serde_json::Map<String, Value> {
    let mut single = BTreeMap::new();
    let mut multiple = BTreeMap::new();
    for name in headers.keys() {
        let values: Vec<_> = headers
            .get_all(name)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect();
        match <[String; 1]>::try_from(values) {
            Ok([value]) => {
                single.insert(name.as_str(), value);
            }
            Err(values) => {
                multiple.insert(name.as_str(), values);
            }
        }
    }
    let mut head = serde_json::Map::new();
    head.insert("statusCode".to_owned(), json!(status));
    head.insert("headers".to_owned(), json!(single));
    if !multiple.is_empty() {
        head.insert("multiValueHeaders".to_owned(), json!(multiple));
    }
    head
}
