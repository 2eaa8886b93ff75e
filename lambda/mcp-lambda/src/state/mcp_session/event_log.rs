//! Stores the messages of an event stream and reads them back.

use crate::state::mcp_session::event_position::EVENT_LIFETIME;
use crate::state::mcp_session::mailbox::Mailbox;
use crate::state::store::{MAX_VALUE, StoreError};

/// Longest message that is stored, in bytes.
pub(crate) const MAX_EVENT: usize = 4 * 1024 * 1024;
/// Bytes of a message in one item of the store; the rest is for the number of the pieces.
const PIECE: usize = MAX_VALUE - 16;

/// The events of one stream in the store, each under a key of its own. A message that is longer than an item is split
/// into several; the first is written last, so that a reader that finds it finds all of them.
#[derive(Clone)]
pub(crate) struct EventLog {
    mailbox: Mailbox,
    stream: String,
}

impl EventLog {
    pub(crate) fn new(mailbox: Mailbox, stream: String) -> Self {
        Self { mailbox, stream }
    }

    fn key(&self, number: u64, piece: usize) -> String {
        let id = format!("{} {number} {piece}", self.stream);
        self.mailbox.key("event", &id)
    }

    /// Stores the message with this number; an empty string marks the end of the stream without a response. Idempotent.
    pub(crate) async fn put(&self, number: u64, text: &str) -> Result<(), StoreError> {
        let mut pieces = pieces(text);
        let first = pieces.remove(0);
        for (index, piece) in pieces.iter().enumerate() {
            self.put_piece(number, index + 1, (*piece).to_owned())
                .await?;
        }
        self.put_piece(number, 0, format!("{}\n{first}", pieces.len()))
            .await
    }

    async fn put_piece(&self, number: u64, piece: usize, text: String) -> Result<(), StoreError> {
        let store = &self.mailbox.state.store;
        store
            .put(self.key(number, piece), text, EVENT_LIFETIME)
            .await
    }

    /// The message with this number, if it is stored.
    pub(crate) async fn get(&self, number: u64) -> Result<Option<String>, StoreError> {
        let store = &self.mailbox.state.store;
        let Some(first) = store.get(self.key(number, 0)).await? else {
            return Ok(None);
        };
        let (more, first) = first.split_once('\n').ok_or(StoreError::Nonsense)?;
        let more: usize = more.parse().map_err(|_| StoreError::Nonsense)?;
        let mut text = first.to_owned();
        for piece in 1..=more {
            let piece = store.get(self.key(number, piece)).await?;
            text.push_str(&piece.ok_or(StoreError::Nonsense)?);
        }
        Ok(Some(text))
    }
}

/// Splits the string into pieces that fit into items; one empty piece for an empty string.
fn pieces(mut text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    while text.len() > PIECE {
        let end = (0..=PIECE)
            .rev()
            .find(|end| text.is_char_boundary(*end))
            .unwrap_or_default();
        let (piece, rest) = text.split_at(end);
        pieces.push(piece);
        text = rest;
    }
    pieces.push(text);
    pieces
}

#[cfg(test)]
mod tests {
    use super::{PIECE, pieces};

    #[test]
    fn cuts_between_characters() {
        let text = format!("{}ä{}", "x".repeat(PIECE - 1), "y".repeat(PIECE));
        let pieces = pieces(&text);
        assert_eq!(pieces.len(), 3);
        assert!(pieces.iter().all(|piece| piece.len() <= PIECE));
        assert_eq!(pieces.concat(), text);
        assert_eq!(super::pieces(""), [""]);
    }
}
