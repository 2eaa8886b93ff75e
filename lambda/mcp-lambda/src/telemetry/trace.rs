//! Parses `traceparent` (W3C Trace Context) and X-Ray trace headers.

/// The parent of a request in its caller's trace (W3C Trace Context, `traceparent`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TraceParent<'a> {
    /// 32 hexadecimal digits.
    pub(crate) trace_id: &'a str,
    /// 16 hexadecimal digits.
    pub(crate) span_id: &'a str,
    pub(crate) is_sampled: bool,
}

impl<'a> TraceParent<'a> {
    /// Reads `version-traceid-parentid-flags` (section 3.2). A malformed value counts as absent, because it comes from
    /// a caller. A later version than 00 may have more parts.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split('-');
        let mut part = |length: usize| {
            parts
                .next()
                .filter(|part| part.len() == length && is_hex(part))
        };
        let (version, trace_id, parent_id, flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
        let is_legal = version != "ff" && (version != "00" || parts.next().is_none());
        (is_legal && !is_zero(trace_id) && !is_zero(parent_id)).then(|| Self {
            trace_id,
            span_id: parent_id,
            is_sampled: u8::from_str_radix(flags, 16).is_ok_and(|flags| flags & 1 == 1),
        })
    }
}

/// The trace id from the X-Ray header of an invocation: `Root=1-67891233-abcdef012345678912345678;Parent=…;Sampled=1`.
pub(crate) fn xray_trace_id(header: &str) -> Option<&str> {
    header
        .split(';')
        .find_map(|part| part.trim().strip_prefix("Root="))
        .filter(|root| root.len() == 35 && root.bytes().all(|byte| byte == b'-' || is_digit(byte)))
}

fn is_digit(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(is_digit)
}

fn is_zero(text: &str) -> bool {
    text.bytes().all(|byte| byte == b'0')
}

#[cfg(test)]
mod tests {
    use super::{TraceParent, xray_trace_id};

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

    #[test]
    fn reads_a_traceparent_and_nothing_that_only_looks_like_one() {
        let read = |text: &str| TraceParent::parse(text).map(|parent| parent.trace_id.to_owned());
        for parent in [
            "00-T-b7ad6b7169203331-01",
            "cc-T-b7ad6b7169203331-00-what-comes",
        ] {
            assert_eq!(read(&parent.replace('T', TRACE)).as_deref(), Some(TRACE));
        }
        for text in [
            "",
            "00",
            "00-T-b7ad6b7169203331",
            "00-T-b7ad6b7169203331-01-more",
            "ff-T-b7ad6b7169203331-01",
            "00-T-0000000000000000-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-ada@example.com0000000000000000-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        ] {
            assert_eq!(read(&text.replace('T', TRACE)), None, "{text}");
        }
    }

    #[test]
    fn finds_the_root_of_an_xray_header() {
        let root = "1-67891233-abcdef012345678912345678";
        assert_eq!(
            xray_trace_id(&format!("Root={root};Parent=463ac35c9f6413ad;Sampled=1")),
            Some(root)
        );
        assert_eq!(
            xray_trace_id("Self=1-67891233-abcdef012345678912345678"),
            None
        );
        assert_eq!(xray_trace_id("Root=ada@example.com"), None);
    }
}
