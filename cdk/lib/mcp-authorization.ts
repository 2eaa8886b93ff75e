import type { McpAuthorizationServerSettings } from './generated/authorization-settings';
import type { McpCode } from './mcp-code';
import { synthError } from './synth-error';
import { assertCallbackUrls } from './callback-urls';

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
   * MCP clients that are registered beforehand, besides the public one for configuration by hand.
   * @default - none
   */
  readonly clients?: McpPreRegisteredClient[];
}

/** What issues authorization codes to MCP clients. Access tokens are Cognito's in either case. */
export abstract class McpAuthorization {
  /**
   * The user pool itself, with a public app client. MCP clients must be given its `client_id` and use a registered
   * redirect URI.
   */
  public static cognito(): McpAuthorization {
    return new UserPoolAuthorization();
  }

  /**
   * An authorization server in front of the user pool: MCP clients connect with the URL alone, by Client ID Metadata
   * Document or registration, on any loopback port, after the person's consent. It mints no token.
   */
  public static server(options: McpAuthorizationServerOptions = {}): McpAuthorization {
    assertOptions(options);
    return new ServerAuthorization(options);
  }

  /**
   * The server's options; undefined for the user pool itself.
   * @internal
   */
  public abstract readonly _server?: McpAuthorizationServerOptions;
}

class UserPoolAuthorization extends McpAuthorization {
  /** @internal */
  public readonly _server = undefined;
}

class ServerAuthorization extends McpAuthorization {
  /** @internal */
  constructor(public readonly _server: McpAuthorizationServerOptions) {
    super();
  }
}

function assertOptions(options: McpAuthorizationServerOptions): void {
  for (const client of options.clients ?? []) {
    const { clientId, clientName, redirectUris, secretSha256 } = client;
    if (clientId === '' || clientId.includes('://') || clientId.startsWith('mcp-')) {
      throw synthError('ClientIdNotAllowed', `clients has the clientId ${JSON.stringify(clientId)} and takes one that is neither empty nor a URL and does not begin with mcp-: choose another`);
    }
    if (clientName.trim() === '') {
      throw synthError('ClientNameMissing', `clients has ${clientId} without a name, and the consent page would show none: set clientName`);
    }
    if (redirectUris.length === 0) {
      throw synthError('ClientRedirectMissing', `clients has ${clientId} without redirect URIs: add one to redirectUris`);
    }
    assertCallbackUrls(redirectUris, `redirectUris of the client ${clientId}`);
    if ((secretSha256 ?? []).some((digest) => !/^[0-9a-f]{64}$/.test(digest))) {
      throw synthError('ClientSecretNotDigest', `secretSha256 of the client ${clientId} needs 64 lower-case hexadecimal characters each: give the SHA-256 of the secret, never the secret`);
    }
  }
  for (const value of options.redirectHosts ?? []) {
    const host = /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(value);
    const uri = value.replace(/\/\*$/, '/');
    if (!host && !(uri.startsWith('https://') && URL.canParse(uri) && !uri.includes('*') && new URL(uri).hash === '')) {
      throw synthError('RedirectHostInvalid', `redirectHosts has ${JSON.stringify(value)} and takes https URIs, ones that end in /*, or host names: correct or remove it`);
    }
  }
  if (options.redirectHosts?.length === 0) {
    throw synthError('RedirectHostsEmpty', 'redirectHosts is empty, which would mean the known clients: leave it out for those, or set registrationEnabled and clientDocumentsEnabled to false');
  }
}
