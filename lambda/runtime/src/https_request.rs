//! Builds one request of the HTTPS client, and reads its response.

use std::fmt::Display;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::Full;
use mcp_lambda_contract::HttpUrl;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::deadline::Deadline;
use crate::https::{FetchError, HttpsClient, trace};

/// Everything but unreserved characters (RFC 3986 section 2.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
const TIMEOUT: Duration = Duration::from_secs(10);
const LIMIT: usize = 1024 * 1024;

/// One request of an [`HttpsClient`]: any method, headers, a JSON body, with a time limit of ten seconds and a size limit of 1 MiB
/// unless others are set.
#[must_use = "a request does nothing until it is sent"]
#[derive(Debug)]
pub struct HttpsRequest<'a> {
    client: &'a HttpsClient,
    method: Method,
    url: &'a HttpUrl,
    path: String,
    query: String,
    headers: HeaderMap,
    body: Bytes,
    timeout: Duration,
    limit: usize,
    /// A header or body that cannot be sent.
    is_malformed: bool,
}

impl HttpsClient {
    /// Begins a request: `client.request(Method::POST, &base).path(["orders", id]).json(&order).deadline(deadline).send()`.
    pub fn request<'a>(&'a self, method: Method, url: &'a HttpUrl) -> HttpsRequest<'a> {
        HttpsRequest {
            client: self,
            method,
            url,
            path: String::new(),
            query: String::new(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            timeout: TIMEOUT,
            limit: LIMIT,
            is_malformed: false,
        }
    }
}

impl HttpsRequest<'_> {
    /// Appends segments to the path of the URL. Each is escaped, so that a value from a caller stays one segment; `.` and `..`,
    /// which lead elsewhere, are refused when the request is sent.
    pub fn path<T: AsRef<str>>(mut self, segments: impl IntoIterator<Item = T>) -> Self {
        for segment in segments {
            let segment = segment.as_ref();
            self.is_malformed |= matches!(segment, "." | "..");
            self.path.push('/');
            self.path.extend(utf8_percent_encode(segment, ESCAPED));
        }
        self
    }

    /// Appends one pair to the query, escaped.
    pub fn query(mut self, name: &str, value: impl Display) -> Self {
        self.query.push('&');
        self.query.extend(utf8_percent_encode(name, ESCAPED));
        self.query.push('=');
        let value = value.to_string();
        self.query.extend(utf8_percent_encode(&value, ESCAPED));
        self
    }

    /// Adds a header.
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        match HeaderValue::from_str(value) {
            Ok(mut value) => {
                value.set_sensitive(name == AUTHORIZATION);
                self.headers.append(name, value);
            }
            Err(_) => self.is_malformed = true,
        }
        self
    }

    /// Sends a credential of the server as `Authorization: Bearer …`; never the access token of a caller.
    pub fn bearer(self, credential: &str) -> Self {
        self.header(AUTHORIZATION, &format!("Bearer {credential}"))
    }

    /// Sends a value as JSON.
    pub fn json(mut self, value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => self.body = body.into(),
            Err(_) => self.is_malformed = true,
        }
        self.headers
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self
    }

    /// Sends bytes of this media type.
    pub fn body(mut self, media_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.headers.remove(CONTENT_TYPE);
        self.header(CONTENT_TYPE, media_type)
    }

    /// The time for everything from the name lookup to the last byte.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Shortens the time limit to what the tool has left.
    pub fn deadline(mut self, deadline: Deadline) -> Self {
        if let Some(left) = deadline.remaining() {
            self.timeout = self.timeout.min(left);
        }
        self
    }

    /// The largest body of the response, in bytes.
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// Sends the request, and reads the response, of any status.
    ///
    /// # Errors
    ///
    /// [`FetchError`]; it never contains the URL, the headers or the body. A request is sent once: after
    /// [`FetchError::TooSlow`] or [`FetchError::Unreachable`] the other side may have acted on it.
    pub async fn send(self) -> Result<HttpsResponse, FetchError> {
        if self.is_malformed {
            return Err(FetchError::Malformed);
        }
        let mut request = Request::new(Full::new(self.body));
        *request.uri_mut() = address(self.url, &self.path, &self.query)
            .parse()
            .map_err(|_| FetchError::Malformed)?;
        *request.method_mut() = self.method.clone();
        *request.headers_mut() = self.headers;
        let exchange = self.client.exchange(request, self.limit, self.timeout);
        let (head, body) = trace(self.url, self.method, exchange).await?.into_parts();
        Ok(HttpsResponse {
            status: head.status,
            headers: head.headers,
            body,
        })
    }
}

fn address(url: &HttpUrl, path: &str, query: &str) -> String {
    let (base, own_query) = match url.as_str().split_once('?') {
        Some((base, query)) => (base, Some(query)),
        None => (url.as_str(), None),
    };
    let base = if path.is_empty() {
        base
    } else {
        base.trim_end_matches('/')
    };
    match (own_query, query.strip_prefix('&')) {
        (None, None) => format!("{base}{path}"),
        (Some(own), None) => format!("{base}{path}?{own}"),
        (None, Some(query)) => format!("{base}{path}?{query}"),
        (Some(own), Some(query)) => format!("{base}{path}?{own}&{query}"),
    }
}

/// The response to an [`HttpsRequest`].
#[derive(Clone, Debug)]
pub struct HttpsResponse {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl HttpsResponse {
    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body, whatever the status is.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The response, if its status is a success (2xx).
    ///
    /// # Errors
    ///
    /// [`FetchError::Status`].
    pub fn success(self) -> Result<Self, FetchError> {
        if self.status.is_success() {
            Ok(self)
        } else {
            Err(FetchError::Status(self.status))
        }
    }

    /// The body of a success (2xx), read as JSON.
    ///
    /// # Errors
    ///
    /// [`FetchError::Status`], and [`FetchError::Nonsense`] for another document.
    pub fn json<T: DeserializeOwned>(self) -> Result<T, FetchError> {
        let body = self.success()?.body;
        serde_json::from_slice(&body).map_err(|_| FetchError::Nonsense)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::{HeaderName, Method, StatusCode};
    use mcp_lambda_contract::HttpUrl;
    use serde_json::{Value, json};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::address;
    use crate::deadline::Deadline;
    use crate::https::{FetchError, HttpsClient};

    /// An upstream API that sends one response, and returns what it received.
    async fn upstream(response: &'static str) -> (HttpUrl, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v2/?key=1", listener.local_addr().unwrap());
        let received = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut received = Vec::new();
            let mut buffer = [0; 1024];
            loop {
                let read = stream.read(&mut buffer).await.unwrap();
                received.extend_from_slice(&buffer[..read]);
                let text = String::from_utf8_lossy(&received).into_owned();
                if read == 0
                    || text.ends_with('}')
                    || text.ends_with("\r\n\r\n") && text.starts_with("DELETE")
                {
                    stream.write_all(response.as_bytes()).await.unwrap();
                    return text;
                }
            }
        });
        (HttpUrl::parse(&url).unwrap(), received)
    }

    #[tokio::test]
    async fn sends_a_method_a_path_headers_and_json() {
        let (url, received) =
            upstream("HTTP/1.1 201 Created\r\nContent-Length: 8\r\n\r\n{\"id\":7}").await;
        let client = HttpsClient::new();
        let response = client
            .request(Method::POST, &url)
            .path(["orders", "a/b?c"])
            .query("dry run", "1&2")
            .header(HeaderName::from_static("idempotency-key"), "k1")
            .bearer("upstream-key")
            .json(&json!({ "sku": "A-1" }))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::CREATED);
        assert_eq!(response.json::<Value>().unwrap(), json!({ "id": 7 }));
        let received = received.await.unwrap();
        assert!(
            received.starts_with("POST /v2/orders/a%2Fb%3Fc?key=1&dry%20run=1%262 HTTP/1.1\r\n"),
            "{received}"
        );
        for part in [
            "idempotency-key: k1\r\n",
            "authorization: Bearer upstream-key\r\n",
            "content-type: application/json\r\n",
            "\r\n\r\n{\"sku\":\"A-1\"}",
        ] {
            assert!(received.contains(part), "{part} in {received}");
        }
    }

    #[tokio::test]
    async fn a_status_that_is_no_success_is_an_error_only_to_who_reads_json() {
        let (url, _) = upstream("HTTP/1.1 409 Conflict\r\nContent-Length: 4\r\n\r\nbusy").await;
        let client = HttpsClient::new();
        let response = client.request(Method::DELETE, &url).send().await.unwrap();
        assert_eq!(&response.body()[..], b"busy");
        assert_eq!(
            response.json::<Value>().unwrap_err(),
            FetchError::Status(StatusCode::CONFLICT)
        );
    }

    #[tokio::test]
    async fn size_and_time_are_limited() {
        let (url, _) = upstream("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123456789").await;
        let client = HttpsClient::new();
        let request = client.request(Method::DELETE, &url).limit(8);
        assert_eq!(request.send().await.unwrap_err(), FetchError::TooLarge);

        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", silent.local_addr().unwrap());
        let url = HttpUrl::parse(&url).unwrap();
        let request = client.request(Method::GET, &url);
        // The tool is stopped a quarter of a second before the end.
        let request = request.deadline(Deadline::after(Duration::from_millis(260)));
        assert_eq!(request.send().await.unwrap_err(), FetchError::TooSlow);
    }

    #[tokio::test]
    async fn what_would_be_another_request_is_not_sent() {
        let url = HttpUrl::parse("https://example.com").unwrap();
        let client = HttpsClient::new();
        for request in [
            client.request(Method::GET, &url).path(["orders", ".."]),
            client.request(Method::GET, &url).bearer("a\r\nX-Admin: 1"),
        ] {
            assert_eq!(request.send().await.unwrap_err(), FetchError::Malformed);
        }
    }

    #[test]
    fn the_path_and_the_query_extend_those_of_the_url() {
        for (base, path, query, whole) in [
            ("https://a.example", "", "", "https://a.example"),
            ("https://a.example/v2/", "", "", "https://a.example/v2/"),
            ("https://a.example/v2/", "/b", "", "https://a.example/v2/b"),
            (
                "https://a.example/v2?x=1",
                "/b",
                "&y=2",
                "https://a.example/v2/b?x=1&y=2",
            ),
        ] {
            assert_eq!(address(&HttpUrl::parse(base).unwrap(), path, query), whole);
        }
    }
}
