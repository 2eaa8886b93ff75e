//! The section "MCP Apps".

use crate::live::row::{Row, Section, person};

pub(super) const SECTION: Section = Section {
    title: "MCP Apps",
    prose: "",
    second_column: "Local stack",
    third_column: "How to check on a live stack",
    rows: ROWS,
};

const ROWS: &[Row] = &[
    person(
        "app-hosts",
        "Claude, ChatGPT and VS Code show an app",
        "`AppBridge` of the extension's SDK shows it in a browser, and so does the playground",
        r#"Deploy `npx cdk deploy --app` of the workshop, connect each client to the products server, and ask "Show me everything under $200": cards appear, **Show more products** adds ten, and the colours follow the client's"#,
    ),
    person(
        "app-meta-keys",
        "They read `_meta.ui.resourceUri`, or the deprecated `ui/resourceUri` alone",
        "The server sends both",
        "Remove the second in `lambda/mcp-lambda/src/guard/apps.rs` and ask again: a client that shows no cards then still needs it",
    ),
    person(
        "app-frames-safari",
        "Sandboxed frames of the playground in Safari",
        "Only Chromium runs here",
        "Open the playground in Safari: the catalogue is shown, and again after the next question, for Safari may load a frame anew that moves",
    ),
];
