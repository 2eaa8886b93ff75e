//! Defines [`Registration`], what a client has registered.

use serde::{Deserialize, Serialize};

use crate::oauth::redirect::RedirectUri;

/// What a sealed `client_id` holds. No scope and no secret: a registration gives a client nothing but its redirects.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Registration {
    #[serde(rename = "n", skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(rename = "r")]
    pub(crate) redirect_uris: Vec<RedirectUri>,
    #[serde(rename = "i")]
    pub(crate) issued_at: u64,
}
