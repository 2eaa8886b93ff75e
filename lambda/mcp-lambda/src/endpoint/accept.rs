//! Parses `Accept` headers and sends JSON responses as event streams to clients that prefer them.

use bytes::Bytes;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::{BodyExt, Full};

use crate::runtime::response::Response;

pub(crate) const JSON: &str = "application/json";
pub(crate) const EVENT_STREAM: &str = "text/event-stream";

/// Names the media types of the protocol that the client accepts by a media range, or by naming none at all (RFC 9110
/// section 12.5.1): rmcp looks for their names.
pub(crate) fn accept_leniently(headers: &mut HeaderMap) {
    let ranges = Ranges::of(headers);
    let accepted =
        [JSON, EVENT_STREAM].map(|media_type| ranges.weight(media_type).map(|_| media_type));
    let value = match accepted {
        [Some(_), Some(_)] => "application/json, text/event-stream",
        [Some(_), None] => JSON,
        [None, Some(_)] => EVENT_STREAM,
        // Left for rmcp to refuse.
        [None, None] => return,
    };
    headers.insert(ACCEPT, HeaderValue::from_static(value));
}

/// Whether the client prefers an event stream to one JSON document: it gives it more weight (RFC 9110 section 12.5.1),
/// or the same weight and names it first.
pub(crate) fn prefers_event_stream(headers: &HeaderMap) -> bool {
    let ranges = Ranges::of(headers);
    match (ranges.weight(EVENT_STREAM), ranges.weight(JSON)) {
        (Some((stream, first)), Some((json, second))) => {
            stream > json || (stream >= json && first < second)
        }
        (Some(_), None) => true,
        (None, _) => false,
    }
}

/// The media ranges that a client accepts, with their weights, in its order.
struct Ranges<'a>(Vec<(&'a str, f32)>);

impl<'a> Ranges<'a> {
    fn of(headers: &'a HeaderMap) -> Self {
        if !headers.contains_key(ACCEPT) {
            return Self(vec![("*/*", 1.0)]);
        }
        let values = headers.get_all(ACCEPT).iter();
        let ranges = values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(parse_range);
        Self(ranges.collect())
    }

    /// The weight of a media type, and the position of the range that gives it: the most specific that matches. `None`
    /// when the client does not accept it, for example with a weight of zero.
    fn weight(&self, media_type: &str) -> Option<(f32, usize)> {
        let (kind, _) = media_type.split_once('/')?;
        let all_of_kind = format!("{kind}/*");
        let index = [media_type, &all_of_kind, "*/*"]
            .into_iter()
            .find_map(|wanted| {
                let is_it = |(name, _): &(&str, f32)| name.eq_ignore_ascii_case(wanted);
                self.0.iter().position(is_it)
            })?;
        let (_, weight) = self.0.get(index)?;
        (*weight > 0.0).then_some((*weight, index))
    }
}

/// A media range and its weight, which is 1 unless it says otherwise.
fn parse_range(range: &str) -> (&str, f32) {
    let mut parts = range.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let weight = parts
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("q"))
        .and_then(|(_, weight)| weight.parse().ok());
    (name, weight.unwrap_or(1.0))
}

/// One JSON-RPC message as an event stream of one event.
pub(crate) async fn to_event_stream(response: Response) -> Response {
    if response.status() != StatusCode::OK {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let Ok(body) = body.collect().await;
    let event = [b"data: ".as_slice(), &body.to_bytes(), b"\n\n"].concat();
    head.headers.remove(CONTENT_LENGTH);
    head.headers
        .insert(CONTENT_TYPE, HeaderValue::from_static(EVENT_STREAM));
    head.headers
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Response::from_parts(head, Full::new(Bytes::from(event)).boxed())
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, header::ACCEPT};

    use super::{accept_leniently, prefers_event_stream};

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
            ("text/*, application/*", true),
            ("application/*, text/*", false),
            ("text/event-stream, */*;q=0.1", true),
            ("text/event-stream;q=0, application/json", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, accept.parse().unwrap());
            assert_eq!(prefers_event_stream(&headers), expected, "{accept}");
        }
        assert!(!prefers_event_stream(&HeaderMap::new()));
    }
    #[test]
    fn media_ranges_name_what_they_contain() {
        let named = "application/json, text/event-stream";
        let both = Some(named);
        for (accept, expected) in [
            ("application/json, text/event-stream", both),
            ("application/*, text/*", both),
            ("APPLICATION/*;q=0.1,Text/Event-Stream", both),
            ("*/*", both),
            ("text/html, */*;q=0.8", both),
            ("application/*;q=0.5, */*;q=0.1, application/xml", both),
            ("application/*", Some("application/json")),
            ("*/*, text/event-stream;q=0", Some("application/json")),
            ("*/*, text/*;q=0.000", Some("application/json")),
            ("text/*", Some("text/event-stream")),
            ("*/*;q=0", Some("*/*;q=0")),
            ("text/html", Some("text/html")),
            ("applications/*, texts/*", Some("applications/*, texts/*")),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, accept.parse().unwrap());
            accept_leniently(&mut headers);
            let found = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
            assert_eq!(found, expected, "{accept}");
        }
        let mut headers = HeaderMap::new();
        accept_leniently(&mut headers);
        assert_eq!(headers[ACCEPT], named);
    }
}
