//! Who sends a request: a browser, and the person who signed in in it.

use std::sync::Arc;

use crate::browser::{Browser, SECONDS};
use crate::person::Person;
use crate::playground::Playground;
use crate::problem::Problem;
use crate::request::Request;
use crate::sealing::Keyring;
use crate::store::{Key, When};

const SESSION: &str = "session";

/// A signed-in person in one browser.
#[derive(Clone)]
pub(crate) struct Visitor {
    pub(crate) browser: Browser,
    pub(crate) person: Person,
    pub(crate) keys: Arc<Keyring>,
}

impl Playground {
    /// The browser of a request, or a new one.
    pub(crate) fn browser(&self, request: &Request) -> Result<Browser, Problem> {
        match Browser::of(&request.headers, self.settings.is_secure()) {
            Some(browser) => Ok(browser),
            None => Ok(Browser::new()?),
        }
    }

    /// Who is signed in in the browser of a request.
    pub(crate) async fn visitor(&self, request: &Request) -> Result<Option<Visitor>, Problem> {
        let Some(browser) = Browser::of(&request.headers, self.settings.is_secure()) else {
            return Ok(None);
        };
        let Some(item) = self.table()?.get(session(&browser)).await? else {
            return Ok(None);
        };
        let keys = self.secrets.keys().await?;
        // A session that does not open is none: the secret was rotated twice, or the table was written by somebody else.
        let person = keys.open(&item.value, browser.value(), SESSION).ok();
        Ok(person.map(|person| Visitor {
            browser,
            person,
            keys,
        }))
    }

    /// Who is signed in, or a refusal.
    pub(crate) async fn require_visitor(&self, request: &Request) -> Result<Visitor, Problem> {
        self.visitor(request).await?.ok_or(Problem::NotSignedIn)
    }

    /// Signs a person in, in a browser of a new name: what somebody knew of the old one is worth nothing.
    pub(crate) async fn enter(&self, person: Person) -> Result<Visitor, Problem> {
        let browser = Browser::new()?;
        let keys = self.secrets.keys().await?;
        let sealed = keys.seal(&person, browser.value(), SESSION)?;
        let expires = self.seconds() + SECONDS;
        let table = self.table()?;
        table
            .put(session(&browser), sealed, expires, When::Absent)
            .await?;
        Ok(Visitor {
            browser,
            person,
            keys,
        })
    }

    /// Forgets who is signed in in a browser.
    pub(crate) async fn leave(&self, browser: &Browser) -> Result<(), Problem> {
        Ok(self.table()?.delete(session(browser)).await?)
    }
}

fn session(browser: &Browser) -> Key {
    Key::new(partition(browser), SESSION)
}

/// The partition key of what a browser has before anybody is signed in.
pub(crate) fn partition(browser: &Browser) -> String {
    format!("browser#{}", browser.digest())
}
