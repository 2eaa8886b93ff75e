//! Keeps the tokens of one MCP server in a file that only its owner can read.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use ring::digest::{SHA256, digest};
use rmcp::transport::auth::{
    AuthError, CredentialRefreshGuard, CredentialStore, StoredCredentials,
};
use serde::{Deserialize, Serialize};
use url::Url;

use super::error::OAuthError;

/// What the file holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignIn {
    /// The MCP server, for people who look into the file.
    pub(super) server: Url,
    /// Set when the client registered itself and got a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    pub(super) credentials: StoredCredentials,
}

/// The file of one server.
#[derive(Debug, Clone)]
pub(super) struct Store {
    file: PathBuf,
    server: Url,
    client_secret: Option<String>,
}

impl Store {
    /// The store of `server` in `directory`, whose file may not exist yet.
    pub(super) fn of(directory: &Path, server: &Url) -> Self {
        let digest = digest(&SHA256, server.as_str().as_bytes());
        let short: String = digest.as_ref()[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        // The host is for people who look into the directory.
        let host = server.host_str().unwrap_or_default().replace(
            |letter: char| !letter.is_ascii_alphanumeric() && letter != '.',
            "-",
        );
        Self {
            file: directory.join(format!("{host}-{short}.json")),
            server: server.clone(),
            client_secret: None,
        }
    }

    /// The same for a client that has a secret.
    pub(super) fn with_client_secret(self, client_secret: Option<String>) -> Self {
        Self {
            client_secret,
            ..self
        }
    }

    pub(super) fn client_secret(&self) -> Option<&str> {
        self.client_secret.as_deref()
    }

    /// The sign-in, if there is one.
    pub(super) fn read(&self) -> Result<Option<SignIn>, OAuthError> {
        let content = match std::fs::read(&self.file) {
            Ok(content) => content,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(OAuthError::file(&self.file)(error)),
        };
        let sign_in: SignIn = serde_json::from_slice(&content).map_err(|error| {
            let cause = format!("{error}; remove the file and sign in again");
            OAuthError::file(&self.file)(std::io::Error::other(cause))
        })?;
        Ok(Some(sign_in))
    }

    /// The store with the secret of the sign-in that the file holds.
    pub(super) fn into_stored(self) -> Result<(Self, Option<StoredCredentials>), OAuthError> {
        Ok(match self.read()? {
            Some(sign_in) => (
                self.with_client_secret(sign_in.client_secret),
                Some(sign_in.credentials),
            ),
            None => (self, None),
        })
    }

    /// Writes the sign-in. The file exists with mode 0600 before it has content, and is replaced as a whole.
    fn write(&self, credentials: StoredCredentials) -> std::io::Result<()> {
        let sign_in = SignIn {
            server: self.server.clone(),
            client_secret: self.client_secret.clone(),
            credentials,
        };
        let content = serde_json::to_vec_pretty(&sign_in)?;
        if let Some(directory) = self.file.parent() {
            private::create_directory(directory)?;
        }
        let part = self
            .file
            .with_extension(format!("json.{}.part", std::process::id()));
        let mut file = private::create(&part)?;
        file.write_all(&content)?;
        file.sync_all()?;
        std::fs::rename(&part, &self.file)
    }

    /// Removes the sign-in; there may be none.
    pub(super) fn remove(&self) -> Result<(), OAuthError> {
        match std::fs::remove_file(&self.file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(OAuthError::file(&self.file)(error))
            }
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl CredentialStore for Store {
    async fn load(&self) -> Result<Option<StoredCredentials>, AuthError> {
        let sign_in = self.read().map_err(store_error)?;
        Ok(sign_in.map(|sign_in| sign_in.credentials))
    }

    async fn save(&self, credentials: StoredCredentials) -> Result<(), AuthError> {
        self.write(credentials)
            .map_err(OAuthError::file(&self.file))
            .map_err(store_error)
    }

    async fn clear(&self) -> Result<(), AuthError> {
        self.remove().map_err(store_error)
    }

    /// A refresh token is used once: two commands that run at the same time refresh one after the other.
    async fn acquire_refresh_guard(&self) -> Result<Option<CredentialRefreshGuard>, AuthError> {
        let path = self.file.with_extension("lock");
        let file = path.clone();
        let locked = tokio::task::spawn_blocking(move || {
            if let Some(directory) = file.parent() {
                private::create_directory(directory)?;
            }
            let lock = private::create(&file)?;
            lock.lock()?;
            Ok(lock)
        })
        .await
        .unwrap_or_else(|error| Err(std::io::Error::other(error)));
        let lock: File = locked
            .map_err(OAuthError::file(path))
            .map_err(store_error)?;
        Ok(Some(CredentialRefreshGuard::new(lock)))
    }
}

fn store_error(error: OAuthError) -> AuthError {
    AuthError::CredentialStoreError(error.to_string())
}

/// Files and directories that only their owner can read.
#[cfg(unix)]
mod private {
    use std::fs::{DirBuilder, File, OpenOptions};
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
    use std::path::Path;

    pub(super) fn create(file: &Path) -> std::io::Result<File> {
        OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(file)
    }

    pub(super) fn create_directory(directory: &Path) -> std::io::Result<()> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
    }
}

/// The directory of a user's own state is private on Windows already.
#[cfg(not(unix))]
mod private {
    use std::fs::File;
    use std::path::Path;

    pub(super) fn create(file: &Path) -> std::io::Result<File> {
        File::create(file)
    }

    pub(super) fn create_directory(directory: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(directory)
    }
}
