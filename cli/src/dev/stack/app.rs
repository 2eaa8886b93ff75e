//! Which app of `cdk/app` runs, and how.

use clap::{Args, ValueEnum};

/// The app and its context.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct AppOptions {
    /// Which app to run
    #[arg(long, value_enum, default_value_t = App::DogFacts)]
    pub(crate) app: App,

    /// What issues authorization codes
    #[arg(long, value_enum, default_value_t = Authorization::Server)]
    pub(crate) authorization: Authorization,

    /// Put a Lambda authorizer in front of the MCP endpoint that checks the OAuth scopes of each tool
    #[arg(long)]
    pub(crate) lambda_authorizer: bool,
}

/// An app of `cdk/app`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum App {
    /// The server dog-facts alone
    DogFacts,
    /// The servers dog-facts and counter, which share a host
    Two,
}

impl App {
    /// Name and identifier of its stack.
    pub(crate) fn stack(self) -> &'static str {
        match self {
            Self::DogFacts => "DogFacts",
            Self::Two => "Two",
        }
    }

    /// The program that synthesizes it.
    pub(crate) fn program(self) -> &'static str {
        match self {
            Self::DogFacts => "cdk/app/main.ts",
            Self::Two => "cdk/app/two-servers.ts",
        }
    }
}

/// The issuer of authorization codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Authorization {
    /// The authorization server in front of the user pool: clients need the URL alone
    Server,
    /// The user pool itself: clients need the id of its app client
    Cognito,
}

impl Authorization {
    /// The value of the app's context key `authorization`.
    pub(crate) fn context_value(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Cognito => "cognito",
        }
    }
}
