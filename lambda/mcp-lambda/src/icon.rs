//! Pictures that clients show for a server or a tool.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use mcp_lambda_contract as contract;
pub use mcp_lambda_contract::IconTheme;
use rmcp::model;

/// A picture that clients show for a server or a tool (MCP 2025-11-25 and later; earlier clients overlook it).
///
/// ```
/// use mcp_lambda::{Icon, IconTheme};
///
/// let drawn = Icon::data("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>");
/// let fetched = Icon::at("https://example.com/icon-dark.png").sizes(&["48x48"]).theme(IconTheme::Dark);
/// ```
///
/// Does not check what the picture shows. Clients take PNG and JPEG, most of them SVG and WebP too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Icon(contract::Icon);

impl Icon {
    /// A picture that clients fetch, at an `https` URL.
    #[must_use]
    pub fn at(url: &str) -> Self {
        Self(contract::Icon {
            src: url.to_owned(),
            mime_type: None,
            sizes: Vec::new(),
            theme: None,
        })
    }

    /// A picture that is part of the response, such as `Icon::data("image/png", include_bytes!("icon.png"))`. Every description
    /// of the server or the tool has all of it, so it should be a few KiB at most.
    #[must_use]
    pub fn data(mime_type: &str, bytes: &[u8]) -> Self {
        let mut icon = Self::at(&format!(
            "data:{mime_type};base64,{}",
            BASE64_STANDARD.encode(bytes)
        ));
        icon.0.mime_type = Some(mime_type.to_owned());
        icon
    }

    /// Its sizes, such as `48x48`, or `any`. Default: not stated.
    #[must_use]
    pub fn sizes(mut self, sizes: &[&str]) -> Self {
        self.0.sizes = sizes.iter().map(|size| (*size).to_owned()).collect();
        self
    }

    /// The background that it is made for. Default: any.
    #[must_use]
    pub fn theme(mut self, theme: IconTheme) -> Self {
        self.0.theme = Some(theme);
        self
    }

    pub(crate) fn into_contract(self) -> contract::Icon {
        self.0
    }

    pub(crate) fn into_model(self) -> model::Icon {
        model_icon(&self.0)
    }
}

/// An icon of the contract, as rmcp has it.
pub(crate) fn model_icon(icon: &contract::Icon) -> model::Icon {
    let mut made = model::Icon::new(&icon.src);
    made.mime_type.clone_from(&icon.mime_type);
    made.sizes = Some(icon.sizes.clone()).filter(|sizes| !sizes.is_empty());
    made.theme = icon.theme.map(|theme| match theme {
        IconTheme::Light => model::IconTheme::Light,
        IconTheme::Dark => model::IconTheme::Dark,
    });
    made
}

/// An icon of rmcp, as the contract has it.
pub(crate) fn contract_icon(icon: model::Icon) -> contract::Icon {
    contract::Icon {
        src: icon.src,
        mime_type: icon.mime_type,
        sizes: icon.sizes.unwrap_or_default(),
        theme: icon.theme.map(|theme| {
            if theme == model::IconTheme::Dark {
                IconTheme::Dark
            } else {
                IconTheme::Light
            }
        }),
    }
}
