//! The start page, and the metadata document of the page as an OAuth client.

use http::StatusCode;
use mcp_lambda_runtime::response::Response;
use serde_json::json;

use super::own_path;
use crate::access::Visitor;
use crate::conversations::{ConversationId, Document};
use crate::pages::{HomePage, List, Page, Turns, WelcomePage, rendered, usage_words};
use crate::playground::Playground;
use crate::problem::Problem;
use crate::request::Request;
use crate::response::body;
use crate::servers::key_of;

impl Playground {
    /// A new conversation, or the way to sign in.
    pub(super) async fn home(&self, request: &Request) -> Result<Response, Problem> {
        let Some(visitor) = self.visitor(request).await? else {
            return self.welcome("/");
        };
        let id = ConversationId::new()?;
        self.conversation_page(&visitor, &id, None).await
    }

    /// The page of people who are not signed in.
    pub(super) fn welcome(&self, return_to: &str) -> Result<Response, Problem> {
        let first = self.first_server().ok_or(Problem::NotFound)?;
        let page = WelcomePage {
            page: Page::new(&self.settings),
            server: first.name.clone(),
            key: key_of(&first.url),
            return_to: own_path(Some(&return_to.to_owned())),
        };
        Ok(rendered(StatusCode::OK, &page))
    }

    /// A conversation with its list.
    pub(super) async fn conversation_page(
        &self,
        visitor: &Visitor,
        id: &ConversationId,
        document: Option<&Document>,
    ) -> Result<Response, Problem> {
        let person = &visitor.person;
        let conversations = self.conversations(person).await?;
        let running = document.is_some() && self.is_running(person, id).await?;
        let path = format!("/c/{}", id.as_str());
        let turns = document.map(|document| {
            let turns = Turns {
                document,
                running,
                path: &path,
            };
            turns.all()
        });
        let model = document.map_or("", |document| document.head.model.as_str());
        let usage = document
            .map(|document| usage_words(document.conversation.usage(), model, self.prices()));
        let page = HomePage {
            page: Page::new(&self.settings),
            person: person.name.clone(),
            id: id.as_str().to_owned(),
            name: document.map(|document| document.head.title.clone()),
            turns: turns.unwrap_or_default(),
            models: &self.settings.models,
            model: self
                .settings
                .model(model)
                .map(|model| model.id.clone())
                .unwrap_or_default(),
            usage: usage.unwrap_or_default(),
            list: List {
                conversations,
                current: id.as_str().to_owned(),
            },
            running,
        };
        Ok(rendered(StatusCode::OK, &page))
    }

    /// The page as an OAuth client (draft-ietf-oauth-client-id-metadata-document).
    pub(super) fn client_document(&self) -> Result<Response, Problem> {
        let client_id = self.settings.client_document().ok_or(Problem::NotFound)?;
        let document = json!({
            "client_id": client_id,
            "client_name": self.settings.title,
            "client_uri": self.settings.origin,
            "redirect_uris": [self.settings.redirect_uri()],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            "application_type": "web",
        });
        Ok(body(
            StatusCode::OK,
            "application/json",
            document.to_string(),
        ))
    }
}
