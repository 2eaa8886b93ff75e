//! Stores the state of a browser during its sign-in, under an HttpOnly cookie: never a password, never a code.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::http::header::{COOKIE, HeaderMap};
use url::form_urlencoded;

/// How long an untouched sign-in is remembered, and how many at a time.
const KEPT: Duration = Duration::from_secs(3600);
const KEPT_AT_MOST: usize = 1000;

/// A notice for the next page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notice {
    /// The account was made and a code was mailed.
    CodeSent,
    /// A sign-in was tried with an account that is not confirmed yet.
    NotConfirmed,
    /// The account is confirmed.
    Confirmed,
    /// A new password is set.
    PasswordChanged,
}

/// One browser's running sign-in.
#[derive(Debug, Clone)]
pub(crate) struct Browser {
    /// Cookie value.
    pub(crate) id: String,
    /// Value that each of our forms carries; a foreign page cannot know it.
    pub(crate) csrf: String,
    /// What the person last typed as e-mail address.
    pub(crate) email: String,
    /// The emulator's handle for "a new password is required".
    pub(crate) new_password_token: String,
    pub(crate) notice: Option<Notice>,
    seen: Instant,
}

/// The fields of a submitted form.
#[derive(Debug)]
pub(crate) struct Form(HashMap<String, String>);

impl Form {
    pub(crate) fn parse(body: &[u8]) -> Self {
        Self(form_urlencoded::parse(body).into_owned().collect())
    }

    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

/// All running sign-ins. They are forgotten when the program ends.
#[derive(Debug)]
pub(crate) struct Browsers {
    cookie: String,
    known: Mutex<HashMap<String, Browser>>,
}

impl Browsers {
    /// For the sign-in pages on `port`: cookies ignore ports, so their name contains it.
    pub(crate) fn new(port: u16) -> Self {
        Self {
            cookie: format!("sign-in-{port}"),
            known: Mutex::default(),
        }
    }

    /// The browser behind a page view, a new one if it is unknown. Takes the notice away: it is shown once.
    pub(crate) fn visit(&self, headers: &HeaderMap) -> Result<Browser, getrandom::Error> {
        let mut known = self.lock();
        if let Some(browser) = self.id_in(headers).and_then(|id| known.get_mut(id)) {
            browser.seen = Instant::now();
            let visitor = browser.clone();
            browser.notice = None;
            return Ok(visitor);
        }
        let browser = Browser {
            id: secret()?,
            csrf: secret()?,
            email: String::new(),
            new_password_token: String::new(),
            notice: None,
            seen: Instant::now(),
        };
        known.retain(|_, browser| browser.seen.elapsed() < KEPT);
        if known.len() >= KEPT_AT_MOST
            && let Some(oldest) = known
                .values()
                .min_by_key(|browser| browser.seen)
                .map(|browser| browser.id.clone())
        {
            known.remove(&oldest);
        }
        known.insert(browser.id.clone(), browser.clone());
        Ok(browser)
    }

    /// The browser behind a submitted form, when the form is ours: None for a form that another site sent (RFC 6749
    /// section 10.12) or that is older than our memory.
    pub(crate) fn submitter(&self, headers: &HeaderMap, form: &Form) -> Option<Browser> {
        let browser = self.lock().get(self.id_in(headers)?).cloned()?;
        (browser.csrf == form.get("csrf")).then_some(browser)
    }

    /// Changes what is remembered of a browser.
    pub(crate) fn remember(&self, browser: &Browser, change: impl FnOnce(&mut Browser)) {
        if let Some(browser) = self.lock().get_mut(&browser.id) {
            change(browser);
        }
    }

    /// The cookie for `browser`. Lax, because the way here is a link from the client's page. Not Secure: loopback
    /// has no TLS; no path, because `/login`, `/signup` and the others belong together.
    pub(crate) fn cookie(&self, browser: &Browser) -> String {
        format!(
            "{}={}; Path=/; HttpOnly; SameSite=Lax",
            self.cookie, browser.id
        )
    }

    fn id_in<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find_map(|(name, value)| (name == self.cookie).then_some(value))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Browser>> {
        // Nothing is left half-written by a panic between two assignments of plain values.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// 192 random bits as hex.
fn secret() -> Result<String, getrandom::Error> {
    let mut bytes = [0_u8; 24];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
