//! Receives the redirect of a sign-in on a loopback port and shows in the browser how it ended.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use askama::Template;
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use url::form_urlencoded;

use super::error::OAuthError;

const PATH: &str = "/callback";

/// What came back: the query of the redirect, and where the page goes.
pub(super) struct Redirect {
    query: HashMap<String, String>,
    page: oneshot::Sender<Page>,
}

impl Redirect {
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// Shows the end of the sign-in in the browser.
    pub(super) fn show(self, page: Page) {
        // A browser that has gone sees nothing.
        let _ = self.page.send(page);
    }
}

/// The page that the browser shows at the end.
#[derive(Template)]
#[template(path = "signed_in.html")]
pub(super) struct Page {
    title: &'static str,
    message: String,
}

impl Page {
    pub(super) fn signed_in(host: &str) -> Self {
        Self {
            title: "Signed in",
            message: format!(
                "mcp-lambda can now call the tools of {host}. You can close this page and go back to the terminal."
            ),
        }
    }

    pub(super) fn failed(message: String) -> Self {
        Self {
            title: "Not signed in",
            message,
        }
    }

    fn stale() -> Self {
        Self::failed(
            "This redirect belongs to no sign-in that is under way. Run the command again."
                .to_owned(),
        )
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let headers = [
            (CACHE_CONTROL, "no-store"),
            (REFERRER_POLICY, "no-referrer"),
            (
                CONTENT_SECURITY_POLICY,
                "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
            ),
        ];
        (headers, Html(self.render().unwrap_or_default())).into_response()
    }
}

/// The listener of one sign-in; it ends with this value, after the page was sent.
pub(super) struct Listener {
    pub(super) redirect_uri: String,
    redirects: mpsc::Receiver<Redirect>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<std::io::Result<()>>,
}

impl Listener {
    /// Listens on `port` of 127.0.0.1, or on a free one.
    pub(super) async fn on(port: u16) -> Result<Self, OAuthError> {
        let failed = |cause| OAuthError::Listener { port, cause };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let (sender, redirects) = mpsc::channel(1);
        let (stop, stopped) = oneshot::channel();
        let app = Router::new().route(PATH, get(receive)).with_state(sender);
        let server = tokio::spawn(async move {
            axum::serve(listener, app)
                .with_graceful_shutdown(async { drop(stopped.await) })
                .await
        });
        Ok(Self {
            redirect_uri: format!("http://127.0.0.1:{port}{PATH}"),
            redirects,
            stop,
            server,
        })
    }

    /// Waits for the redirect of the sign-in with this `state`; others get a page that says so.
    pub(super) async fn redirect(&mut self, state: &str) -> Option<Redirect> {
        loop {
            let redirect = self.redirects.recv().await?;
            if redirect.parameter("state") == Some(state) {
                return Some(redirect);
            }
            redirect.show(Page::stale());
        }
    }

    /// Ends the listener once the page is sent; a browser that holds a connection open does not delay the command.
    pub(super) async fn close(self) {
        let _ = self.stop.send(());
        let _ = tokio::time::timeout(std::time::Duration::from_secs(2), self.server).await;
    }
}

async fn receive(
    State(redirects): State<mpsc::Sender<Redirect>>,
    RawQuery(query): RawQuery,
) -> Page {
    let query = form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .into_owned()
        .collect();
    let (page, shown) = oneshot::channel();
    match redirects.send(Redirect { query, page }).await {
        Ok(()) => shown.await.unwrap_or_else(|_| Page::stale()),
        Err(_) => Page::stale(),
    }
}
