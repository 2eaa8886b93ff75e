//! What a new project is made of.

use clap::ValueEnum;

use super::dependencies::{Dependencies, VERSION};
use super::project_name::ProjectName;

/// The language of the project's CDK app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Stack {
    /// TypeScript, run by tsx
    #[value(name = "typescript")]
    TypeScript,
    /// Python, in a virtual environment of the project
    Python,
    /// Rust, a second crate of the project's workspace
    Rust,
}

impl Stack {
    /// The command of `cdk.json` that synthesizes the app.
    pub(super) fn app(self, name: &ProjectName) -> String {
        match self {
            Self::TypeScript => "npx tsx infra/app.ts".to_owned(),
            Self::Python => ".venv/bin/python infra/app.py".to_owned(),
            Self::Rust => format!("cargo run --quiet --package {name}-infra"),
        }
    }

    /// What its project installs from a checkout of this library, below it, and the command that makes it there.
    pub(super) fn built_in_checkout(self) -> (String, &'static str) {
        match self {
            Self::TypeScript | Self::Rust => (
                "cdk/.jsii".to_owned(),
                "npm ci && npm run build --workspace cdk",
            ),
            Self::Python => (
                format!("dist/packages/python/mcp_lambda_cdk-{VERSION}-py3-none-any.whl"),
                "npm ci && npm run pack -- python",
            ),
        }
    }

    /// The command of `npm test`.
    pub(super) fn test(self) -> &'static str {
        match self {
            Self::TypeScript => "cargo test && tsc && node --import tsx --test infra/stack.test.ts",
            Self::Python => {
                "cargo test && .venv/bin/python -m unittest discover --start-directory infra --pattern 'test_*.py'"
            }
            Self::Rust => "cargo test --workspace",
        }
    }
}

/// What the server of the project shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Example {
    /// One tool with an OAuth scope and a typed argument
    Tool,
    /// A tool that keeps a value for each person
    State,
    /// A tool that calls an HTTPS API, whose address is a setting
    Http,
}

impl Example {
    /// The cargo features of `mcp-lambda` that the server needs.
    pub(super) fn features(self) -> &'static [&'static str] {
        match self {
            Self::State => &["state"],
            Self::Tool | Self::Http => &[],
        }
    }
}

/// All that the templates are filled in with.
#[derive(Debug, Clone)]
pub struct Project {
    /// Its name.
    pub name: ProjectName,
    /// The language of its CDK app.
    pub stack: Stack,
    /// What its server shows.
    pub example: Example,
    /// Where the crates and packages of this library come from.
    pub dependencies: Dependencies,
}
