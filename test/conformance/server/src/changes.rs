use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rmcp::service::SubscriptionContext;
use rmcp::{ErrorData, tool, tool_router};

use crate::server::Conformance;
use crate::shared_state::SharedState;

/// How often a listening process looks for changes that other processes made.
const LOOK: Duration = Duration::from_millis(20);
/// A change this recent is reported to a subscription that has just begun: the client knows of its subscription before
/// the first look, and a change reported twice costs it one more `list`, a change missed costs it the change.
const GRACE_MILLISECONDS: u64 = 100;
/// Changes of one kind that one directory can hold.
const MOST: u32 = 10_000;

#[derive(Clone, Copy)]
enum Kind {
    Tools,
    Prompts,
}

impl Kind {
    fn record(self, number: u32) -> String {
        match self {
            Self::Tools => format!("change-tools-{number}"),
            Self::Prompts => format!("change-prompts-{number}"),
        }
    }
}

/// Tools that say that a list has changed, to the subscriptions that other processes serve.
#[tool_router(router = change_tools, vis = "pub(crate)")]
impl Conformance {
    #[tool(description = "Announces a change of the tools to subscriptions")]
    fn test_trigger_tool_change(&self) -> Result<String, ErrorData> {
        self.announce(Kind::Tools)
    }

    #[tool(description = "Announces a change of the prompts to subscriptions")]
    fn test_trigger_prompt_change(&self) -> Result<String, ErrorData> {
        self.announce(Kind::Prompts)
    }

    fn announce(&self, kind: Kind) -> Result<String, ErrorData> {
        let at = milliseconds((self.now)());
        for number in 0..MOST {
            if self
                .shared
                .create(&kind.record(number), &at)
                .map_err(unreadable)?
            {
                return Ok("Change announced".to_owned());
            }
        }
        Err(ErrorData::internal_error(
            format!("more than {MOST} changes were announced"),
            None,
        ))
    }
}

/// Tells one subscription about every change until its request ends.
pub(crate) async fn report(
    shared: &SharedState,
    now: fn() -> SystemTime,
    subscription: &SubscriptionContext,
) -> Result<(), ErrorData> {
    let begun = milliseconds(now()).saturating_sub(GRACE_MILLISECONDS);
    let mut tools = first_unreported(shared, Kind::Tools, begun).map_err(unreadable)?;
    let mut prompts = first_unreported(shared, Kind::Prompts, begun).map_err(unreadable)?;
    let accepted = subscription.accepted();
    let sink = subscription.sink();
    loop {
        tokio::select! {
            () = subscription.cancelled() => return Ok(()),
            () = tokio::time::sleep(LOOK) => {}
        }
        while announced(shared, Kind::Tools, tools)
            .map_err(unreadable)?
            .is_some()
        {
            tools += 1;
            if accepted.tools_list_changed == Some(true)
                && sink.notify_tool_list_changed().await.is_err()
            {
                return Ok(());
            }
        }
        while announced(shared, Kind::Prompts, prompts)
            .map_err(unreadable)?
            .is_some()
        {
            prompts += 1;
            if accepted.prompts_list_changed == Some(true)
                && sink.notify_prompt_list_changed().await.is_err()
            {
                return Ok(());
            }
        }
    }
}

/// When a change was announced, in milliseconds since 1970, if it was.
fn announced(shared: &SharedState, kind: Kind, number: u32) -> io::Result<Option<u64>> {
    shared.read(&kind.record(number))
}

fn first_unreported(shared: &SharedState, kind: Kind, begun: u64) -> io::Result<u32> {
    let mut number = 0;
    while announced(shared, kind, number)?.is_some_and(|at| at < begun) {
        number += 1;
    }
    Ok(number)
}

pub(crate) fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

pub(crate) fn unreadable(error: io::Error) -> ErrorData {
    ErrorData::internal_error(format!("shared state: {error}"), None)
}
