//! Begins a turn: checks and saves what the person did, and lets the agent work while the events are streamed.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use mcp_lambda_runtime::deadline::Deadline;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;

use super::action::Action;
use super::screen::Screen;
use super::work::Turn;
use crate::access::Visitor;
use crate::conversations::{ConversationId, Document, Kept};
use crate::playground::Playground;
use crate::problem::Problem;

/// A turn ends this long before its function, so that its last state is saved and shown.
const MARGIN: Duration = Duration::from_secs(5);

/// Does what the person did, and starts the agent. The events, and the work that goes on when nobody listens.
pub(crate) async fn begin(
    playground: &Arc<Playground>,
    visitor: Visitor,
    id: ConversationId,
    model: &str,
    action: Action,
    deadline: Deadline,
) -> Result<(UnboundedReceiver<Bytes>, JoinHandle<()>), Problem> {
    let run = playground.run(&visitor.person, &id).await?;
    match prepare(playground, &visitor, &id, model, action).await {
        Ok((kept, is_new)) => {
            let (events, received) = unbounded_channel();
            let screen = Screen::new(Arc::clone(playground), visitor, id, &kept, events);
            let turn = Turn::new(run, screen, deadline.earlier_by(MARGIN));
            let work = tokio::spawn(turn.work(kept.document, is_new));
            Ok((received, work))
        }
        Err(problem) => {
            run.release().await;
            Err(problem)
        }
    }
}

/// The conversation with the action done, saved. Also whether it is new.
async fn prepare(
    playground: &Playground,
    visitor: &Visitor,
    id: &ConversationId,
    model: &str,
    action: Action,
) -> Result<(Kept, bool), Problem> {
    let person = &visitor.person;
    if action.is_question() {
        playground.count_question(person).await?;
    } else {
        playground.check_tokens(person).await?;
    }
    let kept = playground.conversation(person, id).await?;
    let is_new = kept.is_none();
    let (mut document, version) = match kept {
        Some(kept) => (kept.document, Some(kept.version)),
        None => (Document::default(), None),
    };
    if is_new {
        let Action::Ask(prompt) = &action else {
            return Err(Problem::NotFound);
        };
        document.head.name_after(prompt.text.as_str());
    }
    if let Some(model) = playground.settings.model(model) {
        document.head.model.clone_from(&model.id);
    }
    let changed = action.apply(&mut document);
    changed.map_err(|reason| Problem::NotNow(reason.to_string()))?;
    let version = playground
        .keep_conversation(person, id, &document, version.as_ref())
        .await?;
    let title = &document.head.title;
    playground.list_conversation(person, id, title).await?;
    Ok((Kept { document, version }, is_new))
}
