import type * as cognito from 'aws-cdk-lib/aws-cognito';
import type { IConstruct } from 'constructs';

/** The people who may use MCP servers, and the pages where they sign in: defined here, or existing already. */
export interface IMcpUserPool extends IConstruct {
  /** The user pool. */
  readonly userPool: cognito.IUserPool;

  /** URL of the pool's domain, without a trailing slash. */
  readonly signInBaseUrl: string;

  /** The `iss` of the pool's tokens: `https://cognito-idp.<region>.amazonaws.com/<pool id>`. */
  readonly issuer: string;

  /**
   * Where people may sign in from, by the names that the pool has for them.
   * @default - the pool itself and the identity providers that this app registers with it
   */
  readonly identityProviders?: cognito.UserPoolClientIdentityProvider[];
}

/** A user pool that exists already: what `McpUserPool.fromUserPool` takes. */
export interface McpExistingUserPoolAttributes {
  /** The user pool, of the stack's own account and region. */
  readonly userPool: cognito.IUserPool;

  /**
   * The domain of its sign-in pages, for one that is defined in this app.
   * @default - `signInBaseUrl` says where the pages are
   */
  readonly domain?: cognito.UserPoolDomain;

  /**
   * The origin of its sign-in pages, for a domain that is not defined in this app, for example
   * `https://login.example.com` or `https://my-prefix.auth.eu-west-1.amazoncognito.com`.
   * @default - that of `domain`
   */
  readonly signInBaseUrl?: string;

  /**
   * Where people may sign in from, by the names that the pool has for them.
   * @default - the pool itself and the identity providers that this app registers with it
   */
  readonly identityProviders?: cognito.UserPoolClientIdentityProvider[];
}
