//! Routes requests, and turns refusals into pages or pieces of pages.

mod account;
mod app;
mod conversation;
mod pages;
mod servers;

use std::sync::Arc;

use http::{Method, StatusCode, header};
use mcp_lambda_runtime::response::Response;
use serde_json::json;

use crate::conversations::ConversationId;
use crate::pages::{ErrorPage, Swap, asset, notice, partial, rendered};
use crate::playground::Playground;
use crate::problem::Problem;
use crate::request::Request;
use crate::response::{Reply, add_common_headers, body, html, see, set};

impl Playground {
    /// Responds to a request.
    pub async fn respond(self: &Arc<Self>, request: &Request) -> Reply {
        let answered = match self.refuse_other_sites(request) {
            Ok(()) => self.route(request).await,
            Err(problem) => Err(problem),
        };
        let mut reply = match answered {
            Ok(reply) => reply,
            Err(problem) => self.refusal(request, &problem).into(),
        };
        add_common_headers(&mut reply.response, self.settings.is_secure());
        reply
    }

    /// Every request that changes something comes from a page of ours.
    fn refuse_other_sites(&self, request: &Request) -> Result<(), Problem> {
        match request.method {
            Method::GET | Method::HEAD => Ok(()),
            _ if request.is_from(&self.settings.origin) => Ok(()),
            _ => Err(Problem::OtherSite),
        }
    }

    async fn route(self: &Arc<Self>, request: &Request) -> Result<Reply, Problem> {
        let is_read = matches!(request.method, Method::GET | Method::HEAD);
        let is_post = request.method == Method::POST;
        let path = request.path.trim_start_matches('/');
        let segments: Vec<&str> = path.split('/').collect();
        Ok(match (segments.as_slice(), is_read, is_post) {
            ([""], true, _) => self.home(request).await?.into(),
            (["client.json"], true, _) => self.client_document()?.into(),
            (["assets", ..], true, _) => asset_response(path)?.into(),
            (["callback"], true, _) => self.callback(request).await?.into(),
            (["sign-out"], _, true) => self.sign_out(request).await?.into(),
            (["servers"], true, _) => self.servers_page(request).await?.into(),
            (["servers", "add"], _, true) => self.add(request).await?.into(),
            (["servers", key, "sign-in"], _, true) => self.sign_in(request, key).await?.into(),
            (["servers", key, "sign-out"], _, true) => {
                self.leave_server(request, key).await?.into()
            }
            (["servers", key, "token"], _, true) => self.paste(request, key).await?.into(),
            (["servers", key, "remove"], _, true) => self.remove(request, key).await?.into(),
            (["c", id], true, _) => self.show(request, &named(id)?).await?.into(),
            (["c", id, "now"], true, _) => self.show_now(request, &named(id)?).await?.into(),
            (["c", id, file @ ("export.md" | "export.json")], true, _) => {
                self.export(request, &named(id)?, file).await?.into()
            }
            (["c", id, "apps", call], true, _) => {
                self.app_frame(request, &named(id)?, call).await?.into()
            }
            (["c", id, "apps", call, "call"], true, _) => {
                self.app_call(request, &named(id)?, call).await?.into()
            }
            (["c", id, "apps", call, "tools"], _, true) => {
                self.app_tool(request, &named(id)?, call).await.into()
            }
            (["c", id, "act"], _, true) => self.act(request, named(id)?).await?,
            (["c", id, "stop"], _, true) => self.stop_turn(request, &named(id)?).await?.into(),
            (["c", id, "rename"], _, true) => self.rename(request, &named(id)?).await?.into(),
            (["c", id, "delete"], _, true) => self.delete(request, &named(id)?).await?.into(),
            (_, true, _) => return Err(Problem::NotFound),
            _ => return Err(Problem::Method),
        })
    }

    /// A piece beside the question for htmx; a page otherwise.
    fn refusal(&self, request: &Request, problem: &Problem) -> Response {
        if let Problem::Unavailable { cause } = problem {
            let fields = json!({ "path": request.path, "cause": cause });
            self.process.log.error("a request failed", &fields);
        }
        if matches!(problem, Problem::NotSignedIn) && request.is_piece() {
            let mut response = html(StatusCode::OK, String::new());
            set(
                &mut response,
                http::HeaderName::from_static("hx-redirect"),
                "/",
            );
            return response;
        }
        let mut response = if request.is_piece() {
            let piece = partial("notice", Swap::Inner, &notice(Some(problem)));
            html(problem.status(), piece)
        } else if matches!(problem, Problem::NotSignedIn) {
            return see("/");
        } else {
            let page = ErrorPage::new(&self.settings, problem);
            rendered(problem.status(), &page)
        };
        if let Problem::Throttled { retry_after, .. } = problem {
            set(&mut response, header::RETRY_AFTER, &retry_after.to_string());
        }
        response
    }
}

fn named(id: &str) -> Result<ConversationId, Problem> {
    ConversationId::parse(id).ok_or(Problem::NotFound)
}

fn asset_response(path: &str) -> Result<Response, Problem> {
    let name = path.strip_prefix("assets/").unwrap_or_default();
    let (media_type, content) = asset(name).ok_or(Problem::NotFound)?;
    let mut response = body(StatusCode::OK, media_type, content);
    // The address has the digest of the content.
    set(
        &mut response,
        header::CACHE_CONTROL,
        "public, max-age=31536000, immutable",
    );
    Ok(response)
}

/// A path of this origin, or the start: what a form says could lead elsewhere.
fn own_path(path: Option<&String>) -> String {
    let path = path.map(String::as_str).unwrap_or_default();
    let is_own = path.starts_with('/')
        && !path.starts_with("//")
        && path
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_own {
        path.to_owned()
    } else {
        "/".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn a_form_cannot_lead_to_another_site() {
        for path in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "javascript:x",
            "",
        ] {
            assert_eq!(own_path(Some(&path.to_owned())), "/");
        }
        assert_eq!(own_path(Some(&"/c/x".to_owned())), "/c/x");
    }
}
