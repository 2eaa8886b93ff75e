//! How a client finds authorization server metadata, and which it takes.

use url::Url;

use super::client::{Halt, Step_, Walk, ends};
use super::fetch::{Fetched, fetch};
use super::resource::{Found, Unusable, without};
use crate::doctor::cause;
use crate::doctor::documents::{ServerMetadata, ServerWellKnown, origin};
use crate::doctor::evidence::is_loopback;
use crate::doctor::profile::{IssuerRule, Missing, OnError, Pkce};
use crate::doctor::verdict::{Obstacle, Step};

const STEP: Step = Step::ServerMetadata;

/// The document that the client goes on with.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) number: usize,
    pub(super) metadata: ServerMetadata,
}

/// A URL without the document.
struct Nothing {
    number: usize,
    /// Whether the client looks no further.
    ends: bool,
}

impl Walk<'_> {
    /// The client's authorization server metadata.
    pub(super) fn server_metadata(
        &self,
        resource: Result<&Found, &Option<Unusable>>,
    ) -> Step_<Server> {
        let named = resource
            .ok()
            .and_then(|found| found.metadata.authorization_servers.first());
        let mut issuers: Vec<String> = match named {
            Some(issuer) => vec![issuer.clone()],
            // Only rmcp and Gemini CLI look below the MCP URL before its origin.
            None if self.profile.resource.missing == Missing::McpUrl => {
                vec![self.evidence.url.to_string(), origin(&self.evidence.url)]
            }
            None => vec![origin(&self.evidence.url)],
        };
        issuers.dedup();
        let mut last = None;
        'search: for issuer in &issuers {
            let Ok(url) = Url::parse(issuer) else {
                let detail = format!("authorization_servers has {issuer:?}, which is no URL");
                return Err(self.missing(resource, detail, None));
            };
            for form in self.profile.server.well_known {
                let Some(at) = form.url(&url) else { continue };
                match self.try_server(&at)? {
                    Ok(server) => {
                        // Without protected resource metadata the issuer follows from the document's own URL.
                        let root = matches!(
                            form,
                            ServerWellKnown::OAuthRoot | ServerWellKnown::OpenIdRoot
                        );
                        let origin = origin(&url);
                        let expected = if named.is_none() && root {
                            &origin
                        } else {
                            issuer
                        };
                        self.judge(&server, expected)?;
                        return Ok(server);
                    }
                    Err(Nothing { number, ends }) => {
                        last = Some(number);
                        if ends {
                            break 'search;
                        }
                    }
                }
            }
        }
        if self.profile.server.default_endpoints
            && let (Some(number), Some(issuer)) = (last, issuers.first())
            && let Ok(issuer) = Url::parse(issuer)
        {
            let metadata = ServerMetadata::of_default_endpoints(&origin(&issuer));
            return Ok(Server { number, metadata });
        }
        let detail = match last {
            Some(number) => format!(
                "no metadata of {}; last, {}",
                issuers.join(" or "),
                cause::shown(&self.evidence.exchanges[number])
            ),
            None => format!("no metadata of {}", issuers.join(" or ")),
        };
        Err(self.missing(resource, detail, last))
    }

    /// The end without metadata: what is missing first is the protected resource metadata, if that is.
    fn missing(
        &self,
        resource: Result<&Found, &Option<Unusable>>,
        detail: String,
        exchange: Option<usize>,
    ) -> Halt {
        let redirected = exchange
            .and_then(|number| self.evidence.exchanges[number].received())
            .is_some_and(|response| (300..400).contains(&response.status));
        if let Err(unusable) = resource {
            return Halt::Ends(without(unusable.clone(), || detail));
        }
        Halt::Ends(Obstacle {
            step: STEP,
            check: if redirected {
                "metadata-redirects"
            } else {
                "server-metadata-missing"
            },
            detail,
            exchange,
        })
    }

    /// The document at one URL, or that it has none.
    fn try_server(&self, at: &Url) -> Step_<Result<Server, Nothing>> {
        let rules = self.profile.server;
        let (number, on, check, detail) = match fetch(self, at, STEP)? {
            Fetched::Document(number, value) => {
                let metadata = ServerMetadata::read(&value);
                if metadata.is_document() {
                    return Ok(Ok(Server { number, metadata }));
                }
                let detail = format!("{at} is no authorization server metadata");
                (
                    number,
                    rules.unreadable,
                    "server-metadata-unreadable",
                    detail,
                )
            }
            Fetched::Unreadable(number) => {
                let detail = format!("{at} responds 200 without a JSON document");
                (
                    number,
                    rules.unreadable,
                    "server-metadata-unreadable",
                    detail,
                )
            }
            Fetched::ServerError(number, response) => {
                let detail = format!("{at} responds {}", response.status);
                (
                    number,
                    rules.server_error,
                    "server-metadata-server-error",
                    detail,
                )
            }
            Fetched::Hidden(number) => {
                let detail = format!("{at} lacks Access-Control-Allow-Origin");
                return Err(ends(STEP, "metadata-cors", detail, number));
            }
            Fetched::Redirect(number) | Fetched::NotFound(number) => {
                let ends = false;
                return Ok(Err(Nothing { number, ends }));
            }
        };
        match on {
            OnError::Fatal | OnError::FatalIfLast => Err(ends(STEP, check, detail, number)),
            OnError::Next | OnError::Missing => {
                let ends = on == OnError::Missing;
                Ok(Err(Nothing { number, ends }))
            }
        }
    }

    /// What the client demands of the document.
    fn judge(&self, server: &Server, expected: &str) -> Step_<()> {
        let (rules, metadata) = (self.profile.server, &server.metadata);
        let fails = |check, detail: String| Err(ends(STEP, check, detail, server.number));
        match (rules.issuer, metadata.issuer.as_deref()) {
            (IssuerRule::Unchecked, _) | (IssuerRule::Present, Some(_)) => {}
            (_, None) => return fails("issuer-missing", "issuer is missing".to_owned()),
            (IssuerRule::Exact, Some(issuer)) if issuer == expected => {}
            (IssuerRule::RootSlash, Some(issuer)) if same_but_root_slash(issuer, expected) => {}
            (_, Some(issuer)) => {
                let check = issuer_check(issuer, expected);
                let detail =
                    format!("issuer is {issuer}, and the document was found by {expected}");
                return fails(check, detail);
            }
        }
        for (name, endpoint) in [
            ("authorization_endpoint", &metadata.authorization_endpoint),
            ("token_endpoint", &metadata.token_endpoint),
        ] {
            if endpoint.is_none() {
                return fails("endpoints-missing", format!("{name} is missing"));
            }
        }
        match &metadata.response_types {
            _ if !rules.response_types => {}
            Some(types) if !types.iter().any(|kind| kind == "code") => {
                return fails(
                    "response-type-code-missing",
                    format!("response_types_supported is {types:?}"),
                );
            }
            None if rules.strict => {
                return fails(
                    "response-type-code-missing",
                    "response_types_supported is missing".to_owned(),
                );
            }
            Some(_) | None => {}
        }
        match (&metadata.code_challenge_methods, rules.pkce) {
            (_, Pkce::Unchecked) => {}
            (Some(methods), _) if !methods.iter().any(|method| method == "S256") => {
                return fails(
                    "s256-unsupported",
                    format!("code_challenge_methods_supported is {methods:?}"),
                );
            }
            (None, Pkce::Listed) => {
                return fails(
                    "s256-missing",
                    "code_challenge_methods_supported is missing".to_owned(),
                );
            }
            (Some(_), _) | (None, Pkce::NotExcluded) => {}
        }
        if rules.https_only
            && let Some((name, endpoint)) = insecure_endpoint(metadata)
        {
            return fails("endpoint-not-https", format!("{name} is {endpoint}"));
        }
        if rules.endpoints_at_issuer
            && !metadata.sends_issuer
            && let Some((name, endpoint)) = foreign_endpoint(metadata)
        {
            return fails(
                "split-origin",
                format!("{name} is {endpoint}, and the issuer is {expected}"),
            );
        }
        Ok(())
    }
}

/// The check that explains a wrong issuer.
pub(crate) fn issuer_check(issuer: &str, expected: &str) -> &'static str {
    if issuer.trim_end_matches('/') == expected.trim_end_matches('/') {
        "issuer-trailing-slash"
    } else {
        "issuer-mismatch"
    }
}

fn same_but_root_slash(issuer: &str, expected: &str) -> bool {
    let root = |url: &str| {
        let bare = url.strip_suffix('/').unwrap_or(url).to_owned();
        match Url::parse(&bare) {
            Ok(parsed) if parsed.path() == "/" => bare,
            _ => url.to_owned(),
        }
    };
    issuer == expected || root(issuer) == root(expected)
}

/// An endpoint over plain HTTP that is not on this machine.
pub(crate) fn insecure_endpoint(metadata: &ServerMetadata) -> Option<(&'static str, &str)> {
    metadata.endpoints().find(|(_, endpoint)| {
        Url::parse(endpoint).is_ok_and(|url| url.scheme() == "http" && !is_loopback(&url))
    })
}

/// An authorization or token endpoint on another origin than the issuer.
pub(crate) fn foreign_endpoint(metadata: &ServerMetadata) -> Option<(&'static str, &str)> {
    let issuer = Url::parse(metadata.issuer.as_deref()?).ok()?;
    metadata
        .endpoints()
        .filter(|(name, _)| *name != "registration_endpoint")
        .find(|(_, endpoint)| Url::parse(endpoint).is_ok_and(|url| url.origin() != issuer.origin()))
}
