/** What both generations of the official TypeScript client ask of whoever embeds them: memory, and a way to the browser. */

import type {
  OAuthClientMetadata,
  OAuthClientProvider,
  OAuthDiscoveryState,
  StoredOAuthClientInformation,
  StoredOAuthTokens,
} from '@modelcontextprotocol/client';

import type { Identity } from './client.ts';

/** Keeps in memory what one installation of a client knows. */
export class MemoryProvider implements OAuthClientProvider {
  /** Where the person was to go. */
  authorizationUrl: URL | undefined;
  /** Whatever the client is known by now. */
  information: StoredOAuthClientInformation | undefined;
  readonly clientMetadataUrl?: string;
  #tokens: StoredOAuthTokens | undefined;
  #verifier = '';
  #discovery: OAuthDiscoveryState | undefined;

  constructor(
    identity: Exclude<Identity, { kind: 'program' }>,
    private readonly redirectUri: string,
  ) {
    if (identity.kind === 'preRegistered') this.information = { client_id: identity.clientId, issuer: identity.issuer };
    if (identity.kind === 'metadataDocument') this.clientMetadataUrl = identity.clientId;
  }

  get redirectUrl(): string {
    return this.redirectUri;
  }
  get clientMetadata(): OAuthClientMetadata {
    return {
      redirect_uris: [this.redirectUri],
      client_name: 'Test client',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
    };
  }
  clientInformation(): StoredOAuthClientInformation | undefined {
    return this.information;
  }
  saveClientInformation(information: StoredOAuthClientInformation): void {
    this.information = information;
  }
  tokens(): StoredOAuthTokens | undefined {
    return this.#tokens;
  }
  saveTokens(tokens: StoredOAuthTokens): void {
    this.#tokens = tokens;
  }
  redirectToAuthorization(to: URL): void {
    this.authorizationUrl = to;
  }
  discoveryState(): OAuthDiscoveryState | undefined {
    return this.#discovery;
  }
  saveDiscoveryState(state: OAuthDiscoveryState): void {
    this.#discovery = state;
  }
  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }
  codeVerifier(): string {
    return this.#verifier;
  }
  invalidateCredentials(what: 'all' | 'client' | 'tokens' | 'verifier' | 'discovery'): void {
    if (what === 'all' || what === 'client') this.information = undefined;
    if (what === 'all' || what === 'tokens') this.#tokens = undefined;
    if (what === 'all' || what === 'discovery') this.#discovery = undefined;
  }
}
