//! The rows of docs/live-checks.md, a module for each section.

mod apps;
mod authorization_server;
mod deployment;
mod fargate;
mod first;
mod function;
mod gateway;
mod models;
mod playground;
mod sign_in;

use super::row::{Row, Section};

/// All sections, in the order of the document.
pub(super) static SECTIONS: [Section; 10] = [
    first::SECTION,
    models::SECTION,
    sign_in::SECTION,
    authorization_server::SECTION,
    gateway::SECTION,
    playground::SECTION,
    apps::SECTION,
    deployment::SECTION,
    fargate::SECTION,
    function::SECTION,
];

/// All rows.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    SECTIONS.iter().flat_map(|section| section.rows)
}
