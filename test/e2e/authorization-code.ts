/** The authorization code flow manually, so that every step of it can be spoilt on purpose (RFC 6749 section 4.1, RFC 7636). */

import { createHash, randomBytes } from 'node:crypto';

import type { Stack } from './stack.ts';

/** A code verifier and its S256 challenge. */
export interface Pkce {
  readonly verifier: string;
  readonly challenge: string;
}

/** A fresh verifier of 43 characters. */
export function newPkce(): Pkce {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

/** The authorization request of the interactive app client, with these parameters changed; `null` leaves one out. */
export function authorizationUrl(
  stack: Stack,
  redirectUri: string,
  pkce: Pkce,
  changed: Record<string, string | null> = {},
): URL {
  const url = new URL(stack.McpOAuthAuthorizationUrl);
  const parameters: Record<string, string | null> = {
    response_type: 'code',
    client_id: stack.McpOAuthClientId,
    redirect_uri: redirectUri,
    scope: stack.McpOAuthScope,
    state: randomBytes(8).toString('hex'),
    code_challenge: pkce.challenge,
    code_challenge_method: 'S256',
    resource: stack.McpServerUrl,
    ...changed,
  };
  for (const [name, value] of Object.entries(parameters)) if (value !== null) url.searchParams.set(name, value);
  return url;
}

/** What the token endpoint said. */
export interface TokenAnswer {
  readonly status: number;
  readonly body: {
    readonly access_token?: string;
    readonly refresh_token?: string;
    readonly id_token?: string;
    readonly token_type?: string;
    readonly expires_in?: number;
    readonly error?: string;
  };
}

/** Asks the token endpoint as the public interactive app client. */
export async function token(stack: Stack, parameters: Record<string, string>): Promise<TokenAnswer> {
  const response = await fetch(stack.McpOAuthTokenUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ client_id: stack.McpOAuthClientId, ...parameters }),
  });
  return { status: response.status, body: (await response.json()) as TokenAnswer['body'] };
}

/** Redeems an authorization code. */
export function redeem(stack: Stack, code: string, redirectUri: string, verifier: string): Promise<TokenAnswer> {
  return token(stack, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: redirectUri,
    code_verifier: verifier,
    resource: stack.McpServerUrl,
  });
}

/** The claims of a JSON Web Token, unverified. */
export function claims(jwt: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8')) as Record<string, unknown>;
}
