//! HTTP answers as the tests look at them.

use bytes::{BufMut, Bytes, BytesMut};
use http::HeaderMap;
use serde_json::Value;

/// An HTTP answer, whatever carried it.
#[derive(Debug)]
pub(crate) struct HttpAnswer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl HttpAnswer {
    /// Undoes the framing of a streamed proxy response: JSON prelude, eight NUL bytes, body.
    pub(crate) fn from_stream(stream: &[u8]) -> Self {
        let end = stream
            .windows(8)
            .position(|window| window == [0; 8])
            .expect("eight NUL bytes end the prelude");
        let mut body = BytesMut::new();
        body.put_slice(&stream[end + 8..]);
        Self::from_head(
            &serde_json::from_slice(&stream[..end]).expect("the prelude is JSON"),
            body.freeze(),
        )
    }

    /// Reads a buffered proxy response.
    pub(crate) fn from_proxy_response(response: &[u8]) -> Self {
        let response: Value = serde_json::from_slice(response).expect("a proxy response is JSON");
        assert_eq!(response["isBase64Encoded"], false);
        let body = response["body"]
            .as_str()
            .expect("the body is a text")
            .to_owned();
        Self::from_head(&response, body.into())
    }

    fn from_head(head: &Value, body: Bytes) -> Self {
        let mut headers = HeaderMap::new();
        for (name, value) in head["headers"].as_object().expect("headers") {
            headers.append(
                http::HeaderName::try_from(name).expect("header name"),
                value
                    .as_str()
                    .expect("header value")
                    .parse()
                    .expect("header value"),
            );
        }
        let status = head["statusCode"]
            .as_u64()
            .and_then(|status| u16::try_from(status).ok())
            .expect("statusCode");
        Self {
            status,
            headers,
            body,
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {:?}", String::from_utf8_lossy(&self.body)))
    }

    /// The JSON-RPC messages of an event stream.
    pub(crate) fn events(&self) -> Vec<Value> {
        events(&self.body)
    }

    /// The text of a tool's result.
    pub(crate) fn tool_text(&self) -> String {
        self.json()["result"]["content"][0]["text"]
            .as_str()
            .expect("a tool result with text")
            .to_owned()
    }
}

pub(crate) fn events(stream: &[u8]) -> Vec<Value> {
    String::from_utf8_lossy(stream)
        .lines()
        .filter_map(|line| line.strip_prefix("data:"))
        .map(|data| serde_json::from_str(data.trim()).expect("an event holds one JSON-RPC message"))
        .collect()
}
