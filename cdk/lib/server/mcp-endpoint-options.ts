import type { RemovalPolicy } from 'aws-cdk-lib';
import type * as wafv2 from 'aws-cdk-lib/aws-wafv2';
import type { McpAudit } from '../audit/mcp-audit';
import type { McpAppClientLimits, McpQuota, McpThrottle } from '../authorizer/mcp-app-client-limits';
import type { McpAuthorization } from '../authorization/mcp-authorization';
import type { McpClientAssertion } from '../authorization/mcp-client-assertion';
import type { McpAwsResource } from './mcp-aws-resource';
import type { McpCallerLimits } from './mcp-caller-limits';
import type { McpCompute } from '../compute/mcp-compute';
import type { McpCode } from '../function/mcp-code';
import type { McpContract } from '../contract/mcp-contract';
import type { McpScope } from '../contract/mcp-scope';
import type { McpFront } from '../front/mcp-front';
import type { McpFunctionOptions } from '../function/mcp-function-options';
import type { McpLambdaAuthorizerOptions } from '../authorizer/mcp-lambda-authorizer-options';
import type { McpHost } from '../host/mcp-host';
import type { McpPage } from '../page/mcp-page';
import type { IMcpUserPool } from '../user-pool/mcp-user-pool-ref';

/**
 * The properties that `McpServer` and `McpRemoteServer` share: how MCP clients reach the endpoint and who may call it.
 */
export interface McpEndpointOptions {
  /**
   * The host that this server shares with other servers: it has the host name, the user pool and the authorization.
   * `front`, `page`, `userPool`, `authorization`, `callbackPort` and `callbackUrls` are then set on the host. Needs a `path`.
   * @default - none: the server has a front, a user pool and an authorization of its own
   */
  readonly host?: McpHost;

  /**
   * The server's path below its host: `/orders` makes the MCP URL `https://<host>/orders/mcp`. It has one or more
   * segments of lower-case letters and digits, with single `-` or `_` between them.
   * @default - the MCP URL is `/mcp` below the server's own front
   */
  readonly path?: string;

  /**
   * The URL at which MCP clients reach the server.
   * @default McpFront.cloudFront()
   */
  readonly front?: McpFront;

  /**
   * The page for people at the root of the public URL. Everyone who knows the URL can read it.
   * @default McpPage.standard()
   */
  readonly page?: McpPage;

  /**
   * How MCP clients get access tokens, and what verifies them. With `McpAuthorization.server()` clients connect with
   * the URL alone. `McpAuthorization.cognito()` has no authorization server function, and clients that need more than
   * Cognito offers do not connect. `McpAuthorization.jwt` and `McpAuthorization.bearerToken` issue nothing: a Lambda
   * authorizer verifies tokens that come from elsewhere, and there is no user pool. `McpRemoteServer` and servers with
   * a `host` do not support these two.
   * @default McpAuthorization.server()
   */
  readonly authorization?: McpAuthorization;

  /**
   * The people who may use the server. Several servers can share one pool; `McpUserPool.fromUserPool` imports an
   * existing one.
   * @default - a user pool of the server's own, open for self sign-up
   */
  readonly userPool?: IMcpUserPool;

  /**
   * The port that MCP clients on a user's machine listen on during sign-in: `http://localhost:<port>/callback` and
   * `http://127.0.0.1:<port>/callback` are registered as redirect URIs. With `McpAuthorization.server` only clients that
   * are configured manually need them, and any port is accepted.
   * @default 8765
   */
  readonly callbackPort?: number;

  /**
   * Further redirect URIs for the interactive client, https or loopback, compared exactly. Examples:
   * `http://localhost:6274/oauth/callback` for MCP Inspector, `https://claude.ai/api/mcp/auth_callback` for claude.ai.
   * @default - none besides those of `callbackPort`
   */
  readonly callbackUrls?: string[];

  /**
   * Further origins whose pages may call the server from a browser, for example `http://localhost:6274`.
   * @default - the front's own origin only
   */
  readonly allowedOrigins?: string[];

  /**
   * Requests per second of all callers together, above which API Gateway responds with 429.
   * @default 50
   */
  readonly throttlingRateLimit?: number;

  /**
   * Burst of requests of all callers together, above which API Gateway responds with 429.
   * @default 100
   */
  readonly throttlingBurstLimit?: number;

  /**
   * The rate limit of each app client, in addition to the limit of all callers together. People share one app client,
   * the user pool's, whichever MCP clients they use. App clients that are not known when the server is deployed share
   * one rate limit. A request above it gets 429. Needs `lambdaAuthorizer`.
   *
   * The server then refuses JSON-RPC batches, which MCP clients of 2025-03-26 may send, because a batch counts as one
   * request. The endpoint of an `McpRemoteServer` must refuse them itself.
   *
   * API Gateway applies the limit on a best-effort basis. It does not limit single people.
   * @default - none for single app clients
   */
  readonly throttle?: McpThrottle;

  /**
   * The number of requests that each app client may send in a day, week or month. It applies in the same way as
   * `throttle`.
   * @default - none
   */
  readonly quota?: McpQuota;

  /**
   * A Lambda authorizer that replaces API Gateway's Cognito authorizer; `{}` uses the program of the npm package. It
   * refuses a tool call whose access token lacks the tool's OAuth scopes with 403 and a challenge that MCP clients
   * understand; API Gateway renames the challenge of a function. `throttle` and `quota` need it. It costs one more
   * invocation for each request. Where it cannot see the tool, the function alone checks the tool's scopes: for clients
   * of revisions before 2026-07-28, for an `McpRemoteServer`, and for tools that do not fit into its environment.
   * @default - none: API Gateway checks that an access token has one of the server's OAuth scopes, the function the tool's
   */
  readonly lambdaAuthorizer?: McpLambdaAuthorizerOptions;

  /**
   * The web ACL of the API stage, of scope `REGIONAL`. It inspects every request, including requests that bypass the
   * front. Managed rules about bots of AI services block claude.ai.
   * @default - none
   */
  readonly webAcl?: wafv2.IWebACLRef;

  /**
   * What happens to the user pool and the logs when the stack is deleted, and to the state table of an `McpServer`;
   * `McpRemoteServer` has no table. Does not apply to a `userPool` or a table that is passed in.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** Properties of `McpServer`. */
export interface McpServerProps extends McpFunctionOptions, McpEndpointOptions {
  /** The server's code. */
  readonly code: McpCode;

  /** The contract that the server's binary prints. */
  readonly contract: McpContract;

  /**
   * What runs the code. With `McpCompute.fargate`, options that are for a function or for API Gateway are refused, with what to write
   * instead: `memorySize`, `vpc`, `vpcSubnets`, `securityGroups`, `reservedConcurrency`, `provisionedConcurrency`,
   * `trafficShifting`, `tracing`, `lambdaAuthorizer`, `throttle`, `quota`, `throttlingRateLimit` and `throttlingBurstLimit`. `timeout`, at any length,
   * `logRetention`, `webAcl`, for the load balancer too, and all others apply.
   * @default McpCompute.lambda()
   */
  readonly compute?: McpCompute;

  /**
   * Whether synthesis fails where directories of MCP servers would refuse the server, for example because a tool has no title. The
   * rules are in `docs/directories.md`; the server's program applies them when it prints the contract. Otherwise each finding is a
   * warning with the id `mcp-lambda:directory:<rule>`, which `Annotations.of(server).acknowledgeWarning` silences.
   * @default false
   */
  readonly enforceDirectoryRules?: boolean;

  /**
   * The server's settings by the names of the contract. A duration takes a `Duration`, a list takes an array.
   * @default - the defaults of the Rust server
   */
  readonly settings?: { [name: string]: any };

  /**
   * The AWS resources that the contract asks for, by its names. The server gets permission for the actions that its
   * tools declare. The server defines the table `state`, which the library asks for, unless another one is given here:
   * with the partition key `pk` (string), no sort key, and the TTL attribute `expires`.
   * @default - none, for a contract that asks for none
   */
  readonly awsResources?: { [name: string]: McpAwsResource };

  /**
   * The audit trail: who called which tool, when and with which outcome. The server must declare one (`audit_trail` in Rust).
   * @default - none
   */
  readonly audit?: McpAudit;

  /**
   * The limits of each person and each program, which the server counts exactly in its state table, beside the limits of app
   * clients in `throttle` and `quota`. The server must keep state, or declare them (`limits_callers` in Rust).
   * @default - none
   */
  readonly callerLimits?: McpCallerLimits;
}

/** Options of `addMachineClient`. Limits for one app client require that the server has limits too. */
export interface McpMachineClientOptions extends McpAppClientLimits {
  /**
   * The OAuth scopes that the program may ask for.
   * @default - all scopes of the contract
   */
  readonly oauthScopes?: McpScope[];

  /**
   * What authenticates the program instead of a secret, at the token endpoint of `McpAuthorization.server`.
   * @default - the client secret
   */
  readonly assertion?: McpClientAssertion;
}
