//! The file of a conversation: private, and whole at every moment.

use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use mcp_lambda_agent::conversation::Conversation;

use super::error::ChatError;

/// The file of a conversation, which only its owner can read.
#[derive(Clone, Debug)]
pub struct ChatFile(PathBuf);

impl ChatFile {
    /// The file at `path`.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// The file of the last conversation, from the values of `XDG_STATE_HOME` and `HOME`.
    ///
    /// # Errors
    ///
    /// [`ChatError::NoDirectory`] when neither is usable.
    pub fn of_last_chat(
        state_home: Option<PathBuf>,
        home: Option<PathBuf>,
    ) -> Result<Self, ChatError> {
        let state = state_home
            .filter(|path| path.is_absolute())
            .or_else(|| home.map(|home| home.join(".local/state")));
        let state = state.ok_or(ChatError::NoDirectory)?;
        Ok(Self(state.join("mcp-lambda/chats/last.json")))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Reads the conversation.
    ///
    /// # Errors
    ///
    /// [`ChatError::File`] when there is none, or when it is not sound.
    pub fn read(&self) -> Result<Conversation, ChatError> {
        let bytes = std::fs::read(&self.0).map_err(|cause| self.failed(cause))?;
        serde_json::from_slice(&bytes).map_err(|error| self.failed(std::io::Error::other(error)))
    }

    /// Keeps the conversation of an earlier chat beside the file: `last.json` becomes `last.previous.json`.
    ///
    /// # Errors
    ///
    /// [`ChatError::File`].
    pub fn set_aside(&self) -> Result<(), ChatError> {
        match std::fs::rename(&self.0, self.0.with_extension("previous.json")) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(self.failed(cause)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Writes the conversation beside the file and puts it in the file's position, so that a process that is killed leaves
    /// the old one or the new one.
    ///
    /// # Errors
    ///
    /// [`ChatError::File`].
    pub fn write(&self, conversation: &Conversation) -> Result<(), ChatError> {
        self.try_write(conversation)
            .map_err(|cause| self.failed(cause))
    }

    fn try_write(&self, conversation: &Conversation) -> std::io::Result<()> {
        let json = serde_json::to_vec(conversation)?;
        if let Some(directory) = self.0.parent().filter(|path| !path.as_os_str().is_empty()) {
            let mut private = std::fs::DirBuilder::new();
            private.recursive(true).mode(0o700).create(directory)?;
        }
        let new = self.0.with_extension(format!("{}.new", std::process::id()));
        let mut options = std::fs::OpenOptions::new();
        let mut file = options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&new)?;
        file.write_all(&json)?;
        file.sync_all()?;
        std::fs::rename(&new, &self.0)
    }

    fn failed(&self, cause: std::io::Error) -> ChatError {
        ChatError::File {
            file: self.0.clone(),
            cause,
        }
    }
}
