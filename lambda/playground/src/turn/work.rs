//! The work of a turn: the agent advances until a person is needed, somebody stops it, or the time is over.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use mcp_lambda_agent::agent::{Agent, Approval, Host, Pause, Settings};
use mcp_lambda_agent::conversation::{Conversation, NonBlank, Stop};
use mcp_lambda_agent::mcp::{Connect, ConnectError, McpTools};
use mcp_lambda_runtime::deadline::Deadline;
use serde_json::json;
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

use super::screen::Screen;
use super::servers::connected;
use crate::conversations::{Document, Run, Standing};
use crate::models::Metered;
use crate::pages::{TurnEnd, TurnStart, model_words};
use crate::problem::Problem;
use crate::servers::{Access, Connected};
use crate::store::TableError;

/// Gateways close a connection on which nothing is said.
const SILENCE: Duration = Duration::from_secs(15);

/// A server that does not respond within this time has no tools for the question.
const PATIENCE: Duration = Duration::from_secs(15);

/// A turn on its way.
pub(super) struct Turn {
    run: Run,
    screen: Screen,
    servers: Vec<Connected>,
    deadline: Deadline,
}

/// How the work of a turn ended.
enum Worked {
    Paused(Pause),
    Stopped(Option<NonBlank>),
    OutOfTime,
}

impl Turn {
    pub(super) fn new(run: Run, screen: Screen, deadline: Deadline) -> Self {
        Self {
            run,
            screen,
            servers: Vec::new(),
            deadline,
        }
    }

    /// Works, whether or not anybody listens.
    pub(super) async fn work(mut self, document: Document, is_new: bool) {
        self.screen
            .send(&TurnStart::pieces(&document, &self.screen.path()));
        if is_new {
            self.screen.send_address();
        }
        let mut conversation = document.conversation;
        let settled = match self.try_work(&mut conversation).await {
            Ok(worked) => self.settle(&mut conversation, worked).await,
            Err(problem) => Err(problem),
        };
        if let Err(problem) = &settled {
            let fields = json!({ "problem": format!("{problem:?}") });
            self.screen
                .playground
                .process
                .log
                .error("a turn failed", &fields);
        }
        self.show_end(&conversation, settled.err().as_ref()).await;
        self.run.release().await;
    }

    async fn show_end(&self, conversation: &Conversation, problem: Option<&Problem>) {
        let screen = &self.screen;
        let person = &screen.visitor.person;
        let end = TurnEnd {
            turn: screen.turn(conversation, false),
            is_open: conversation.open().is_some(),
            problem,
            usage: conversation.usage(),
            model: &screen.head.model,
            prices: screen.playground.prices(),
            list: screen.playground.conversations(person).await.ok(),
            current: screen.id.as_str(),
        };
        screen.send(&end.pieces());
    }

    async fn try_work(&mut self, conversation: &mut Conversation) -> Result<Worked, Problem> {
        let playground = Arc::clone(&self.screen.playground);
        self.servers = connected(&playground, &self.screen.visitor).await?;
        let model = Metered::new(&playground, &self.screen.head.model);
        let model = model.map_err(|error| Problem::Unavailable {
            cause: error.to_string(),
        })?;
        let servers = self.servers.iter();
        let servers = servers.map(|server| Box::new(server.clone()) as Box<dyn Connect>);
        let tools = McpTools::new(servers.collect()).showing_apps();
        self.screen.follow(tools.apps(), &self.servers);
        if let Some(server) = self.look(&tools).await {
            return Ok(Worked::Paused(Pause::SignIn { server }));
        }
        let agent = Agent::new(model, tools, self.settings());
        let worked = self.advance(&agent, conversation).await;
        let tokens = agent.model().tokens();
        let person = &self.screen.visitor.person;
        playground.note_tokens(person, tokens).await;
        Ok(worked?)
    }

    /// Connects before the model is asked, which would not miss the tools of a server that refuses an access token. Returns the
    /// first server when it wants a sign-in: without it nobody knows who asks.
    async fn look(&self, tools: &McpTools) -> Option<String> {
        let connecting = tokio::time::timeout(PATIENCE, tools.connect());
        let connected = connecting.await.unwrap_or_default();
        let mut first = None;
        for (server, found) in self.servers.iter().zip(connected) {
            let label = &server.known.label;
            if !matches!(found, Err(ConnectError::SignIn { .. })) {
                continue;
            }
            if self.refresh(label).await {
                tools.reconnect(label).await;
            } else if server.known.is_first {
                first = Some(label.clone());
            }
        }
        first
    }

    fn settings(&self) -> Settings {
        let system = self.screen.playground.settings.system_prompt.clone();
        Settings {
            system: system.and_then(NonBlank::new),
            approval: if self.screen.head.all_approved {
                Approval::Never
            } else {
                Approval::Writes
            },
            ..Settings::default()
        }
    }

    /// Advances. A server that refuses an access token before its end gets a refreshed one, once.
    async fn advance(
        &mut self,
        agent: &Agent<Metered, McpTools>,
        conversation: &mut Conversation,
    ) -> Result<Worked, TableError> {
        let mut refreshed: Vec<String> = Vec::new();
        loop {
            let worked = self.advance_once(agent, conversation).await?;
            let Worked::Paused(Pause::SignIn { server }) = &worked else {
                return Ok(worked);
            };
            if refreshed.contains(server) || !self.refresh(server).await {
                return Ok(worked);
            }
            agent.tools().reconnect(server).await;
            refreshed.push(server.clone());
        }
    }

    async fn advance_once(
        &mut self,
        agent: &Agent<Metered, McpTools>,
        conversation: &mut Conversation,
    ) -> Result<Worked, TableError> {
        let cancel = CancellationToken::new();
        let events = self.screen.events();
        let left = self.deadline.until_end();
        let mut advance = std::pin::pin!(agent.advance(conversation, &mut self.screen, &cancel));
        let mut watch = std::pin::pin!(self.run.watch(&cancel));
        let mut end = std::pin::pin!(after(left));
        let mut is_stopped = None;
        let mut is_late = false;
        let pause = loop {
            tokio::select! {
                pause = &mut advance => break pause?,
                stopped = &mut watch, if is_stopped.is_none() => is_stopped = Some(stopped),
                () = &mut end, if !is_late => {
                    is_late = true;
                    cancel.cancel();
                }
                () = tokio::time::sleep(SILENCE) => keep_alive(&events),
            }
        };
        Ok(match (pause, is_stopped) {
            (Pause::Cancelled { said }, Some(true)) => Worked::Stopped(said),
            // Another runner has the conversation.
            (Pause::Cancelled { .. }, Some(false)) => return Err(TableError::Conflict),
            (Pause::Cancelled { .. }, None) => Worked::OutOfTime,
            (pause, _) => Worked::Paused(pause),
        })
    }

    /// Whether there is another access token for the server `label`.
    async fn refresh(&self, label: &str) -> bool {
        // More OAuth scopes come by a new consent only.
        let server = self.server(label);
        let Some(server) = server.filter(|server| server.missing_scopes().is_empty()) else {
            return false;
        };
        let playground = &self.screen.playground;
        let access = playground.access(&self.screen.visitor, &server.known, true);
        match access.await {
            Ok(access @ Access::Token(_)) => {
                server.replace(access);
                true
            }
            Ok(Access::None | Access::Expired | Access::Failed(_)) | Err(_) => false,
        }
    }

    fn server(&self, label: &str) -> Option<&Connected> {
        let mut servers = self.servers.iter();
        servers.find(|server| server.known.label == label)
    }

    /// Notes in the conversation why it pauses.
    async fn settle(
        &mut self,
        conversation: &mut Conversation,
        worked: Worked,
    ) -> Result<(), Problem> {
        let standing = match worked {
            Worked::Paused(Pause::TurnOver | Pause::Approval | Pause::Interrupted) => None,
            Worked::Paused(Pause::Failed(error)) => Some(Standing::Model {
                words: model_words(&error),
            }),
            Worked::Paused(Pause::SignIn { server }) => {
                self.server(&server).map(|server| Standing::SignIn {
                    server: server.known.key.clone(),
                    name: server.known.entry.name.clone(),
                    scopes: server.missing_scopes(),
                })
            }
            Worked::Stopped(said) => {
                // A turn that was over when the stop arrived stays as it is.
                let _ = conversation.stop(Stop::Person, said);
                return Ok(self.screen.save(conversation).await?);
            }
            Worked::Paused(Pause::Cancelled { .. }) | Worked::OutOfTime => Some(Standing::Time),
        };
        if standing.is_some() {
            self.screen.head.standing = standing;
            self.screen.save(conversation).await?;
        }
        Ok(())
    }
}

async fn after(left: Option<Duration>) {
    match left {
        Some(left) => tokio::time::sleep(left).await,
        None => std::future::pending().await,
    }
}

/// A comment. A browser that has left misses it.
fn keep_alive(events: &UnboundedSender<Bytes>) {
    let _ = events.send(Bytes::from_static(b": wait\n\n"));
}
