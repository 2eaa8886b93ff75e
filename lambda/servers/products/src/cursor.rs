//! Cursors: where a list goes on, as a string that clients pass back unread.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Longest cursor that is read.
const MAX_LENGTH: usize = 1024;

/// The cursor of a position in one list.
///
/// `list` is what makes the list, such as the arguments of a search: a cursor fits no other list.
#[must_use]
pub fn encode(list: &impl Serialize, position: &impl Serialize) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::json!([list, position]).to_string())
}

/// The position of a cursor of this list.
///
/// # Errors
///
/// A sentence about the argument `cursor`.
pub fn decode<P: DeserializeOwned>(list: &impl Serialize, cursor: &str) -> Result<P, String> {
    let read = || {
        let text = URL_SAFE_NO_PAD
            .decode(cursor.get(..=MAX_LENGTH).map_or(cursor, |_| ""))
            .ok()?;
        let (of, position): (serde_json::Value, serde_json::Value) =
            serde_json::from_slice(&text).ok()?;
        (of == serde_json::json!(list)).then(|| serde_json::from_value(position).ok())?
    };
    read().ok_or_else(|| {
        format!(
            "cursor must be the nextCursor of a result with the same other arguments; got {:?}",
            cursor.chars().take(80).collect::<String>()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_on_in_the_list_that_it_is_of_and_in_no_other() {
        let cursor = encode(&("electronics", 5), &("p005", 19_999));
        assert_eq!(
            decode::<(String, u64)>(&("electronics", 5), &cursor),
            Ok(("p005".to_owned(), 19_999))
        );
        for (list, cursor) in [
            (("home", 5), cursor.as_str()),
            (("electronics", 5), &cursor[1..]),
            (("electronics", 5), ""),
            (("electronics", 5), "e30"),
            (("electronics", 5), &"A".repeat(4000)),
        ] {
            let refused = decode::<(String, u64)>(&list, cursor).unwrap_err();
            assert!(
                refused.starts_with("cursor must be the nextCursor"),
                "{refused}"
            );
            assert!(refused.len() < 250, "{refused}");
        }
    }
}
