//! Conversations in the table: one item, or several when one is too small; beside it an item for the list.

use serde::{Deserialize, Serialize};

use super::document::Document;
use super::identifier::ConversationId;
use crate::browser::hex_digest;
use crate::person::Person;
use crate::playground::Playground;
use crate::problem::Problem;
use crate::store::{Key, LARGEST, TableError, When};

const SUMMARIES: &str = "summary#";
/// A part, in bytes; the rest of the item has its keys.
const PART: usize = LARGEST - 1024;
/// About five megabytes: more than models read.
const MOST_PARTS: usize = 16;

/// A conversation as it was read.
pub(crate) struct Kept {
    pub(crate) document: Document,
    pub(crate) version: Version,
}

/// A state of a kept conversation.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    write: String,
    parts: Option<Parts>,
}

/// Where a conversation is that does not fit into an item.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Parts {
    name: String,
    count: usize,
}

/// The content of the item of a conversation.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Content {
    Whole(Box<Document>),
    Parts(Parts),
}

/// A conversation in the list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Summary {
    #[serde(skip)]
    pub(crate) id: String,
    pub(crate) title: String,
    /// Seconds since 1970.
    pub(crate) changed: u64,
}

fn unreadable() -> Problem {
    Problem::Unavailable {
        cause: "a conversation of the table cannot be read".to_owned(),
    }
}

fn key(person: &Person, sort: String) -> Key {
    Key::new(person.partition(), sort)
}

fn talk(person: &Person, id: &ConversationId) -> Key {
    key(person, format!("conversation#{}", id.as_str()))
}

fn summary(person: &Person, id: &ConversationId) -> Key {
    key(person, format!("{SUMMARIES}{}", id.as_str()))
}

fn part(person: &Person, id: &ConversationId, name: &str, number: usize) -> Key {
    key(person, format!("part#{}#{name}#{number}", id.as_str()))
}

impl Playground {
    fn expiry(&self) -> u64 {
        self.seconds() + self.settings.retention_seconds
    }

    /// The person's conversation of this name.
    pub(crate) async fn conversation(
        &self,
        person: &Person,
        id: &ConversationId,
    ) -> Result<Option<Kept>, Problem> {
        let Some(item) = self.table()?.get(talk(person, id)).await? else {
            return Ok(None);
        };
        let content = serde_json::from_str(&item.value).map_err(|_| unreadable())?;
        let (document, parts) = match content {
            Content::Whole(document) => (*document, None),
            Content::Parts(parts) => {
                let mut whole = String::new();
                for number in 0..parts.count {
                    let key = part(person, id, &parts.name, number);
                    let item = self.table()?.get(key).await?.ok_or_else(unreadable)?;
                    whole.push_str(&item.value);
                }
                let document = serde_json::from_str(&whole).map_err(|_| unreadable())?;
                (document, Some(parts))
            }
        };
        let write = item.version;
        let version = Version { write, parts };
        Ok(Some(Kept { document, version }))
    }

    /// Writes a conversation over the state `version`, or a new one.
    pub(crate) async fn keep_conversation(
        &self,
        person: &Person,
        id: &ConversationId,
        document: &Document,
        version: Option<&Version>,
    ) -> Result<Version, TableError> {
        let json = |_| TableError::Unavailable("a conversation is no JSON".to_owned());
        let whole = serde_json::to_string(&Content::Whole(Box::new(document.clone())));
        let whole = whole.map_err(json)?;
        let when = version.map_or(When::Absent, |version| When::Version(&version.write));
        let (value, parts) = if whole.len() <= LARGEST {
            (whole, None)
        } else {
            let parts = self.keep_parts(person, id, document, version).await?;
            let value = serde_json::to_string(&Content::Parts(parts.clone()));
            (value.map_err(json)?, Some(parts))
        };
        let table = self.table()?;
        let written = table
            .put(talk(person, id), value, self.expiry(), when)
            .await;
        let superseded = match &written {
            Ok(_) => version.and_then(|version| version.parts.as_ref()),
            Err(_) => parts.as_ref(),
        };
        if let Some(superseded) = superseded {
            self.delete_parts(person, id, superseded).await;
        }
        let write = written?;
        Ok(Version { write, parts })
    }

    /// Parts have a name of their own for each state, so that a reader never mixes two.
    async fn keep_parts(
        &self,
        person: &Person,
        id: &ConversationId,
        document: &Document,
        version: Option<&Version>,
    ) -> Result<Parts, TableError> {
        let json = |_| TableError::Unavailable("a conversation is no JSON".to_owned());
        let whole = serde_json::to_string(document).map_err(json)?;
        let before = version.map_or("", |version| version.write.as_str());
        let name: String = hex_digest(&[before, &whole]).chars().take(24).collect();
        let pieces = pieces(&whole);
        if pieces.len() > MOST_PARTS {
            return Err(TableError::TooLarge);
        }
        for (number, piece) in pieces.iter().enumerate() {
            let key = part(person, id, &name, number);
            let put = self.table()?;
            put.put(key, (*piece).to_owned(), self.expiry(), When::Always)
                .await?;
        }
        let count = pieces.len();
        Ok(Parts { name, count })
    }

    /// What stays behind expires.
    async fn delete_parts(&self, person: &Person, id: &ConversationId, parts: &Parts) {
        for number in 0..parts.count {
            let key = part(person, id, &parts.name, number);
            if let Ok(table) = self.table() {
                let _ = table.delete(key).await;
            }
        }
    }

    /// Puts a conversation into the list, at its top.
    pub(crate) async fn list_conversation(
        &self,
        person: &Person,
        id: &ConversationId,
        title: &str,
    ) -> Result<(), TableError> {
        let value = serde_json::to_string(&Summary {
            id: String::new(),
            title: title.to_owned(),
            changed: self.seconds(),
        });
        let value = value.unwrap_or_default();
        let table = self.table()?;
        let expires = self.expiry();
        table
            .put(summary(person, id), value, expires, When::Always)
            .await
            .map(drop)
    }

    /// The person's conversations, the latest first.
    pub(crate) async fn conversations(&self, person: &Person) -> Result<Vec<Summary>, TableError> {
        let items = self.table()?.list(person.partition(), SUMMARIES).await?;
        let mut list: Vec<Summary> = items
            .iter()
            .filter_map(|item| {
                let summary: Summary = serde_json::from_str(&item.value).ok()?;
                let id = item.sort.strip_prefix(SUMMARIES)?.to_owned();
                Some(Summary { id, ..summary })
            })
            .collect();
        list.sort_by_key(|summary| std::cmp::Reverse(summary.changed));
        Ok(list)
    }

    /// Deletes a conversation.
    pub(crate) async fn delete_conversation(
        &self,
        person: &Person,
        id: &ConversationId,
    ) -> Result<(), Problem> {
        let kept = self.conversation(person, id).await.unwrap_or_default();
        let table = self.table()?;
        table.delete(summary(person, id)).await?;
        table.delete(talk(person, id)).await?;
        if let Some(parts) = kept.and_then(|kept| kept.version.parts) {
            self.delete_parts(person, id, &parts).await;
        }
        Ok(())
    }
}

/// `whole` in pieces that fit, none of which ends inside a character.
fn pieces(whole: &str) -> Vec<&str> {
    let mut rest = whole;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let mut end = rest.len().min(PART);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (piece, after) = rest.split_at(end);
        pieces.push(piece);
        rest = after;
    }
    pieces
}
