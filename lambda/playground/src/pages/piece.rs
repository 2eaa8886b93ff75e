//! Pieces of a page on their way to htmx, alone or as server-sent events.

use bytes::Bytes;

/// How a piece gets into the page.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Swap {
    /// Instead of the element.
    Outer,
    /// Instead of its content.
    Inner,
    /// Before it.
    Before,
}

/// `html` for the element with the id `target`.
pub(crate) fn partial(target: &str, swap: Swap, html: &str) -> String {
    let swap = match swap {
        Swap::Outer => "outerHTML",
        Swap::Inner => "innerHTML",
        Swap::Before => "beforebegin",
    };
    format!("<hx-partial hx-target=\"#{target}\" hx-swap=\"{swap}\">{html}</hx-partial>")
}

/// Pieces as one server-sent event.
pub(crate) fn sent(pieces: &str) -> Bytes {
    let mut event = String::with_capacity(pieces.len() + 16);
    for line in pieces.split(['\r', '\n']) {
        event.push_str("data: ");
        event.push_str(line);
        event.push('\n');
    }
    event.push('\n');
    event.into()
}

#[cfg(test)]
mod tests {
    use super::sent;

    #[test]
    fn a_line_break_in_a_piece_does_not_end_the_event() {
        assert_eq!(sent("a\n\nb\rc"), "data: a\ndata: \ndata: b\ndata: c\n\n");
    }
}
