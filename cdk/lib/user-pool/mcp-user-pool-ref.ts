import type * as cognito from 'aws-cdk-lib/aws-cognito';
import type { IConstruct } from 'constructs';

/** A user pool, new or imported: the people who may use MCP servers, and the pages where they sign in. */
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

/** Attributes of an existing user pool for `McpUserPool.fromUserPool`. */
export interface McpExistingUserPoolAttributes {
  /** The user pool, in the stack's account and region. */
  readonly userPool: cognito.IUserPool;

  /**
   * The domain of its sign-in pages, if this app defines it.
   * @default - `signInBaseUrl` says where the pages are
   */
  readonly domain?: cognito.UserPoolDomain;

  /**
   * The origin of its sign-in pages, if this app does not define the domain, for example `https://login.example.com` or
   * `https://my-prefix.auth.eu-west-1.amazoncognito.com`.
   * @default - that of `domain`
   */
  readonly signInBaseUrl?: string;

  /**
   * Where people may sign in from, by the names that the pool has for them.
   * @default - the pool itself and the identity providers that this app registers with it
   */
  readonly identityProviders?: cognito.UserPoolClientIdentityProvider[];
}
