//! How a client finds protected resource metadata, and which it takes.

use url::Url;

use super::client::{Halt, Step_, Walk, ends};
use super::fetch::{Fetched, fetch};
use crate::doctor::cause;
use crate::doctor::challenge::Challenge;
use crate::doctor::documents::ResourceMetadata;
use crate::doctor::profile::{Missing, OnError, ResourceMatch};
use crate::doctor::verdict::{Obstacle, Step};

/// The document that the client goes on with.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) metadata: ResourceMetadata,
}

/// Why a client goes on without the document that it came across.
#[derive(Debug, Clone)]
pub(super) struct Unusable {
    pub(super) check: &'static str,
    pub(super) detail: String,
    pub(super) exchange: usize,
}

/// What one URL leads to.
enum Tried {
    Found(Found),
    Next(Option<Unusable>),
    Missing(Unusable),
}

impl Walk<'_> {
    /// The client's protected resource metadata, or why it goes on without.
    pub(super) fn resource_metadata(
        &self,
        challenge: Option<&Challenge>,
    ) -> Step_<Result<Found, Option<Unusable>>> {
        let rules = self.profile.resource;
        let pointer = challenge
            .filter(|_| rules.pointer)
            .and_then(|challenge| challenge.parameter("resource_metadata"))
            .and_then(|pointer| self.evidence.url.join(pointer).ok());
        let well_known = rules
            .well_known
            .iter()
            .filter_map(|form| form.url(&self.evidence.url));
        let mut urls: Vec<Url> = match &pointer {
            Some(pointer) if rules.after_pointer => {
                std::iter::once(pointer.clone()).chain(well_known).collect()
            }
            Some(pointer) => vec![pointer.clone()],
            None => well_known.collect(),
        };
        let mut seen = Vec::new();
        urls.retain(|url| {
            !seen.contains(url) && {
                seen.push(url.clone());
                true
            }
        });

        let (mut failed, mut unusable) = (None, None);
        for url in &urls {
            match self.try_resource(url, &mut failed)? {
                Tried::Found(found) => return Ok(Ok(found)),
                Tried::Next(why) => unusable = unusable.or(why),
                Tried::Missing(why) => {
                    unusable = Some(why);
                    break;
                }
            }
        }
        if let Some(number) = failed {
            let detail = cause::shown(&self.evidence.exchanges[number]);
            let step = Step::ResourceMetadata;
            return Err(ends(step, "resource-metadata-server-error", detail, number));
        }
        match rules.missing {
            Missing::Fatal => Err(Halt::Ends(without(unusable, || {
                "no protected resource metadata was found".to_owned()
            }))),
            Missing::Origin | Missing::McpUrl => Ok(Err(unusable)),
        }
    }

    fn try_resource(&self, url: &Url, failed: &mut Option<usize>) -> Step_<Tried> {
        let step = Step::ResourceMetadata;
        let rules = self.profile.resource;
        let (number, on, check, detail) = match fetch(self, url, step)? {
            Fetched::Document(number, value) => {
                let metadata = ResourceMetadata::read(&value);
                let known = metadata.is_document();
                if known && self.is_own(&metadata) && !metadata.authorization_servers.is_empty() {
                    return Ok(Tried::Found(Found { metadata }));
                }
                if !known {
                    let detail = format!("{url} is no protected resource metadata");
                    (
                        number,
                        rules.unreadable,
                        "resource-metadata-unreadable",
                        detail,
                    )
                } else if self.is_own(&metadata) {
                    // Clients that validate the document throw it away, the others have no server to go on with.
                    let detail = format!("authorization_servers is missing or empty in {url}");
                    (
                        number,
                        rules.unreadable,
                        "authorization-servers-missing",
                        detail,
                    )
                } else {
                    let detail = format!(
                        "resource is {}, and the client was given {}",
                        metadata.resource.as_deref().unwrap_or("missing"),
                        self.evidence.url
                    );
                    (number, rules.mismatch, self.mismatch(&metadata), detail)
                }
            }
            Fetched::Unreadable(number) => {
                let detail = format!("{url} responds 200 without a JSON document");
                (
                    number,
                    rules.unreadable,
                    "resource-metadata-unreadable",
                    detail,
                )
            }
            Fetched::ServerError(number, response) => {
                let detail = format!("{url} responds {}", response.status);
                (
                    number,
                    rules.server_error,
                    "resource-metadata-server-error",
                    detail,
                )
            }
            Fetched::Hidden(number) => {
                let detail = format!("{url} lacks Access-Control-Allow-Origin");
                return Err(ends(step, "metadata-cors", detail, number));
            }
            Fetched::Redirect(_) | Fetched::NotFound(_) => return Ok(Tried::Next(None)),
        };
        let unusable = Unusable {
            check,
            detail: detail.clone(),
            exchange: number,
        };
        match on {
            OnError::Fatal => Err(ends(step, check, detail, number)),
            OnError::Next => Ok(Tried::Next(Some(unusable))),
            OnError::Missing => Ok(Tried::Missing(unusable)),
            OnError::FatalIfLast => {
                *failed = Some(number);
                Ok(Tried::Next(Some(unusable)))
            }
        }
    }

    /// Whether the client takes the document for its MCP URL.
    fn is_own(&self, metadata: &ResourceMetadata) -> bool {
        let mcp = &self.evidence.url;
        metadata
            .resource
            .as_deref()
            .and_then(|resource| Url::parse(resource).ok())
            .is_some_and(|resource| match self.profile.resource.matching {
                ResourceMatch::Exact => resource == *mcp,
                ResourceMatch::Prefix => covers(&resource, mcp),
            })
    }

    fn mismatch(&self, metadata: &ResourceMetadata) -> &'static str {
        let resource = metadata.resource.as_deref();
        match resource.and_then(|resource| Url::parse(resource).ok()) {
            None => "resource-missing",
            Some(resource) if covers(&resource, &self.evidence.url) => "resource-not-exact",
            Some(_) => "resource-mismatch",
        }
    }
}

/// The end of a client that came no further without the document.
pub(super) fn without(unusable: Option<Unusable>, detail: impl FnOnce() -> String) -> Obstacle {
    let (check, detail, exchange) = match unusable {
        Some(why) => (why.check, why.detail, Some(why.exchange)),
        None => ("resource-metadata-missing", detail(), None),
    };
    Obstacle {
        step: Step::ResourceMetadata,
        check,
        detail,
        exchange,
    }
}

/// Whether `resource` is the MCP URL or above it.
pub(crate) fn covers(resource: &Url, mcp: &Url) -> bool {
    let slash = |url: &Url| format!("{}/", url.path().trim_end_matches('/'));
    resource.origin() == mcp.origin() && slash(mcp).starts_with(&slash(resource))
}
