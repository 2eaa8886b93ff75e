//! Encodes responses for API Gateway and function URLs, streamed or buffered.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::SET_COOKIE;
use http::{HeaderMap, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, combinators::BoxBody};
use serde::Serialize;

/// An HTTP response whose body cannot fail.
pub type Response = http::Response<BoxBody<Bytes, Infallible>>;

/// Ends the prelude of a streamed response.
const PRELUDE_END: [u8; 8] = [0; 8];

/// The payload format of the function's response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadFormat {
    /// A REST API's proxy integration.
    V1,
    /// A function URL, or an HTTP API's proxy integration: one value per header, cookies apart.
    V2,
}

/// The response of a proxy integration whose transfer mode is `STREAM`, or of a function URL whose invoke mode is
/// `RESPONSE_STREAM`: a JSON prelude, eight NUL bytes, and the body as it comes.
#[must_use]
pub fn streamed_response(response: Response, format: PayloadFormat) -> StreamedResponse {
    let (parts, body) = response.into_parts();
    let mut start = json(&Head::new(parts.status, &parts.headers, format));
    start.extend_from_slice(&PRELUDE_END);
    StreamedResponse {
        start: Some(start),
        body,
    }
}

/// The body of [`streamed_response`].
pub struct StreamedResponse {
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
        // Available data is sent with the prelude, in one write.
        if let Poll::Ready(Some(Ok(frame))) = &frame
            && let Some(data) = frame.data_ref()
        {
            start.extend_from_slice(data);
        }
        Poll::Ready(Some(Ok(Frame::data(start.into()))))
    }
}

/// The response of a proxy integration whose transfer mode is `BUFFERED`, or of a function URL with the invoke mode of
/// that name.
pub async fn buffered_response(response: Response, format: PayloadFormat) -> Bytes {
    let (parts, body) = response.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(never) => match never {},
    };
    let (text, is_base64_encoded) = match std::str::from_utf8(&body) {
        Ok(text) => (Cow::Borrowed(text), false),
        Err(_) => (Cow::Owned(STANDARD.encode(&body)), true),
    };
    let document = Document {
        head: Head::new(parts.status, &parts.headers, format),
        body: text,
        is_base64_encoded,
    };
    json(&document).into()
}

/// Status and headers. A header that occurs more than once is in `multiValueHeaders`; in payload format 2.0 its values
/// are joined with commas (RFC 9110 section 5.3), apart from `Set-Cookie`, which must not be.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    status_code: u16,
    headers: BTreeMap<&'a str, Cow<'a, str>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    multi_value_headers: BTreeMap<&'a str, Vec<Cow<'a, str>>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cookies: Vec<Cow<'a, str>>,
}

/// The response in one piece.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    body: Cow<'a, str>,
    is_base64_encoded: bool,
}

impl<'a> Head<'a> {
    fn new(status: StatusCode, headers: &'a HeaderMap, format: PayloadFormat) -> Self {
        let mut head = Self {
            status_code: status.as_u16(),
            headers: BTreeMap::new(),
            multi_value_headers: BTreeMap::new(),
            cookies: Vec::new(),
        };
        for name in headers.keys() {
            let values = headers.get_all(name).iter();
            let values: Vec<_> = values
                .map(|value| String::from_utf8_lossy(value.as_bytes()))
                .collect();
            if format == PayloadFormat::V2 {
                if name == SET_COOKIE {
                    head.cookies = values;
                } else {
                    head.headers.insert(name.as_str(), values.join(", ").into());
                }
                continue;
            }
            match <[Cow<'_, str>; 1]>::try_from(values) {
                Ok([value]) => {
                    head.headers.insert(name.as_str(), value);
                }
                Err(values) => {
                    head.multi_value_headers.insert(name.as_str(), values);
                }
            }
        }
        head
    }
}

/// Serialises strings, numbers, lists and maps with string keys to JSON, which cannot fail.
fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderValue;
    use http::header::{SET_COOKIE, VARY};
    use http_body_util::{BodyExt, Full};
    use serde_json::{Value, json};

    use super::{PayloadFormat, Response, buffered_response};

    async fn response(format: PayloadFormat) -> Value {
        let mut response = Response::new(Full::from(Bytes::from_static(b"\xff")).boxed());
        for (name, value) in [
            (VARY, "Origin"),
            (VARY, "Accept"),
            (SET_COOKIE, "a=1"),
            (SET_COOKIE, "b=2"),
        ] {
            response
                .headers_mut()
                .append(name, HeaderValue::from_static(value));
        }
        serde_json::from_slice(&buffered_response(response, format).await).unwrap()
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
