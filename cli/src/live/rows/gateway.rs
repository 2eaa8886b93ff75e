//! The section "Gateway and front".

use crate::live::plays::{front, gateway, load, scope};
use crate::live::row::Emulator::{CannotTell, Tells};
use crate::live::row::{Row, Section, person, program};

pub(super) const SECTION: Section = Section {
    title: "Gateway and front",
    prose: "",
    second_column: "Local stack",
    third_column: "How to check on a live stack",
    rows: ROWS,
};

const ROWS: &[Row] = &[
    program(
        "challenge",
        "The 401 of API Gateway has `WWW-Authenticate` under its own name, with the URL of the metadata",
        "The emulator sends gateway responses as documented",
        "`curl -i -X POST` to `McpServerUrl`, without `Authorization` and with `Bearer x`",
        Tells,
        |stage| Box::pin(gateway::challenge(stage)),
    ),
    program(
        "cloudfront",
        "CloudFront: caching, header and body limits, read timeout, WAF, HTTP/2 and 3, TLS",
        "The local edge only forwards, and refuses a foreign `Host`",
        "`curl -v` against `McpServerUrl`; let a tool send nothing for longer than the read timeout",
        CannotTell,
        |stage| Box::pin(front::cloudfront(stage)),
    ),
    person(
        "osls-remove",
        "`osls remove` of [the Serverless example](deploy-with-serverless.md)",
        "It asks ECR, which the emulator does not have; the test empties the bucket and deletes the stack by the AWS CLI",
        "`npx osls@4 remove`: the stack is gone",
    ),
    program(
        "browser-redirect",
        "A browser's `GET` of the MCP URL is redirected to the page for people by a CloudFront Function",
        "The local edge redirects by itself; `cdk/test/front/front.test.ts` runs the function's source",
        "Open `McpServerUrl` in a browser; `curl -i -H 'Accept: text/html'` responds 303, `curl -i` 401 with the challenge",
        Tells,
        |stage| Box::pin(front::browser_redirect(stage)),
    ),
    program(
        "several-servers",
        "Several servers on one host: that CloudFront prefers the behaviour `/orders/mcp` to the default one, and a custom domain the longest mapping, removed from the path",
        "The local edge routes by the APIs' own paths; `cdk/test/host/host.test.ts` follows requests through both kinds of template",
        "`curl -i -X POST` to the MCP URL of each server, and to its metadata, behind each front: each challenge names its own",
        Tells,
        |stage| Box::pin(front::several_servers(stage)),
    ),
    person(
        "server-leaves-host",
        "A server that leaves its host: whether Cognito deletes a resource-server registration whose scopes an app client still lists",
        "The emulator does",
        "Destroy the server's stack, deploy the host's without it",
    ),
    person(
        "expired-access-token",
        "How long the authorizer accepts an expired access token",
        "The emulator does not simulate its cache of one minute",
        "Call once a second around the expiry of a token",
    ),
    program(
        "missing-oauth-scope",
        "Status for an access token without the OAuth scope",
        "The emulator responds 401, as an AWS article says; a 403 is configured as well",
        "Call with a token of another scope and compare `WWW-Authenticate`",
        Tells,
        |stage| Box::pin(scope::missing(stage)),
    ),
    person(
        "response-streaming",
        "Response streaming: 5 minutes without output, 2 MB/s after the first 10 MB, 16 KB for the prelude, what clients see of a function that breaks off",
        "The first two are not simulated; the others follow the documentation",
        "Stream slowly, stream 20 MB, let a function panic in the middle",
    ),
    person(
        "client-disconnects",
        "Whether the function notices that a client disconnected",
        "It notices nothing here, and nothing on AWS as far as is known",
        "Abort a streamed call and check the function's log",
    ),
    person(
        "lambda-authorizer",
        "The Lambda authorizer: a REQUEST authorizer without a cache, for a request without `Authorization`",
        "The emulator invokes it (`npm test -- lambda-authorizer`); API Gateway is documented to respond 401 by itself if an identity source is missing",
        "Deploy with `lambdaAuthorizer: {}`, call without a token, with one, and with one for another tool",
    ),
    person(
        "authorizer-claims",
        "The claims that the Cognito authorizer passes on: groups joined by commas, `aud` of a person's access token, no `username` for a machine",
        "The emulator's claims follow AWS's documentation",
        "Put a person into the groups `a,b` and `c`, and check the groups that a tool gets; compare the claims of a person's and a machine's token",
    ),
    person(
        "remote-server-headers",
        "`McpRemoteServer`: which headers pass through the proxy integration in each direction, `Authorization` and `Mcp-Session-Id` among them; the status while the endpoint is down, does not respond, or has an untrusted certificate",
        "A patch of the emulator follows the documentation; `npm test -- remote-server` puts it in front of a mock of an AgentCore gateway, over plain HTTP",
        "Put it in front of an AgentCore gateway with sessions and streaming, call a tool that reports progress; then name a host that does not exist",
    ),
    person(
        "renamed-headers",
        "Headers of a function that the gateway renames or drops",
        "`WWW-Authenticate`, `Date`, `Server` and others are renamed locally as documented, those of the connection are dropped",
        "Let a function send them",
    ),
    person(
        "throttle-and-quota",
        "`throttle` and `quota`: how exactly they are enforced, whether the Lambda authorizer runs before or after the throttle of all callers, when a quota's period ends, and the gap at the deployment that adds them",
        "The emulator counts exactly, starts a period with the first request, and reads `usageIdentifierKey` by a patch of ours; AWS calls both limits best-effort",
        "Deploy with `throttle: { rateLimit: 1, burstLimit: 2 }` and `quota: { limit: 20, period: Period.DAY }`; send 30 requests as a program and look for 429, its body and `Retry-After`; send again after midnight UTC; deploy `addMachineClient` while another program calls, and look for 503",
    ),
    person(
        "limits-changed",
        "A usage plan's limits changed, and an app client replaced",
        "The emulator's CloudFormation is not AWS's",
        "Deploy other numbers, then other `oauthScopes` of a machine client: no deployment may fail",
    ),
    program(
        "get-and-delete",
        "`GET` and `DELETE` with a streaming proxy integration",
        "The emulator and `lambda/testing` forward every method alike",
        "End a conversation with `DELETE` (202, then 404), and resume a stream",
        Tells,
        |stage| Box::pin(gateway::sessions(stage)),
    ),
    program(
        "mapping-templates",
        "Mapping templates (VTL)",
        "The emulator does not render them; they contain nothing to evaluate, `$` and `#` are JSON escapes",
        r#"Deploy a server with the title `Ann's "dogs" #1 for $5`, fetch its protected resource metadata"#,
        Tells,
        |stage| Box::pin(gateway::metadata_documents(stage)),
    ),
    program(
        "throttling-under-load",
        "Throttling under real load",
        "Bucket sizes are simulated, distribution is not",
        "`ab -n 200 -c 50` against a metadata document",
        Tells,
        |stage| Box::pin(load::metadata(stage)),
    ),
    program(
        "page-as-written",
        "The page for people arrives as written, whatever `Accept` is",
        "API Gateway may choose another template than that of `text/html`, or change white space, and the policy would keep the style sheet out",
        "Open the root of the URL in a browser: it has its colours, and the console is empty. `curl -i -H 'Accept: application/json'` gets the same page",
        Tells,
        |stage| Box::pin(front::page_as_written(stage)),
    ),
];
