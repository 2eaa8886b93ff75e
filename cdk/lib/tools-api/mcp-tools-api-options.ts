import type * as wafv2 from 'aws-cdk-lib/aws-wafv2';
import type { McpQuota, McpThrottle } from '../authorizer/mcp-app-client-limits';
import type { McpScope } from '../contract/mcp-scope';
import type { McpFront } from '../front/mcp-front';
import type { McpServer } from '../server/mcp-server';

/** An API key of `McpToolsApi`. */
export interface McpToolsApiKeyOptions {
  /**
   * The name of the program that has the key: 1 to 64 letters, digits, `-` and `_`, a letter or digit first. Tools see the
   * caller `key-<name>`, and a key of another name is another caller.
   */
  readonly name: string;

  /** The OAuth scopes of the caller, at least one: it may call the tools that need no others. */
  readonly oauthScopes: McpScope[];

  /**
   * The rate limit of the key. API Gateway applies it on a best-effort basis.
   * @default - 10 requests per second, in bursts of 20
   */
  readonly throttle?: McpThrottle;

  /**
   * The number of requests that the key may send in a day, week or month.
   * @default - none
   */
  readonly quota?: McpQuota;

  /**
   * Whether the key is accepted. A key that is not keeps its value, so that it can be accepted again.
   * @default true
   */
  readonly enabled?: boolean;
}

/** Properties of `McpToolsApi`. */
export interface McpToolsApiProps {
  /** The server whose tools it serves, in the same stack. Its contract must be of this version of the crate `mcp-lambda`. */
  readonly server: McpServer;

  /**
   * The API keys, each with a usage plan of its own. API Gateway generates their values. `keys` and `accessTokens` cannot be
   * combined: API Gateway takes one or both of them for a method, and never either.
   * @default - none: `accessTokens` must be true
   */
  readonly keys?: McpToolsApiKeyOptions[];

  /**
   * Whether it accepts the access tokens of the server, verified as for the server itself.
   * @default false
   */
  readonly accessTokens?: boolean;

  /**
   * Whether everyone may read the OpenAPI document and the page, which then list all tools. Otherwise they need a credential,
   * and list the tools that the caller may call.
   * @default false
   */
  readonly publicDocuments?: boolean;

  /**
   * The URL of the endpoints.
   * @default McpFront.stage()
   */
  readonly front?: McpFront;

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
   * Whether requests are traced with X-Ray.
   * @default false
   */
  readonly tracing?: boolean;

  /**
   * The web ACL of the API stage, of scope `REGIONAL`.
   * @default - none
   */
  readonly webAcl?: wafv2.IWebACLRef;
}
