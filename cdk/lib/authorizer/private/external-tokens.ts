import { SETTING, SHA256_DIGEST } from '../../generated/facts';
import { isKnown, itemsOf, knownItems } from '../../private/known-value';
import type { McpCode } from '../../function/mcp-code';
import type { McpBearerTokenOptions, McpJwtOptions } from '../mcp-lambda-authorizer-options';
import { synthError } from '../../private/synth-error';
import { isSafe } from '../../front/private/origin';
import { urlOf } from '../../private/urls';

/** Options of a Lambda authorizer that replaces the user pool. */
export interface ExternalTokens {
  readonly kind: 'jwt' | 'bearerToken';
  readonly code?: McpCode;
  /** The `iss` of access tokens; undefined for opaque tokens. */
  readonly issuer?: string;
  readonly scopePrefix: string;
  readonly clientId?: string;
  /** Environment of the Lambda authorizer, in addition to the common variables. */
  readonly environment: { [name: string]: string };
}

/** The Lambda authorizer for another OpenID Connect provider's access tokens. */
export function jwtTokens(options: McpJwtOptions): ExternalTokens {
  assertOAuthUrl(options.issuer, 'issuer');
  assertOAuthUrl(options.jwksUrl, 'jwksUrl');
  if (options.audience.length === 0) {
    throw synthError(
      'AudienceMissing',
      'audience is empty, and access tokens for everybody else would be accepted: name what the provider writes into aud for this server',
    );
  }
  for (const [name, values] of [
    ['audience', options.audience],
    ['scopePrefix', [options.scopePrefix ?? 'x']],
  ] as const) {
    const wrong = values.find((value) => isKnown(value) && !/^[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]+$/.test(value));
    if (wrong !== undefined) {
      throw synthError(
        'OAuthValueInvalid',
        `${name} has ${JSON.stringify(wrong)} and takes visible ASCII without a comma, a quote or a backslash: correct or remove it`,
      );
    }
  }
  return {
    kind: 'jwt',
    code: options.code,
    issuer: options.issuer,
    scopePrefix: options.scopePrefix ?? '',
    clientId: options.clientId,
    environment: {
      [SETTING.AUTHORIZER_TOKENS]: 'jwt',
      [SETTING.MCP_JWKS_URL]: options.jwksUrl,
      [SETTING.AUTHORIZER_AUDIENCES]: itemsOf(options.audience, ',').join(','),
    },
  };
}

/** The Lambda authorizer for tokens that are known by their digest. */
export function bearerTokens(options: McpBearerTokenOptions): ExternalTokens {
  const { tokenSha256 } = options;
  if (tokenSha256.length === 0 || knownItems(tokenSha256).some((digest) => !SHA256_DIGEST.test(digest))) {
    throw synthError(
      'TokenNotDigest',
      'tokenSha256 needs one digest at least, of 64 lower-case hexadecimal characters each: give the SHA-256 of the token, never the token',
    );
  }
  return {
    kind: 'bearerToken',
    code: options.code,
    scopePrefix: '',
    environment: {
      [SETTING.AUTHORIZER_TOKENS]: 'digest',
      [SETTING.AUTHORIZER_TOKEN_SHA256]: itemsOf(tokenSha256, ',').join(','),
    },
  };
}

/** Refuses a value that is not a URL of an OAuth server: https, or http on loopback, without a fragment. */
function assertOAuthUrl(value: string, name: string): void {
  if (!isKnown(value)) {
    return;
  }
  const url = urlOf(value);
  if (url === undefined || url.hash !== '' || /[\s"\\<>]/.test(value) || !isSafe(url)) {
    throw synthError(
      'OAuthUrlInvalid',
      `${name} is ${JSON.stringify(value)} and needs an https URL without a fragment: take it from the provider's OpenID configuration`,
    );
  }
}
