//! The content of a conversation, as types that hold only what Converse accepts.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::identifiers::{CallId, ToolName};

/// A string with at least one character that is not white space: Converse refuses blank ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NonBlank(String);

impl NonBlank {
    /// `None` when `string` is blank.
    #[must_use]
    pub fn new(string: impl Into<String>) -> Option<Self> {
        let string = string.into();
        (!string.trim().is_empty()).then_some(Self(string))
    }

    /// `string`, or `otherwise` when it is blank. A blank `otherwise` becomes `-`.
    #[must_use]
    pub fn or(string: impl Into<String>, otherwise: &str) -> Self {
        Self::new(string)
            .or_else(|| Self::new(otherwise))
            .unwrap_or_else(|| Self("-".into()))
    }

    /// The string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for NonBlank {
    type Error = &'static str;

    fn try_from(string: String) -> Result<Self, Self::Error> {
        Self::new(string).ok_or("the string is blank")
    }
}

impl From<NonBlank> for String {
    fn from(string: NonBlank) -> Self {
        string.0
    }
}

/// A list with at least one element.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<T>", into = "Vec<T>")]
#[serde(bound(serialize = "T: Clone + Serialize"))]
pub struct NonEmpty<T>(Vec<T>);

impl<T> NonEmpty<T> {
    /// `None` when `elements` is empty.
    #[must_use]
    pub fn new(elements: Vec<T>) -> Option<Self> {
        (!elements.is_empty()).then_some(Self(elements))
    }

    /// A list of one element.
    #[must_use]
    pub fn one(element: T) -> Self {
        Self(vec![element])
    }

    /// The elements.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }

    /// The elements, each of which can be changed.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, T> {
        self.0.iter_mut()
    }

    /// The elements.
    #[must_use]
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<T> TryFrom<Vec<T>> for NonEmpty<T> {
    type Error = &'static str;

    fn try_from(elements: Vec<T>) -> Result<Self, Self::Error> {
        Self::new(elements).ok_or("the list is empty")
    }
}

impl<T> From<NonEmpty<T>> for Vec<T> {
    fn from(list: NonEmpty<T>) -> Self {
        list.0
    }
}

/// The formats of pictures that Converse accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImageFormat {
    /// `image/png`
    Png,
    /// `image/jpeg`
    Jpeg,
    /// `image/gif`
    Gif,
    /// `image/webp`
    Webp,
}

impl ImageFormat {
    /// The format of a media type.
    #[must_use]
    pub fn of_media_type(media_type: &str) -> Option<Self> {
        match media_type.split(';').next()?.trim() {
            "image/png" => Some(Self::Png),
            "image/jpeg" | "image/jpg" => Some(Self::Jpeg),
            "image/gif" => Some(Self::Gif),
            "image/webp" => Some(Self::Webp),
            _ => None,
        }
    }

    /// The name in Converse.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::Gif => "gif",
            Self::Webp => "webp",
        }
    }
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// The format.
    pub format: ImageFormat,
    /// The bytes in Base64.
    pub base64: NonBlank,
}

/// What the person says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// The words.
    pub text: NonBlank,
    /// Pictures beside them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Image>,
}

impl Prompt {
    /// Words alone; `None` when they are blank.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Option<Self> {
        Some(Self {
            text: NonBlank::new(text)?,
            images: Vec::new(),
        })
    }
}

/// Reasoning that the model wants back unchanged while it works on one request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reasoning {
    /// Readable reasoning with the signature of the model's provider.
    Signed {
        /// The reasoning.
        text: NonBlank,
        /// The signature.
        signature: NonBlank,
    },
    /// Encrypted reasoning in Base64.
    Redacted(NonBlank),
}

/// What the model says beside its calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// A string.
    Text(NonBlank),
    /// Reasoning.
    Reasoning(Reasoning),
}

/// A call that the model asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// Unique within the conversation.
    pub id: CallId,
    /// The tool.
    pub name: ToolName,
    /// The arguments.
    pub input: Map<String, Value>,
}

/// A part of a result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResultPart {
    /// A string.
    Text(NonBlank),
    /// An object: Converse refuses other JSON.
    Json(Map<String, Value>),
    /// A picture.
    Image(Image),
}

/// The result of a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolResult {
    /// The content, never empty: Converse refuses an empty error.
    pub content: NonEmpty<ResultPart>,
    /// What became of the call.
    pub outcome: Outcome,
}

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The tool did its work.
    Done,
    /// The tool, or its server, says that it failed.
    Failed,
    /// The tool did not run: the person declined, the request was stopped, a limit was reached, or its server was out of reach.
    NotRun,
    /// The call was sent and nothing came back: it may have run.
    Unknown,
}

impl ToolResult {
    /// A result of one string.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            content: NonEmpty::one(ResultPart::Text(NonBlank::or(
                text,
                "The tool returned nothing.",
            ))),
            outcome: Outcome::Done,
        }
    }

    /// A failure that `reason` explains to the model.
    #[must_use]
    pub fn error(reason: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Failed,
            ..Self::text(reason)
        }
    }

    /// The reason why the tool was not run.
    #[must_use]
    pub fn not_run(reason: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::NotRun,
            ..Self::text(reason)
        }
    }

    /// A failure after which it is unknown whether the tool did its work.
    #[must_use]
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Unknown,
            ..Self::text(reason)
        }
    }
}
