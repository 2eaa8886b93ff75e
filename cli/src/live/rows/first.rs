//! The section "First, in order of risk".

use crate::live::plays::{authorization, gateway, tokens};
use crate::live::row::Emulator::Tells;
use crate::live::row::{Row, Section, person, program};

pub(super) const SECTION: Section = Section {
    title: "First, in order of risk",
    prose: "",
    second_column: "Risk",
    third_column: "How to check on a live stack, and the workaround",
    rows: ROWS,
};

const ROWS: &[Row] = &[
    program(
        "managed-login-password",
        "Managed login offers a password: app clients for people permit `ALLOW_USER_SRP_AUTH` alone",
        "AWS ties the pages to the flows of the app client, and names `ALLOW_USER_PASSWORD_AUTH` and `ALLOW_USER_AUTH` on the page about it: sign-in could fail for everyone",
        "Open `SignInUrl` and sign up. Workaround: `authFlows: { user: true }` in `cdk/lib/code-grant-client.ts`",
        Tells,
        |stage| Box::pin(authorization::password_page(stage)),
    ),
    program(
        "aud-of-a-person",
        "API Gateway's Cognito authorizer accepts a person's access token that has `aud` (from `resource`)",
        "Only tokens of machines, without `aud`, are known to pass",
        "Sign in from an MCP client and call a tool. Workaround: `lambdaAuthorizer: {}`",
        Tells,
        |stage| Box::pin(tokens::person_is_accepted(stage)),
    ),
    program(
        "unknown-path",
        "An unknown path with `Authorization: Bearer`",
        "403 with `IncompleteSignatureException`, where the gateway response for `INVALID_SIGNATURE` does not apply",
        "`curl -i -H 'Authorization: Bearer x' <base>/nothing`: 404",
        Tells,
        |stage| Box::pin(gateway::unknown_path(stage)),
    ),
    person(
        "own-registration-survives",
        "Cognito's own registration stays enabled, and its app clients can sign people in",
        "UpdateUserPool by CloudFormation resets it; the app clients have no style of managed login",
        "Enable it, deploy a change of the user pool, and read `describe-user-pool`; sign in with an app client that registered itself",
    ),
    person(
        "built-on-windows",
        "Building on Windows",
        "The zip file holds `bootstrap` without the executable bit: `Runtime.InvalidEntrypoint`",
        "Deploy from Windows and call a tool. Workaround: `McpCode.fromAsset` with a zip file in which the mode is 0755",
    ),
    program(
        "errors-are-not-cached",
        "CloudFront caches no error",
        "`CachingDisabled` may exempt errors anyway, or the TTL of 0 may not apply",
        "`GET /mcp` with a token (405), then without one within 10 seconds: 401",
        Tells,
        |stage| Box::pin(gateway::errors_are_not_cached(stage)),
    ),
    program(
        "percent-in-query",
        "`%` in query values",
        "REST APIs decode a query and encode it again: `state=a%25b` may arrive as `a%b`",
        "Sign in from a client whose `state` has `%25` in it, and compare what it gets back. Workaround: decode in the authorization server, once this is confirmed",
        Tells,
        |stage| Box::pin(authorization::percent_in_query(stage)),
    ),
    person(
        "custom-domain-mappings",
        "A custom domain with a base path mapping and API mappings side by side",
        "API Gateway refuses the second kind, or the longest path does not win",
        "Deploy a host with `McpFront.customDomain`; the next table has the requests",
    ),
    person(
        "traffic-shifting-and-provisioned",
        "`trafficShifting` with `provisionedConcurrency`, when one deployment changes number and code",
        r#""Alias with weights can not be used with Provisioned Concurrency""#,
        "Deploy both at once; then the code alone, and the number alone",
    ),
    person(
        "update-from-previous-release",
        "An update from the previous release",
        r#"After a change of a logical ID, CloudFormation defines a gateway response, a resource server, a domain or an API key a second time before it deletes the first: "already exists""#,
        "Deploy the previous release, then this one. `cdk/test/logical-ids.test.ts` pins the logical IDs",
    ),
];
