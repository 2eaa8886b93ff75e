use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use serde::Deserialize;
use tokio::sync::mpsc;

/// Between the prelude of a streamed answer and its body.
const SEPARATOR: [u8; 8] = [0; 8];
/// The prelude and its separator must be within the first 16 KB.
const PRELUDE_LIMIT: usize = 16 * 1024;

/// How the integration takes answers from the function (`responseTransferMode`). One integration has one mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum TransferMode {
    /// `STREAM`: a JSON prelude, eight NUL bytes, then the body as it comes.
    Stream,
    /// `BUFFERED`: one JSON document.
    Buffered,
}

/// Why an invocation has no answer. The gateway tells its client nothing of it but the status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The function ran into its timeout and was killed.
    TimedOut,
    /// The process ended before it answered.
    Ended,
    /// The function reported an error instead of an answer; its text.
    Reported(String),
    /// The answer does not have the form that the transfer mode asks for; what is wrong.
    Malformed(String),
    /// The process could not be started; the operating system's reason.
    NotStarted(String),
}

impl Failure {
    /// What API Gateway answers then.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Failure::TimedOut => StatusCode::GATEWAY_TIMEOUT,
            Failure::Ended
            | Failure::Reported(_)
            | Failure::Malformed(_)
            | Failure::NotStarted(_) => StatusCode::BAD_GATEWAY,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::TimedOut => formatter.write_str("the function timed out and was killed"),
            Failure::Ended => formatter.write_str("the process ended before it answered"),
            Failure::Reported(text) => write!(formatter, "the function reported an error: {text}"),
            Failure::Malformed(problem) => {
                write!(formatter, "the function's answer is malformed: {problem}")
            }
            Failure::NotStarted(cause) => {
                write!(formatter, "the function cannot be started: {cause}")
            }
        }
    }
}

impl std::error::Error for Failure {}

/// An HTTP answer of the function, whose body may still be coming.
pub type Answer = Response<AnswerBody>;

/// The body of an [`Answer`]. Ends with an error, and the connection with it, when the function does before its answer.
#[derive(Debug)]
pub struct AnswerBody {
    first: Option<Bytes>,
    rest: Option<mpsc::Receiver<Result<Bytes, Failure>>>,
}

impl AnswerBody {
    /// The answer that nobody looks at.
    pub(crate) fn nothing() -> Answer {
        Response::new(Self::whole(Bytes::new()))
    }

    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self {
            first: Some(bytes).filter(|bytes| !bytes.is_empty()),
            rest: None,
        }
    }

    pub(crate) fn streamed(first: Bytes, rest: mpsc::Receiver<Result<Bytes, Failure>>) -> Self {
        Self {
            first: Some(first).filter(|bytes| !bytes.is_empty()),
            rest: Some(rest),
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        let this = self.get_mut();
        if let Some(bytes) = this.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match this.rest.as_mut() {
            Some(rest) => rest
                .poll_recv(context)
                .map(|chunk| chunk.map(|chunk| chunk.map(Frame::data))),
            None => Poll::Ready(None),
        }
    }

    fn size_hint(&self) -> SizeHint {
        let length = self.first.as_ref().map_or(0, |bytes| bytes.len() as u64);
        match self.rest {
            Some(_) => SizeHint::default(),
            None => SizeHint::with_exact(length),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.rest.is_none()
    }
}

/// Status and headers of an answer: the prelude when it is streamed, the document without its body when not.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    status_code: u16,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    multi_value_headers: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    cookies: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(flatten)]
    head: Head,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

impl Head {
    fn into_response(self) -> Result<Response<()>, Failure> {
        let mut response = Response::new(());
        *response.status_mut() = StatusCode::from_u16(self.status_code)
            .map_err(|_| Failure::Malformed(format!("{} is not a status", self.status_code)))?;
        let single = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let many = self.multi_value_headers.iter();
        let many = many.flat_map(|(name, values)| {
            values
                .iter()
                .map(move |value| (name.as_str(), value.as_str()))
        });
        let cookies = self
            .cookies
            .iter()
            .map(|cookie| ("set-cookie", cookie.as_str()));
        for (name, value) in single.chain(many).chain(cookies) {
            add_header(response.headers_mut(), name, value)?;
        }
        Ok(response)
    }
}

/// Adds a header under the name that API Gateway gives it. It keeps the challenge to itself, and sends what describes
/// the connection to the client on its own.
fn add_header(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), Failure> {
    let malformed = || Failure::Malformed(format!("header {name:?} is not one"));
    let name = HeaderName::try_from(name).map_err(|_| malformed())?;
    let value = HeaderValue::try_from(value).map_err(|_| malformed())?;
    let name = match name.as_str() {
        "www-authenticate" => HeaderName::from_static("x-amzn-remapped-www-authenticate"),
        "connection" | "content-length" | "keep-alive" | "transfer-encoding" => return Ok(()),
        _ => name,
    };
    headers.append(name, value);
    Ok(())
}

/// Reads the one JSON document of an answer in `BUFFERED` mode.
pub(crate) fn read_document(document: &[u8]) -> Result<Answer, Failure> {
    let Document {
        head,
        body,
        is_base64_encoded,
    } = serde_json::from_slice(document).map_err(|error| {
        Failure::Malformed(format!("not a proxy integration's answer: {error}"))
    })?;
    let body = body.unwrap_or_default();
    let body = if is_base64_encoded {
        STANDARD
            .decode(&body)
            .map_err(|error| Failure::Malformed(format!("body is not base64: {error}")))?
            .into()
    } else {
        Bytes::from(body)
    };
    Ok(head.into_response()?.map(|()| AnswerBody::whole(body)))
}

/// Takes the start of a streamed answer until its prelude is complete.
#[derive(Default)]
pub(crate) struct Prelude {
    received: BytesMut,
}

impl Prelude {
    /// Takes one more chunk. With the last of the prelude it returns status and headers, and what of the body has
    /// come along.
    pub(crate) fn take(&mut self, chunk: &[u8]) -> Result<Option<(Response<()>, Bytes)>, Failure> {
        // The separator may be split between chunks.
        let from = self.received.len().saturating_sub(SEPARATOR.len() - 1);
        self.received.extend_from_slice(chunk);
        let found = self.received[from..]
            .windows(SEPARATOR.len())
            .position(|window| window == SEPARATOR);
        let Some(end) = found.map(|position| from + position) else {
            if self.received.len() > PRELUDE_LIMIT {
                return Err(Failure::Malformed(format!(
                    "no prelude in the first {PRELUDE_LIMIT} bytes"
                )));
            }
            return Ok(None);
        };
        let head: Head = serde_json::from_slice(&self.received[..end])
            .map_err(|error| Failure::Malformed(format!("not a prelude: {error}")))?;
        let mut body = self.received.split().freeze();
        body.advance(end + SEPARATOR.len());
        Ok(Some((head.into_response()?, body)))
    }
}

/// The gateway's own answers are JSON with one member.
pub(crate) fn gateway_answer(status: StatusCode, message: &str) -> Result<Answer, Infallible> {
    let body = serde_json::json!({ "message": message }).to_string();
    let mut answer = Response::new(AnswerBody::whole(body.into()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(
        http::header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::{Failure, Prelude, read_document};

    #[test]
    fn finds_the_prelude_wherever_the_chunks_are_cut() {
        let streamed = b"{\"statusCode\":401,\"headers\":{\"WWW-Authenticate\":\"Bearer\"}}\0\0\0\0\0\0\0\0data: 1\n\n";
        for cut in 0..streamed.len() {
            let (first, second) = streamed.split_at(cut);
            let mut prelude = Prelude::default();
            let mut body = Vec::new();
            let mut head = None;
            for chunk in [first, second] {
                if head.is_some() {
                    body.extend_from_slice(chunk);
                } else if let Some((response, rest)) = prelude.take(chunk).unwrap() {
                    body.extend_from_slice(&rest);
                    head = Some(response);
                }
            }
            let head = head.unwrap();
            assert_eq!(head.status(), StatusCode::UNAUTHORIZED);
            assert_eq!(head.headers()["x-amzn-remapped-www-authenticate"], "Bearer");
            assert!(head.headers().get("www-authenticate").is_none());
            assert_eq!(body, b"data: 1\n\n", "cut at {cut}");
        }
    }

    #[test]
    fn refuses_an_answer_without_a_prelude() {
        let mut prelude = Prelude::default();
        let long = vec![b' '; 16 * 1024 + 1];
        assert!(matches!(prelude.take(&long), Err(Failure::Malformed(_))));
    }

    #[test]
    fn refuses_a_streamed_answer_where_a_document_is_expected() {
        let failure = read_document(b"{\"statusCode\":200}\0\0\0\0\0\0\0\0{}").unwrap_err();
        assert!(
            failure
                .to_string()
                .starts_with("the function's answer is malformed: "),
            "{failure}"
        );
    }
}
