//! The files of the pages, in the program itself; an address holds the digest of its file, so that it is cached for ever.

use std::sync::LazyLock;

use crate::browser::hex_digest;

struct Asset {
    name: &'static str,
    media_type: &'static str,
    content: &'static str,
}

const ASSETS: [Asset; 6] = [
    Asset {
        name: "approval.js",
        media_type: "text/javascript; charset=utf-8",
        content: include_str!("../../assets/approval.js"),
    },
    Asset {
        name: "apps.js",
        media_type: "text/javascript; charset=utf-8",
        content: include_str!("../../assets/apps.js"),
    },
    Asset {
        name: "htmx.js",
        media_type: "text/javascript; charset=utf-8",
        content: include_str!("../../assets/htmx.min.js"),
    },
    Asset {
        name: "hx-sse.js",
        media_type: "text/javascript; charset=utf-8",
        content: include_str!("../../assets/hx-sse.min.js"),
    },
    Asset {
        name: "playground.js",
        media_type: "text/javascript; charset=utf-8",
        content: include_str!("../../assets/playground.js"),
    },
    Asset {
        name: "playground.css",
        media_type: "text/css; charset=utf-8",
        content: include_str!("../../assets/playground.css"),
    },
];

static DIGEST: LazyLock<String> = LazyLock::new(|| {
    let contents: Vec<&str> = ASSETS.iter().map(|asset| asset.content).collect();
    hex_digest(&contents).chars().take(12).collect()
});

/// Where the files are: `/assets/` and their digest.
pub(super) fn directory() -> String {
    format!("/assets/{}", *DIGEST)
}

/// The file at a path below `/assets/`: its media type and its content.
pub(crate) fn asset(path: &str) -> Option<(&'static str, &'static str)> {
    let name = path.strip_prefix(DIGEST.as_str())?.strip_prefix('/')?;
    let asset = ASSETS.iter().find(|asset| asset.name == name)?;
    Some((asset.media_type, asset.content))
}
