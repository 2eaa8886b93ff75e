//! Takes a conversation on until the person is next: calls the model, runs tools, saves after every change.

mod host;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::conversation::{
    CallId, Conversation, ModelReply, Next, NonBlank, NotNow, Plan, Stop, ToolCall, ToolResult,
};
use crate::converse::{InputSchema, Request, SystemBlock, ToolConfig, ToolEntry, ToolSpec};
use crate::limits::limited;
use crate::model::{Heard, Model};
use crate::tools::{Progress, Sent, Tool, Tools, ToolsError};

pub use host::{Approval, Event, Host, Pause, Settings};

/// A model with tools.
#[derive(Debug)]
pub struct Agent<M, T> {
    model: M,
    tools: T,
    settings: Settings,
}

/// Why an advance ended early: the host's failure.
enum Early<E> {
    Pause(Pause),
    Host(E),
}

impl<M: Model, T: Tools> Agent<M, T> {
    /// A model with tools.
    pub fn new(model: M, tools: T, settings: Settings) -> Self {
        Self {
            model,
            tools,
            settings,
        }
    }

    /// The model.
    pub fn model(&self) -> &M {
        &self.model
    }

    /// The tools.
    pub fn tools(&self) -> &T {
        &self.tools
    }

    /// Takes `conversation` on until a person is needed, the turn is over, or `cancel` is cancelled.
    ///
    /// # Errors
    ///
    /// The host's error when the conversation cannot be saved: nothing is called without being noted first.
    pub async fn advance<H: Host>(
        &self,
        conversation: &mut Conversation,
        host: &mut H,
        cancel: &CancellationToken,
    ) -> Result<Pause, H::Error> {
        loop {
            let step = match conversation.next() {
                Next::WaitForUser => return Ok(Pause::TurnOver),
                Next::AskApproval(_) => return Ok(Pause::Approval),
                Next::Interrupted(_) => return Ok(Pause::Interrupted),
                Next::CallModel => self.call_model(conversation, host, cancel).await,
                Next::RunTools(calls) => {
                    let calls: Vec<ToolCall> = calls.into_iter().cloned().collect();
                    self.run_tools(conversation, &calls, host, cancel).await
                }
            };
            match step {
                Ok(()) => {}
                Err(Early::Pause(pause)) => return Ok(pause),
                Err(Early::Host(error)) => return Err(error),
            }
        }
    }

    async fn call_model<H: Host>(
        &self,
        conversation: &mut Conversation,
        host: &mut H,
        cancel: &CancellationToken,
    ) -> Result<(), Early<H::Error>> {
        let (rounds, calls) = conversation.effort();
        if rounds >= self.settings.limits.model_calls {
            allowed(conversation.stop(Stop::ModelCalls, None));
            return host.save(conversation).await.map_err(Early::Host);
        }
        let tools = tokio::select! {
            tools = self.tools.list() => tools,
            () = cancel.cancelled() => return Err(Early::Pause(Pause::Cancelled { said: None })),
        };
        let request = self.request(conversation, &tools);
        let reply = self.reply(&request, host, cancel).await?;
        let mut left = self.settings.limits.tool_calls.saturating_sub(calls);
        allowed(conversation.reply(reply, |call| self.plan(call, &tools, &mut left)));
        host.save(conversation).await.map_err(Early::Host)?;
        host.show(Event::Replied);
        Ok(())
    }

    fn request(&self, conversation: &Conversation, tools: &[Tool]) -> Request {
        let mut specs: Vec<ToolSpec> = tools.iter().map(spec).collect();
        if specs.is_empty() {
            // Converse wants tools in a request whose messages have calls.
            let mut gone: Vec<_> = conversation.tools_called().collect();
            gone.sort_unstable();
            gone.dedup();
            specs.extend(gone.into_iter().map(|name| ToolSpec {
                name: name.as_str().into(),
                description: Some("This tool is no longer available.".into()),
                input_schema: InputSchema {
                    json: serde_json::json!({ "type": "object", "properties": {} }),
                },
            }));
        }
        Request {
            messages: conversation.request().unwrap_or_default(),
            system: self
                .settings
                .system
                .iter()
                .map(|prompt| SystemBlock {
                    text: prompt.clone().into(),
                })
                .collect(),
            inference_config: self.settings.inference.clone(),
            tool_config: (!specs.is_empty()).then(|| ToolConfig {
                tools: specs
                    .into_iter()
                    .map(|tool_spec| ToolEntry { tool_spec })
                    .collect(),
            }),
        }
    }

    async fn reply<H: Host>(
        &self,
        request: &Request,
        host: &mut H,
        cancel: &CancellationToken,
    ) -> Result<ModelReply, Early<H::Error>> {
        let limits = &self.settings.limits;
        let mut retries = 0;
        loop {
            let mut said = String::new();
            let mut heard = |piece: Heard<'_>| {
                if let Heard::Text(text) = piece {
                    said.push_str(text);
                }
                host.show(Event::Heard(piece));
            };
            let reply = tokio::select! {
                biased;
                () = cancel.cancelled() => None,
                reply = self.model.reply(request, &mut heard) => Some(reply),
            };
            let error = match reply {
                None => {
                    let said = NonBlank::new(said);
                    return Err(Early::Pause(Pause::Cancelled { said }));
                }
                Some(Ok(reply)) => return Ok(reply),
                Some(Err(error)) => error,
            };
            if !error.can_pass() || retries >= limits.retries {
                return Err(Early::Pause(Pause::Failed(error)));
            }
            let wait = limits.wait(retries, fastrand::f64());
            host.show(Event::Retry {
                error: &error,
                wait,
            });
            retries += 1;
            tokio::select! {
                () = cancel.cancelled() => return Err(Early::Pause(Pause::Cancelled { said: None })),
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    fn plan(&self, call: &ToolCall, tools: &[Tool], left: &mut usize) -> Plan {
        let Some(tool) = tools.iter().find(|tool| tool.name == call.name) else {
            let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_str()).collect();
            return Plan::Refuse(ToolResult::not_run(format!(
                "There is no tool {}. The tools are: {}.",
                call.name.as_str(),
                names.join(", ")
            )));
        };
        if *left == 0 {
            return Plan::Refuse(ToolResult::not_run(format!(
                "The call was not run: this turn reached its limit of {} tool calls. Reply with what you have.",
                self.settings.limits.tool_calls
            )));
        }
        *left -= 1;
        match (self.settings.approval, tool.read_only) {
            (Approval::Never, _) | (Approval::Writes, true) => Plan::Run,
            (Approval::Always, _) | (Approval::Writes, false) => Plan::AskFirst,
        }
    }

    /// Runs `calls` at the same time. All of them have ended when it returns.
    async fn run_tools<H: Host>(
        &self,
        conversation: &mut Conversation,
        calls: &[ToolCall],
        host: &mut H,
        cancel: &CancellationToken,
    ) -> Result<(), Early<H::Error>> {
        if cancel.is_cancelled() {
            return Err(Early::Pause(Pause::Cancelled { said: None }));
        }
        for call in calls {
            allowed(conversation.start(&call.id));
        }
        host.save(conversation).await.map_err(Early::Host)?;
        let (progress, mut reports) = mpsc::unbounded_channel::<(CallId, Progress)>();
        let mut running: FuturesUnordered<_> = calls
            .iter()
            .map(|call| {
                host.show(Event::Started(call));
                let progress = progress.clone();
                async move { (call, self.run_tool(call, cancel, &progress).await) }
            })
            .collect();
        let mut sign_in = None;
        loop {
            let (call, result) = tokio::select! {
                ended = running.next() => match ended {
                    Some(ended) => ended,
                    None => break,
                },
                Some((id, report)) = reports.recv() => {
                    if let Some(call) = calls.iter().find(|call| call.id == id) {
                        host.show(Event::Progress(call, &report));
                    }
                    continue;
                }
            };
            match result {
                Ok(result) => {
                    let result = limited(result, self.settings.limits.result_bytes);
                    allowed(conversation.finish(&call.id, result.clone()));
                    host.save(conversation).await.map_err(Early::Host)?;
                    host.show(Event::Finished(call, &result));
                }
                Err(ToolsError::SignIn { server }) => {
                    allowed(conversation.not_run(&call.id));
                    host.save(conversation).await.map_err(Early::Host)?;
                    sign_in = Some(server);
                }
            }
        }
        match sign_in {
            Some(server) => Err(Early::Pause(Pause::SignIn { server })),
            None if cancel.is_cancelled() => Err(Early::Pause(Pause::Cancelled { said: None })),
            None => Ok(()),
        }
    }

    async fn run_tool(
        &self,
        call: &ToolCall,
        cancel: &CancellationToken,
        progress: &mpsc::UnboundedSender<(CallId, Progress)>,
    ) -> Result<ToolResult, ToolsError> {
        let sent = Sent {
            name: &call.name,
            input: &call.input,
            timeout: self.settings.limits.tool_timeout,
            cancel,
        };
        let mut report = |report| {
            // The receiver lives as long as the calls.
            let _ = progress.send((call.id.clone(), report));
        };
        self.tools.call(sent, &mut report).await
    }
}

/// The state was read just before: the change is allowed.
fn allowed(change: Result<(), NotNow>) {
    debug_assert_eq!(change, Ok(()));
}

fn spec(tool: &Tool) -> ToolSpec {
    ToolSpec {
        name: tool.name.as_str().into(),
        description: tool
            .description
            .clone()
            .filter(|words| !words.trim().is_empty()),
        input_schema: InputSchema {
            json: tool.input_schema.clone().into(),
        },
    }
}
