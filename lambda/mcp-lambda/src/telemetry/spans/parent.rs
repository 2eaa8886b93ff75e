//! Reads the parent span that a caller or X-Ray names.

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

use crate::telemetry::trace::{TraceParent, xray_trace_id};

/// The span that a caller names as the parent of its request.
///
/// Of its `tracestate` it keeps only OpenTelemetry's own member, and of that only the values for sampling: everything
/// else is data of a caller, which would end up in every span.
pub(super) fn caller_span(traceparent: &str, tracestate: Option<&str>) -> Option<SpanContext> {
    let parent = TraceParent::parse(traceparent)?;
    let state = tracestate
        .and_then(sampling_state)
        .and_then(|value| TraceState::from_key_value([("ot", value)]).ok());
    Some(SpanContext::new(
        TraceId::from_hex(parent.trace_id).ok()?,
        SpanId::from_hex(parent.span_id).ok()?,
        TraceFlags::new(u8::from(parent.is_sampled)),
        true,
        state.unwrap_or_default(),
    ))
}

/// `th` and `rv` of the member `ot` (OpenTelemetry, "TraceState handling"), which are hexadecimal digits.
fn sampling_state(tracestate: &str) -> Option<String> {
    let member = tracestate
        .split(',')
        .find_map(|member| member.trim().strip_prefix("ot="))?;
    let is_digits = |text: &str| {
        matches!(text.len(), 1..=14) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let kept: Vec<&str> = member
        .split(';')
        .filter(|part| {
            part.split_once(':')
                .is_some_and(|(key, value)| matches!(key, "th" | "rv") && is_digits(value))
        })
        .collect();
    (!kept.is_empty()).then(|| kept.join(";"))
}

/// The segment that X-Ray has for the invocation, when X-Ray records it:
/// `Root=1-67891233-abcdef012345678912345678;Parent=463ac35c9f6413ad;Sampled=1`.
pub(super) fn xray_segment(header: &str) -> Option<SpanContext> {
    let member = |name: &str| {
        header
            .split(';')
            .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
    };
    let (_, trace_id) = xray_trace_id(header)?.split_once('-')?;
    let segment = member("Parent").filter(|segment| segment.len() == 16)?;
    let context = SpanContext::new(
        TraceId::from_hex(&trace_id.replace('-', "")).ok()?,
        SpanId::from_hex(segment).ok()?,
        TraceFlags::SAMPLED,
        true,
        TraceState::NONE,
    );
    (member("Sampled") == Some("1") && context.is_valid()).then_some(context)
}

#[cfg(test)]
mod tests {
    use super::{caller_span, xray_segment};
    use crate::runtime::client_span::traceparent;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn takes_of_the_callers_tracestate_what_sampling_needs() {
        for (sent, kept) in [
            (
                "a=ada@example.com,ot=th:c;rv:6e6d1a75832a2f;p:ada@example.com",
                "ot=th:c;rv:6e6d1a75832a2f",
            ),
            ("ot=th:ada@example.com", ""),
            ("other=th:c", ""),
        ] {
            let span = caller_span(PARENT, Some(sent)).unwrap();
            assert_eq!(span.trace_state().header(), kept, "{sent}");
            assert_eq!(traceparent(&span).as_deref(), Some(PARENT));
        }
        assert!(
            !caller_span(&PARENT.replace("-01", "-00"), None)
                .unwrap()
                .is_sampled()
        );
    }

    #[test]
    fn reads_a_segment_that_xray_records() {
        let header = |sampled: &str| {
            format!(
                "Root=1-67891233-abcdef012345678912345678;Parent=463ac35c9f6413ad;Sampled={sampled};Lineage=1:2:0"
            )
        };
        let segment = xray_segment(&header("1")).and_then(|span| traceparent(&span));
        assert_eq!(
            segment.as_deref(),
            Some("00-67891233abcdef012345678912345678-463ac35c9f6413ad-01")
        );
        assert_eq!(xray_segment(&header("0")), None);
    }
}
