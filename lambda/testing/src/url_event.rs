use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE};
use http::request::Parts;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// The event of a function URL, payload format 2.0: names in lower case, several values of one header joined with
/// commas, cookies apart, and a body that is not text in Base64.
pub(crate) fn url_event(parts: &Parts, body: &Bytes, peer: SocketAddr) -> Bytes {
    let values = |name: &http::HeaderName| -> Vec<String> {
        let values = parts.headers.get_all(name).iter();
        values
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect()
    };
    let mut headers = Map::new();
    for name in parts.headers.keys().filter(|name| **name != COOKIE) {
        headers.insert(name.to_string(), values(name).join(",").into());
    }
    headers.insert("x-forwarded-for".to_owned(), peer.ip().to_string().into());
    headers.insert("x-forwarded-proto".to_owned(), "https".into());
    let cookies: Vec<String> = values(&COOKIE)
        .iter()
        .flat_map(|cookies| cookies.split(';'))
        .map(|cookie| cookie.trim().to_owned())
        .collect();
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let is_text = [
        "text/",
        "application/json",
        "application/xml",
        "application/javascript",
    ]
    .iter()
    .any(|kind| header(CONTENT_TYPE.as_str()).starts_with(kind));
    let path = parts.uri.path();
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": parts.uri.query().unwrap_or_default(),
        "headers": headers,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "undertest0",
            "domainName": header("host"),
            "domainPrefix": "undertest0",
            "http": {
                "method": parts.method.as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": peer.ip().to_string(),
                "userAgent": header("user-agent"),
            },
            "requestId": Uuid::new_v4().to_string(),
            "routeKey": "$default",
            "stage": "$default",
            "time": "21/Nov/2026:12:00:00 +0000",
            "timeEpoch": 1_795_262_400_000_u64,
        },
        "isBase64Encoded": !is_text && !body.is_empty(),
    });
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    if !body.is_empty() {
        event["body"] = if is_text {
            String::from_utf8_lossy(body).into_owned().into()
        } else {
            STANDARD.encode(body).into()
        };
    }
    event.to_string().into()
}
