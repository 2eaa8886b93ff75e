//! What a person is asked, and the lines they write.

use std::io::IsTerminal;

use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;

use super::error::ChatError;

/// Where lines come from: a terminal with line editing, or a pipe.
#[derive(Default)]
pub struct Questions {
    editor: Option<DefaultEditor>,
}

impl std::fmt::Debug for Questions {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Questions")
    }
}

/// A line of the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// What the person typed.
    Typed(String),
    /// Ctrl-C.
    Interrupted,
    /// The end of the input.
    End,
}

impl Questions {
    /// Whether a person can be asked.
    #[must_use]
    pub fn has_person(&self) -> bool {
        std::io::stdin().is_terminal()
    }

    /// Reads a line after `prompt`.
    pub(super) async fn line(&mut self, prompt: &str) -> Result<Line, ChatError> {
        let editor = self.editor.take();
        let prompt = prompt.to_owned();
        let read = tokio::task::spawn_blocking(move || {
            let mut editor = match editor {
                Some(editor) => editor,
                None => DefaultEditor::new()?,
            };
            let line = editor.readline(&prompt);
            if let Ok(line) = &line
                && prompt == PROMPT
            {
                editor.add_history_entry(line)?;
            }
            Ok::<_, ReadlineError>((editor, line))
        });
        let broken = |error: &dyn std::fmt::Display| {
            ChatError::Terminal(std::io::Error::other(error.to_string()))
        };
        let (editor, line) = read
            .await
            .map_err(|error| broken(&error))?
            .map_err(|error| broken(&error))?;
        self.editor = Some(editor);
        match line {
            Ok(line) => Ok(Line::Typed(line)),
            Err(ReadlineError::Interrupted) => Ok(Line::Interrupted),
            Err(ReadlineError::Eof) => Ok(Line::End),
            Err(error) => Err(broken(&error)),
        }
    }
}

/// Before the person's words.
pub(super) const PROMPT: &str = "> ";
