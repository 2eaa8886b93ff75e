//! Saves a conversation and shows its events in the page.

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use bytes::Bytes;
use mcp_lambda_agent::agent::{Event, Host};
use mcp_lambda_agent::conversation::{CallId, CallState, Conversation, ToolCall};
use mcp_lambda_agent::mcp::Apps;
use mcp_lambda_agent::model::Heard;
use mcp_lambda_agent::tools::Progress;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::live::Live;
use crate::access::Visitor;
use crate::conversations::{AppOfCall, ConversationId, Document, Head, Kept, Version};
use crate::pages::{ProgressView, RetryView, Swap, Turns, partial, sent, turn_id};
use crate::playground::Playground;
use crate::servers::Connected;
use crate::store::TableError;

/// The page of a conversation, and where the conversation is kept.
pub(super) struct Screen {
    pub(super) playground: Arc<Playground>,
    pub(super) visitor: Visitor,
    pub(super) id: ConversationId,
    pub(super) head: Head,
    version: Version,
    events: UnboundedSender<Bytes>,
    live: Live,
    began: HashMap<CallId, Instant>,
    apps: Option<Apps>,
    /// Key and name of each server, by its label.
    servers: HashMap<String, (String, String)>,
}

impl Screen {
    pub(super) fn new(
        playground: Arc<Playground>,
        visitor: Visitor,
        id: ConversationId,
        kept: &Kept,
        events: UnboundedSender<Bytes>,
    ) -> Self {
        Self {
            playground,
            visitor,
            id,
            head: kept.document.head.clone(),
            version: kept.version.clone(),
            events,
            live: Live::default(),
            began: HashMap::new(),
            apps: None,
            servers: HashMap::new(),
        }
    }

    /// The address of the conversation.
    pub(super) fn path(&self) -> String {
        format!("/c/{}", self.id.as_str())
    }

    /// Where the pieces go.
    pub(super) fn events(&self) -> UnboundedSender<Bytes> {
        self.events.clone()
    }

    /// Sends pieces of the page. A browser that has left misses them, and reads the table when it is back.
    pub(super) fn send(&self, pieces: &str) {
        let _ = self.events.send(sent(pieces));
    }

    /// Tells the page its address.
    pub(super) fn send_address(&self) {
        let event = format!("event: opened\ndata: {}\n\n", self.path());
        let _ = self.events.send(event.into());
    }

    /// The last turn, as the conversation has it.
    pub(super) fn turn(
        &self,
        conversation: &Conversation,
        running: bool,
    ) -> Option<(usize, String)> {
        let document = self.document(conversation);
        let turns = Turns {
            document: &document,
            running,
            path: &self.path(),
        };
        turns.last()
    }

    fn document(&self, conversation: &Conversation) -> Document {
        Document {
            head: self.head.clone(),
            conversation: conversation.clone(),
        }
    }

    /// Knows from here on which calls have an MCP App.
    pub(super) fn follow(&mut self, apps: Apps, servers: &[Connected]) {
        self.apps = Some(apps);
        let servers = servers.iter().map(|server| &server.known);
        let servers = servers.map(|known| {
            let named = (known.key.clone(), known.entry.name.clone());
            (known.label.clone(), named)
        });
        self.servers = servers.collect();
    }

    /// Notes the MCP App of a call, or that it has none: a call that was taken back may have had its id.
    fn note_app(&mut self, call: &ToolCall) {
        self.head.apps.remove(call.id.as_str());
        let app = self.apps.as_ref().and_then(|apps| apps.of(call));
        let Some((app, (key, name))) = app.and_then(|app| {
            let server = self.servers.get(&app.server)?.clone();
            Some((app, server))
        }) else {
            return;
        };
        let noted = AppOfCall {
            server: key,
            name,
            tool: app.tool,
            uri: app.uri,
            arguments: Some(app.arguments).filter(|arguments| *arguments != call.input),
        };
        self.head.apps.insert(call.id.as_str().to_owned(), noted);
    }

    /// Notes how long the calls took that have ended since.
    fn measure(&mut self, conversation: &Conversation) {
        let pending = conversation.open().and_then(|open| open.pending.as_ref());
        let calls = pending.iter().flat_map(|round| round.calls.iter());
        let running: Vec<&CallId> = calls
            .filter(|call| !matches!(call.state, CallState::Finished(_)))
            .map(|call| &call.call.id)
            .collect();
        let ended = self.began.extract_if(|id, _| !running.contains(&id));
        for (id, began) in ended {
            let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            self.head.durations.insert(id.as_str().to_owned(), took);
        }
    }
}

impl Host for Screen {
    type Error = TableError;

    async fn save(&mut self, conversation: &Conversation) -> Result<(), TableError> {
        self.measure(conversation);
        let document = self.document(conversation);
        let person = &self.visitor.person;
        let kept =
            self.playground
                .keep_conversation(person, &self.id, &document, Some(&self.version));
        self.version = kept.await?;
        self.live.clear();
        if let Some((number, html)) = self.turn(conversation, true) {
            self.send(&partial(&turn_id(number), Swap::Outer, &html));
        }
        Ok(())
    }

    fn show(&mut self, event: Event<'_>) {
        match event {
            Event::Heard(Heard::Text(words)) => {
                let pieces = self.live.push(words);
                self.send(&pieces);
            }
            Event::Retry { error, wait } => {
                self.live.clear();
                let view = RetryView::new(error, wait).render().unwrap_or_default();
                self.send(&partial("live", Swap::Inner, &view));
            }
            Event::Started(call) => {
                self.began.insert(call.id.clone(), Instant::now());
                self.note_app(call);
            }
            Event::Progress(call, report) => self.progress(&call.id, report),
            Event::Heard(Heard::Reasoning(_)) | Event::Replied | Event::Finished(..) => {}
        }
    }
}

impl Screen {
    fn progress(&self, call: &CallId, report: &Progress) {
        let view = ProgressView::new(report).render().unwrap_or_default();
        let target = format!("progress-{}", call.as_str());
        self.send(&partial(&target, Swap::Inner, &view));
    }
}
