//! Limits the size and the nesting of requests before they are parsed.

use http::HeaderMap;

/// Largest request body, in bytes. API Gateway's own limit is 10 MB and Lambda's 6 MB.
pub(crate) const MAX_BODY: usize = 4 * 1024 * 1024;
/// Most header fields of one request; hyper's own limit.
pub(crate) const MAX_HEADERS: usize = 100;
/// Longest header section, names and values, in bytes. A REST API's own limit is 10,240.
pub(crate) const MAX_HEADER_BYTES: usize = 32 * 1024;
/// Deepest nesting of arrays and objects in a body. rmcp's reader stops at 128.
pub(crate) const MAX_DEPTH: usize = 64;

/// Which limit a request exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LimitError {
    /// [`MAX_HEADERS`] or [`MAX_HEADER_BYTES`].
    HeadersTooLarge,
    /// [`MAX_BODY`].
    BodyTooLarge,
    /// [`MAX_DEPTH`].
    TooDeep,
}

/// Checks a request against the limits before anything is parsed.
///
/// Does not check whether the body is JSON: brackets are counted outside of strings.
pub(crate) fn check(headers: &HeaderMap, body: &[u8]) -> Result<(), LimitError> {
    let header_bytes: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if headers.len() > MAX_HEADERS || header_bytes > MAX_HEADER_BYTES {
        return Err(LimitError::HeadersTooLarge);
    }
    if body.len() > MAX_BODY {
        return Err(LimitError::BodyTooLarge);
    }
    if is_too_deep(body) {
        return Err(LimitError::TooDeep);
    }
    Ok(())
}

fn is_too_deep(body: &[u8]) -> bool {
    let mut depth = 0_usize;
    let mut in_text = false;
    let mut bytes = body.iter();
    while let Some(byte) = bytes.next() {
        match (byte, in_text) {
            (b'"', _) => in_text = !in_text,
            // A character after a backslash does not end the string.
            (b'\\', true) => {
                bytes.next();
            }
            (b'[' | b'{', false) => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return true;
                }
            }
            (b']' | b'}', false) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{MAX_DEPTH, is_too_deep};

    #[test]
    fn counts_brackets_that_nest_and_no_others() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(!is_too_deep(nested(MAX_DEPTH).as_bytes()));
        assert!(is_too_deep(nested(MAX_DEPTH + 1).as_bytes()));
        assert!(is_too_deep("{\"a\":[".repeat(MAX_DEPTH).as_bytes()));
        for flat in [
            format!("[{}]", ["[]"; 1000].join(",")),
            format!("{{\"a\":\"{}\"}}", "[".repeat(1000)),
            format!("{{\"a\":\"\\\"{}\"}}", "[".repeat(1000)),
        ] {
            assert!(!is_too_deep(flat.as_bytes()), "{flat}");
        }
        let after_a_text = format!("[\"\\\\\",{}", nested(MAX_DEPTH));
        assert!(
            is_too_deep(after_a_text.as_bytes()),
            "an escaped backslash ends no text"
        );
    }
}
