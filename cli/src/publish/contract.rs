//! The part of a contract that directories show.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a contract file says about a server and its tools.
#[derive(Debug, Clone, Deserialize)]
pub struct PublishedContract {
    /// The server.
    pub server: PublishedServer,
    /// Its tools.
    pub tools: Vec<PublishedTool>,
    /// What directories would refuse.
    #[serde(default)]
    pub directory: Vec<Finding>,
}

/// The identity of a server.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PublishedServer {
    /// Its name, without the namespace of the registry.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its name for people.
    pub title: String,
    /// One or two sentences for people.
    pub description: String,
    /// A page about it.
    pub website_url: Option<String>,
    /// Its pictures.
    #[serde(default)]
    pub icons: Vec<PublishedIcon>,
}

/// A picture.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PublishedIcon {
    /// Its URL.
    pub src: String,
    /// Its MIME type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// Its sizes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sizes: Vec<String>,
    /// The background that it is made for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theme: Option<String>,
}

/// A tool.
#[derive(Debug, Clone, Deserialize)]
pub struct PublishedTool {
    /// Its name.
    pub name: String,
    /// Its hints.
    pub annotations: Option<Value>,
}

/// A rule of directories that the server does not keep.
#[derive(Debug, Clone, Deserialize)]
pub struct Finding {
    /// The rule.
    pub rule: String,
    /// What does not keep it.
    pub about: String,
    /// What is wrong and what fixes it.
    pub message: String,
}
