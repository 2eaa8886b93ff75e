import type { McpCode } from '../function/mcp-code';

/** Options of a server's `gate`. */
export interface McpGateOptions {
  /**
   * The code of the gate, for example `McpCode.fromAsset` with its built `bootstrap` (crate `lambda/gate`).
   * @default - the gate that the npm package brings
   */
  readonly code?: McpCode;
}

/** Options of `McpAuthorization.jwt`. */
export interface McpJwtOptions {
  /**
   * The code of the gate, for example `McpCode.fromAsset` with its built `bootstrap` (crate `lambda/gate`).
   * @default - the gate that the npm package brings
   */
  readonly code?: McpCode;

  /** The provider's issuer, exactly as `iss` of its access tokens says, a trailing slash included. */
  readonly issuer: string;

  /** Where the provider's keys are: `jwks_uri` of its OpenID configuration. */
  readonly jwksUrl: string;

  /** Values of `aud` that mean this server. An access token needs one of them. */
  readonly audience: string[];

  /**
   * What the provider wants before the contract's names when an OAuth scope is asked for, for example `api://dogs/`. In
   * access tokens the names stand without it, in `scope` or `scp`.
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
   * The code of the gate, for example `McpCode.fromAsset` with its built `bootstrap` (crate `lambda/gate`).
   * @default - the gate that the npm package brings
   */
  readonly code?: McpCode;

  /**
   * SHA-256 in hexadecimal of each token that is accepted, two during a rotation. Make a token of 32 random bytes at least:
   * `openssl rand -hex 32`.
   */
  readonly tokenSha256: string[];
}
