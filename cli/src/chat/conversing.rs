//! Takes a conversation on with a person at the terminal, or for a script.

use std::io::Write;
use std::sync::Arc;

use mcp_lambda_agent::agent::{Agent, Pause};
use mcp_lambda_agent::conversation::{Conversation, Prompt, Stop};
use mcp_lambda_agent::mcp::McpTools;
use mcp_lambda_agent::model::{Model, ModelError};
use mcp_lambda_agent::prices::Prices;
use mcp_lambda_agent::tools::Tools;
use tokio_util::sync::CancellationToken;

use super::error::ChatError;
use super::incomplete::incomplete;
use super::model::AnyModel;
use super::questions::{Line, PROMPT, Questions};
use super::screen::Screen;
use super::servers::Server;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A person writes line after line.
    Terminal,
    /// A script asks one question.
    Script,
}

/// How a step of a conversation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The turn is over.
    Turn,
    /// The turn is open: it can be continued.
    Open,
}

/// A conversation with all that it needs.
#[derive(Debug)]
pub struct Chat<Out, Notes> {
    /// The model and the tools.
    pub agent: Agent<AnyModel, McpTools>,
    /// The servers, to sign in again.
    pub servers: Vec<Arc<Server>>,
    /// The conversation.
    pub conversation: Conversation,
    /// What is shown, and the file.
    pub screen: Screen<Out, Notes>,
    /// What the person writes.
    pub questions: Questions,
    /// Prices for the estimate of the cost.
    pub prices: Prices,
    /// Who asks.
    pub mode: Mode,
    /// Whether the person approved every further call.
    pub all_approved: bool,
}

const HELP: &str = "/tools lists the tools, /retry continues or asks again, /undo takes the last turn back, /usage shows \
    tokens and cost, /quit ends. Ctrl-C stops a reply, Ctrl-D ends.";

impl<Out: Write + Send, Notes: Write + Send> Chat<Out, Notes> {
    /// Asks one question, as a script does.
    ///
    /// # Errors
    ///
    /// See [`ChatError`]; its exit status tells a script what happened.
    pub async fn one_shot(&mut self, prompt: Option<Prompt>) -> Result<(), ChatError> {
        if let Some(prompt) = prompt {
            if self.conversation.ask(prompt).is_err() {
                return Err(ChatError::PersonNeeded(
                    "the last request of this conversation is not finished: continue it with `--continue` alone first".into(),
                ));
            }
            self.screen.keep(&self.conversation)?;
        }
        self.go_on().await?;
        let last = self.conversation.turns().last().map(|turn| &turn.end);
        match last.and_then(incomplete) {
            Some(reason) => Err(ChatError::Incomplete(reason)),
            None => Ok(()),
        }
    }

    /// Talks with the person until the end of the input.
    ///
    /// # Errors
    ///
    /// See [`ChatError`]. A model or server that fails ends nothing: the person decides.
    pub async fn talk(&mut self) -> Result<(), ChatError> {
        if self.conversation.open().is_some() {
            self.screen
                .note("The last request is not finished; it goes on.");
            self.go_on().await?;
        }
        loop {
            let line = match self.questions.line(PROMPT).await? {
                Line::End => return Ok(()),
                Line::Interrupted => {
                    self.screen.note("Ctrl-D or /quit ends the chat.");
                    continue;
                }
                Line::Typed(line) => line,
            };
            match line.trim() {
                "" => {}
                "/quit" | "/exit" => return Ok(()),
                "/help" => self.screen.note(HELP),
                "/tools" => self.show_tools().await,
                "/usage" => self.show_usage(),
                "/undo" => self.undo()?,
                "/retry" | "/continue" => self.retry().await?,
                command if command.starts_with('/') => {
                    self.screen
                        .note(&format!("there is no command {command}. {HELP}"));
                }
                text => self.ask(text).await?,
            }
        }
    }

    async fn ask(&mut self, text: &str) -> Result<(), ChatError> {
        if self.conversation.open().is_some() {
            // The person leaves the open request behind.
            let _ = self.conversation.stop(Stop::Person, None);
        }
        if let Some(prompt) = Prompt::new(text) {
            // Nothing is open: the person is next.
            let _ = self.conversation.ask(prompt);
            self.screen.keep(&self.conversation)?;
            self.go_on().await?;
        }
        Ok(())
    }

    async fn retry(&mut self) -> Result<(), ChatError> {
        if self.conversation.open().is_none() {
            let resumed = self.conversation.resume();
            if let Err(reason) = resumed {
                self.screen.note(&reason.to_string());
                return Ok(());
            }
            self.screen.keep(&self.conversation)?;
        }
        self.go_on().await.map(drop)
    }

    fn undo(&mut self) -> Result<(), ChatError> {
        let _ = self.conversation.stop(Stop::Person, None);
        match self.conversation.take_back() {
            Ok(turn) => {
                let calls: usize = turn
                    .rounds
                    .iter()
                    .map(|round| round.calls.iter().len())
                    .sum();
                self.screen.note(&format!(
                    "took back: {} (what its {calls} tool calls did stays done)",
                    turn.prompt.text.as_str()
                ));
                self.screen.keep(&self.conversation)
            }
            Err(reason) => {
                self.screen.note(&reason.to_string());
                Ok(())
            }
        }
    }

    async fn show_tools(&mut self) {
        for tool in self.agent.tools().list().await {
            let kind = if tool.read_only {
                "reads"
            } else {
                "asks first"
            };
            let description = tool.description.unwrap_or_default();
            let first = description.lines().next().unwrap_or_default();
            self.screen
                .note(&format!("{} ({kind}) {first}", tool.name.as_str()));
        }
    }

    fn show_usage(&mut self) {
        let usage = self.conversation.usage();
        if usage.input_tokens + usage.output_tokens == 0 {
            return;
        }
        let model = self.agent.model().id();
        let cost = self
            .prices
            .estimate(model, usage)
            .map_or_else(String::new, |estimate| {
                format!(
                    ", about ${:.4} (an estimate by list prices of {})",
                    estimate.dollars, estimate.date
                )
            });
        self.screen.note(&format!(
            "{} tokens read, {} written in this conversation{cost}",
            usage.input_tokens, usage.output_tokens
        ));
    }

    /// Takes the conversation on until the turn is over or cannot go on by itself.
    async fn go_on(&mut self) -> Result<Ended, ChatError> {
        let mut signed_in = None;
        loop {
            let pause = self.advance().await?;
            self.screen.end_line();
            match pause {
                Pause::TurnOver => {
                    let end = self.conversation.turns().last().map(|turn| &turn.end);
                    if let (Mode::Terminal, Some(reason)) = (self.mode, end.and_then(incomplete)) {
                        self.screen.note(&reason);
                    }
                    self.show_usage();
                    return Ok(Ended::Turn);
                }
                Pause::Approval => self.approve().await?,
                Pause::Interrupted => self.interrupted().await?,
                Pause::SignIn { server } if signed_in.as_ref() != Some(&server) => {
                    self.screen
                        .note(&format!("{server} wants a new sign-in; no call was lost."));
                    self.sign_in_again(&server).await;
                    signed_in = Some(server);
                }
                Pause::SignIn { server } => {
                    let reason = format!(
                        "{server} refuses the access token of the new sign-in too: it may want more OAuth scopes (--scope)"
                    );
                    return self.stands_still(&reason, ChatError::PersonNeeded(reason.clone()));
                }
                Pause::Cancelled { said } => {
                    // A call that was cancelled has its result; the turn is open.
                    let _ = self.conversation.stop(Stop::Person, said);
                    self.screen.keep(&self.conversation)?;
                    let reason = "stopped; /retry continues";
                    let error = ChatError::Incomplete("the reply was stopped".into());
                    return self.stands_still(reason, error);
                }
                Pause::Failed(error) => {
                    let reason = format!("{error}\n/retry asks again");
                    return self.stands_still(&reason, failed(error));
                }
            }
        }
    }

    fn stands_still(&mut self, reason: &str, error: ChatError) -> Result<Ended, ChatError> {
        match self.mode {
            Mode::Script => Err(error),
            Mode::Terminal => {
                self.screen.note(reason);
                Ok(Ended::Open)
            }
        }
    }

    /// One advance, which Ctrl-C cancels.
    async fn advance(&mut self) -> Result<Pause, ChatError> {
        let cancel = CancellationToken::new();
        let advance = self
            .agent
            .advance(&mut self.conversation, &mut self.screen, &cancel);
        tokio::pin!(advance);
        loop {
            tokio::select! {
                pause = &mut advance => return pause,
                // Without a signal handler, Ctrl-C ends the process: the file has the last state.
                Ok(()) = tokio::signal::ctrl_c() => cancel.cancel(),
            }
        }
    }

    async fn sign_in_again(&mut self, label: &str) {
        for server in &self.servers {
            if server.label() == label
                && let Err(error) = server.sign_in_again().await
            {
                self.screen.note(&error.to_string());
            }
        }
        self.agent.tools().reconnect(label).await;
    }
}

fn failed(error: ModelError) -> ChatError {
    ChatError::Model(error)
}
