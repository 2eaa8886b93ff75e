//! The section "Sign-in (Cognito)".

use crate::live::plays::{authorization, cognito, tokens};
use crate::live::row::Emulator::Tells;
use crate::live::row::{Row, Section, person, program};

pub(super) const SECTION: Section = Section {
    title: "Sign-in (Cognito)",
    prose: "",
    second_column: "Local stack",
    third_column: "How to check on a live stack",
    rows: ROWS,
};

const ROWS: &[Row] = &[
    person(
        "managed-login-pages",
        "Managed login pages: wording, languages, branding, MFA, passkeys",
        "The local pages are our own, in English; `AWS::Cognito::ManagedLoginBranding` is accepted and has no effect",
        "Open `SignInUrl`, sign up on a phone and on a desktop",
    ),
    person(
        "sign-in-after-confirmation",
        "Sign-in right after confirmation",
        "Managed login signs a person in after the code; locally the sign-in page of the same request follows",
        "Sign up from `claude mcp login`: the client must get its code",
    ),
    person(
        "one-hour-session",
        "The sign-in session of one hour",
        "Not simulated locally: each authorization request asks for the password",
        "Run `claude mcp login` twice within an hour: the second must ask for nothing",
    ),
    program(
        "foreign-redirect-at-cognito",
        "The page after a refused authorization request",
        "Cognito redirects to its own error page; locally it is a page (or JSON for a program) with status 400",
        "Open the authorization endpoint with a `redirect_uri` that is not registered",
        Tells,
        |stage| Box::pin(cognito::foreign_redirect(stage)),
    ),
    program(
        "without-pkce",
        "A request without PKCE",
        "Cognito does not require PKCE of a public client, nor does the emulator; the metadata announces S256 to clients",
        "Open the authorization endpoint without `code_challenge` and note what happens",
        Tells,
        |stage| Box::pin(cognito::without_pkce(stage)),
    ),
    person(
        "resource-at-cognito",
        "`resource` (RFC 8707) that names no resource server, appears twice, or is sent to the token endpoint",
        "The documentation is ambiguous; locally any single value becomes `aud`, and the token endpoint ignores it",
        "Sign in with each and read `aud` of the access token",
    ),
    program(
        "machine-claims",
        "`aud` and `sub` for machines",
        "`aud` is documented as absent, `sub` is the app client's id in AWS's examples; the same locally. The authorization server refuses a token with another `sub`",
        "Read a token of the machine client",
        Tells,
        |stage| Box::pin(tokens::machine_claims(stage)),
    ),
    person(
        "refresh-rotation",
        "Refresh token rotation: remaining lifetime of the new refresh token, reuse after the grace period, which others `/oauth2/revoke` of one ends",
        "Simulated locally: each refresh token has its full lifetime from issue",
        "Refresh twice with one token, before and after the grace period; revoke the first and refresh with the second",
    ),
    program(
        "aud-after-refresh",
        "`aud` of a person's access token after a refresh, and after a sign-in with a provider (OIDC, SAML)",
        "Documented for the first, undocumented for the second; the authorization server refuses a token without the consented `aud`",
        "Sign in with a provider, refresh, and look for `TokenNotAsConsented` in the authorization server's log",
        Tells,
        |stage| Box::pin(tokens::aud_after_refresh(stage)),
    ),
    person(
        "two-secrets",
        "Two secrets of an app client: `mcp-lambda clients rotate`",
        "The emulator accepts either, as AWS documents; `npm test -- user-pool` runs the commands",
        "Rotate a machine client's secret: both get an access token until `--finish`, then the newer alone",
    ),
    program(
        "revocation-errors",
        "Errors of `/oauth2/revoke`",
        "Status and code follow the documentation",
        "Revoke an access token, a foreign token, and without a client",
        Tells,
        |stage| Box::pin(authorization::revocation(stage)),
    ),
    person(
        "quotas-and-lockout",
        "Quotas and lockout: requests per second, attempts per code, 50 mails a day of the default sender",
        "None locally",
        "Enter a wrong password and a wrong code ten times",
    ),
    person(
        "refused-at-deployment",
        "What Cognito refuses at deployment: unknown scopes, callback URLs with http outside loopback",
        "The emulator accepts both; unit tests of the constructs refuse them",
        "`npx cdk deploy`",
    ),
    person(
        "mail",
        "Mail",
        "Kept at `/mailbox`, never sent",
        "Sign up with a real address; check the spam folder",
    ),
    person(
        "user-pool-settings",
        "The user pool's settings",
        "Simulated: case of names, password policy (Basic Latin, a space inside counts as a symbol, none at the ends, at most 256 characters), self sign-up, verification of the address by its code, recovery by a verified address, the wording of mails. Accepted without effect: MFA at the sign-in page, `TemporaryPasswordValidityDays`, `DeletionProtection`, keeping the old address until a new one is verified",
        "Sign up as `Case1@Example.com`, sign in in lower case; sign up with `correct Horse 7` and with a space at its end; with `mfa` required, sign in; note the wording of each refusal",
    ),
];
