//! Names of conversations in addresses.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom, SystemRandom};

use crate::sealing::SealError;

const BYTES: usize = 16;

/// The name of a conversation: 128 random bits. It is no secret; a conversation is found only under its person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConversationId(String);

impl ConversationId {
    /// A new name.
    pub(crate) fn new() -> Result<Self, SealError> {
        let mut bytes = [0; BYTES];
        let filled = SystemRandom::new().fill(&mut bytes);
        filled.map_err(|_| SealError::NoRandomness)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// `None` when `name` has another form.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(name).ok()?;
        (bytes.len() == BYTES).then(|| Self(name.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}
