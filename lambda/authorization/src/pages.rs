//! The pages: server-rendered, under a policy that allows one style sheet by its hash. No page needs a script; the one after
//! a sign-in has one, also by its hash, which takes the code out of the address bar.

use askama::Template;
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{StatusCode, header};
use url::Url;

use crate::{
    failure::Failure,
    oauth::{
        redirect::{Destination, RedirectUri},
        request::Response,
        resource::ProtectedResource,
        scope::ScopeDefinition,
    },
    response::{add_refusal_headers, answer_of, empty_answer, set},
    settings::{DarkColor, HttpsUrl, Settings},
};

const STYLE: &str = include_str!("../templates/style.css");
/// Removes the query with Cognito's code from the address bar and the history.
const CLEAN_ADDRESS: &str = r#"history.replaceState(null,"",location.pathname)"#;

/// The values of the consent page.
pub(crate) struct ConsentView<'a> {
    /// The client's name, if it gave one.
    pub(crate) name: Option<&'a str>,
    /// Whether the operator has set the name, and no other client can use it.
    pub(crate) vouched: bool,
    /// Whether the operator has set the name.
    pub(crate) registered_here: bool,
    /// Host of the metadata document.
    pub(crate) document_host: Option<&'a str>,
    /// The destination of the code.
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
    script: Option<&'static str>,
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
    fix: &'a str,
    code: &'a str,
    name: &'a str,
}

/// Renders the pages of one deployment.
pub(crate) struct Pages {
    name: String,
    logo_url: Option<Url>,
    style: String,
    csp: String,
    /// The policy of the page that follows a sign-in.
    csp_after_sign_in: String,
    consent_action: String,
}

impl Pages {
    pub(crate) fn new(settings: &Settings) -> Self {
        let DarkColor(color) = &settings.choices.brand_color;
        let logo_url = settings.choices.brand_logo_url.as_ref();
        // The template engine would escape quotes, so the sheet is inserted as it is; the colour was checked to be #rrggbb.
        let style = STYLE.replace("BRAND_COLOR", color);
        let images = logo_url.map_or_else(
            || "'none'".to_owned(),
            |HttpsUrl(url)| url.origin().ascii_serialization(),
        );
        let policy = |script: &str| {
            format!(
                "default-src 'none'; {script}style-src '{}'; img-src {images}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
                hash_source(&style)
            )
        };
        Self {
            csp: policy(""),
            csp_after_sign_in: policy(&format!("script-src '{}'; ", hash_source(CLEAN_ADDRESS))),
            name: settings.brand_name.clone(),
            logo_url: logo_url.map(|HttpsUrl(url)| url.clone()),
            style,
            consent_action: format!("{}/consent", settings.addresses.issuer.text),
        }
    }

    /// Asks for consent.
    pub(crate) fn consent(&self, view: &ConsentView<'_>) -> Response {
        let page = ConsentPage {
            pages: self,
            action: &self.consent_action,
            view,
        };
        let mut answer = self.answer(StatusCode::OK, &self.csp, &page);
        // Under `no-referrer` a browser sends `Origin: null` with the form.
        set(&mut answer, header::REFERRER_POLICY, "same-origin");
        answer
    }

    /// Continues to Cognito after an approval, by a page and not by a redirect: browsers apply `form-action` to every
    /// redirect that follows a form, and the identity providers behind Cognito cannot be listed.
    pub(crate) fn to_sign_in(&self, url: &str) -> Response {
        let page = LeavePage {
            pages: self,
            title: "Continue to sign-in",
            text: "Your sign-in page opens now.",
            link: "Sign in",
            url,
            script: None,
        };
        self.leave(&self.csp, &page)
    }

    /// Returns to the client after a refusal.
    pub(crate) fn to_client(&self, url: &str) -> Response {
        let page = LeavePage {
            pages: self,
            title: "Access not allowed",
            text: "Nothing was shared. You can close this window.",
            link: "Return to the app",
            url,
            script: None,
        };
        self.leave(&self.csp, &page)
    }

    /// Continues to the client with a code after a sign-in.
    pub(crate) fn signed_in(&self, url: &str, to: &RedirectUri) -> Response {
        let text = match to.destination() {
            Destination::CustomScheme => {
                "Your app opens now. Your browser may ask you first whether it may open it."
            }
            Destination::Loopback | Destination::Https => "Your app continues now.",
        };
        let page = LeavePage {
            pages: self,
            title: "You are signed in",
            text,
            link: "Return to the app",
            url,
            script: Some(CLEAN_ADDRESS),
        };
        self.leave(&self.csp_after_sign_in, &page)
    }

    /// Continues to the client with the reason why there was no sign-in.
    pub(crate) fn not_signed_in(&self, failure: &Failure, url: &str) -> Response {
        let page = LeavePage {
            pages: self,
            title: "You are not signed in",
            text: &format!("What happened: {}.", failure.caller_message()),
            link: "Return to the app",
            url,
            script: Some(CLEAN_ADDRESS),
        };
        self.leave(&self.csp_after_sign_in, &page)
    }

    fn leave(&self, csp: &str, page: &LeavePage<'_>) -> Response {
        let mut answer = self.answer(StatusCode::OK, csp, page);
        set(
            &mut answer,
            header::REFRESH,
            &format!("0; url={}", page.url),
        );
        answer
    }

    /// Explains to a person who signed in without a client what to do with the account.
    pub(crate) fn without_client(&self, settings: &Settings) -> Response {
        let page = AccountPage {
            pages: self,
            resources: settings.resources.iter().collect(),
        };
        self.answer(StatusCode::OK, &self.csp, &page)
    }

    /// Shows an error in the browser, without a redirect.
    pub(crate) fn refusal(&self, failure: &Failure) -> Response {
        let wire = failure.wire();
        // A page has no challenge, and gateways rewrite a 401.
        let status = if wire.status == StatusCode::UNAUTHORIZED {
            StatusCode::BAD_REQUEST
        } else {
            wire.status
        };
        let message = failure.caller_message();
        let fix = match status {
            _ if matches!(failure, Failure::ClientDocument(problem) if problem.is_unreachable()) => {
                "Wait a moment, then start again from your app. If it happens again, this service may have no internet access: the people who run it can give it access, or set clientDocumentsEnabled to false, so that apps register themselves instead."
            }
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
            fix,
            code: wire.code,
            name: failure.name(),
        };
        let mut answer = self.answer(status, &self.csp, &page);
        add_refusal_headers(&mut answer, failure);
        answer
    }

    fn answer(&self, status: StatusCode, csp: &str, page: &impl Template) -> Response {
        let Ok(body) = page.render() else {
            return empty_answer(StatusCode::INTERNAL_SERVER_ERROR);
        };
        let mut answer = answer_of(status, "text/html; charset=utf-8", body);
        set(&mut answer, header::CONTENT_LANGUAGE, "en");
        set(&mut answer, header::CONTENT_SECURITY_POLICY, csp);
        answer
    }
}

/// An inline style sheet or script as a source of Content-Security-Policy.
fn hash_source(text: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    format!("sha256-{}", BASE64_STANDARD.encode(digest))
}
