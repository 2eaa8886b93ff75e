//! Authenticates a program at the token endpoint by its client assertion (RFC 7521 section 4.2, RFC 7523 section 2.2).

use std::sync::Arc;

use http::header;
use mcp_lambda_token::jwk::{PublicKey, UnverifiedJwt};
use serde_json::Value;
use url::Url;

use crate::{
    assertion::{
        AssertionProblem, Keys, MachineClient, accepted, check_header, check_signature,
        keys::{Freshness, KeysUnavailable},
    },
    context::Context,
    failure::{ASSERTION_TYPE, Failure},
    oauth::request::{Parameters, Request},
};

/// Longest assertion. Tokens of GitHub Actions have about 2 KB.
const MAX_ASSERTION: usize = 8 * 1024;

/// The assertion of a request.
pub(crate) struct Assertion<'a> {
    /// Left out where `sub` names the client (RFC 7521 section 4.2).
    client_id: Option<&'a str>,
    text: &'a str,
}

impl<'a> Assertion<'a> {
    /// Whether a request has parameters of an assertion.
    pub(crate) fn is_in(form: &Parameters) -> bool {
        ["client_assertion", "client_assertion_type"]
            .iter()
            .any(|name| form.optional(name).is_some())
    }

    /// Reads the parameters. A client authenticates in one way (RFC 6749 section 2.3).
    pub(crate) fn read(request: &Request, form: &'a Parameters) -> Result<Self, Failure> {
        if request.headers.contains_key(header::AUTHORIZATION)
            || form.optional("client_secret").is_some()
        {
            return Err(Failure::ClientAuthenticationTwice);
        }
        if form.required("client_assertion_type")? != ASSERTION_TYPE {
            return Err(Failure::AssertionTypeUnsupported);
        }
        Ok(Self {
            client_id: form.optional("client_id"),
            text: form.required("client_assertion")?,
        })
    }
}

/// The client that this assertion authenticates. It counts once, in this process.
pub(crate) async fn authenticate<'a>(
    context: &mut Context<'a>,
    assertion: &Assertion<'_>,
) -> Result<&'a MachineClient, Failure> {
    let checked = check(context, assertion).await;
    if let Err(Failure::AssertionRefused(problem)) = &checked {
        context.log.assertion = Some(problem.name());
    }
    checked
}

async fn check<'a>(
    context: &mut Context<'a>,
    assertion: &Assertion<'_>,
) -> Result<&'a MachineClient, Failure> {
    let refused = Failure::AssertionRefused;
    if assertion.text.len() > MAX_ASSERTION {
        return Err(refused(AssertionProblem::TooLong));
    }
    let jwt =
        UnverifiedJwt::read(assertion.text).map_err(|_| refused(AssertionProblem::Malformed))?;
    let settings = context.settings;
    let subject = jwt.claims().get("sub").and_then(Value::as_str);
    let client_id = assertion.client_id.or(subject);
    let client_id = client_id.ok_or(Failure::AssertionClientUnknown)?;
    settings.choices.refused_clients.check(client_id)?;
    let client = settings
        .machine_client(client_id)
        .ok_or(Failure::AssertionClientUnknown)?;
    context.log_client("machine", client_id);
    check_header(&jwt).map_err(refused)?;
    check_with_keys(context, &jwt, &client.trust.keys).await?;
    let issuer = settings.addresses.issuer.text.as_str();
    let accepted = accepted(&jwt, client, issuer, context.now).map_err(refused)?;
    let used = &context.server.used_assertions;
    used.take(client_id, &accepted, context.now)?;
    Ok(client)
}

/// Checks the signature, with newer keys if it is not of one that is known.
async fn check_with_keys(
    context: &mut Context<'_>,
    jwt: &UnverifiedJwt<'_>,
    keys: &Keys,
) -> Result<(), Failure> {
    let url = match keys {
        Keys::Known(keys) => return check_signature(jwt, keys).map_err(Failure::AssertionRefused),
        Keys::Published(url) => url,
    };
    let known = published(context, url, Freshness::Known).await?;
    let problem = match check_signature(jwt, &known) {
        Ok(()) => return Ok(()),
        Err(problem) => problem,
    };
    // Without `kid`, a new key looks like a wrong signature.
    if problem != AssertionProblem::UnknownKey && jwt.header("kid").is_some() {
        return Err(Failure::AssertionRefused(problem));
    }
    let newer = published(context, url, Freshness::Newer).await?;
    check_signature(jwt, &newer).map_err(Failure::AssertionRefused)
}

async fn published(
    context: &mut Context<'_>,
    url: &Url,
    freshness: Freshness,
) -> Result<Arc<Vec<PublicKey>>, Failure> {
    let server = context.server;
    let hosts = server.capabilities.metadata_hosts.as_ref();
    let keys = &server.published_keys;
    let read = keys.read(url, freshness, context.settings, hosts, context.now);
    read.await.map_err(|KeysUnavailable(cause)| {
        context.log.detail = Some(cause);
        Failure::AssertionKeysUnavailable
    })
}
