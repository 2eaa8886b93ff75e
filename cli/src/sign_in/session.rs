//! Sign-in: the authorization endpoint, the password and, for accounts an administrator made, the first own password.

use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::header::{CONTENT_TYPE, HeaderMap, LOCATION};
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::authorization_request::AuthorizationRequest;
use super::browser::{Browser, Form, Notice};
use super::pages::{Common, Login, NewPassword, Problem};
use super::user_pool::Refusal;
use super::{SignIn, respond};

/// A page view or a refusal of it.
pub(super) type Answer = Result<Response, Response>;

/// A page view in the middle of an authorization request.
pub(super) struct View {
    pub(super) request: AuthorizationRequest,
    pub(super) browser: Browser,
}

impl View {
    pub(super) async fn open(
        sign_in: &SignIn,
        query: Option<&str>,
        headers: &HeaderMap,
    ) -> Result<Self, Response> {
        let request = AuthorizationRequest::check(sign_in, query, headers).await?;
        let browser = sign_in.browsers.visit(headers).map_err(|error| {
            (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response()
        })?;
        Ok(Self { request, browser })
    }

    pub(super) fn common(&self, problem: Option<Problem>) -> Common {
        Common::new(&self.browser, &self.request, problem)
    }
}

/// A form of ours that came back.
pub(super) struct Submission {
    pub(super) view: View,
    pub(super) form: Form,
}

impl Submission {
    /// Checks that the form is ours and that the authorization request is still good; remembers the e-mail address.
    pub(super) async fn read(
        sign_in: &SignIn,
        query: Option<&str>,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Self, Response> {
        let form = Form::parse(body);
        let mut browser = sign_in
            .browsers
            .submitter(headers, &form)
            .ok_or_else(respond::foreign_form)?;
        let request = AuthorizationRequest::check(sign_in, query, headers).await?;
        let email = form.get("email").trim();
        if !email.is_empty() {
            email.clone_into(&mut browser.email);
            sign_in
                .browsers
                .remember(&browser, |known| email.clone_into(&mut known.email));
        }
        browser.notice = None;
        Ok(Self {
            view: View { request, browser },
            form,
        })
    }
}

/// `GET /oauth2/authorize`: to the sign-in page when the request is good, as Cognito does it.
pub(super) async fn authorize(
    State(sign_in): State<SignIn>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let request = AuthorizationRequest::check(&sign_in, query.as_deref(), &headers).await?;
    Ok((
        StatusCode::FOUND,
        [(LOCATION, format!("/login?{}", request.query()))],
    )
        .into_response())
}

/// `GET /login`.
pub(super) async fn page(
    State(sign_in): State<SignIn>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let view = View::open(&sign_in, query.as_deref(), &headers).await?;
    Ok(respond::page(
        &sign_in,
        &view.browser,
        &view.request,
        StatusCode::OK,
        &Login {
            common: view.common(None),
        },
    ))
}

/// `POST /login`.
pub(super) async fn submit(
    State(sign_in): State<SignIn>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let Submission { view, form } =
        Submission::read(&sign_in, query.as_deref(), &headers, &body).await?;
    let fields = view.request.form([
        ("username", view.browser.email.as_str()),
        ("password", form.get("password")),
    ]);
    let problem = match say(&sign_in, fields).await? {
        Said::Redirect(redirect) => return Ok(redirect),
        Said::NewPassword { token } => {
            sign_in
                .browsers
                .remember(&view.browser, |browser| browser.new_password_token = token);
            return Ok(respond::next(
                &sign_in,
                &view.browser,
                &view.request,
                "/newPassword",
                None,
            ));
        }
        Said::SignIn { error } if error == "User is not confirmed." => {
            return Ok(respond::next(
                &sign_in,
                &view.browser,
                &view.request,
                "/confirm",
                Some(Notice::NotConfirmed),
            ));
        }
        Said::SignIn { error } => Problem {
            sentence: error,
            field: "password",
        },
    };
    let page = Login {
        common: view.common(Some(problem)),
    };
    Ok(respond::page(
        &sign_in,
        &view.browser,
        &view.request,
        StatusCode::BAD_REQUEST,
        &page,
    ))
}

/// `GET /newPassword`.
pub(super) async fn new_password_page(
    State(sign_in): State<SignIn>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Answer {
    let view = View::open(&sign_in, query.as_deref(), &headers).await?;
    let page = NewPassword {
        common: view.common(None),
        policy: sign_in.policy.sentence(),
    };
    Ok(respond::page(
        &sign_in,
        &view.browser,
        &view.request,
        StatusCode::OK,
        &page,
    ))
}

/// `POST /newPassword`.
pub(super) async fn submit_new_password(
    State(sign_in): State<SignIn>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let Submission { view, form } =
        Submission::read(&sign_in, query.as_deref(), &headers, &body).await?;
    let password = form.get("password");
    let token = view.browser.new_password_token.as_str();
    let fields = view.request.form([
        ("np_token", token),
        ("new_password", password),
        ("confirm_password", password),
    ]);
    if let Said::Redirect(redirect) = say(&sign_in, fields).await? {
        return Ok(redirect);
    }
    // Both fields are the same, so it can only be the policy.
    let common = view.common(Some(Problem::from(&Refusal::InvalidPassword)));
    let page = NewPassword {
        common,
        policy: sign_in.policy.sentence(),
    };
    Ok(respond::page(
        &sign_in,
        &view.browser,
        &view.request,
        StatusCode::BAD_REQUEST,
        &page,
    ))
}

/// What the emulator's own page would do next.
enum Said {
    /// Back to the client, with a code or an error.
    Redirect(Response),
    /// The sign-in page again.
    SignIn { error: String },
    /// The page for a first own password, perhaps again.
    NewPassword { token: String },
}

/// Submits the emulator's sign-in form.
async fn say(sign_in: &SignIn, fields: String) -> Result<Said, Response> {
    #[derive(Deserialize)]
    #[serde(tag = "page", rename_all = "camelCase")]
    enum Page {
        SignIn { error: String },
        NewPassword { token: String },
    }
    let submitted = Request::post("/login")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(fields))
        .map_err(|_| StatusCode::BAD_REQUEST.into_response())?;
    let answer = sign_in
        .upstream
        .call(submitted)
        .await
        .map_err(IntoResponse::into_response)?;
    if let (StatusCode::FOUND, Some(location)) = (answer.status(), answer.headers().get(LOCATION)) {
        return Ok(Said::Redirect(
            (StatusCode::FOUND, [(LOCATION, location.clone())]).into_response(),
        ));
    }
    match serde_json::from_slice(answer.body()) {
        Ok(Page::SignIn { error }) => Ok(Said::SignIn { error }),
        Ok(Page::NewPassword { token }) => Ok(Said::NewPassword { token }),
        Err(_) => Err(respond::failed(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "This sign-in cannot be finished any more. Start again from your MCP client.",
        )),
    }
}
