//! Signing in and out.

use http::{HeaderName, StatusCode, header};
use mcp_lambda_runtime::response::Response;
use url::Url;

use super::own_path;
use crate::access::{Visitor, partition};
use crate::browser::{Browser, clear};
use crate::pages::{LeavePage, Page, rendered};
use crate::person::Person;
use crate::playground::Playground;
use crate::problem::Problem;
use crate::request::Request;
use crate::response::{see, set};
use crate::servers::{Known, key_of};
use crate::settings::ServerEntry;
use crate::sign_in::{Begun, Credentials, Pending};
use crate::store::{Key, When};

/// A person has so long for a sign-in.
const SIGN_IN: u64 = 15 * 60;

impl Playground {
    /// Sends a person to the authorization server of a server.
    pub(super) async fn sign_in(&self, request: &Request, key: &str) -> Result<Response, Problem> {
        let visitor = self.visitor(request).await?;
        let server = match (&visitor, self.first_server()) {
            (_, Some(first)) if key_of(&first.url) == key => first.clone(),
            (Some(visitor), _) => self.server(visitor, key).await?.entry,
            (None, _) => return Err(Problem::NotSignedIn),
        };
        let form = request.form();
        let return_to = own_path(form.get("return_to"));
        let scopes = self
            .scopes(visitor.as_ref(), key, form.get("scopes"))
            .await?;
        let begun = self.flow().begin(&server, &scopes, &return_to).await?;
        let Begun::Page {
            url,
            state,
            pending,
        } = begun
        else {
            // The server wants no access token after all.
            if let Some(visitor) = visitor {
                return self.lead_back(&visitor, &return_to).await;
            }
            return Err(Problem::NoPerson {
                server: server.name,
                cause: "it wants no access token, so nobody knows who calls".to_owned(),
            });
        };
        let browser = self.browser(request)?;
        self.keep_pending(&browser, &state, &pending).await?;
        let mut response = self.leave_page(&url);
        let cookie = browser.set(self.settings.is_secure());
        set(&mut response, header::SET_COOKIE, &cookie);
        Ok(response)
    }

    /// The OAuth scopes to ask for: those that a call needs, with those that were granted before.
    async fn scopes(
        &self,
        visitor: Option<&Visitor>,
        key: &str,
        needed: Option<&String>,
    ) -> Result<Vec<String>, Problem> {
        let needed = needed.map(String::as_str).unwrap_or_default();
        let needed: Vec<&str> = needed.split_whitespace().collect();
        let (Some(visitor), false) = (visitor, needed.is_empty()) else {
            return Ok(Vec::new());
        };
        let mut scopes = match self.credentials(visitor, key).await? {
            Some((Credentials::OAuth(oauth), _)) => oauth.stored.granted_scopes.clone(),
            Some((Credentials::Pasted(_), _)) | None => Vec::new(),
        };
        for scope in needed {
            if !scopes.iter().any(|known| known == scope) {
                scopes.push(scope.to_owned());
            }
        }
        Ok(scopes)
    }

    fn leave_page(&self, url: &Url) -> Response {
        let page = LeavePage {
            page: Page::new(&self.settings),
            host: url.host_str().unwrap_or_default().to_owned(),
            url: url.as_str(),
        };
        let mut response = rendered(StatusCode::OK, &page);
        set(&mut response, header::REFRESH, &format!("0; url={url}"));
        response
    }

    async fn keep_pending(
        &self,
        browser: &Browser,
        state: &str,
        pending: &Pending,
    ) -> Result<(), Problem> {
        let key = pending_key(browser, state);
        let keys = self.secrets.keys().await?;
        let sealed = keys.seal(pending, browser.value(), &key.sort)?;
        let expires = self.seconds() + SIGN_IN;
        let table = self.table()?;
        table.put(key, sealed, expires, When::Absent).await?;
        Ok(())
    }

    /// The half-done sign-in with this `state`, which it takes: it is finished once.
    async fn take_pending(
        &self,
        browser: &Browser,
        state: &str,
    ) -> Result<Option<Pending>, Problem> {
        let key = pending_key(browser, state);
        let table = self.table()?;
        let Some(item) = table.get(key.clone()).await? else {
            return Ok(None);
        };
        let keys = self.secrets.keys().await?;
        let pending = keys.open(&item.value, browser.value(), &key.sort)?;
        table.delete(key).await?;
        Ok(Some(pending))
    }

    /// The person comes back from an authorization server.
    pub(super) async fn callback(&self, request: &Request) -> Result<Response, Problem> {
        let query = request.query();
        let state = query.get("state").map(String::as_str).unwrap_or_default();
        let browser = Browser::of(&request.headers, self.settings.is_secure());
        let stale = || {
            Problem::Field(
                "this sign-in was finished already, or began in another browser".to_owned(),
            )
        };
        let browser = browser.ok_or_else(stale)?;
        let pending = self
            .take_pending(&browser, state)
            .await?
            .ok_or_else(stale)?;
        let server = pending.server.clone();
        let return_to = pending.return_to.clone();
        let (oauth, keys_url) = self.flow().finish(pending, &query).await?;
        let is_first = self
            .first_server()
            .is_some_and(|first| first.url == server.url);
        let visitor = if is_first {
            let token = oauth.access_token().unwrap_or_default();
            let person = self.person(&server, &token, keys_url.as_deref()).await?;
            self.change(request, person).await?
        } else {
            self.require_visitor(request).await?
        };
        let credentials = Credentials::OAuth(Box::new(oauth));
        self.keep(&visitor, &key_of(&server.url), &credentials, When::Always)
            .await?;
        let mut response = self.lead_back(&visitor, &return_to).await?;
        let cookie = visitor.browser.set(self.settings.is_secure());
        set(&mut response, header::SET_COOKIE, &cookie);
        Ok(response)
    }

    async fn person(
        &self,
        server: &ServerEntry,
        token: &str,
        keys_url: Option<&str>,
    ) -> Result<Person, Problem> {
        let log = &self.process.log;
        let person = Person::of_token(token, &server.url, keys_url, log, self.now()).await;
        person.map_err(|cause| Problem::NoPerson {
            server: server.name.clone(),
            cause: cause.to_string(),
        })
    }

    /// Who was signed in before. The same person stays in the same browser, with the sign-ins to other servers; another one gets a
    /// new cookie.
    async fn change(&self, request: &Request, person: Person) -> Result<Visitor, Problem> {
        match self.visitor(request).await? {
            Some(before) if before.person == person => Ok(before),
            Some(before) => {
                self.leave(&before.browser).await?;
                self.enter(person).await
            }
            None => self.enter(person).await,
        }
    }

    /// Revokes what the authorization servers gave, and forgets the browser.
    pub(super) async fn sign_out(&self, request: &Request) -> Result<Response, Problem> {
        if let Some(visitor) = self.visitor(request).await? {
            let known = self.servers(&visitor).await?;
            let ended = known.iter().map(|known| self.end_sign_in(&visitor, known));
            let ended = futures_util::future::join_all(ended).await;
            self.leave(&visitor.browser).await?;
            ended.into_iter().collect::<Result<Vec<()>, Problem>>()?;
        }
        let mut response = see("/");
        set(
            &mut response,
            header::SET_COOKIE,
            &clear(self.settings.is_secure()),
        );
        let clear_site = HeaderName::from_static("clear-site-data");
        set(&mut response, clear_site, "\"cache\"");
        Ok(response)
    }

    /// Forgets the sign-in to one server, after its authorization server was asked to revoke it.
    pub(super) async fn end_sign_in(
        &self,
        visitor: &Visitor,
        known: &Known,
    ) -> Result<(), Problem> {
        if let Some((Credentials::OAuth(oauth), _)) = self.credentials(visitor, &known.key).await? {
            self.flow().revoke(&known.entry, &oauth).await;
        }
        Ok(self.forget(visitor, &known.key).await?)
    }
}

fn pending_key(browser: &Browser, state: &str) -> Key {
    let state = crate::browser::hex_digest(&[state]);
    Key::new(partition(browser), format!("pending#{state}"))
}
