//! Connects an MCP client to a server: the command or link that adds it, or the client's configuration, written.

mod clients;
mod file;
mod server;

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mcp_lambda_contract::{CONNECT_COMMANDS, LINK_CONFIG};

pub use self::clients::Client;
use self::clients::Location;
pub use self::server::{Server, name_of_url};

/// The directories that configurations are in.
#[derive(Debug, Clone, Default)]
pub struct Directories {
    /// The project.
    pub project: PathBuf,
    /// The person's home.
    pub home: Option<PathBuf>,
    /// Where desktop programs keep their settings, on Windows and on Linux when it is set.
    pub settings: Option<PathBuf>,
}

/// Why a client cannot be connected.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The client has no file to write.
    #[error(
        "{client} has no configuration file: run the line that `mcp-lambda connect {client}` prints"
    )]
    NoFile {
        /// Its name.
        client: &'static str,
    },
    /// The home is unknown.
    #[error("the configuration of {client} is in your home directory, and HOME is not set")]
    NoHome {
        /// Its name.
        client: &'static str,
    },
    /// The file is not what the client writes.
    #[error("{file} is not changed, because it cannot be read as the client's configuration: {cause}; fix it, or add this yourself:\n\n{entry}", file = file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        cause: String,
        /// The configuration to add.
        entry: String,
    },
    /// The file cannot be read or written.
    #[error("{file} cannot be written: {cause}", file = file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        cause: std::io::Error,
    },
}

/// How a configuration was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The file.
    pub file: PathBuf,
    /// Whether the server was there already, with the same or another URL.
    pub replaced: bool,
}

impl Client {
    /// The line to paste into a shell or a browser, or what to add to which file.
    #[must_use]
    pub fn line(self, server: &Server) -> String {
        let command = CONNECT_COMMANDS
            .into_iter()
            .find(|(name, _)| *name == self.name());
        if let Some((_, command)) = command {
            let config = LINK_CONFIG.replace("${mcpServerUrl}", server.url.as_str());
            return command
                .replace("${serverName}", &server.name)
                .replace("${mcpServerUrl}", server.url.as_str())
                .replace("${base64Config}", &STANDARD.encode(config));
        }
        self.entry(server)
    }

    /// The configuration of a server in the client's file, alone.
    fn entry(self, server: &Server) -> String {
        self.configuration()
            .and_then(|configuration| file::with_server("", &configuration, server).ok())
            .map(|(content, _)| content.trim_end().to_owned())
            .unwrap_or_default()
    }

    /// Writes the client's configuration: adds the server, and keeps everything else, comments included.
    ///
    /// # Errors
    ///
    /// See [`ConnectError`]. The file is replaced as a whole, or not at all.
    pub fn write(
        self,
        server: &Server,
        directories: &Directories,
    ) -> Result<Written, ConnectError> {
        let client = self.name();
        let configuration = self
            .configuration()
            .ok_or(ConnectError::NoFile { client })?;
        let path = configuration
            .location
            .within(directories)
            .ok_or(ConnectError::NoHome { client })?;
        // A link stays a link: its target is replaced.
        let path = std::fs::canonicalize(&path).unwrap_or(path);
        let failed = |cause| ConnectError::File {
            file: path.clone(),
            cause,
        };
        let content = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            content => content.map_err(failed)?,
        };
        let (content, replaced) =
            file::with_server(&content, &configuration, server).map_err(|cause| {
                ConnectError::Unreadable {
                    file: path.clone(),
                    cause,
                    entry: self.entry(server),
                }
            })?;
        replace(&path, &content).map_err(failed)?;
        Ok(Written {
            file: path,
            replaced,
        })
    }
}

impl Location {
    fn within(self, directories: &Directories) -> Option<PathBuf> {
        match self {
            Self::Project(file) => Some(directories.project.join(file)),
            Self::Home(file) => Some(directories.home.as_ref()?.join(file)),
            Self::Settings(file) => {
                let of_home = |home: &PathBuf| {
                    home.join(if cfg!(target_os = "macos") {
                        "Library/Application Support"
                    } else {
                        ".config"
                    })
                };
                let settings = directories.settings.clone();
                let settings = settings.or_else(|| directories.home.as_ref().map(of_home))?;
                Some(settings.join(file))
            }
        }
    }
}

/// Replaces the file at once, with its permissions: a client that reads it meanwhile sees the old one or the new one.
fn replace(file: &Path, content: &str) -> std::io::Result<()> {
    if let Some(directory) = file.parent() {
        std::fs::create_dir_all(directory)?;
    }
    let part = file.with_added_extension(format!("{}.part", std::process::id()));
    std::fs::write(&part, content)?;
    if let Ok(metadata) = std::fs::metadata(file) {
        std::fs::set_permissions(&part, metadata.permissions())?;
    }
    std::fs::rename(&part, file)
}
