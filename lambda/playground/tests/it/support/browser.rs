//! As much of a browser as the pages need: cookies, forms, redirects, and the buttons of a page.

use reqwest::header::{COOKIE, LOCATION, ORIGIN, REFRESH, SET_COOKIE};
use reqwest::{RequestBuilder, Response, StatusCode};

/// A browser.
#[derive(Clone)]
pub(crate) struct Browser {
    pub(crate) origin: String,
    pub(crate) cookie: Option<String>,
    client: reqwest::Client,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) text: String,
    pub(crate) location: Option<String>,
    pub(crate) headers: reqwest::header::HeaderMap,
}

/// A client; ring is the provider of TLS.
pub(crate) fn http() -> reqwest::Client {
    // An error means that a provider is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

impl Browser {
    pub(crate) fn new(origin: &str) -> Self {
        Self {
            origin: origin.to_owned(),
            cookie: None,
            client: http(),
        }
    }

    /// A name of a conversation, as a new page has one.
    pub(crate) async fn new_conversation(&mut self) -> String {
        let page = self.get("/").await;
        let (_, rest) = page
            .text
            .split_once("action=\"/c/")
            .unwrap_or_else(|| panic!("{page:?}"));
        format!("/c/{}", rest.split_once('/').unwrap().0)
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        let request = self.client.get(format!("{}{path}", self.origin));
        self.send(request).await
    }

    /// What a browser asks for with this `Sec-Fetch-Dest`.
    pub(crate) async fn get_as(&mut self, destination: &str, path: &str) -> Answer {
        let request = self.client.get(format!("{}{path}", self.origin));
        self.send(request.header("sec-fetch-dest", destination))
            .await
    }

    /// JSON that a script of the page sends.
    pub(crate) async fn post_json(&mut self, path: &str, body: String) -> Answer {
        let request = self.client.post(format!("{}{path}", self.origin));
        self.send(request.header(ORIGIN, &self.origin).body(body))
            .await
    }

    /// A form that the page itself sends.
    pub(crate) async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        let request = self.form(path, form).header(ORIGIN, &self.origin);
        self.send(request).await
    }

    /// A form that htmx sends; the whole stream of what comes of it.
    pub(crate) async fn act(&mut self, path: &str, form: &[(&str, &str)]) -> Answer {
        let request = self.piece(path, form);
        self.send(request).await
    }

    /// The same, of a process that may be killed meanwhile: then there is no answer.
    pub(crate) async fn try_act(&mut self, path: &str, form: &[(&str, &str)]) -> Option<Answer> {
        let request = self.piece(path, form);
        self.attempt(request).await.ok()
    }

    /// Asks something.
    pub(crate) async fn ask(&mut self, path: &str, words: &str) -> Answer {
        self.act(&format!("{path}/act"), &[("act", "ask"), ("text", words)])
            .await
    }

    /// Presses the button of a page or a piece whose value begins like this.
    pub(crate) async fn press(&mut self, path: &str, page: &str, button: &str) -> Answer {
        let value = button_of(page, button);
        self.act(&format!("{path}/act"), &[("act", &value)]).await
    }

    /// The response of a form that htmx sends, whose stream is still open.
    pub(crate) async fn open(&self, path: &str, form: &[(&str, &str)]) -> Response {
        self.with_cookie(self.piece(path, form))
            .send()
            .await
            .unwrap()
    }

    fn piece(&self, path: &str, form: &[(&str, &str)]) -> RequestBuilder {
        self.form(path, form)
            .header(ORIGIN, &self.origin)
            .header("hx-request", "true")
    }

    /// A form that says nothing of where it is from.
    pub(crate) fn form(&self, path: &str, form: &[(&str, &str)]) -> RequestBuilder {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form);
        self.client
            .post(format!("{}{path}", self.origin))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.finish())
    }

    pub(crate) fn with_cookie(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.cookie {
            Some(cookie) => request.header(COOKIE, cookie),
            None => request,
        }
    }

    pub(crate) async fn send(&mut self, request: RequestBuilder) -> Answer {
        self.attempt(request).await.unwrap()
    }

    async fn attempt(&mut self, request: RequestBuilder) -> reqwest::Result<Answer> {
        let response = self.with_cookie(request).send().await?;
        if let Some(cookie) = response.headers().get(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            self.cookie = (!cookie.contains("Max-Age=0"))
                .then(|| cookie.split(';').next().unwrap().to_owned());
        }
        Ok(Answer {
            status: response.status(),
            location: response
                .headers()
                .get(LOCATION)
                .map(|value| value.to_str().unwrap().to_owned()),
            headers: response.headers().clone(),
            text: response.text().await?,
        })
    }

    /// Signs `person` in to the first server.
    pub(crate) async fn sign_in(&mut self, person: &str) -> Answer {
        let page = self.get("/").await;
        let page = match page.text.contains("/sign-in\"") {
            true => page,
            false => self.get("/servers").await,
        };
        let (_, rest) = page.text.split_once("action=\"/servers/").unwrap();
        let key = rest.split_once('/').unwrap().0.to_owned();
        let callback = self.consent(&key, person, &[]).await;
        self.get(&callback).await
    }

    /// Goes to the authorization server of a server and allows; the path of the callback.
    pub(crate) async fn consent(
        &mut self,
        key: &str,
        person: &str,
        form: &[(&str, &str)],
    ) -> String {
        let page = self.post(&format!("/servers/{key}/sign-in"), form).await;
        let refresh = page
            .headers
            .get(REFRESH)
            .unwrap_or_else(|| panic!("{page:?}"));
        let url = refresh.to_str().unwrap().strip_prefix("0; url=").unwrap();
        let answer = self
            .client
            .get(format!("{url}&person={person}"))
            .send()
            .await
            .unwrap();
        let back = answer.headers()[LOCATION].to_str().unwrap();
        back.strip_prefix(&self.origin)
            .unwrap_or_else(|| panic!("{back} is elsewhere"))
            .to_owned()
    }
}

/// The value of the last button of a page whose value begins like this.
pub(crate) fn button_of(page: &str, button: &str) -> String {
    let (_, rest) = page
        .rsplit_once(&format!("value=\"{button}"))
        .unwrap_or_else(|| panic!("no {button} in {page}"));
    format!("{button}{}", rest.split_once('"').unwrap().0)
}
