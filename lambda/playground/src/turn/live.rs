//! The model's words while they arrive: a complete block is sent once, and only the last one again with every piece.

use crate::pages::markdown::{blocks, to_html};
use crate::pages::{Swap, partial};

/// The element that the words arrive in.
const ELEMENT: &str = "live";

/// The words of one message of the model.
#[derive(Debug, Default)]
pub(super) struct Live {
    words: String,
    /// The end of the blocks that were sent for good.
    sent: usize,
    /// How much of the last block is in the page.
    shown: usize,
}

/// A block of more bytes is sent again when it has grown by a part of itself.
const LONG: usize = 4096;
const STEPS: usize = 50;

/// The start of the last block that follows a blank line: further words can change what no blank line ends, such as a row
/// of a table that has begun.
fn end_of_complete(markdown: &str) -> usize {
    let starts = blocks(markdown).into_iter().rev().map(|block| block.start);
    let mut ends = starts.filter(|start| {
        let before = markdown.get(..*start).unwrap_or_default();
        let before = before.trim_end_matches([' ', '\t']);
        before.ends_with("\n\n") || before.ends_with("\n\r\n")
    });
    ends.next().unwrap_or_default()
}

impl Live {
    /// More words; returns the pieces of the page that change.
    pub(super) fn push(&mut self, words: &str) -> String {
        self.words.push_str(words);
        let rest = self.words.get(self.sent..).unwrap_or_default();
        let (complete, growing) = rest.split_at(end_of_complete(rest));
        let mut pieces = String::new();
        if !complete.is_empty() {
            let html = format!("<div class=\"said\">{}</div>", to_html(complete));
            pieces = partial(ELEMENT, Swap::Before, &html);
            self.sent += complete.len();
            self.shown = 0;
        }
        // A block of many thousand words is not sent again for each.
        let more = growing.len().saturating_sub(self.shown);
        if self.shown < LONG || more * STEPS > self.shown {
            pieces.push_str(&partial(ELEMENT, Swap::Inner, &to_html(growing)));
            self.shown = growing.len();
        }
        pieces
    }

    /// A new message begins.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::Live;

    #[test]
    fn a_complete_block_is_sent_once() {
        let mut live = Live::default();
        assert!(live.push("One").contains("<p>One</p>"));
        let two = live.push(" and a half\n\nTwo");
        assert!(
            two.contains("beforebegin\"><div class=\"said\"><p>One and a half</p>"),
            "{two}"
        );
        let three = live.push("!");
        assert!(
            three.contains("<p>Two!</p>") && !three.contains("One"),
            "{three}"
        );
    }

    #[test]
    fn all_words_arrive_whatever_the_pieces_are() {
        let whole = "# Head\n\n- a\n- b\n\n| x | y |\n|---|---|\n| 1 | 2 |\n\n```\ncode\n\nmore\n```\n\nEnd.";
        let mut live = Live::default();
        let (mut complete, mut growing) = (String::new(), String::new());
        for character in whole.chars() {
            for piece in live
                .push(&character.to_string())
                .split("<hx-partial ")
                .skip(1)
            {
                let (head, html) = piece.split_once('>').unwrap();
                let html = html.trim_end_matches("</hx-partial>").to_owned();
                if head.contains("beforebegin") {
                    complete.push_str(&html);
                } else {
                    growing = html;
                }
            }
        }
        complete.push_str(&growing);
        for expected in [
            "<h1>Head</h1>",
            "<li>b</li>",
            "<td>2</td>",
            "code\n\nmore",
            "<p>End.</p>",
        ] {
            assert_eq!(
                complete.matches(expected).count(),
                1,
                "{expected} in {complete}"
            );
        }
    }
}
