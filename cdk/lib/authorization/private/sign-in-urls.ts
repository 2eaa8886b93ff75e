import { JWKS_PATH } from '../../generated/facts';
import type { McpFrontConfig } from '../../front/mcp-front-options';
import type { IMcpUserPool } from '../../user-pool/mcp-user-pool-ref';

/** The URLs of the user pool's pages and keys: at the front, if it serves them, or their own URLs. */
export function signInUrls(
  front: McpFrontConfig,
  userPool: IMcpUserPool,
): { readonly signInBaseUrl: string; readonly jwksUrl: string } {
  return {
    signInBaseUrl: front.signInBaseUrl ?? userPool.signInBaseUrl,
    jwksUrl:
      front.cognitoIdpUrl === undefined
        ? `${userPool.issuer}${JWKS_PATH}`
        : `${front.cognitoIdpUrl}/${userPool.userPool.userPoolId}${JWKS_PATH}`,
  };
}
