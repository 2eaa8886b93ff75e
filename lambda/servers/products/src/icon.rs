//! Icons of tools, as data URIs.

use rmcp::model::Icon;

/// An icon that is one line on a square of 24 units, as the `d` of an SVG path. Its grey is visible on white and on black.
#[must_use]
pub fn of_line(path: &str) -> Icon {
    let svg = format!(
        "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='%23808080' stroke-width='2'%3E%3Cpath d='{path}'/%3E%3C/svg%3E"
    );
    Icon::new(svg)
        .with_mime_type("image/svg+xml")
        .with_sizes(vec!["any".to_owned()])
}
