//! The tables of clients and checks as docs/doctor-checks.md has them.

use std::fmt::Write;

use super::checks::AREAS;
use super::profile::{Basis, Identity, Lane};
use super::profiles::PROFILES;

/// The whole page.
#[must_use]
pub fn page() -> String {
    let mut page = String::from(
        "# What the doctor plays and checks\n\n```sh\nmcp-lambda doctor https://mcp.example.com/mcp\n```\n\n\
         This page lists the clients and the checks of [the doctor](doctor.md). It is made from the tables in \
         `cli/src/doctor` by `cargo run --package mcp-lambda-cli --example doctor-checks > docs/doctor-checks.md`.\n\n\
         ## Clients\n\n\
         A client that was *run* was played against servers of this project, *source* was read, and *documented* behaviour is from \
         the client's documentation and issues.\n\n\
         | `--client` | client | version | known from | how it names itself, in this order |\n|---|---|---|---|---|\n",
    );
    for profile in PROFILES {
        let basis = match profile.basis {
            Basis::Run => "run",
            Basis::Source => "source",
            Basis::Documented => "documented",
        };
        let named: Vec<&str> = profile
            .identities
            .iter()
            .map(|identity| match identity {
                Identity::Document { .. } => "metadata document",
                Identity::Register => "registration",
                Identity::Configured(_) => "a configured id",
            })
            .collect();
        let only = if profile.lane == Lane::Page {
            ", only when it is named"
        } else {
            ""
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            page,
            "| `{}` | {}{only} | {} | {basis} | {} |",
            profile.id,
            profile.name,
            profile.version,
            named.join(", ")
        );
    }
    let _ = write!(page, "\n## Checks\n");
    for (area, checks) in AREAS {
        let _ = write!(
            page,
            "\n### {area}\n\n| check | what is wrong | why it matters | fix with the constructs | fix of any other server |\n|---|---|---|---|---|\n"
        );
        for check in *checks {
            let _ = writeln!(
                page,
                "| `{}` | {} | {} | {} | {} |",
                check.id,
                cell(check.title),
                cell(check.why),
                cell(check.construct),
                cell(check.elsewhere)
            );
        }
    }
    page
}

/// A string in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}
