import { assertHeaderValue } from './template-escaping';

/** Parameters of the `WWW-Authenticate` values of one MCP server. */
export interface ChallengeParameters {
  /** URL of the protected resource metadata (RFC 9728 section 5.1). */
  readonly resourceMetadataUrl: string;
  /** Full OAuth scopes (`<resource identifier>/<scope name>`) that the endpoint requires. */
  readonly oauthScopes: string[];
}

/**
 * The challenge of a 401: where the metadata is, and which OAuth scopes to ask for (RFC 6750 section 3, RFC 9728 section 5.1).
 *
 * It carries no `error`, because API Gateway has one response for a missing and for an invalid access token, and RFC
 * 6750 section 3.1 forbids an error code when the request had no credentials.
 */
export function unauthorizedChallenge(parameters: ChallengeParameters): string {
  return bearer([
    ['resource_metadata', parameters.resourceMetadataUrl],
    ['scope', parameters.oauthScopes.join(' ')],
  ]);
}

/** The challenge of a 403: the access token is valid and lacks an OAuth scope (RFC 6750 section 3.1). */
export function insufficientScopeChallenge(parameters: ChallengeParameters): string {
  return bearer([
    ['error', 'insufficient_scope'],
    ['scope', parameters.oauthScopes.join(' ')],
    ['resource_metadata', parameters.resourceMetadataUrl],
  ]);
}

function bearer(attributes: [name: string, value: string][]): string {
  const rendered = attributes.map(([name, value]) => {
    assertHeaderValue(value, `the challenge's ${name}`);
    return `${name}="${value}"`;
  });
  return `Bearer ${rendered.join(', ')}`;
}
