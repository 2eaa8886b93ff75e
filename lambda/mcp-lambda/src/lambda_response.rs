use std::collections::BTreeMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{BufMut, Bytes, BytesMut};
use http::HeaderMap;
use http::header::SET_COOKIE;
use http_body::{Body, Frame};
use http_body_util::{BodyExt, combinators::BoxBody};
use serde_json::{Value, json};

use crate::refusal::Answer;

/// Ends the prelude of a streamed response.
const PRELUDE_END: [u8; 8] = [0; 8];

/// Who turns the function's answer into HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PayloadFormat {
    /// A REST API's proxy integration.
    V1,
    /// A function URL, or an HTTP API's proxy integration: one value per header, cookies apart.
    V2,
}

/// The response of a proxy integration whose transfer mode is `STREAM`, or of a function URL whose invoke mode is
/// `RESPONSE_STREAM`: a JSON prelude, eight NUL bytes, and the body as it comes.
pub(crate) fn streamed_response(answer: Answer, format: PayloadFormat) -> StreamedResponse {
    let (parts, body) = answer.into_parts();
    let prelude = head(parts.status.as_u16(), &parts.headers, format);
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

/// The response of a proxy integration whose transfer mode is `BUFFERED`, or of a function URL with the invoke mode of
/// that name.
pub(crate) async fn buffered_response(answer: Answer, format: PayloadFormat) -> Bytes {
    let (parts, body) = answer.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(never) => match never {},
    };
    let (text, is_base64) = match std::str::from_utf8(&body) {
        Ok(text) => (text.to_owned(), false),
        Err(_) => (STANDARD.encode(&body), true),
    };
    let mut response = head(parts.status.as_u16(), &parts.headers, format);
    response.insert("body".to_owned(), json!(text));
    response.insert("isBase64Encoded".to_owned(), json!(is_base64));
    Bytes::from(Value::Object(response).to_string())
}

/// Status and headers. One that occurs more often than once is in `multiValueHeaders`; in payload format 2.0 its values
/// are joined with commas (RFC 9110 section 5.3), apart from `Set-Cookie`, which must not be.
fn head(status: u16, headers: &HeaderMap, format: PayloadFormat) -> serde_json::Map<String, Value> {
    let mut single = BTreeMap::new();
    let mut multiple = BTreeMap::new();
    let mut cookies = Vec::new();
    for name in headers.keys() {
        let values: Vec<_> = headers
            .get_all(name)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect();
        if format == PayloadFormat::V2 {
            if name == SET_COOKIE {
                cookies = values;
            } else {
                single.insert(name.as_str(), values.join(", "));
            }
            continue;
        }
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
    if !cookies.is_empty() {
        head.insert("cookies".to_owned(), json!(cookies));
    }
    head
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::header::{SET_COOKIE, VARY};
    use http::{HeaderValue, Response};
    use http_body_util::{BodyExt, Full};
    use serde_json::{Value, json};

    use super::{PayloadFormat, buffered_response};

    async fn response(format: PayloadFormat) -> Value {
        let mut answer = Response::new(Full::from(Bytes::from_static(b"\xff")).boxed());
        for (name, value) in [
            (VARY, "Origin"),
            (VARY, "Accept"),
            (SET_COOKIE, "a=1"),
            (SET_COOKIE, "b=2"),
        ] {
            answer
                .headers_mut()
                .append(name, HeaderValue::from_static(value));
        }
        serde_json::from_slice(&buffered_response(answer, format).await).unwrap()
    }

    #[tokio::test]
    async fn repeated_headers_have_the_form_of_the_event() {
        assert_eq!(
            response(PayloadFormat::V1).await,
            json!({
                "statusCode": 200, "headers": {}, "body": "/w==", "isBase64Encoded": true,
                "multiValueHeaders": { "vary": ["Origin", "Accept"], "set-cookie": ["a=1", "b=2"] }
            })
        );
        assert_eq!(
            response(PayloadFormat::V2).await,
            json!({
                "statusCode": 200, "headers": { "vary": "Origin, Accept" }, "body": "/w==", "isBase64Encoded": true,
                "cookies": ["a=1", "b=2"]
            })
        );
    }
}
