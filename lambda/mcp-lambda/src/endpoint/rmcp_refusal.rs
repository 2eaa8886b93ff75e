//! Turns plain-text refusals of rmcp into [`Refusal`]s.

use http::StatusCode;
use http_body_util::BodyExt;

use crate::endpoint::refusal::Refusal;
use crate::runtime::response::Response;

/// Converts a plain-text refusal of rmcp, because JSON-RPC clients expect an error object.
pub(crate) async fn rmcp_refusal(response: Response) -> Refusal {
    let status = response.status();
    let Ok(body) = response.into_body().collect().await;
    let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
    match status {
        // The media type is right and the body is JSON, so rmcp could not parse the message.
        StatusCode::UNSUPPORTED_MEDIA_TYPE if text.starts_with("fail to deserialize") => {
            Refusal::NotOneMessage("the body is not a JSON-RPC message of a known protocol version")
        }
        StatusCode::BAD_REQUEST => match text.split_once("Unsupported MCP-Protocol-Version: ") {
            Some((_, version)) => Refusal::VersionUnsupported(version.to_owned()),
            None => Refusal::Rmcp { status, text },
        },
        _ => Refusal::Rmcp { status, text },
    }
}
