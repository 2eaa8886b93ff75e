//! Whole pages.

use askama::Template;
use http::StatusCode;
use mcp_lambda_runtime::response::Response;

use super::asset::directory;
use super::server::{ServerState, ServerView};
use super::words::sentence;
use crate::conversations::Summary;
use crate::problem::Problem;
use crate::response::html;
use crate::settings::{ModelEntry, Settings};

/// What every page has.
pub(crate) struct Page {
    title: String,
    assets: String,
}

impl Page {
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            title: settings.title.clone(),
            assets: directory(),
        }
    }
}

/// The page of people who are not signed in.
#[derive(Template)]
#[template(path = "welcome.html")]
pub(crate) struct WelcomePage {
    pub(crate) page: Page,
    pub(crate) server: String,
    pub(crate) key: String,
    pub(crate) return_to: String,
}

/// A conversation, or the beginning of one.
#[derive(Template)]
#[template(path = "home.html")]
pub(crate) struct HomePage<'a> {
    pub(crate) page: Page,
    pub(crate) person: Option<String>,
    pub(crate) id: String,
    /// The title of the conversation; nothing for a new one.
    pub(crate) name: Option<String>,
    pub(crate) turns: Vec<String>,
    pub(crate) models: &'a [ModelEntry],
    pub(crate) model: String,
    pub(crate) usage: String,
    pub(crate) list: List,
    /// A runner takes it on in another tab: the page follows.
    pub(crate) running: bool,
}

/// The list of conversations.
#[derive(Template)]
#[template(path = "list.html")]
pub(crate) struct List {
    pub(crate) conversations: Vec<Summary>,
    pub(crate) current: String,
}

/// The servers, as a page or as a piece of the side bar.
#[derive(Template)]
#[template(path = "servers.html")]
pub(crate) struct ServersPage {
    pub(crate) page: Page,
    pub(crate) servers: Vec<ServerView>,
    pub(crate) return_to: String,
    pub(crate) is_piece: bool,
}

/// A page that leads to another site: no policy of ours has to allow a form to end there.
#[derive(Template)]
#[template(path = "leave.html")]
pub(crate) struct LeavePage<'a> {
    pub(crate) page: Page,
    pub(crate) host: String,
    pub(crate) url: &'a str,
}

/// What went wrong.
#[derive(Template)]
#[template(path = "error.html")]
pub(crate) struct ErrorPage {
    pub(crate) page: Page,
    pub(crate) message: String,
    pub(crate) fix: &'static str,
}

impl ErrorPage {
    pub(crate) fn new(settings: &Settings, problem: &Problem) -> Self {
        Self {
            page: Page::new(settings),
            message: sentence(&problem.to_string()),
            fix: problem.fix(),
        }
    }
}

/// A template as a response.
pub(crate) fn rendered(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(page) => html(status, page),
        Err(_) => html(StatusCode::INTERNAL_SERVER_ERROR, String::new()),
    }
}
