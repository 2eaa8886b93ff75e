//! What the person decides about calls.

use std::io::Write;

use mcp_lambda_agent::conversation::{CallId, Next, ToolCall};

use super::conversing::{Chat, Mode};
use super::error::ChatError;
use super::questions::Line;
use super::screen::call_line;

impl<Out: Write + Send, Notes: Write + Send> Chat<Out, Notes> {
    fn waiting(&self) -> Vec<ToolCall> {
        match self.conversation.next() {
            Next::AskApproval(calls) | Next::Interrupted(calls) => {
                calls.into_iter().cloned().collect()
            }
            Next::WaitForUser | Next::CallModel | Next::RunTools(_) => Vec::new(),
        }
    }

    pub(super) async fn approve(&mut self) -> Result<(), ChatError> {
        for call in self.waiting() {
            if !self.all_approved && !self.can_ask() {
                return Err(ChatError::PersonNeeded(format!(
                    "{} needs approval: run the command in a terminal, or with --yes; `--continue` goes on from here",
                    call_line(&call)
                )));
            }
            let approved = self.all_approved || self.approved(&call).await?;
            self.decide(&call.id, approved)?;
        }
        Ok(())
    }

    fn decide(&mut self, id: &CallId, approved: bool) -> Result<(), ChatError> {
        // The call was waiting a moment ago.
        let _ = if approved {
            self.conversation.approve(id)
        } else {
            self.conversation.decline(id, None)
        };
        self.screen.keep(&self.conversation)
    }

    async fn approved(&mut self, call: &ToolCall) -> Result<bool, ChatError> {
        self.screen.note(&format!("? {}", call_line(call)));
        loop {
            match self
                .questions
                .line("  run it? [y]es, [n]o, [a]ll from now on: ")
                .await?
            {
                Line::Typed(line) => match line.trim().to_lowercase().as_str() {
                    "y" | "yes" => return Ok(true),
                    "n" | "no" => return Ok(false),
                    "a" | "all" => {
                        self.all_approved = true;
                        return Ok(true);
                    }
                    _ => {}
                },
                Line::Interrupted | Line::End => return Ok(false),
            }
        }
    }

    /// Calls that were sent before a cut are made again only when the person wants it.
    pub(super) async fn interrupted(&mut self) -> Result<(), ChatError> {
        for call in self.waiting() {
            self.screen.note(&format!(
                "? interrupted, may have run: {}",
                call_line(&call)
            ));
            let again = self.can_ask()
                && matches!(
                    self.questions.line("  run it again? [y/N]: ").await?,
                    Line::Typed(line) if matches!(line.trim().to_lowercase().as_str(), "y" | "yes")
                );
            // The call was interrupted a moment ago.
            let _ = if again {
                self.conversation.rerun(&call.id)
            } else {
                self.conversation.leave(&call.id)
            };
            self.screen.keep(&self.conversation)?;
        }
        Ok(())
    }

    /// In a terminal chat the lines come from the input, whatever it is; a script is asked only in a terminal.
    fn can_ask(&self) -> bool {
        self.mode == Mode::Terminal || self.questions.has_person()
    }
}
