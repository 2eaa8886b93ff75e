//! The section "The authorization server".

use crate::live::plays::{authorization, load};
use crate::live::row::Emulator::{CannotTell, Tells};
use crate::live::row::{Row, Section, person, program};

pub(super) const SECTION: Section = Section {
    title: "The authorization server",
    prose: "",
    second_column: "Local stack",
    third_column: "How to check on a live stack",
    rows: ROWS,
};

const ROWS: &[Row] = &[
    person(
        "redirects-to-our-callback",
        "The redirects from Cognito's sign-in form to our callback",
        "Browsers apply a page's `form-action` to every redirect that follows; the policy of managed login is not documented, the local pages allow all of http and https. Our callback returns a page, or a redirect within its own origin, so the client's address is not involved",
        "Sign in from Claude Code with Chrome, Firefox and Safari",
    ),
    person(
        "signed-in-already",
        "Sign-in of a person who is signed in already",
        r#"The local pages ask each time; on AWS "Allow" redirects straight back to the client"#,
        "Connect two clients within an hour: the consent page must come both times",
    ),
    program(
        "host-cookies",
        "Cookies with the prefix `__Host-`, through CloudFront and at the stage's URL",
        "Locally they have no prefix, because the stack speaks plain HTTP",
        "Look at the cookies of `/authorize` in the browser",
        CannotTell,
        |stage| Box::pin(authorization::host_cookies(stage)),
    ),
    program(
        "wrong-client-secret",
        "401 of `/token`",
        "The gateway renames `WWW-Authenticate`; clients use the status and the body",
        "Request an access token with a wrong client secret",
        Tells,
        |stage| Box::pin(authorization::wrong_secret(stage)),
    ),
    program(
        "client-documents",
        "Client ID Metadata Documents from the real hosts",
        "The real hosts are not reachable here; a mock on this machine serves documents over TLS",
        "Connect Claude Code and look for `metadataDocument` in the function's log",
        CannotTell,
        |stage| Box::pin(authorization::client_documents(stage)),
    ),
    person(
        "last-page-of-sign-up",
        "Sign-up without a client: the last page of `SignInUrl`",
        r#"Locally on our page "Your account is ready"; managed login signs a person in right after confirmation"#,
        "Open `SignInUrl`, sign up",
    ),
    person(
        "wrong-code-verifier",
        "A code that is presented with a wrong `code_verifier` is consumed by it",
        "AWS says so in a post on re:Post, not in its reference; a patch of the emulator does the same",
        "Sign in, present the code with a wrong verifier, then with the right one: the second must be `invalid_grant`",
    ),
    person(
        "code-without-challenge",
        "A code that was issued without a `code_challenge` and is presented with a `code_verifier`",
        "Not documented; the emulator redeems it, and then its tokens are revoked",
        r#"Take `code_challenge` out of the URL after "Allow", sign in in another browser, look for `detail` in the function's log"#,
    ),
    person(
        "custom-scheme",
        "A page that leads on to an application's own scheme",
        "Browsers differ in whether they ask first, and whether they require a click",
        "Connect Cursor with `customSchemes: ['cursor']` in Chrome, Firefox and Safari",
    ),
    program(
        "authorization-throttles",
        "Throttles of `/authorize` and `/register` under real load; cold start at sign-in",
        "`npm test -- load` reaches them in the emulator; distribution and arm64 are AWS's",
        "`ab -n 200 -c 50` against `/authorize`; `initDuration` in the log",
        Tells,
        |stage| Box::pin(load::authorization(stage)),
    ),
    person(
        "own-registration",
        "Cognito's own registration (`McpAuthorization.cognito({ registrationEnabled: true })`)",
        "The emulator has no `/oauth2/register`",
        "Enable it in the user pool, connect Claude Code with the URL alone; note whether a name with parentheses, `application_type` and a random loopback port are accepted",
    ),
    person(
        "github-tokens",
        "The tokens of GitHub Actions: claims, lifetime, `kid`, and the size of the key set",
        "A substitute on this machine signs with the documented claims (`npm test -- assertions`)",
        "Run the [workflow](programs-without-a-secret.md#from-github-actions); change `gitRef` and look for `OtherRef` in the function's log",
    ),
    person(
        "sealing-rotation",
        "Rotation of the sealing secret",
        "The emulator simulates Secrets Manager's staging labels, and `npm test -- authorization-keys` rotates there",
        "Follow [authorization-modes.md](authorization-modes.md) and sign in again with a client that was registered before",
    ),
];
