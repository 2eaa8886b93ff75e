import type { McpScope } from '../contract/mcp-scope';
import type { McpCode } from '../function/mcp-code';
import type { McpAuthorizationServerSettings } from '../generated/authorization-settings';

/** An MCP client that the operator has registered with the authorization server. */
export interface McpPreRegisteredClient {
  /**
   * The `client_id`: any string that is not a URL and does not begin with `mcp-`, the prefix of values that the
   * authorization server makes.
   */
  readonly clientId: string;

  /** Name for people. The consent page shows it as registered by the operator. */
  readonly clientName: string;

  /** Redirect URIs for its authorization codes: https, or http on loopback, where any port is accepted. */
  readonly redirectUris: string[];

  /**
   * The OAuth scopes that it may request.
   * @default - all scopes of the contract
   */
  readonly oauthScopes?: McpScope[];

  /**
   * SHA-256 in hexadecimal of each secret that it may use, two during a rotation.
   * @default - a public client, without a secret
   */
  readonly secretSha256?: string[];
}

/** Options of `McpAuthorization.server`. */
export interface McpAuthorizationServerOptions extends McpAuthorizationServerSettings {
  /**
   * The code of the authorization server, for a build from another version of its source.
   * @default - the program of the npm package, for arm64
   */
  readonly code?: McpCode;

  /**
   * MCP clients that are registered beforehand, besides the public one for manual configuration.
   * @default - none
   */
  readonly clients?: McpPreRegisteredClient[];
}

/** Options of `McpAuthorization.cognito`. */
export interface McpCognitoAuthorizationOptions {
  /**
   * Whether the metadata names Cognito's registration endpoint, so that MCP clients register themselves with Cognito.
   * Dynamic registration must be enabled in the user pool, which CloudFormation cannot do: see
   * `docs/authorization-modes.md`. It needs the plan Essentials or Plus. Every registration creates an app client of
   * the user pool, whose default quota is 1,000, and nothing removes them. A later update of the user pool by
   * CloudFormation may disable registration again. The app clients have no managed login style: assign one to each.
   * @default false
   */
  readonly registrationEnabled?: boolean;
}
