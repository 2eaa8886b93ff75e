//! Entry points of `test/fuzz`: functions that take any bytes and panic when an invariant is violated. The feature that
//! enables them is for tests only.

use http::{HeaderMap, HeaderValue, Method, Response, header};
use serde_json::Value;

use crate::{
    CallbackRule, Destination, Keyring, NoRandomness, Purpose, RedirectUri, Request, ScopeCatalog,
    ScopeDefinition, Secret, Timestamp, capability::Randomness, client::document,
};

const ISSUER: &str = "https://mcp.example.com/authorization";

/// Fixed bytes for tests.
struct Fixed;

impl Randomness for Fixed {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), NoRandomness> {
        buffer.fill(7);
        Ok(())
    }
}

/// Sealed values: what is not exactly what was sealed, for this purpose and this binding, does not open.
pub fn sealed(data: &[u8]) {
    let secret = Secret::new("0123456789abcdef0123456789abcdef0123456789a");
    let Some(keyring) = Keyring::derive(ISSUER, &secret, None) else {
        return;
    };
    let text = String::from_utf8_lossy(data).into_owned();
    for purpose in Purpose::ALL {
        let opened = keyring.open::<Value>(purpose, &text, &[], Timestamp(1));
        assert!(opened.is_err(), "nobody sealed it");
    }
    let purpose = Purpose::AuthorizationCode;
    let bound: &[&[u8]] = &[b"client", b"redirect"];
    let Ok(sealed) = keyring.seal(purpose, &text, bound, Timestamp(10), &Fixed) else {
        return;
    };
    let open = |sealed: &str, bound: &[&[u8]], now| {
        keyring.open::<String>(purpose, sealed, bound, Timestamp(now))
    };
    let opened = open(sealed.expose(), bound, 9);
    // A value of more than 12 KiB is refused unread.
    let length = sealed.expose().len();
    assert!(opened.is_ok_and(|value| value == text) || length > 12 * 1024);
    assert!(open(sealed.expose(), bound, 10).is_err(), "it has expired");
    assert!(
        open(sealed.expose(), &[b"clientr", b"edirect"], 9).is_err(),
        "bound to something else"
    );
    // The input determines the change: a position and a value.
    let (Some(place), Some(letter)) = (data.first(), data.get(1)) else {
        return;
    };
    let mut altered = sealed.expose().as_bytes().to_vec();
    let place = usize::from(*place) % altered.len();
    if altered[place] == *letter {
        return;
    }
    altered[place] = *letter;
    let altered = String::from_utf8_lossy(&altered).into_owned();
    assert!(open(&altered, bound, 9).is_err(), "altered at {place}");
}

/// Redirect URIs: one that is accepted is followed as it was written, and plain http stays on this machine.
pub fn redirect_uri(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let _ = CallbackRule::parse(&text);
    let Ok(uri) = RedirectUri::parse(&text) else {
        return;
    };
    assert_eq!(uri.as_str(), text);
    assert!(uri.matches(&uri));
    let is_http = text.starts_with("http:");
    assert_eq!(is_http, *uri.destination() == Destination::Loopback);
    if is_http {
        let host = ["http://localhost", "http://127.0.0.1", "http://[::1]"]
            .iter()
            .find_map(|origin| text.strip_prefix(origin));
        let next = host.map(|rest| rest.chars().next());
        assert!(
            matches!(next, Some(None | Some(':' | '/' | '?'))),
            "{text} leaves this machine"
        );
    }
    // Where the browser goes with our parameters is where it would have gone without.
    let sent = uri.with_parameters(&[("code", "a&b=c#d"), ("state", "é /?")]);
    let (before, after) = (url::Url::parse(&text), url::Url::parse(&sent));
    let (Ok(before), Ok(after)) = (before, after) else {
        return;
    };
    assert_eq!(
        before.origin().ascii_serialization(),
        after.origin().ascii_serialization()
    );
    assert_eq!((before.path(), after.fragment()), (after.path(), None));
    let added = after
        .query_pairs()
        .filter(|(name, _)| name == "code" || name == "state");
    assert!(added.count() >= 2, "{sent}");
}

/// Client ID Metadata Documents: the first line is the `client_id`, the rest the document.
pub fn client_document(data: &[u8]) {
    let mut lines = data.splitn(2, |byte| *byte == b'\n');
    let client_id = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    let Ok(url) = crate::client::document_url(&client_id, Some("mcp.example.com")) else {
        return;
    };
    assert_eq!(url.as_str(), client_id);
    assert!(url.scheme() == "https" && url.port().is_none() && url.query().is_none());
    let mut answer = Response::new(lines.next().unwrap_or_default().to_vec());
    answer.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    if let Ok(client) = document::parse_document(&url, &answer) {
        let whole: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        assert_eq!(whole["client_id"].as_str(), Some(client_id.as_str()));
        assert!(whole.get("client_secret").is_none_or(Value::is_null));
        assert!((1..=document::MAX_REDIRECTS).contains(&client.redirect_uris.len()));
        let listed = whole["redirect_uris"].as_array();
        assert!(client.redirect_uris.iter().all(|uri| {
            listed.is_some_and(|all| all.iter().any(|one| one.as_str() == Some(uri.as_str())))
        }));
    }
}

/// Forms and OAuth scope strings: no parameter twice, nothing granted that was not asked for and known.
pub fn form(data: &[u8]) {
    let mut headers = HeaderMap::new();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    let request = Request {
        method: Method::POST,
        path: "/token".to_owned(),
        query: Vec::new(),
        headers,
        body: data.to_vec(),
        request_id: None,
    };
    let Ok(parameters) = request.form_parameters() else {
        return;
    };
    for name in ["grant_type", "code", "scope", "client_id"] {
        assert!(parameters.all(name).count() <= 1, "{name} twice");
        assert_eq!(parameters.all(name).next(), parameters.optional(name));
    }
    let catalog = ScopeCatalog::new(
        ["read", "write"]
            .map(|name| ScopeDefinition {
                name: format!("https://mcp.example.com/mcp/{name}"),
                description: String::new(),
            })
            .into(),
    );
    let asked = parameters.optional("scope");
    if let Ok(granted) = catalog.request(asked, None) {
        let named =
            |name: &String| asked.is_none_or(|asked| asked.split(' ').any(|one| one == name));
        let known = catalog.names();
        assert!(granted.iter().all(|name| known.contains(&name.as_str())));
        // A request that names only scopes of other servers asks for everything.
        assert!(granted.iter().all(named) || granted.len() == known.len());
    }
}
