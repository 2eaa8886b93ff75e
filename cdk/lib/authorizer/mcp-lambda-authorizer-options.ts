import type { McpCode } from '../function/mcp-code';

/** Options of a server's Lambda authorizer (`lambdaAuthorizer`). */
export interface McpLambdaAuthorizerOptions {
  /**
   * The code of the Lambda authorizer, for example `McpCode.fromAsset` with a `bootstrap` built from the crate `lambda/authorizer`.
   * @default - the program of the npm package, for arm64
   */
  readonly code?: McpCode;
}

/** Options of `McpAuthorization.jwt`. */
export interface McpJwtOptions {
  /**
   * The code of the Lambda authorizer, for example `McpCode.fromAsset` with a `bootstrap` built from the crate `lambda/authorizer`.
   * @default - the program of the npm package, for arm64
   */
  readonly code?: McpCode;

  /** The provider's issuer, exactly as `iss` of its access tokens says, a trailing slash included. */
  readonly issuer: string;

  /** URL of the provider's keys: `jwks_uri` of its OpenID configuration. */
  readonly jwksUrl: string;

  /** Accepted values of `aud`. An access token must have one of them. */
  readonly audience: string[];

  /**
   * Prefix of the contract's scope names in requests to the provider, for example `api://dogs/`. Access tokens name the
   * scopes without it, in `scope` or `scp`.
   * @default - nothing
   */
  readonly scopePrefix?: string;

  /**
   * The `client_id` of the provider's public client for MCP clients that do not register themselves.
   * @default - none: MCP clients register with the provider
   */
  readonly clientId?: string;
}

/** Options of `McpAuthorization.bearerToken`. */
export interface McpBearerTokenOptions {
  /**
   * The code of the Lambda authorizer, for example `McpCode.fromAsset` with a `bootstrap` built from the crate `lambda/authorizer`.
   * @default - the program of the npm package, for arm64
   */
  readonly code?: McpCode;

  /**
   * SHA-256 in hexadecimal of each token that is accepted, two during a rotation. Make a token of 32 random bytes at least:
   * `openssl rand -hex 32`.
   */
  readonly tokenSha256: string[];
}
