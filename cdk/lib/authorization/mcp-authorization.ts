import { isIP } from 'node:net';
import { SHA256_DIGEST } from '../generated/facts';
import { assertLifetimes, assertPages } from './private/option-checks';
import { assertCallbackUrls, assertCanonical, isCanonical } from './private/callback-urls';
import { bearerTokens, type ExternalTokens, jwtTokens } from '../authorizer/private/external-tokens';
import { assertListKnown, knownItems } from '../private/known-value';
import type { McpBearerTokenOptions, McpJwtOptions } from '../authorizer/mcp-lambda-authorizer-options';
import { synthError } from '../private/synth-error';
import type { McpAuthorizationServerOptions, McpCognitoAuthorizationOptions } from './mcp-authorization-options';

/**
 * How MCP clients get access tokens, and what verifies them. Cognito issues the tokens with `server`, the default, and
 * with `cognito`; `jwt` and `bearerToken` accept tokens from elsewhere.
 */
export abstract class McpAuthorization {
  /**
   * The user pool itself, with a public app client, and metadata documents with what Cognito's own lack. It has no
   * authorization server function. MCP clients need the `client_id` in their configuration, unless
   * `registrationEnabled`, and a registered redirect URI, compared with its port.
   *
   * It has no consent page, does not require PKCE, and does not support Client ID Metadata Documents. Codex, Gemini
   * CLI, VS Code, Cursor and claude.ai do not connect from the URL: `docs/authorization-modes.md` says why, client by
   * client.
   */
  public static cognito(options: McpCognitoAuthorizationOptions = {}): McpAuthorization {
    return new ConfiguredAuthorization(undefined, options.registrationEnabled ?? false);
  }

  /**
   * An authorization server in front of the user pool: MCP clients connect with the URL alone, by Client ID Metadata
   * Document or registration, on any loopback port, after the person's consent. Cognito signs the tokens. The default.
   */
  public static server(options: McpAuthorizationServerOptions = {}): McpAuthorization {
    assertOptions(options);
    return new ConfiguredAuthorization(options, false);
  }

  /**
   * Another OpenID Connect provider than Cognito (Entra ID, Auth0, Okta, Keycloak …), whose access tokens a Lambda
   * authorizer verifies before every call. It issues no tokens and defines no user pool.
   *
   * The provider decides which MCP clients connect: it must have them registered, or let them register, and serve its
   * metadata at the issuer. The access token must be a JWT signed with RS256, with `sub`, `exp`, one of the `audience`
   * values as `aud`, and a `client_id`, `azp` or `cid`. It does not check revocation with the provider, and it defines
   * no machine clients: the provider has its own. An ID token is refused only if its `aud` differs, so do not use a
   * `client_id` as audience.
   */
  public static jwt(options: McpJwtOptions): McpAuthorization {
    return new ConfiguredAuthorization(undefined, false, jwtTokens(options));
  }

  /**
   * Pre-shared tokens, sent as `Authorization: Bearer …`, for private use and for trials. The holder of a token is a
   * machine with every OAuth scope. A Lambda authorizer verifies them before every call.
   *
   * It is not OAuth: there is no sign-in, no token expires, callers with the same token cannot be distinguished, and
   * MCP clients that cannot send a configured header do not connect. It defines no user pool.
   */
  public static bearerToken(options: McpBearerTokenOptions): McpAuthorization {
    return new ConfiguredAuthorization(undefined, false, bearerTokens(options));
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
   * The Lambda authorizer that replaces the user pool; undefined with a user pool.
   * @internal
   */
  public readonly _externalTokens?: ExternalTokens;
}

class ConfiguredAuthorization extends McpAuthorization {
  /** @internal */
  constructor(
    public readonly _server: McpAuthorizationServerOptions | undefined,
    public readonly _registersWithCognito: boolean,
    public override readonly _externalTokens?: ExternalTokens,
  ) {
    super();
  }
}

function assertOptions(options: McpAuthorizationServerOptions): void {
  assertPages(options);
  assertLifetimes(options);
  for (const client of options.clients ?? []) {
    const { clientId, clientName, redirectUris, secretSha256 } = client;
    if (clientId === '' || clientId.includes('://') || clientId.startsWith('mcp-')) {
      throw synthError(
        'ClientIdNotAllowed',
        `clients has the clientId ${JSON.stringify(clientId)} and takes one that is neither empty nor a URL and does not begin with mcp-: choose another`,
      );
    }
    if (clientName.trim() === '') {
      throw synthError(
        'ClientNameMissing',
        `clients has ${clientId} without a name, and the consent page would show none: set clientName`,
      );
    }
    const ofClient = (property: string) => `${property} of the client ${clientId}`;
    for (const [property, values] of [
      ['redirectUris', redirectUris],
      ['secretSha256', secretSha256 ?? []],
    ] as const) {
      assertListKnown(values, ofClient(property), 'give an array, whose items may be CDK tokens');
    }
    if (redirectUris.length === 0) {
      throw synthError(
        'ClientRedirectMissing',
        `clients has ${clientId} without redirect URIs: add one to redirectUris`,
      );
    }
    assertCallbackUrls(redirectUris, ofClient('redirectUris'));
    assertCanonical(redirectUris, ofClient('redirectUris'));
    if (knownItems(secretSha256 ?? []).some((digest) => !SHA256_DIGEST.test(digest))) {
      throw synthError(
        'ClientSecretNotDigest',
        `secretSha256 of the client ${clientId} needs 64 lower-case hexadecimal characters each: give the SHA-256 of the secret, never the secret`,
      );
    }
  }
  for (const value of knownItems(options.redirectHosts ?? [])) {
    const host =
      /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(value) &&
      isIP(value) === 0 &&
      URL.canParse(`https://${value}`) &&
      new URL(`https://${value}`).hostname === value;
    const uri = value.replace(/\/\*$/, '/');
    if (!host && !(uri.startsWith('https://') && !/[*#]/.test(uri) && isCanonical(uri))) {
      throw synthError(
        'RedirectHostInvalid',
        `redirectHosts has ${JSON.stringify(value)} and takes https URIs, ones that end in /*, or host names: correct or remove it`,
      );
    }
  }
  if (options.redirectHosts?.length === 0) {
    throw synthError(
      'RedirectHostsEmpty',
      'redirectHosts is empty, which would mean the known clients: leave it out for those, or set registrationEnabled and clientDocumentsEnabled to false',
    );
  }
}
