//! Strings of servers and models, made safe to print: a terminal obeys control characters.

use std::io::Write;

/// `string` without control characters other than line breaks and tabs, and without those that reverse the direction of
/// writing.
pub(crate) fn visible(string: &str) -> String {
    string
        .chars()
        .map(|character| match character {
            '\n' | '\t' => character,
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
            character if character.is_control() => '\u{fffd}',
            character => character,
        })
        .collect()
}

/// The same on one line, so that a string cannot add lines of its own to a report.
pub(crate) fn visible_line(string: &str) -> String {
    visible(string).replace(['\n', '\t'], " ")
}

/// A writer for a terminal: see [`visible`].
pub(crate) struct Visible<W>(pub(crate) W);

impl<W: Write> Write for Visible<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let string = String::from_utf8_lossy(bytes);
        self.0.write_all(visible(&string).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::{Visible, visible, visible_line};

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(
            visible("a\u{1b}[2Jb\r\nc\td\u{202e}\u{9b}2Je"),
            "a\u{fffd}[2Jb\u{fffd}\nc\td\u{fffd}\u{fffd}2Je"
        );
    }

    #[test]
    fn a_writer_replaces_them_too() {
        let mut written = Vec::new();
        let name = "\u{7}é";
        writeln!(Visible(&mut written), "1 of {name}").unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), "1 of \u{fffd}é\n");
    }

    #[test]
    fn a_line_stays_a_line() {
        assert_eq!(visible_line("no\n    fix: none\t!"), "no     fix: none !");
    }
}
