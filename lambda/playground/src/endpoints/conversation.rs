//! Conversations: shown, taken on, stopped, exported, renamed, deleted.

use std::sync::Arc;

use http::{HeaderName, StatusCode, header};
use mcp_lambda_runtime::response::Response;

use crate::access::Visitor;
use crate::conversations::{ConversationId, Kept, shortened};
use crate::pages::{Swap, Turns, as_json, as_markdown, partial, turn_id};
use crate::playground::Playground;
use crate::problem::Problem;
use crate::request::Request;
use crate::response::{Reply, body, events, html, see, set};
use crate::turn::{Action, begin};

const LONGEST_NAME: usize = 80;

impl Playground {
    async fn kept(&self, visitor: &Visitor, id: &ConversationId) -> Result<Kept, Problem> {
        let kept = self.conversation(&visitor.person, id).await?;
        kept.ok_or(Problem::NotFound)
    }

    /// A conversation.
    pub(super) async fn show(
        &self,
        request: &Request,
        id: &ConversationId,
    ) -> Result<Response, Problem> {
        let Some(visitor) = self.visitor(request).await? else {
            return self.welcome(&request.path);
        };
        let kept = self.kept(&visitor, id).await?;
        self.conversation_page(&visitor, id, Some(&kept.document))
            .await
    }

    /// The last turn, for a page that follows what runs elsewhere. When it has ended, the page is loaded anew.
    pub(super) async fn show_now(
        &self,
        request: &Request,
        id: &ConversationId,
    ) -> Result<Response, Problem> {
        let visitor = self.require_visitor(request).await?;
        let kept = self.kept(&visitor, id).await?;
        if !self.is_running(&visitor.person, id).await? {
            let mut response = html(StatusCode::OK, String::new());
            set(&mut response, HeaderName::from_static("hx-refresh"), "true");
            return Ok(response);
        }
        let path = format!("/c/{}", id.as_str());
        let turns = Turns {
            document: &kept.document,
            running: true,
            path: &path,
        };
        let piece = turns
            .last()
            .map(|(number, turn)| partial(&turn_id(number), Swap::Outer, &turn));
        Ok(html(StatusCode::OK, piece.unwrap_or_default()))
    }

    /// Does what the person did, and streams what comes of it. Without htmx, the page comes when all is done.
    pub(super) async fn act(
        self: &Arc<Self>,
        request: &Request,
        id: ConversationId,
    ) -> Result<Reply, Problem> {
        let visitor = self.require_visitor(request).await?;
        let form = request.form();
        let action = Action::of(&form)?;
        let model = form.get("model").map(String::as_str).unwrap_or_default();
        let path = format!("/c/{}", id.as_str());
        let deadline = request.deadline;
        let (received, work) = begin(self, visitor, id, model, action, deadline).await?;
        if request.is_piece() {
            return Ok(Reply {
                response: events(received),
                turn: Some(work),
            });
        }
        drop(received);
        // A turn that panicked has saved what it did before.
        let _ = work.await;
        Ok(see(&path).into())
    }

    /// Stops the turn, wherever it runs.
    pub(super) async fn stop_turn(
        &self,
        request: &Request,
        id: &ConversationId,
    ) -> Result<Response, Problem> {
        let visitor = self.require_visitor(request).await?;
        self.kept(&visitor, id).await?;
        self.stop(&visitor.person, id).await?;
        if request.is_piece() {
            return Ok(body(
                StatusCode::NO_CONTENT,
                "text/plain; charset=utf-8",
                "",
            ));
        }
        Ok(see(&format!("/c/{}", id.as_str())))
    }

    /// A conversation as a file.
    pub(super) async fn export(
        &self,
        request: &Request,
        id: &ConversationId,
        file: &str,
    ) -> Result<Response, Problem> {
        let visitor = self.require_visitor(request).await?;
        let document = self.kept(&visitor, id).await?.document;
        let mut response = match file {
            "export.md" => body(
                StatusCode::OK,
                "text/markdown; charset=utf-8",
                as_markdown(&document),
            ),
            _ => body(
                StatusCode::OK,
                "application/json",
                as_json(&document).to_string(),
            ),
        };
        let extension = file.trim_start_matches("export.");
        let name = format!(
            "attachment; filename=\"conversation-{}.{extension}\"",
            id.as_str()
        );
        set(&mut response, header::CONTENT_DISPOSITION, &name);
        Ok(response)
    }

    /// Renames a conversation.
    pub(super) async fn rename(
        &self,
        request: &Request,
        id: &ConversationId,
    ) -> Result<Response, Problem> {
        let visitor = self.require_visitor(request).await?;
        let form = request.form();
        let name = form.get("name").map(|name| name.trim()).unwrap_or_default();
        if name.is_empty() {
            return Err(Problem::Field("write a name first".to_owned()));
        }
        let Kept {
            mut document,
            version,
        } = self.kept(&visitor, id).await?;
        document.head.title = shortened(name, LONGEST_NAME);
        let person = &visitor.person;
        self.keep_conversation(person, id, &document, Some(&version))
            .await?;
        self.list_conversation(person, id, &document.head.title)
            .await?;
        Ok(see(&format!("/c/{}", id.as_str())))
    }

    /// Deletes a conversation. One that runs is stopped: its runner finds nothing to write over.
    pub(super) async fn delete(
        &self,
        request: &Request,
        id: &ConversationId,
    ) -> Result<Response, Problem> {
        let visitor = self.require_visitor(request).await?;
        self.kept(&visitor, id).await?;
        self.stop(&visitor.person, id).await?;
        self.delete_conversation(&visitor.person, id).await?;
        Ok(see("/"))
    }
}
