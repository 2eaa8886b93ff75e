use mcp_lambda::{PersonState, Server, SessionError, tool};

/// Adds a note that only the caller can read.
#[tool(
    scope = "notes.write",
    destructive = false,
    idempotent = false,
    open_world = false,
    writes_person
)]
async fn add_note(
    /// The note.
    #[arg(length(min = 1, max = 500))]
    note: String,
    notes: PersonState<Vec<String>>,
) -> Result<String, SessionError> {
    let count = notes.update(|notes| {
        notes.push(note.clone());
        notes.len()
    });
    Ok(format!("you have {} notes", count.await?))
}

/// Lists the notes of the caller.
#[tool(scope = "notes.read", read_only, open_world = false, reads_person)]
async fn list_notes(notes: PersonState<Vec<String>>) -> Result<String, SessionError> {
    Ok(notes.read().await?.join("\n"))
}

fn main() -> std::process::ExitCode {
    Server::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
        .description("Notes that only their writer reads.")
        .scope("notes.read", "Read your notes")
        .scope("notes.write", "Write notes for you")
        .tool(add_note)
        .tool(list_notes)
        .run()
}
