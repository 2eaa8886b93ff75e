//! What may be registered as a redirect URI, as far as it is data.

use crate::NameRule;

/// Longest redirect URI, and longest URL of a client's metadata document, in characters.
pub const LONGEST_CLIENT_URL: usize = 512;

/// Schemes that are never a redirect, whatever the settings say: they run code, read files, leave the OAuth world, or have
/// rules of their own (`http`, `https`).
pub const FORBIDDEN_SCHEMES: [&str; 15] = [
    "about",
    "blob",
    "chrome",
    "data",
    "file",
    "filesystem",
    "ftp",
    "http",
    "https",
    "javascript",
    "mailto",
    "vbscript",
    "view-source",
    "ws",
    "wss",
];

/// A scheme as a parser writes it (RFC 3986 section 3.1).
pub const SCHEME: NameRule = NameRule {
    prefix: "",
    first: &['a'..='z'],
    other: &['a'..='z', '0'..='9', '+'..='+', '.'..='.', '-'..='-'],
    length: 1..=usize::MAX,
};
