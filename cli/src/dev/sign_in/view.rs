//! What a handler of a page begins with: the checked authorization request, the browser and, for a form, its fields.

use askama::Template;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts};
use axum::http::header::{CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::authorization_request::AuthorizationRequest;
use super::browser::{Browser, Form, Notice};
use super::pages::{Common, Problem};
use super::password_policy::PasswordPolicy;
use super::respond;
use super::state::SignIn;
use super::user_pool::Refusal;

/// Checks the request in the query at the emulator, whose refusal is the response.
impl FromRequestParts<SignIn> for AuthorizationRequest {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, sign_in: &SignIn) -> Result<Self, Response> {
        let query = parts.uri.query().unwrap_or_default();
        let request = Request::get(format!("/oauth2/authorize?{query}"))
            .body(Body::empty())
            .map_err(|_| StatusCode::BAD_REQUEST.into_response())?;
        let response = sign_in
            .upstream
            .call(request)
            .await
            .map_err(IntoResponse::into_response)?;
        match (response.status(), response.headers().get(LOCATION)) {
            (StatusCode::OK, _) => Ok(Self::parse(query)),
            // The client gets the error at its redirect URI.
            (StatusCode::FOUND, Some(location)) => Err(respond::redirect(location.clone())),
            // The redirect URI cannot be trusted: the person sees the error.
            (status, _) => Err(refused(status, response.body(), &parts.headers)),
        }
    }
}

fn refused(status: StatusCode, body: &[u8], headers: &HeaderMap) -> Response {
    #[derive(Deserialize, Default)]
    struct OAuthError {
        #[serde(default)]
        error: String,
        #[serde(default)]
        error_description: String,
    }
    if respond::wants_html(headers) {
        let OAuthError {
            error,
            error_description,
        } = serde_json::from_slice(body).unwrap_or_default();
        return respond::failed(status, &error, &error_description);
    }
    (status, [(CONTENT_TYPE, "application/json")], body.to_vec()).into_response()
}

/// A page view in the middle of an authorization request.
pub(super) struct View {
    pub(super) sign_in: SignIn,
    pub(super) request: AuthorizationRequest,
    pub(super) browser: Browser,
    policy: PasswordPolicy,
}

impl FromRequestParts<SignIn> for View {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, sign_in: &SignIn) -> Result<Self, Response> {
        let request = AuthorizationRequest::from_request_parts(parts, sign_in).await?;
        let browser = sign_in.browsers.visit(&parts.headers).map_err(|error| {
            (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response()
        })?;
        let policy = PasswordPolicy::of_client(&sign_in.upstream, request.get("client_id")).await;
        Ok(Self {
            policy,
            sign_in: sign_in.clone(),
            request,
            browser,
        })
    }
}

impl View {
    /// The page.
    pub(super) fn show<T: Template>(&self, page: impl FnOnce(Common) -> T) -> Response {
        self.respond(StatusCode::OK, None, page)
    }

    /// The page again, with the problem of its form.
    pub(super) fn show_again<T: Template>(
        &self,
        problem: impl Into<Problem>,
        page: impl FnOnce(Common) -> T,
    ) -> Response {
        self.respond(StatusCode::BAD_REQUEST, Some(problem.into()), page)
    }

    fn respond<T: Template>(
        &self,
        status: StatusCode,
        problem: Option<Problem>,
        page: impl FnOnce(Common) -> T,
    ) -> Response {
        let page = page(Common::new(&self.browser, &self.request, problem));
        let mut response = respond::html(status, &page, self.request.redirect_source().as_deref());
        if let Ok(cookie) = HeaderValue::try_from(self.sign_in.browsers.cookie(&self.browser)) {
            response.headers_mut().insert(SET_COOKIE, cookie);
        }
        response
    }

    /// Leads to another page of the same sign-in, which shows `notice`.
    pub(super) fn next(&self, path: &str, notice: Option<Notice>) -> Response {
        self.sign_in
            .browsers
            .remember(&self.browser, |browser| browser.notice = notice);
        (
            StatusCode::SEE_OTHER,
            [(LOCATION, format!("{path}?{}", self.request.query()))],
        )
            .into_response()
    }

    /// The rules for passwords.
    pub(super) fn policy(&self) -> String {
        self.policy.sentence()
    }
}

/// A form of ours that came back.
pub(super) struct Submission {
    pub(super) view: View,
    pub(super) form: Form,
}

/// Checks that the form is ours and that the authorization request is still good; remembers the e-mail address.
impl FromRequest<SignIn> for Submission {
    type Rejection = Response;

    async fn from_request(request: Request<Body>, sign_in: &SignIn) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let body = Bytes::from_request(Request::new(body), sign_in)
            .await
            .map_err(IntoResponse::into_response)?;
        let form = Form::parse(&body);
        let mut browser = sign_in
            .browsers
            .submitter(&parts.headers, &form)
            .ok_or_else(respond::foreign_form)?;
        let request = AuthorizationRequest::from_request_parts(&mut parts, sign_in).await?;
        let email = form.get("email").trim();
        if !email.is_empty() {
            email.clone_into(&mut browser.email);
            sign_in
                .browsers
                .remember(&browser, |known| email.clone_into(&mut known.email));
        }
        browser.notice = None;
        let policy = PasswordPolicy::of_client(&sign_in.upstream, request.get("client_id")).await;
        let view = View {
            policy,
            sign_in: sign_in.clone(),
            request,
            browser,
        };
        Ok(Self { view, form })
    }
}

impl Submission {
    /// Calls an operation of the user pool for the client of this sign-in.
    pub(super) async fn call(
        &self,
        operation: &str,
        mut input: serde_json::Value,
    ) -> Result<(), Refusal> {
        input["ClientId"] = self.view.request.get("client_id").into();
        super::user_pool::call(&self.view.sign_in.upstream, operation, &input).await
    }

    /// A field without white space around it.
    pub(super) fn field(&self, name: &str) -> &str {
        self.form.get(name).trim()
    }
}
