//! The two cookies that tie a sign-in to one browser.
//!
//! `…-browser` is set with the consent page and proves that the form comes back from the browser it was sent to.
//! `…-approved-<id>` is set by the approval itself (or where a sign-in without a client begins), belongs to one
//! transaction and is cleared by the callback: a `state` works only in the browser where the person approved, and only
//! once if that browser honours the removal of the cookie.
//!
//! Over TLS both carry the `__Host-` prefix, which no other host, subdomain or plain-HTTP page can set. Browsers differ in
//! accepting that prefix on plain-HTTP loopback, so the local stack goes without it.

use crate::{
    capability::{NoRandomness, Randomness},
    oauth::request::Request,
    sealed::{
        encoding::{decode, encode},
        secret::{Digest, Secret},
    },
    settings::Settings,
};

const BROWSER_SECONDS: u64 = 60 * 60;
const BYTES: usize = 32;

/// A fresh random value of 256 bits, base64url.
pub(crate) fn random_value(randomness: &dyn Randomness) -> Result<Secret, NoRandomness> {
    let mut bytes = [0; BYTES];
    randomness.fill(&mut bytes)?;
    Ok(Secret::new(encode(&bytes)))
}

/// A fresh identifier of 96 bits: names a cookie, is no secret.
pub(crate) fn random_id(randomness: &dyn Randomness) -> Result<String, NoRandomness> {
    let mut bytes = [0; 12];
    randomness.fill(&mut bytes)?;
    Ok(encode(&bytes))
}

/// Name of the browser's cookie.
pub(crate) fn browser_name(settings: &Settings) -> String {
    name(settings, "browser")
}

/// Name of one transaction's cookie.
pub(crate) fn approval_name(settings: &Settings, id: &str) -> String {
    name(settings, &format!("approved-{id}"))
}

fn name(settings: &Settings, rest: &str) -> String {
    let prefix = if settings.is_secure() { "__Host-" } else { "" };
    format!("{prefix}mcp-{rest}")
}

/// The one value of a cookie. None if there are two: then another site has set one of them.
pub(crate) fn single(request: &Request, name: &str) -> Option<Secret> {
    let mut values = request.cookies(name);
    match (values.next(), values.next()) {
        (Some(value), None) if decode(value).is_some_and(|bytes| bytes.len() == BYTES) => {
            Some(Secret::new(value))
        }
        _ => None,
    }
}

/// Whether the request has the cookie with this digest.
pub(crate) fn is_bound(request: &Request, name: &str, digest: &Digest) -> bool {
    single(request, name).is_some_and(|value| Digest::of(value.expose().as_bytes()) == *digest)
}

/// `Set-Cookie` for the browser's cookie.
pub(crate) fn set_browser(settings: &Settings, value: &Secret) -> String {
    set(
        settings,
        &browser_name(settings),
        value.expose(),
        BROWSER_SECONDS,
    )
}

/// `Set-Cookie` for an approval.
pub(crate) fn set_approval(settings: &Settings, id: &str, value: &Secret) -> String {
    set(
        settings,
        &approval_name(settings, id),
        value.expose(),
        crate::sealed::transaction::SIGN_IN_SECONDS,
    )
}

/// `Set-Cookie` that removes an approval.
pub(crate) fn clear_approval(settings: &Settings, id: &str) -> String {
    set(settings, &approval_name(settings, id), "", 0)
}

// Lax, not Strict: the callback arrives by a navigation from Cognito's site.
fn set(settings: &Settings, name: &str, value: &str, seconds: u64) -> String {
    let secure = if settings.is_secure() { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
}
