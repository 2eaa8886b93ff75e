//! Turns plain-text refusals of the protocol engine into [`Refusal`]s.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Response, StatusCode};
use http_body_util::BodyExt;

use crate::endpoint::refusal::Refusal;

/// The media type of a response, without parameters.
pub(crate) fn media_type(headers: &HeaderMap) -> &str {
    let value = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim()
}

/// Converts a plain-text refusal of the engine, because JSON-RPC clients expect an error object.
pub(crate) async fn engine_refusal<B>(answer: Response<B>) -> Refusal
where
    B: http_body::Body<Data = Bytes, Error = std::convert::Infallible>,
{
    let status = answer.status();
    let text = match answer.into_body().collect().await {
        Ok(body) => String::from_utf8_lossy(&body.to_bytes()).into_owned(),
        Err(never) => match never {},
    };
    match status {
        // The media type is right and the body is JSON, so the engine could not parse the message.
        StatusCode::UNSUPPORTED_MEDIA_TYPE if text.starts_with("fail to deserialize") => {
            Refusal::NotOneMessage("the body is not a JSON-RPC message of a known protocol version")
        }
        StatusCode::BAD_REQUEST => match text.split_once("Unsupported MCP-Protocol-Version: ") {
            Some((_, version)) => Refusal::VersionUnsupported(version.to_owned()),
            None => Refusal::Engine { status, text },
        },
        _ => Refusal::Engine { status, text },
    }
}
