use bytes::Bytes;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::{BodyExt, Full};

use crate::refusal::Answer;

pub(crate) const JSON: &str = "application/json";
pub(crate) const EVENT_STREAM: &str = "text/event-stream";

/// Clients that name no media type, or any, can read both that the protocol has.
pub(crate) fn accept_leniently(headers: &mut HeaderMap) {
    let accepts_anything = headers
        .get_all(ACCEPT)
        .iter()
        .all(|value| value.as_bytes().trim_ascii() == b"*/*");
    if accepts_anything {
        headers.insert(
            ACCEPT,
            HeaderValue::from_static("application/json, text/event-stream"),
        );
    }
}

/// Whether the client would rather have an event stream than one JSON document: it gives it more weight (RFC 9110
/// section 12.5.1), or the same and names it first.
pub(crate) fn prefers_event_stream(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT).iter();
    let ranges: Vec<(&str, f32)> = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(weighed)
        .collect();
    let of = |media_type: &str| {
        let is_it = |(name, _): &(&str, f32)| name.eq_ignore_ascii_case(media_type);
        let index = ranges.iter().position(is_it)?;
        Some((ranges.get(index)?.1, index))
    };
    match (of(EVENT_STREAM), of(JSON)) {
        (Some((stream, first)), Some((json, second))) => {
            stream > json || (stream >= json && first < second)
        }
        (Some(_), None) => true,
        (None, _) => false,
    }
}

/// A media range and its weight, which is 1 unless it says otherwise.
fn weighed(range: &str) -> (&str, f32) {
    let mut parts = range.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let weight = parts
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("q"))
        .and_then(|(_, weight)| weight.parse().ok());
    (name, weight.unwrap_or(1.0))
}

/// One JSON-RPC message as an event stream of one event.
pub(crate) async fn as_event_stream(answer: Answer) -> Answer {
    if answer.status() != StatusCode::OK {
        return answer;
    }
    let (mut head, body) = answer.into_parts();
    let Ok(body) = body.collect().await;
    let event = [b"data: ".as_slice(), &body.to_bytes(), b"\n\n"].concat();
    head.headers.remove(CONTENT_LENGTH);
    head.headers
        .insert(CONTENT_TYPE, HeaderValue::from_static(EVENT_STREAM));
    head.headers
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Answer::from_parts(head, Full::new(Bytes::from(event)).boxed())
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, header::ACCEPT};

    use super::prefers_event_stream;

    #[test]
    fn knows_which_media_type_a_client_would_rather_have() {
        for (accept, expected) in [
            ("application/json, text/event-stream", false),
            ("text/event-stream, application/json", true),
            ("application/json;q=0.5, text/event-stream", true),
            ("text/event-stream;q=0.5, application/json", false),
            (
                "text/event-stream; charset=utf-8; Q=0.9, application/json; q=0.8",
                true,
            ),
            ("Text/Event-Stream", true),
            ("*/*", false),
            ("application/json", false),
            ("text/event-stream;q=x, application/json;q=2", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, accept.parse().unwrap());
            assert_eq!(prefers_event_stream(&headers), expected, "{accept}");
        }
        assert!(!prefers_event_stream(&HeaderMap::new()));
    }
}
