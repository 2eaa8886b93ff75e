//! What a model is to a conversation: a request goes in, pieces of a reply come out, and a complete message at the end.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::conversation::{ModelReply, NonBlank, ProposedCall, Reasoning, Said};
use crate::converse::{Request, StopReason, Usage};

/// A model that speaks Converse.
pub trait Model: Send + Sync {
    /// The id that prices are looked up by.
    fn id(&self) -> &str;

    /// Sends `request` and returns the complete message; `heard` gets its pieces as they arrive.
    fn reply(
        &self,
        request: &Request,
        heard: &mut (dyn FnMut(Heard<'_>) + Send),
    ) -> impl Future<Output = Result<ModelReply, ModelError>> + Send;
}

/// A model that says nothing for so long hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// `next` of a model, unless the model hangs.
pub(crate) async fn soon<T>(next: impl Future<Output = T>) -> Result<T, ModelError> {
    let silent = |_| ModelError::Unavailable(format!("nothing came for {} s", PATIENCE.as_secs()));
    tokio::time::timeout(PATIENCE, next).await.map_err(silent)
}

/// A piece of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard<'a> {
    /// A piece of what the model says.
    Text(&'a str),
    /// Reasoning.
    Reasoning(&'a str),
}

/// Why there is no reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// Too many requests or tokens a minute.
    #[error("the model is throttled: {0}")]
    Throttled(String),
    /// The service or the model fails for now.
    #[error("the model is not available: {0}")]
    Unavailable(String),
    /// The stream ended before the message was complete.
    #[error("the reply was cut in the middle: {0}")]
    Cut(String),
    /// The account or the role may not use the model.
    #[error(
        "access to the model is denied: {0}; allow bedrock:InvokeModelWithResponseStream for it, and request access to \
         the model in the Bedrock console"
    )]
    AccessDenied(String),
    /// There are no valid AWS credentials.
    #[error(
        "the AWS credentials cannot be used: {0}; sign in with `aws sso login`, or set AWS_PROFILE"
    )]
    Credentials(String),
    /// There is no such model in the Region.
    #[error("the model was not found: {0}; check the id and the Region")]
    NotFound(String),
    /// The conversation is longer than the model can read.
    #[error("the conversation is longer than the model can read: {0}; start a new one")]
    TooLong(String),
    /// The request is refused, and always will be.
    #[error("the model refuses the request: {0}")]
    Refused(String),
}

impl ModelError {
    /// Whether the same request can succeed later.
    #[must_use]
    pub fn can_pass(&self) -> bool {
        match self {
            Self::Throttled(_) | Self::Unavailable(_) | Self::Cut(_) => true,
            Self::AccessDenied(_)
            | Self::Credentials(_)
            | Self::NotFound(_)
            | Self::TooLong(_)
            | Self::Refused(_) => false,
        }
    }

    /// The error for an exception of Bedrock, by its name.
    #[must_use]
    pub fn of_exception(name: &str, message: String) -> Self {
        match name {
            "ThrottlingException"
            | "ServiceQuotaExceededException"
            | "TooManyRequestsException" => Self::Throttled(message),
            "ValidationException" if is_too_long(&message) => Self::TooLong(message),
            "ValidationException" => Self::Refused(message),
            "AccessDeniedException" => Self::AccessDenied(message),
            "UnrecognizedClientException"
            | "ExpiredTokenException"
            | "InvalidSignatureException"
            | "IncompleteSignature"
            | "MissingAuthenticationTokenException" => Self::Credentials(message),
            "ResourceNotFoundException" => Self::NotFound(message),
            _ => Self::Unavailable(format!("{name}: {message}")),
        }
    }
}

fn is_too_long(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    [
        "too long",
        "too many input tokens",
        "context length",
        "context window",
    ]
    .iter()
    .any(|words| message.contains(words))
}

/// An event of a reply's stream.
#[derive(Clone, Debug, PartialEq)]
pub enum StreamEvent {
    /// A piece of the string of a block.
    Text {
        /// The block.
        block: u32,
        /// The piece.
        text: String,
    },
    /// Readable reasoning of a block.
    Reasoning {
        /// The block.
        block: u32,
        /// The reasoning.
        text: String,
    },
    /// The signature of a block of reasoning.
    Signature {
        /// The block.
        block: u32,
        /// The signature.
        signature: String,
    },
    /// Encrypted reasoning, in Base64.
    Redacted {
        /// The block.
        block: u32,
        /// The bytes.
        base64: String,
    },
    /// The block is a call.
    Call {
        /// The block.
        block: u32,
        /// The call's id.
        id: String,
        /// The tool.
        name: String,
    },
    /// A piece of the JSON of a call's arguments.
    Arguments {
        /// The block.
        block: u32,
        /// The piece.
        json: String,
    },
    /// The message is complete.
    Stop(StopReason),
    /// What the model read and wrote.
    Usage(Usage),
}

#[derive(Debug)]
enum Growing {
    Text(String),
    Reasoning {
        text: String,
        signature: String,
    },
    Redacted(String),
    Call {
        id: String,
        name: String,
        json: String,
    },
}

/// Makes a complete message of a stream's events, and nothing of a stream that was cut.
#[derive(Debug, Default)]
pub struct Assembly {
    blocks: BTreeMap<u32, Growing>,
    stop: Option<StopReason>,
    usage: Usage,
}

impl Assembly {
    /// Takes the next event, and hands its words to `heard`.
    pub fn take(&mut self, event: StreamEvent, heard: &mut (dyn FnMut(Heard<'_>) + Send)) {
        match event {
            StreamEvent::Text { block, text } => {
                heard(Heard::Text(&text));
                match self.blocks.get_mut(&block) {
                    Some(Growing::Text(all)) => all.push_str(&text),
                    _ => drop(self.blocks.insert(block, Growing::Text(text))),
                }
            }
            StreamEvent::Reasoning { block, text } => {
                heard(Heard::Reasoning(&text));
                if let Growing::Reasoning { text: all, .. } = self.reasoning(block) {
                    all.push_str(&text);
                }
            }
            StreamEvent::Signature { block, signature } => {
                if let Growing::Reasoning { signature: all, .. } = self.reasoning(block) {
                    all.push_str(&signature);
                }
            }
            StreamEvent::Redacted { block, base64 } => {
                self.blocks.insert(block, Growing::Redacted(base64));
            }
            StreamEvent::Call { block, id, name } => {
                let json = String::new();
                self.blocks.insert(block, Growing::Call { id, name, json });
            }
            StreamEvent::Arguments { block, json } => {
                if let Some(Growing::Call { json: all, .. }) = self.blocks.get_mut(&block) {
                    all.push_str(&json);
                }
            }
            StreamEvent::Stop(reason) => self.stop = Some(reason),
            StreamEvent::Usage(usage) => self.usage = usage,
        }
    }

    fn reasoning(&mut self, block: u32) -> &mut Growing {
        self.blocks.entry(block).or_insert(Growing::Reasoning {
            text: String::new(),
            signature: String::new(),
        })
    }

    /// The complete message.
    ///
    /// # Errors
    ///
    /// [`ModelError::Cut`] when the stream ended without a reason to stop.
    pub fn finish(self) -> Result<ModelReply, ModelError> {
        let stop = self
            .stop
            .ok_or_else(|| ModelError::Cut("the stream ended without a stop reason".into()))?;
        let mut reply = ModelReply {
            said: Vec::new(),
            calls: Vec::new(),
            stop,
            usage: self.usage,
        };
        for block in self.blocks.into_values() {
            match block {
                Growing::Text(text) => reply.said.extend(NonBlank::new(text).map(Said::Text)),
                // Without a signature, no provider wants it back.
                Growing::Reasoning { text, signature } => reply.said.extend(
                    NonBlank::new(text)
                        .zip(NonBlank::new(signature))
                        .map(|(text, signature)| Reasoning::Signed { text, signature })
                        .map(Said::Reasoning),
                ),
                Growing::Redacted(bytes) => reply.said.extend(
                    NonBlank::new(bytes).map(|bytes| Said::Reasoning(Reasoning::Redacted(bytes))),
                ),
                Growing::Call { id, name, json } => reply.calls.push(ProposedCall {
                    id,
                    name,
                    input: arguments(&json),
                }),
            }
        }
        Ok(reply)
    }
}

/// Models write nothing for a call without arguments.
fn arguments(json: &str) -> Result<Map<String, Value>, String> {
    if json.trim().is_empty() {
        return Ok(Map::new());
    }
    serde_json::from_str(json).map_err(|error| error.to_string())
}
