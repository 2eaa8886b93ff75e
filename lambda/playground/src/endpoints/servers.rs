//! The servers of a person: shown, added, removed, called with another token.

use std::collections::HashMap;

use http::StatusCode;
use mcp_lambda_agent::mcp::{Connect, McpTools};
use mcp_lambda_runtime::response::Response;

use super::own_path;
use crate::access::Visitor;
use crate::conversations::ConversationId;
use crate::pages::{Page, ServerView, ServersPage, rendered};
use crate::playground::Playground;
use crate::problem::Problem;
use crate::request::Request;
use crate::response::see;
use crate::sign_in::Credentials;
use crate::store::When;
use crate::turn::connected;

/// The longest access token.
const LONGEST_TOKEN: usize = 16 * 1024;

impl Playground {
    /// The servers with their state and tools.
    pub(super) async fn servers_page(&self, request: &Request) -> Result<Response, Problem> {
        let visitor = self.require_visitor(request).await?;
        let query = request.query();
        let page = ServersPage {
            page: Page::new(&self.settings),
            servers: self.server_views(&visitor).await?,
            return_to: own_path(query.get("return_to")),
            is_piece: request.is_piece(),
        };
        Ok(rendered(StatusCode::OK, &page))
    }

    async fn server_views(&self, visitor: &Visitor) -> Result<Vec<ServerView>, Problem> {
        let servers = connected(self, visitor).await?;
        let connects = servers.iter();
        let connects = connects.map(|server| Box::new(server.clone()) as Box<dyn Connect>);
        let tools = McpTools::new(connects.collect()).connect().await;
        let mut views = Vec::new();
        for (server, tools) in servers.iter().zip(tools) {
            let kept = self.credentials(visitor, &server.known.key).await?;
            views.push(ServerView::new(&server.known, kept.is_some(), tools));
        }
        Ok(views)
    }

    /// Adds a server.
    pub(super) async fn add(&self, request: &Request) -> Result<Response, Problem> {
        let visitor = self.require_visitor(request).await?;
        let form = request.form();
        let url = form.get("url").map(String::as_str).unwrap_or_default();
        self.add_server(&visitor, url).await?;
        self.back(&visitor, &form).await
    }

    /// Removes a server that the person added, with its sign-in.
    pub(super) async fn remove(&self, request: &Request, key: &str) -> Result<Response, Problem> {
        let visitor = self.require_visitor(request).await?;
        let known = self.server(&visitor, key).await?;
        self.remove_server(&visitor, &known).await?;
        self.end_sign_in(&visitor, &known).await?;
        self.back(&visitor, &request.form()).await
    }

    /// Signs out of one server.
    pub(super) async fn leave_server(
        &self,
        request: &Request,
        key: &str,
    ) -> Result<Response, Problem> {
        let visitor = self.require_visitor(request).await?;
        let known = self.server(&visitor, key).await?;
        if known.is_first {
            return Err(Problem::Field(format!(
                "{} says who you are: sign out of the page instead",
                known.entry.name
            )));
        }
        self.end_sign_in(&visitor, &known).await?;
        self.back(&visitor, &request.form()).await
    }

    /// Keeps a token that the person pasted. Not for the first server, whose token says who a person is.
    pub(super) async fn paste(&self, request: &Request, key: &str) -> Result<Response, Problem> {
        let visitor = self.require_visitor(request).await?;
        let known = self.server(&visitor, key).await?;
        let form = request.form();
        let token = form
            .get("token")
            .map(|token| token.trim())
            .unwrap_or_default();
        let is_header = token.bytes().all(|byte| byte.is_ascii_graphic());
        if token.is_empty() || token.len() > LONGEST_TOKEN || !is_header {
            return Err(Problem::Field(
                "an access token is one line without spaces".to_owned(),
            ));
        }
        if known.is_first {
            return Err(Problem::Field(format!(
                "{} says who you are: sign in to it instead",
                known.entry.name
            )));
        }
        let token = Credentials::Pasted(token.to_owned());
        self.keep(&visitor, &known.key, &token, When::Always)
            .await?;
        self.back(&visitor, &form).await
    }

    async fn back(
        &self,
        visitor: &Visitor,
        form: &HashMap<String, String>,
    ) -> Result<Response, Problem> {
        let return_to = own_path(form.get("return_to"));
        self.lead_back(visitor, &return_to).await
    }

    /// Leads back to `return_to`. A new conversation has no page before its first question, so that it leads to the start.
    pub(super) async fn lead_back(
        &self,
        visitor: &Visitor,
        return_to: &str,
    ) -> Result<Response, Problem> {
        let id = return_to
            .strip_prefix("/c/")
            .and_then(ConversationId::parse);
        let exists = match id {
            Some(id) => self.conversation(&visitor.person, &id).await?.is_some(),
            None => true,
        };
        Ok(see(if exists { return_to } else { "/" }))
    }
}
