import { assertLifetimes, assertPages } from './private/option-checks';
import { assertCallbackUrls, assertCanonical, isCanonical } from './private/callback-urls';
import { bearerTokenGate, type GateAuthorizationOptions, jwtGate } from '../authorizer/private/gate-authorization';
import { assertListKnown, knownItems } from '../private/known-value';
import type { McpBearerTokenOptions, McpJwtOptions } from '../authorizer/mcp-gate-options';
import { synthError } from '../private/synth-error';
import type { McpAuthorizationServerOptions, McpCognitoAuthorizationOptions } from './mcp-authorization-options';

/** What MCP clients get their access tokens from: Cognito with `server`, the default, and with `cognito`. */
export abstract class McpAuthorization {
  /**
   * The user pool itself, with a public app client, and metadata documents that say what Cognito's own leave out. No
   * function of ours. MCP clients must be given the `client_id`, unless `registrationEnabled`, and use a registered redirect
   * URI, compared with its port.
   *
   * Has no consent page, does not insist on PKCE, and knows no Client ID Metadata Documents. Codex, Gemini CLI, VS Code, Cursor
   * and claude.ai do not connect from the URL: `docs/authorization-modes.md` says why, client by client.
   */
  public static cognito(options: McpCognitoAuthorizationOptions = {}): McpAuthorization {
    return new UserPoolAuthorization(options);
  }

  /**
   * An authorization server in front of the user pool: MCP clients connect with the URL alone, by Client ID Metadata
   * Document or registration, on any loopback port, after the person's consent. It mints no token. The default.
   */
  public static server(options: McpAuthorizationServerOptions = {}): McpAuthorization {
    assertOptions(options);
    return new ServerAuthorization(options);
  }

  /**
   * Another OpenID Connect provider than Cognito (Entra ID, Auth0, Okta, Keycloak …), whose access tokens a gate verifies: a
   * Lambda authorizer that runs before every call. No user pool is defined.
   *
   * The provider decides which MCP clients connect: it must know them, or let them register, and answer its metadata at the
   * issuer. The access token must be a JWT signed with RS256, with `sub`, `exp`, an `aud` that is named here and a
   * `client_id`, `azp` or `cid`. It does not ask the provider whether a token was revoked, and there are no machine clients:
   * the provider has its own. An ID token is refused only if its `aud` is another, so do not name a `client_id` as audience.
   */
  public static jwt(options: McpJwtOptions): McpAuthorization {
    return new GateAuthorization(jwtGate(options));
  }

  /**
   * Tokens that are agreed on beforehand and sent as `Authorization: Bearer …`, for private use and for trying: whoever holds
   * one is a machine with every OAuth scope. A gate verifies them: a Lambda authorizer that runs before every call.
   *
   * It is not OAuth: nobody signs in, no token expires, callers of one token cannot be told apart, and MCP clients that
   * cannot be given a header do not connect. No user pool is defined.
   */
  public static bearerToken(options: McpBearerTokenOptions): McpAuthorization {
    return new GateAuthorization(bearerTokenGate(options));
  }

  /**
   * The server's options; undefined for the user pool itself.
   * @internal
   */
  public abstract readonly _server?: McpAuthorizationServerOptions;

  /**
   * Whether Cognito's own registration endpoint is advertised.
   * @internal
   */
  public abstract readonly _registersWithCognito: boolean;

  /**
   * What stands in for the user pool; undefined where there is one.
   * @internal
   */
  public readonly _gate?: GateAuthorizationOptions;
}

class GateAuthorization extends McpAuthorization {
  /** @internal */
  public readonly _server = undefined;

  /** @internal */
  public readonly _registersWithCognito = false;

  /** @internal */
  constructor(public override readonly _gate: GateAuthorizationOptions) {
    super();
  }
}

class UserPoolAuthorization extends McpAuthorization {
  /** @internal */
  public readonly _server = undefined;

  /** @internal */
  public readonly _registersWithCognito: boolean;

  /** @internal */
  constructor(options: McpCognitoAuthorizationOptions) {
    super();
    this._registersWithCognito = options.registrationEnabled ?? false;
  }
}

class ServerAuthorization extends McpAuthorization {
  /** @internal */
  public readonly _registersWithCognito = false;

  /** @internal */
  constructor(public readonly _server: McpAuthorizationServerOptions) {
    super();
  }
}

function assertOptions(options: McpAuthorizationServerOptions): void {
  assertPages(options);
  assertLifetimes(options);
  for (const client of options.clients ?? []) {
    const { clientId, clientName, redirectUris, secretSha256 } = client;
    if (clientId === '' || clientId.includes('://') || clientId.startsWith('mcp-')) {
      throw synthError('ClientIdNotAllowed', `clients has the clientId ${JSON.stringify(clientId)} and takes one that is neither empty nor a URL and does not begin with mcp-: choose another`);
    }
    if (clientName.trim() === '') {
      throw synthError('ClientNameMissing', `clients has ${clientId} without a name, and the consent page would show none: set clientName`);
    }
    const ofClient = (property: string) => `${property} of the client ${clientId}`;
    for (const [property, values] of [['redirectUris', redirectUris], ['secretSha256', secretSha256 ?? []]] as const) {
      assertListKnown(values, ofClient(property), 'give an array, whose items may be CDK tokens');
    }
    if (redirectUris.length === 0) {
      throw synthError('ClientRedirectMissing', `clients has ${clientId} without redirect URIs: add one to redirectUris`);
    }
    assertCallbackUrls(redirectUris, ofClient('redirectUris'));
    assertCanonical(redirectUris, ofClient('redirectUris'));
    if (knownItems(secretSha256 ?? []).some((digest) => !/^[0-9a-f]{64}$/.test(digest))) {
      throw synthError('ClientSecretNotDigest', `secretSha256 of the client ${clientId} needs 64 lower-case hexadecimal characters each: give the SHA-256 of the secret, never the secret`);
    }
  }
  for (const value of knownItems(options.redirectHosts ?? [])) {
    const host = /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(value);
    const uri = value.replace(/\/\*$/, '/');
    if (!host && !(uri.startsWith('https://') && !uri.includes('*') && isCanonical(uri) && new URL(uri).hash === '')) {
      throw synthError('RedirectHostInvalid', `redirectHosts has ${JSON.stringify(value)} and takes https URIs, ones that end in /*, or host names: correct or remove it`);
    }
  }
  if (options.redirectHosts?.length === 0) {
    throw synthError('RedirectHostsEmpty', 'redirectHosts is empty, which would mean the known clients: leave it out for those, or set registrationEnabled and clientDocumentsEnabled to false');
  }
}
