//! The first requests of a client: is a sign-in asked for, and by which challenge?

use super::client::{Halt, Step_, Walk, ends};
use super::fetch::is_shown_to_page;
use crate::doctor::ask::Ask;
use crate::doctor::cause;
use crate::doctor::challenge::Challenge;
use crate::doctor::evidence::Received;
use crate::doctor::profile::{Lane, Opening};
use crate::doctor::verdict::Step;

impl Walk<'_> {
    /// The challenge that starts the sign-in; `None` if the response has none that the client reads.
    ///
    /// A client that begins with `GET` uses the first response that asks for a sign-in, like the others.
    pub(super) fn open(&self) -> Step_<Option<Challenge>> {
        if self.profile.lane == Lane::Page {
            return self.open_from_page();
        }
        for opening in self.profile.opens_with {
            match opening {
                Opening::Get => {
                    if let Some(challenge) = self.get()? {
                        self.post_is_possible()?;
                        return Ok(Some(challenge));
                    }
                }
                Opening::Discover => {
                    let (number, response) = self.response(&Ask::Discover, Step::FirstRequest)?;
                    if response.is_server_error() {
                        return Err(self.refused(&Ask::Discover, number));
                    }
                    // Any other response that asks for no sign-in is that of a server of an earlier revision.
                    if self.asks_for_sign_in(number, response) {
                        return Ok(Challenge::bearer(response));
                    }
                }
                Opening::Initialize => return self.initialize(),
            }
        }
        self.initialize()
    }

    /// The challenge of the response to `GET`, which clients on rmcp look for first.
    fn get(&self) -> Step_<Option<Challenge>> {
        let (number, response) = self.response(&Ask::Listen, Step::FirstRequest)?;
        if response.is_server_error() {
            return Err(self.refused(&Ask::Listen, number));
        }
        let challenge = (response.status == 401)
            .then(|| Challenge::bearer(response))
            .flatten();
        Ok(challenge.filter(|challenge| challenge.parameter("resource_metadata").is_some()))
    }

    /// A client that found the challenge by `GET` sends its first POST after the sign-in: what keeps a POST without an
    /// access token from the server would keep that one from it too.
    fn post_is_possible(&self) -> Step_<()> {
        let (number, response) = self.response(&Ask::Initialize, Step::FirstRequest)?;
        let exchange = &self.evidence.exchanges[number];
        let blocked = cause::of(exchange).is_some_and(|check| check != "unauthenticated-forbidden");
        if blocked || (response.is_success() && response.is_html()) {
            return Err(self.refused(&Ask::Initialize, number));
        }
        Ok(())
    }

    fn initialize(&self) -> Step_<Option<Challenge>> {
        let mut ask = Ask::Initialize;
        let (mut number, mut response) = self.response(&ask, Step::FirstRequest)?;
        // Every client follows a redirect that keeps method and origin, such as one to a trailing slash.
        if let (307 | 308, Some(target)) = (response.status, response.location(&self.evidence.url))
            && target.origin() == self.evidence.url.origin()
        {
            ask = Ask::InitializeAt { url: target.into() };
            (number, response) = self.response(&ask, Step::FirstRequest)?;
        }
        if self.asks_for_sign_in(number, response) {
            return Ok(Challenge::bearer(response));
        }
        if response.is_success() && !response.is_html() {
            return Err(Halt::Open);
        }
        Err(self.refused(&ask, number))
    }

    fn open_from_page(&self) -> Step_<Option<Challenge>> {
        let (number, preflight) = self.response(&Ask::Preflight, Step::FirstRequest)?;
        let headers = preflight
            .header("access-control-allow-headers")
            .unwrap_or_default()
            .to_ascii_lowercase();
        let allowed = headers == "*" || headers.contains("mcp-protocol-version");
        if !preflight.is_success() || !is_shown_to_page(preflight) || !allowed {
            let detail = format!("the preflight's response is {}", preflight.status);
            return Err(ends(Step::FirstRequest, "cors-preflight", detail, number));
        }
        let (number, response) = self.response(&Ask::PagePost, Step::FirstRequest)?;
        if response.status == 403 {
            let detail = "a request with an Origin header is refused with 403";
            return Err(ends(Step::FirstRequest, "origin-refused", detail, number));
        }
        if !is_shown_to_page(response) {
            let detail = "the response lacks Access-Control-Allow-Origin";
            return Err(ends(Step::FirstRequest, "cors-challenge", detail, number));
        }
        if !self.asks_for_sign_in(number, response) {
            return self.initialize();
        }
        let exposed = response
            .header("access-control-expose-headers")
            .is_some_and(|names| {
                names == "*" || names.to_ascii_lowercase().contains("www-authenticate")
            });
        // A page that does not see the challenge goes on to the well-known URLs.
        Ok(Challenge::bearer(response).filter(|_| exposed))
    }

    /// A 403 with a cause of AWS's would come back after the sign-in.
    fn asks_for_sign_in(&self, number: usize, response: &Received) -> bool {
        let plain =
            cause::of(&self.evidence.exchanges[number]) == Some("unauthenticated-forbidden");
        response.status == 401 || (plain && self.profile.signs_in_on_403)
    }

    /// The end at a first request whose response is neither a success nor a 401.
    fn refused(&self, ask: &Ask, number: usize) -> Halt {
        let exchange = &self.evidence.exchanges[number];
        let check = match exchange.received() {
            Some(response) if (300..400).contains(&response.status) => "endpoint-redirects",
            Some(response) if response.is_success() => "endpoint-html",
            _ => cause::of(exchange).unwrap_or("endpoint-status"),
        };
        let what = if *ask == Ask::Discover {
            "server/discover"
        } else if *ask == Ask::Listen {
            "GET"
        } else {
            "initialize"
        };
        let detail = format!("{what}: {}", cause::shown(exchange));
        ends(Step::FirstRequest, check, detail, number)
    }
}
