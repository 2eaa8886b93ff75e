import type { McpCode } from '../function/mcp-code';
import type { McpAuthorizationServerSettings } from '../generated/authorization-settings';

/** An MCP client that the operator has registered with the authorization server. */
export interface McpPreRegisteredClient {
  /** The `client_id`: any text that is not a URL and does not begin with `mcp-`, which the authorization server's own values do. */
  readonly clientId: string;

  /** Name for people. The consent page shows it as registered by the operator. */
  readonly clientName: string;

  /** Where its authorization codes may go: https, or http on loopback, where any port is accepted. */
  readonly redirectUris: string[];

  /**
   * Names of the OAuth scopes that it may ask for, as in the contract.
   * @default - all scopes of the contract
   */
  readonly scopeNames?: string[];

  /**
   * SHA-256 in hexadecimal of each secret that it may use, two during a rotation.
   * @default - a public client, without a secret
   */
  readonly secretSha256?: string[];
}

/** Options of `McpAuthorization.server`. */
export interface McpAuthorizationServerOptions extends McpAuthorizationServerSettings {
  /**
   * The code of the authorization server, for one that was built from another version of its source.
   * @default - the program that this package brings, for arm64
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
   * Whether MCP clients are told that they may register themselves with Cognito: its registration endpoint is named in the
   * metadata. Dynamic registration must be switched on in the user pool, which CloudFormation cannot do: see
   * `docs/authorization-modes.md`. It needs the plan Essentials or Plus. Every registration is an app client of the user pool,
   * of which there are 1,000 at first, and nobody removes them. A later change of the user pool by CloudFormation may switch
   * registration off again, and the app clients have no style of managed login: give each one.
   * @default false
   */
  readonly registrationEnabled?: boolean;
}
