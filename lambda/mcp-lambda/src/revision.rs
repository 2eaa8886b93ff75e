//! Names the protocol revision in which a request is made.

use http::HeaderMap;
use rmcp::model::ProtocolVersion;

/// The protocol revision of a request, decided once from its `MCP-Protocol-Version`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Revision {
    /// None is named: `initialize`, and clients of 2025-03-26.
    Unnamed,
    /// One that rmcp knows.
    Known(&'static str),
    /// Text that rmcp refuses, and whether it sorts before 2026-07-28.
    Unknown { is_legacy: bool },
}

impl Revision {
    pub(crate) fn of_request(headers: &HeaderMap) -> Self {
        match headers.get("mcp-protocol-version") {
            None => Self::Unnamed,
            Some(version) => version
                .to_str()
                .map_or(Self::Unknown { is_legacy: true }, Self::parse),
        }
    }

    pub(crate) fn parse(text: &str) -> Self {
        let known = ProtocolVersion::KNOWN_VERSIONS
            .iter()
            .map(ProtocolVersion::as_str);
        known.into_iter().find(|known| *known == text).map_or_else(
            || Self::Unknown {
                is_legacy: is_legacy(text),
            },
            Self::Known,
        )
    }

    /// Whether clients of the revision `initialize`.
    pub(crate) fn is_legacy(self) -> bool {
        match self {
            Self::Unnamed => true,
            Self::Known(version) => is_legacy(version),
            Self::Unknown { is_legacy } => is_legacy,
        }
    }

    /// Revision 2025-03-26 has batches, and its clients name no revision; 2025-06-18 removed batches.
    pub(crate) fn has_batches(self) -> bool {
        match self {
            Self::Unnamed => true,
            Self::Known(version) => version == ProtocolVersion::V_2025_03_26.as_str(),
            Self::Unknown { .. } => false,
        }
    }
}

fn is_legacy(version: &str) -> bool {
    version < ProtocolVersion::V_2026_07_28.as_str()
}
