import { keysOf, pemKeysOf } from './private/assertion-keys';
import { assertGitHubJobs, assertKeysUrl } from './private/assertion-checks';
import type { McpGitHubActionsJobs } from './mcp-github-actions-jobs';

/**
 * What authenticates a program instead of a secret: a signed JWT, its client assertion (`private_key_jwt`, RFC 7523 section
 * 2.2). The authorization server of `McpAuthorization.server` verifies it and gets the access token with the secret of the app
 * client, which the program never has.
 *
 * An assertion counts once in each instance of the authorization server's function, whose instances do not share a memory. It
 * must end within five minutes.
 */
export abstract class McpClientAssertion {
  /**
   * Public keys as a JWK Set (RFC 7517), for example `JSON.parse(readFileSync('ci.jwks.json', 'utf8'))`. List the old and the
   * new key during a rotation. An RSA key without `alg` is one for RS256.
   */
  public static jwks(jwks: { [name: string]: any }): McpClientAssertion {
    return new ConfiguredAssertion({ keys: keysOf(jwks) });
  }

  /** Public keys in the PEM form of `openssl pkey -pubout`: RSA (RS256), P-256, P-384 or Ed25519. */
  public static publicKeys(publicKeys: string[]): McpClientAssertion {
    return new ConfiguredAssertion({ keys: pemKeysOf(publicKeys) });
  }

  /**
   * The https URL of a JWK Set. The authorization server fetches it from public addresses alone and without redirects, keeps it
   * for an hour, and fetches it again for an unknown key, at most once a minute.
   */
  public static jwksUri(jwksUri: string): McpClientAssertion {
    assertKeysUrl(jwksUri, 'jwksUri');
    return new ConfiguredAssertion({ jwksUri });
  }

  /**
   * The OIDC tokens of GitHub Actions, requested with the issuer of the authorization server as their audience. The job sends
   * the `client_id` with it.
   */
  public static gitHubActions(jobs: McpGitHubActionsJobs): McpClientAssertion {
    assertGitHubJobs(jobs);
    const { gitRef: ref, ...others } = jobs;
    return new ConfiguredAssertion({ gitHubActions: { ...others, ref } });
  }

  /**
   * Its members in the setting of the authorization server.
   * @internal
   */
  public abstract readonly _trust: { readonly [name: string]: unknown };
}

class ConfiguredAssertion extends McpClientAssertion {
  /** @internal */
  constructor(public readonly _trust: { readonly [name: string]: unknown }) {
    super();
  }
}
