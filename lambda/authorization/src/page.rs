//! The pages: server-rendered, without a script, under a policy that allows one style sheet by its hash.

use askama::Template;
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{StatusCode, header};

use crate::{
    answer::{add_refusal_headers, builder, finish, set},
    failure::Failure,
    request::Response,
    resource::ProtectedResource,
    scope::ScopeDefinition,
    settings::{Brand, Settings},
};

const STYLE: &str = include_str!("../templates/style.css");

/// How the consent page speaks about the client.
pub(crate) struct ConsentView<'a> {
    /// The client's name, if it gave one.
    pub(crate) name: Option<&'a str>,
    /// Whether the operator vouches for the name.
    pub(crate) vouched: bool,
    /// Host of the metadata document.
    pub(crate) document_host: Option<&'a str>,
    /// Where the code will go.
    pub(crate) redirect_host: &'a str,
    pub(crate) loopback: bool,
    pub(crate) custom_scheme: bool,
    /// Name of the MCP server.
    pub(crate) resource: &'a str,
    pub(crate) scopes: Vec<&'a ScopeDefinition>,
    /// The sealed request.
    pub(crate) request: &'a str,
}

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentPage<'a> {
    pages: &'a Pages,
    action: &'a str,
    view: &'a ConsentView<'a>,
}

#[derive(Template)]
#[template(path = "leave.html")]
struct LeavePage<'a> {
    pages: &'a Pages,
    title: &'a str,
    text: &'a str,
    link: &'a str,
    url: &'a str,
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage<'a> {
    pages: &'a Pages,
    /// The MCP servers, one at least.
    resources: Vec<&'a ProtectedResource>,
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    pages: &'a Pages,
    message: &'a str,
    mend: &'a str,
    code: &'a str,
    name: &'a str,
}

/// Renders the pages of one deployment.
pub(crate) struct Pages {
    brand: Brand,
    style: String,
    csp: String,
    consent_action: String,
}

impl Pages {
    pub(crate) fn new(settings: &Settings) -> Self {
        let brand = settings.brand.clone();
        // The template engine would escape quotes, so the sheet is inserted as it is; the colour was checked to be #rrggbb.
        let style = STYLE.replace("BRAND_COLOR", &brand.color);
        let digest = ring::digest::digest(&ring::digest::SHA256, style.as_bytes());
        let images = brand.logo_url.as_ref().map_or_else(
            || "'none'".to_owned(),
            |url| url.origin().ascii_serialization(),
        );
        let csp = format!(
            "default-src 'none'; style-src 'sha256-{}'; img-src {images}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
            BASE64_STANDARD.encode(digest)
        );
        Self {
            brand,
            style,
            csp,
            consent_action: format!("{}/consent", settings.issuer),
        }
    }

    /// Asks for consent.
    pub(crate) fn consent(&self, settings: &Settings, view: &ConsentView<'_>) -> Response {
        let page = ConsentPage {
            pages: self,
            action: &self.consent_action,
            view,
        };
        self.answer(settings, StatusCode::OK, &page)
    }

    /// Leads on to Cognito after an approval, by a page and not by a redirect: browsers apply `form-action` to every
    /// redirect that follows a form, and the identity providers behind Cognito cannot be listed.
    pub(crate) fn to_sign_in(&self, settings: &Settings, url: &str) -> Response {
        let page = LeavePage {
            pages: self,
            title: "Continue to sign-in",
            text: "Your sign-in page opens now.",
            link: "Sign in",
            url,
        };
        self.leave(settings, &page)
    }

    /// Leads back to the client after a refusal.
    pub(crate) fn to_client(&self, settings: &Settings, url: &str) -> Response {
        let page = LeavePage {
            pages: self,
            title: "Access not allowed",
            text: "Nothing was shared. You can close this window.",
            link: "Return to the app",
            url,
        };
        self.leave(settings, &page)
    }

    fn leave(&self, settings: &Settings, page: &LeavePage<'_>) -> Response {
        let mut answer = self.answer(settings, StatusCode::OK, page);
        set(
            &mut answer,
            header::REFRESH,
            &format!("0; url={}", page.url),
        );
        answer
    }

    /// Tells somebody who signed in without a client what to do with the account.
    pub(crate) fn without_client(&self, settings: &Settings) -> Response {
        let page = AccountPage {
            pages: self,
            resources: settings.resources.iter().collect(),
        };
        self.answer(settings, StatusCode::OK, &page)
    }

    /// Says what went wrong, in the browser, without going anywhere.
    pub(crate) fn refusal(&self, settings: &Settings, failure: &Failure) -> Response {
        let wire = failure.wire();
        // A page has no challenge to offer, and gateways rewrite a 401.
        let status = if wire.status == StatusCode::UNAUTHORIZED {
            StatusCode::BAD_REQUEST
        } else {
            wire.status
        };
        let message = failure.caller_message();
        let mend = match status {
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::BAD_GATEWAY => "Wait a moment, then start again from your app.",
            _ => {
                "Close this window and start again from your app. If it happens again, show the details below to the people who run this service."
            }
        };
        let page = ErrorPage {
            pages: self,
            message: &message,
            mend,
            code: wire.code,
            name: failure.name(),
        };
        let mut answer = self.answer(settings, status, &page);
        add_refusal_headers(&mut answer, failure);
        answer
    }

    fn answer(&self, settings: &Settings, status: StatusCode, page: &dyn Rendered) -> Response {
        match page.text() {
            Some(text) => {
                let builder = builder(settings, status, &self.csp)
                    .header(header::CONTENT_TYPE, "text/html; charset=utf-8")
                    .header(header::CONTENT_LANGUAGE, "en");
                finish(builder, text)
            }
            None => crate::answer::empty_answer(settings, StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

trait Rendered {
    fn text(&self) -> Option<String>;
}

impl<T: Template> Rendered for T {
    fn text(&self) -> Option<String> {
        self.render().ok()
    }
}
