//! Pictures of servers and tools, and which URLs the contract lets clients fetch or open.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{Contract, ContractProblem};

const WEB: &str = "https://";
/// How the URL of a picture begins.
const PICTURES: [&str; 2] = [WEB, "data:image/"];

fn src_pattern() -> String {
    format!("^({})", PICTURES.join("|"))
}

/// A picture that clients show for a server or a tool (MCP 2025-11-25, `Icon`).
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Icon {
    /// An `https` URL, or a `data` URL of the type `image`.
    #[schemars(regex(pattern = src_pattern()))]
    pub src: String,
    /// MIME type; left out when `src` says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// Sizes such as `48x48`, or `any`; left out when it has no fixed ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sizes: Vec<String>,
    /// The background that it is made for; left out when that is any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theme: Option<IconTheme>,
}

/// A background of an [`Icon`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum IconTheme {
    /// A light one.
    Light,
    /// A dark one.
    Dark,
}

/// What is wrong with the URLs that clients fetch or open.
pub(crate) fn public_url_problems(contract: &Contract) -> impl Iterator<Item = ContractProblem> {
    let server = &contract.server;
    let of_server = server
        .icons
        .iter()
        .map(|icon| ("the server".to_owned(), icon));
    let of_tools = contract.tools.iter().flat_map(|tool| {
        let owner = format!("tool {}", tool.name);
        tool.icons.iter().map(move |icon| (owner.clone(), icon))
    });
    let icons = of_server.chain(of_tools);
    let icons = icons
        .filter(|(_, icon)| !PICTURES.iter().any(|good| icon.src.starts_with(good)))
        .map(|(owner, icon)| ContractProblem::Icon {
            owner,
            src: icon.src.chars().take(60).collect(),
        });
    let website = server.website_url.iter();
    let website = website
        .filter(|url| !url.starts_with(WEB))
        .map(|url| ContractProblem::Website { url: url.clone() });
    icons.chain(website)
}

#[cfg(test)]
mod tests {
    use super::{Icon, public_url_problems};
    use crate::manifest::tests::contract;

    #[test]
    fn refuses_pictures_and_pages_that_are_not_on_the_web() {
        let icon = |src: &str| Icon {
            src: src.to_owned(),
            mime_type: None,
            sizes: Vec::new(),
            theme: None,
        };
        let mut contract = contract();
        contract.server.icons = vec![
            icon("https://example.com/icon.png"),
            icon("data:image/png;base64,AA=="),
        ];
        contract.server.website_url = Some("https://example.com".to_owned());
        assert_eq!(public_url_problems(&contract).count(), 0);
        contract
            .server
            .icons
            .push(icon("http://example.com/icon.png"));
        contract.tools[0].icons = vec![icon("data:text/html,x")];
        contract.server.website_url = Some("javascript:alert(1)".to_owned());
        let problems: Vec<String> = contract
            .problems()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            problems,
            [
                "the server has an icon at \"http://example.com/icon.png\": take an https URL, or Icon::data",
                "tool getCounter has an icon at \"data:text/html,x\": take an https URL, or Icon::data",
                "the website of the server is \"javascript:alert(1)\": give an https URL",
            ]
        );
    }
}
