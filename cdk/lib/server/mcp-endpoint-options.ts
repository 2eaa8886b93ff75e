import type { RemovalPolicy } from 'aws-cdk-lib';
import type * as wafv2 from 'aws-cdk-lib/aws-wafv2';
import type { McpAppClientLimits, McpQuota, McpThrottle } from '../authorizer/mcp-app-client-limits';
import type { McpAuthorization } from '../authorization/mcp-authorization';
import type { McpAwsResource } from './mcp-aws-resource';
import type { McpCode } from '../function/mcp-code';
import type { McpContract } from '../contract/mcp-contract';
import type { McpFront } from '../front/mcp-front';
import type { McpFunctionOptions } from '../function/mcp-function-options';
import type { McpGateOptions } from '../authorizer/mcp-gate-options';
import type { McpHost } from '../host/mcp-host';
import type { IMcpUserPool } from '../user-pool/mcp-user-pool-ref';

/** How an MCP endpoint is reached, and by whom: the properties that `McpServer` and `McpRemoteServer` share. */
export interface McpEndpointOptions {
  /**
   * What several servers share: the host name, the user pool and the authorization. `front`, `userPool`, `authorization`,
   * `callbackPort` and `callbackUrls` are the host's then. Needs a `path`.
   * @default - none: the server has a front, a user pool and an authorization of its own
   */
  readonly host?: McpHost;

  /**
   * Where the server is below its host, for example `/orders`, which makes the MCP URL `https://<host>/orders/mcp`. One part or more, of
   * lower-case letters, digits and single `-` or `_` between them.
   * @default - the MCP URL is `/mcp` below the server's own front
   */
  readonly path?: string;

  /**
   * Under which URL MCP clients reach the server.
   * @default McpFront.cloudFront()
   */
  readonly front?: McpFront;

  /**
   * What issues authorization codes to MCP clients. With the default they connect from the URL alone;
   * `McpAuthorization.cognito()` leaves the function out, and with it every client that needs more than Cognito has.
   * @default McpAuthorization.server()
   */
  readonly authorization?: McpAuthorization;

  /**
   * The people who may use the server. Hand over one pool to let several servers share it, or `McpUserPool.fromUserPool`
   * for a pool that exists already.
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
   * Requests per second, all callers together, before API Gateway answers 429.
   * @default 50
   */
  readonly throttlingRateLimit?: number;

  /**
   * Requests at one moment, all callers together, before API Gateway answers 429.
   * @default 100
   */
  readonly throttlingBurstLimit?: number;

  /**
   * How fast the requests of each app client may come, beside what holds for all callers together. People share one app
   * client: the user pool's, whichever MCP clients they use. App clients that are not known when the server is deployed
   * share one throttle. A request above it is answered 429. Needs `gate`.
   *
   * The server then takes no JSON-RPC batches, which MCP clients of 2025-03-26 may send: a batch counts as one request. The
   * endpoint of an `McpRemoteServer` must refuse them itself.
   *
   * API Gateway holds it as well as it can, not exactly. It tells no person from another.
   * @default - none for single app clients
   */
  readonly throttle?: McpThrottle;

  /**
   * How many requests each app client may send in a day, week or month, in the same way as `throttle`.
   * @default - none
   */
  readonly quota?: McpQuota;

  /**
   * The gate, `{}` with what the npm package brings: a Lambda authorizer in place of API Gateway's own. It refuses a call of a
   * tool whose OAuth scopes the access token lacks, with the 403 and the challenge by which MCP clients ask for more: without it
   * the function refuses, and API Gateway renames a function's challenge. And it tells API Gateway the app client, for
   * `throttle` and `quota`. Costs an invocation more for each request. Clients of older revisions than 2026-07-28 do not name
   * the tool in a header, and are refused by the function alone, as is every tool of an `McpRemoteServer`. With `throttle` or
   * `quota` the function alone looks at tools that do not fit into the gate's environment.
   * @default - none: API Gateway checks that an access token has one of the server's OAuth scopes, the function the tool's
   */
  readonly gate?: McpGateOptions;

  /**
   * The firewall in front of the API stage, of scope `REGIONAL`: it looks at every request, also one that goes around the
   * front. Managed rules about bots from AI services drop the requests of claude.ai.
   * @default - none
   */
  readonly webAcl?: wafv2.IWebACLRef;

  /**
   * What happens to the user pool, the log and the table for state when the stack is deleted. Does not apply to a `userPool` or a table that is
   * handed over.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** Properties of `McpServer`. */
export interface McpServerProps extends McpFunctionOptions, McpEndpointOptions {
  /** The server's code. */
  readonly code: McpCode;

  /** What the server's binary says about itself. */
  readonly contract: McpContract;

  /**
   * The server's settings by the names of the contract. A duration takes a `Duration`, a list takes an array.
   * @default - the defaults of the Rust server
   */
  readonly settings?: { [name: string]: any };

  /**
   * The AWS resources that the contract asks for, by its names. The server gets permission for the actions that its tools declare.
   * The table `state`, which the library asks for, is defined by the server itself unless another one is given here: with
   * the partition key `pk` (string), no sort key, and the TTL attribute `expires`.
   * @default - none, for a contract that asks for none
   */
  readonly awsResources?: { [name: string]: McpAwsResource };
}

/** Options of `addMachineClient`. Limits of its own need limits of the server, for everybody else. */
export interface McpMachineClientOptions extends McpAppClientLimits {
  /**
   * Names of the OAuth scopes that the program may ask for, as in the contract.
   * @default - all scopes of the contract
   */
  readonly scopeNames?: string[];
}
