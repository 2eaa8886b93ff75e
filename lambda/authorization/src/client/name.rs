//! Sanitises names that unverified clients choose, for display on the pages.

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{DefaultIgnorableCodePoint, GeneralCategory as Category, GeneralCategoryGroup},
};

/// Longest name that is shown, in characters.
const MAX_NAME: usize = 60;

/// A client's self-chosen name, made harmless: composed (NFC), without what shows nothing or rewrites the sentence around
/// it (control, formatting, direction, ignorable, private and unassigned characters), at most one combining mark on each
/// character beside those that it is composed with, single spaces, at most 60 characters. `None` for a name of which nothing is left to see.
pub(crate) fn harmless_name(name: &str) -> Option<String> {
    let category = CodePointMapData::<Category>::new();
    let ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let visible: String = name
        .chars()
        .map(|character| {
            if character.is_whitespace() || BLANKS.contains(&character) {
                ' '
            } else {
                character
            }
        })
        .filter(|character| {
            let other = GeneralCategoryGroup::Other.contains(category.get(*character));
            !other && !ignorable.contains(*character)
        })
        .collect();
    let composed = ComposingNormalizerBorrowed::new_nfc().normalize(&visible);
    let mut shown = String::new();
    // No combining mark is accepted at the beginning, after a space, and on a character that already has one.
    let mut takes_mark = false;
    for character in composed.chars() {
        let mark = matches!(
            category.get(character),
            Category::NonspacingMark | Category::EnclosingMark
        );
        let space = character == ' ';
        let dropped = if space {
            shown.is_empty() || shown.ends_with(' ')
        } else {
            mark && !takes_mark
        };
        if !dropped {
            shown.push(character);
        }
        takes_mark = !mark && !space;
    }
    let shown: String = shown.chars().take(MAX_NAME).collect();
    let shown = shown.trim_end();
    (!shown.is_empty()).then(|| shown.to_owned())
}

/// Symbols and letters by their category, and spaces to the eye: Braille pattern blank, musical symbol null notehead, and
/// the full and half blanks of Egyptian hieroglyphs.
const BLANKS: [char; 4] = ['\u{2800}', '\u{1d159}', '\u{13441}', '\u{13442}'];

#[cfg(test)]
mod tests {
    use super::harmless_name as shown;

    #[test]
    fn a_name_that_shows_nothing_is_none() {
        for name in [
            "",
            "   ",
            "\u{34f}",
            "\u{2800}\u{2800}",
            "\u{1d159}",
            "\u{13441}\u{13442}",
            "\u{3164}",
            "\u{ffa0}",
            "\u{115f}\u{1160}",
            "\u{17b4}\u{17b5}",
            "\u{180b}\u{180f}",
            "\u{200b}\u{200e}\u{202e}\u{2066}\u{2069}",
            "\u{2065}\u{206a}\u{feff}",
            "\u{fe0f}",
            "\u{e0101}\u{e0041}",
            "\u{1d173}",
            "\u{e000}\u{f0000}",
            "\u{378}",
            "\u{0}\u{7f}\u{85}",
            "\u{323}\u{323}\u{323}",
            "\u{20dd}",
            " \u{301} ",
        ] {
            assert_eq!(shown(name), None, "{name:?}");
        }
    }

    #[test]
    fn a_character_keeps_one_combining_mark() {
        let stacked = format!("Ban{}k", "\u{323}".repeat(59));
        assert_eq!(shown(&stacked).as_deref(), Some("Baṇ\u{323}k"));
        let stacked = format!("q{}", "\u{323}\u{301}".repeat(30));
        assert_eq!(shown(&stacked).as_deref(), Some("q\u{323}"));
        assert_eq!(shown("e\u{301}").as_deref(), Some("é"), "composed");
        assert_eq!(
            shown("e\u{200d}\u{301}").as_deref(),
            Some("é"),
            "also across what shows nothing"
        );
        assert_eq!(shown("a \u{301}b").as_deref(), Some("a b"));
    }

    #[test]
    fn ordinary_names_of_every_script_stay_as_they_are() {
        for name in [
            "Claude Code (dogs)",
            "Visual Studio Code – Insiders",
            "Café Zoë & Söhne",
            "Tiếng Việt",
            "Ẹ\u{301}",
            "Клиент",
            "クライアント",
            "客户端",
            "عميل",
            "לקוח",
            "ग्राहक",
            "클라이언트",
            "Tool 🐕",
        ] {
            assert_eq!(shown(name).as_deref(), Some(name));
        }
    }

    #[test]
    fn spaces_are_single_and_the_length_is_bounded() {
        assert_eq!(
            shown("\u{a0} a\t\u{2003}\nb\u{2028}").as_deref(),
            Some("a b")
        );
        assert_eq!(shown(&"x".repeat(500)).map(|name| name.len()), Some(60));
    }
}
