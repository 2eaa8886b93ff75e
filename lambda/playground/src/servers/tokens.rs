//! The access tokens of a person in one browser, sealed.

use super::known::Known;
use crate::access::Visitor;
use crate::browser::SECONDS;
use crate::playground::Playground;
use crate::problem::Problem;
use crate::sign_in::{Credentials, Refreshed};
use crate::store::{Key, TableError, When};

/// How a server can be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// With this access token.
    Token(String),
    /// Nobody signed in: the server may want no access token.
    None,
    /// The sign-in has expired.
    Expired,
    /// The authorization server does not refresh the access token now.
    Failed(String),
}

impl Playground {
    /// How the person calls a server from this browser. An access token that has expired is refreshed; with `again`, also one
    /// that the server refuses before its end.
    pub(crate) async fn access(
        &self,
        visitor: &Visitor,
        known: &Known,
        again: bool,
    ) -> Result<Access, Problem> {
        let Some((credentials, version)) = self.credentials(visitor, &known.key).await? else {
            return Ok(Access::None);
        };
        let fresh = credentials.fresh(self.seconds());
        let oauth = match (fresh, credentials) {
            (Some(token), _) if !again => return Ok(Access::Token(token)),
            (_, Credentials::Pasted(_)) => return Ok(Access::Expired),
            (_, Credentials::OAuth(oauth)) => oauth,
        };
        let new = match self.flow().refresh(&known.entry, &oauth).await {
            Refreshed::New(new) => Credentials::OAuth(new),
            Refreshed::Expired => return self.refreshed_elsewhere(visitor, known, &version).await,
            Refreshed::Failed(cause) => return Ok(Access::Failed(cause)),
        };
        let token = new.fresh(self.seconds());
        let when = When::Version(&version);
        match self.keep(visitor, &known.key, &new, when).await {
            Ok(()) | Err(Problem::Changed) => {}
            Err(problem) => return Err(problem),
        }
        Ok(token.map_or(Access::Expired, Access::Token))
    }

    /// A refresh token is used once: another request of this browser may have been first.
    async fn refreshed_elsewhere(
        &self,
        visitor: &Visitor,
        known: &Known,
        version: &str,
    ) -> Result<Access, Problem> {
        let now = self.credentials(visitor, &known.key).await?;
        let newer = now.filter(|(_, newer)| newer != version);
        let token = newer.and_then(|(credentials, _)| credentials.fresh(self.seconds()));
        Ok(token.map_or(Access::Expired, Access::Token))
    }

    /// What is kept of the sign-in to a server, with its version.
    pub(crate) async fn credentials(
        &self,
        visitor: &Visitor,
        server: &str,
    ) -> Result<Option<(Credentials, String)>, Problem> {
        let key = key(visitor, server);
        let sort = key.sort.clone();
        let item = self.table()?.get(key).await?;
        Ok(item.and_then(|item| {
            let opened = visitor
                .keys
                .open(&item.value, visitor.browser.value(), &sort);
            Some((opened.ok()?, item.version))
        }))
    }

    /// Keeps a sign-in.
    pub(crate) async fn keep(
        &self,
        visitor: &Visitor,
        server: &str,
        credentials: &Credentials,
        when: When<'_>,
    ) -> Result<(), Problem> {
        let key = key(visitor, server);
        let browser = visitor.browser.value();
        let sealed = visitor.keys.seal(credentials, browser, &key.sort)?;
        let expires = self.seconds() + SECONDS;
        self.table()?.put(key, sealed, expires, when).await?;
        Ok(())
    }

    /// Forgets a sign-in.
    pub(crate) async fn forget(&self, visitor: &Visitor, server: &str) -> Result<(), TableError> {
        self.table()?.delete(key(visitor, server)).await
    }
}

fn key(visitor: &Visitor, server: &str) -> Key {
    let browser = visitor.browser.digest();
    Key::new(
        visitor.person.partition(),
        format!("tokens#{browser}#{server}"),
    )
}
