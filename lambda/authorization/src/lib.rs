//! An MCP authorization server in front of Amazon Cognito, which signs all tokens.
//!
//! Cognito is the identity provider: users, passwords, MFA, federation, signing keys. This crate adds what MCP clients
//! need in addition: metadata with `S256`, client registration in three ways, loopback redirects on any port, our own
//! consent page, `iss` and `resource`. Cognito knows one app client with one callback, ours, and its tokens are
//! forwarded unchanged, so there is no signing key of ours to lose, and API Gateway verifies what Cognito signed.
//!
//! Start with [`Settings::from_variables`], [`AuthorizationServer::new`] and [`AuthorizationServer::handle`]. The core has no
//! clock, environment, network or randomness of its own ([`Capabilities`]); [`edge`] has them.
//!
//! # A sign-in, in order
//!
//! 1. **Registration.** The form of the `client_id` determines the kind of client: a name from `AUTHORIZATION_CLIENTS`;
//!    an `https` URL, whose document is fetched (draft-ietf-oauth-client-id-metadata-document); or `mcp-client-…`, which
//!    comes from the response of `POST /register` (RFC 7591) and contains the registration itself, sealed, for 90 days.
//! 2. **`GET /authorize`.** First client and redirect URI: until both fit, an error is a page here and there is no
//!    redirect. Then `response_type`, PKCE `S256`, `resource`, scopes, `prompt`: an error is a redirect to the client,
//!    with `iss`. Then the consent page, always: it holds the whole request, sealed, and is tied to the browser by a
//!    cookie.
//! 3. **`POST /consent`.** Same origin, seal, browser's cookie, decision. "Allow" draws a PKCE verifier of our own, sets a
//!    cookie for this one transaction and leads to Cognito with the sealed transaction as `state`.
//! 4. **Cognito** signs the person up or in, or remembers them.
//! 5. **`GET /callback`.** Seal and time of `state`, then the transaction's cookie, which this response clears.
//!    Cognito's code goes, sealed, into our code, which is bound to client, redirect URI and challenge, and to the client
//!    with `iss`. The response is a page that continues to the client. The code of a refused callback is invalidated, and
//!    the browser ends at `/sign-in?outcome=…`, without a code in the address bar.
//! 6. **`POST /token`.** The code opens only with the same `client_id` and the verifier of its challenge, and a
//!    `redirect_uri` that is sent must be the sealed one. Only then is Cognito's code redeemed, with our own verifier and our
//!    app client's secret. Cognito's tokens are compared with what was consented to; what differs is revoked and refused. The
//!    refresh token comes back sealed to its client, with the person; access and ID token come back as Cognito made them.
//!
//! Without a client, a person signs up and in from `GET /sign-in`: the same PKCE, `state` and cookie, but no code of
//! ours, and the tokens are revoked before the account page is shown.
//!
//! `POST /token` with `refresh_token` opens the seal for the same client, rotates at Cognito and compares again. With
//! `client_credentials` only the caller's own credentials are forwarded; the token is compared with the request. A program
//! that the settings trust authenticates with a client assertion instead (RFC 7523 section 2.2); then the secret of its app
//! client is read and used.
//! `POST /revoke` (RFC 7009) takes refresh tokens, also those of a client that is not let in any more.
//!
//! # What makes things single-use without a table
//!
//! * **Our code**: it carries Cognito's code, which Cognito redeems once. A second redemption fails there with
//!   `invalid_grant`. An attempt that fails our own checks does not use the code up, and cannot be repeated into success
//!   without the verifier.
//! * **`state` towards Cognito**: not single-use by itself. The callback needs the cookie that the approval set, and asks the
//!   browser to clear it. A browser that keeps it gets a code of ours for the same `state` again, for ten minutes; each
//!   carries a code of Cognito's, and each of those is redeemed once.
//! * **Cognito's code of a sign-in that is refused**: redeemed at the callback with the verifier of its own `state`, and the
//!   tokens are revoked. Where the `state` is missing, unreadable or of another sign-in, the verifier is not known. The code is
//!   then presented with a wrong one, by which Cognito consumes it as far as AWS says; otherwise it expires after five minutes.
//! * **The consent form**: not single-use. Sending it again in the same browser within ten minutes starts another sign-in for
//!   the same client, redirect and challenge.
//! * **Client assertions**: a process remembers those that it has accepted until they expire. Another instance accepts one
//!   again, for five minutes at most; fifteen for a token of GitHub Actions.
//! * **Refresh tokens**: Cognito rotates them, with the grace period of its app client.
//!
//! # What each check is against
//!
//! | Check | Against |
//! |---|---|
//! | canonical spelling, exact match, any port on loopback only | redirect variants, open redirect (CVE-2025-4143) |
//! | list of `https` callbacks, custom schemes off | phishing by open registration |
//! | page before any redirect | open redirect by error responses |
//! | `S256` required, challenge in the code's associated data | PKCE downgrade, stolen codes (CVE-2025-4144) |
//! | consent every time, on every client | confused deputy with a remembered sign-in (GHSA-c2jp-c369-7pvx) |
//! | transaction's cookie at the callback, cleared | approval in one browser, sign-in in another (CVE-2026-27124); replay |
//! | the code of a refused callback is invalidated, its browser redirected to a clean URL | a code of another person's sign-in, redeemed in the attacker's own |
//! | `__Host-` names, a repeated cookie counts as none | cookie tossing |
//! | `Origin`, `Sec-Fetch-Site`, sealed form tied to the browser | request forgery |
//! | `frame-ancestors 'none'`, `X-Frame-Options` | click-jacking |
//! | our own PKCE towards Cognito, `nonce` with an ID token | injected upstream codes |
//! | `resource` must be ours, at both endpoints, and one of ours at a time | tokens for another server (CVE-2025-69196) |
//! | `iss` on every redirect, foreign `iss` refused | mix-up |
//! | scopes from the request and the page, never from registration | scope escalation |
//! | Cognito's tokens against the sealed consent, at redemption and refresh: use, issuer, app client, `aud`, scopes, person, end | a sign-in URL that is edited between our page and Cognito |
//! | switches, lifetimes and refused clients at `/token` as at `/authorize` | clients that stay usable after they were disabled |
//! | the key and its algorithm come from the settings, one audience, minutes of lifetime, exact claims | forged, foreign and replayed client assertions |
//! | our secret is used after our checks only, never for our own id | secret injection by a proxy |
//! | form of the URL, every address public, connection to the checked address, no redirect, 5 KB, 3 s, no compression, `client_id` equality | SSRF and bombs by metadata documents |
//! | budgets of fetches with `429` and `Retry-After`, separate ones for known hosts, sizes before parsing | one instance overloaded by unknown clients |
//! | [`Secret`] without its value in `Debug`, [`LogEvent`] without a field for one | tokens in logs |
//! | `subtle` on digests | timing of comparisons |
//!
//! # What is not defended
//!
//! * **Programs on the person's machine.** Any of them can listen on loopback or claim a scheme; the page says so.
//! * **The name of a client.** It is what the client says, and marked so, also where the operator has given it to a public
//!   client on loopback or behind a custom scheme. Only the host of a metadata document is proven.
//! * **A URL that is too long for the gateway.** Such a callback does not get here: its code is not burnt, and expires.
//! * **Access tokens after revocation.** They are Cognito's JWTs and valid until they expire.
//! * **A stolen refresh token of a public client**, together with its `client_id`. Cognito's rotation refuses a used one after
//!   its grace period, and does not end its successors: the first to refresh stays signed in.
//! * **Grants of a code that is replayed.** RFC 6749 section 4.1.2 asks to revoke what it gave; without a table we refuse the
//!   second redemption and revoke nothing.
//! * **The sealing secret.** Who has it can open and forge every sealed value. It mints no token: Cognito still needs its own
//!   code or refresh token, and its own client secret.
//! * **Load across instances.** Budgets are per instance; the gateway's throttle is the limit that counts.
//! * **Names that only NAT64 with an operator's own prefix makes private.** Such networks need an egress rule.
//! * **Scopes of machine clients that ask for none.** Cognito then grants what the app client has; only scopes of other servers
//!   are refused.
//! * **A sealed value older than two rotations of the secret.** It does not open: the client registers or signs in again.

mod assertion;
mod capability;
mod client;
mod context;
pub mod edge;
mod endpoints;
mod failure;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod log;
mod oauth;
mod pages;
mod response;
mod sealed;
mod server;
mod settings;
mod upstream;

pub use assertion::AssertionProblem;
pub use capability::*;
pub use client::{DocumentProblem, RefusedClients, is_public};
pub use context::AuthorizationServer;
pub use endpoints::metadata::{MetadataForm, authorization_server_metadata};
pub use failure::{Failure, Wire};
pub use log::LogEvent;
pub use oauth::redirect::{
    CallbackRule, Destination, KNOWN_CLIENT_CALLBACKS, RedirectPolicy, RedirectProblem, RedirectUri,
};
pub use oauth::request::{Request, Response};
pub use oauth::resource::{ProtectedResource, ProtectedResources};
pub use oauth::scope::{ScopeCatalog, ScopeDefinition};
pub use sealed::seal::{Keyring, OpenFailure, Purpose};
pub use sealed::secret::{Digest, Secret};
pub use settings::*;
