//! A server that keeps something: a conversation's notes, and results.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use mcp_lambda::{Caller, Definition, SessionError, SessionState, ToolPolicy};
use rmcp::handler::server::wrapper::{Json, Parameters};
use rmcp::{ServerHandler, schemars, tool, tool_handler, tool_router};
use serde::{Deserialize, Serialize};

#[derive(Default)]
pub(crate) struct Keeper {
    runs: AtomicU64,
}

#[derive(Default, Deserialize, Serialize, schemars::JsonSchema)]
pub(crate) struct Notes {
    notes: Vec<String>,
}

// A member that the tool does not know is an error, also the library's own.
#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Note {
    note: String,
}

#[derive(Deserialize, schemars::JsonSchema)]
struct Measure {
    what: f64,
}

impl Keeper {
    fn run(&self, caller: &Caller) -> String {
        let run = self.runs.fetch_add(1, Ordering::SeqCst);
        format!("run {run} for {}", caller.subject())
    }
}

#[tool_router]
impl Keeper {
    #[tool(description = "Adds a note", meta = ToolPolicy::scopes(&["keep"]).writes_session().meta())]
    async fn note(
        &self,
        session: SessionState<Notes>,
        Parameters(Note { note }): Parameters<Note>,
    ) -> Result<Json<Notes>, SessionError> {
        let noted = session.update(|kept| {
            kept.notes.push(note.clone());
            let notes = kept.notes.clone();
            Notes { notes }
        });
        noted.await.map(Json)
    }

    #[tool(description = "Counts for one caller", meta = ToolPolicy::scopes(&["keep"]).writes_session().meta())]
    async fn count(
        &self,
        session: SessionState<Notes>,
        caller: Caller,
    ) -> Result<String, SessionError> {
        let counted = session.update(|kept| {
            let count: u64 = kept.notes.first().map_or(0, |count| count.parse().unwrap());
            kept.notes = vec![(count + 1).to_string(), caller.subject().to_owned()];
            kept.notes.join(" for ")
        });
        counted.await
    }

    #[tool(description = "Reads the notes", meta = ToolPolicy::scopes(&["keep"]).reads_session().meta())]
    async fn notes(&self, session: SessionState<Notes>) -> Result<String, SessionError> {
        session.read().await.map(|kept| kept.notes.join(", "))
    }

    #[tool(description = "Burns the notes", meta = ToolPolicy::scopes(&["keep"]).ends_session().meta())]
    async fn burn(&self, session: SessionState<Notes>) -> Result<String, SessionError> {
        session.end().await.map(|()| "burnt".to_owned())
    }

    #[tool(description = "Says nothing of its session", meta = ToolPolicy::scopes(&["keep"]).meta())]
    async fn undeclared(&self, session: SessionState<Notes>) -> Result<String, SessionError> {
        session.read().await.map(|kept| kept.notes.join(", "))
    }

    #[tool(
        description = "Measures for one caller",
        meta = ToolPolicy::scopes(&["keep"]).cached(Duration::from_secs(60)).meta()
    )]
    async fn measure(
        &self,
        caller: Caller,
        Parameters(Measure { what }): Parameters<Measure>,
    ) -> String {
        format!("{what}: {}", self.run(&caller))
    }

    #[tool(
        description = "Measures for everyone",
        meta = ToolPolicy::scopes(&["keep"]).cached_for_everyone(Duration::from_secs(60)).meta()
    )]
    async fn survey(
        &self,
        caller: Caller,
        Parameters(Measure { what }): Parameters<Measure>,
    ) -> String {
        format!("{what}: {}", self.run(&caller))
    }

    #[tool(description = "Fails", meta = ToolPolicy::scopes(&["keep"]).cached(Duration::from_secs(60)).meta())]
    async fn fail(&self, caller: Caller) -> Result<String, String> {
        Err(self.run(&caller))
    }
}

#[tool_handler]
impl ServerHandler for Keeper {}

pub(crate) fn definition() -> Definition<Keeper> {
    versioned("1.0.0")
}

/// The same server after a change.
pub(crate) fn next_definition() -> Definition<Keeper> {
    versioned("1.0.1")
}

/// The same server with a short memory.
pub(crate) fn forgetful_definition() -> Definition<Keeper> {
    definition().session_time_to_live(Duration::from_secs(60))
}

/// The same server, which also asks its clients.
pub(crate) fn asking_definition() -> Definition<Keeper> {
    definition().asks_clients()
}

fn versioned(version: &str) -> Definition<Keeper> {
    let tools = Keeper::tool_router().list_all();
    Definition::new("keeper", version, tools, |(), _| Ok(Keeper::default()))
        .scope("keep", "Keep things")
        .scope("more", "Keep more")
}
