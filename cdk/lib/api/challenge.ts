import { INSUFFICIENT_SCOPE, TOKEN_REQUIRED } from '../generated/facts';
import { filledString } from './template';
import { assertHeaderValue } from './template-escaping';

/** Parameters of the `WWW-Authenticate` values of one MCP server. */
export interface ChallengeParameters {
  /** URL of the protected resource metadata (RFC 9728 section 5.1). */
  readonly resourceMetadataUrl: string;
  /** Full OAuth scopes (`<resource identifier>/<scope name>`) that the endpoint requires. */
  readonly oauthScopes: string[];
}

/** The challenge of a 401: where the metadata is, and which OAuth scopes to ask for (RFC 6750 section 3, RFC 9728 section 5.1). */
export function unauthorizedChallenge(parameters: ChallengeParameters): string {
  return challenge(TOKEN_REQUIRED, parameters);
}

/** The challenge of a 403: the access token is valid and lacks an OAuth scope (RFC 6750 section 3.1). */
export function insufficientScopeChallenge(parameters: ChallengeParameters): string {
  return challenge(INSUFFICIENT_SCOPE, parameters);
}

function challenge(template: string, { resourceMetadataUrl, oauthScopes }: ChallengeParameters): string {
  const scope = oauthScopes.join(' ');
  assertHeaderValue(resourceMetadataUrl, "the challenge's resource_metadata");
  assertHeaderValue(scope, "the challenge's scope");
  return filledString(template, { resourceMetadataUrl, oauthScopes: scope });
}
