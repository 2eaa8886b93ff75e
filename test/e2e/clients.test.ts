/** The official TypeScript client, over OAuth, in both protocol eras, as a person and as a program. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import {
  Client,
  ClientCredentialsProvider,
  type OAuthClientMetadata,
  type OAuthClientProvider,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
  StreamableHTTPClientTransport,
  UnauthorizedError,
  type VersionNegotiationMode,
} from '@modelcontextprotocol/client';

import { listenForCallback, Person, type Callback } from './person.ts';
import { machineClientSecret, runningStack } from './stack.ts';

const eras: readonly { readonly name: string; readonly mode: VersionNegotiationMode; readonly revision: string }[] = [
  { name: '2026-07-28', mode: { pin: '2026-07-28' }, revision: '2026-07-28' },
  { name: '2025-11-25 (initialize)', mode: 'legacy', revision: '2025-11-25' },
];

/** Keeps what one run of the interactive flow needs, in memory, with the pre-registered app client. */
class InteractiveProvider implements OAuthClientProvider {
  authorizationUrl: URL | undefined;
  #tokens: StoredOAuthTokens | undefined;
  #verifier = '';

  constructor(
    private readonly clientId: string,
    private readonly callback: Callback,
    private readonly issuer: string,
  ) {}

  get redirectUrl(): string {
    return this.callback.redirectUri;
  }
  get clientMetadata(): OAuthClientMetadata {
    return { redirect_uris: [this.callback.redirectUri], client_name: 'test client', token_endpoint_auth_method: 'none' };
  }
  clientInformation(): StoredOAuthClientInformation {
    return { client_id: this.clientId, issuer: this.issuer };
  }
  tokens(): StoredOAuthTokens | undefined {
    return this.#tokens;
  }
  saveTokens(tokens: StoredOAuthTokens): void {
    this.#tokens = tokens;
  }
  redirectToAuthorization(url: URL): void {
    this.authorizationUrl = url;
  }
  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier;
  }
  codeVerifier(): string {
    return this.#verifier;
  }
}

function newClient(mode: VersionNegotiationMode): Client {
  return new Client({ name: 'test-client', version: '1.0.0' }, { versionNegotiation: { mode } });
}

async function callsTheTool(client: Client): Promise<void> {
  const { tools } = await client.listTools();
  assert.deepEqual(tools.map(({ name }) => name), ['getDogFacts']);
  const [tool] = tools;
  assert.equal(tool?.annotations?.readOnlyHint, true);
  assert.equal(tool?.annotations?.openWorldHint, true);

  const three = await client.callTool({ name: 'getDogFacts', arguments: { limit: 3 } });
  assert.ok(!three.isError, JSON.stringify(three));
  const { facts } = three.structuredContent as { facts: readonly string[] };
  assert.equal(facts.length, 3);
  assert.equal(three.content[0]?.type, 'text');

  const byDefault = await client.callTool({ name: 'getDogFacts', arguments: {} });
  assert.equal((byDefault.structuredContent as { facts: readonly string[] }).facts.length, 5);
}

describe('the official TypeScript client', () => {
  const stack = runningStack();
  const url = new URL(stack.McpServerUrl);
  let person: Person;
  let callback: Callback;

  before(async () => {
    callback = await listenForCallback(8765);
    person = await Person.signUp(stack);
  });
  after(async () => {
    await person?.leave();
    await callback?.close();
  });

  for (const { name, mode, revision } of eras) {
    test(`signs a person in and calls the tool in ${name}`, async () => {
      const provider = new InteractiveProvider(stack.McpOAuthClientId, callback, stack.McpOAuthIssuer);
      const first = new StreamableHTTPClientTransport(url, { authProvider: provider });
      await assert.rejects(newClient(mode).connect(first), UnauthorizedError);
      assert.ok(provider.authorizationUrl, 'the client was not sent to the authorization endpoint');

      const [query] = await Promise.all([callback.next(), person.signInAt(provider.authorizationUrl)]);
      await first.finishAuth(query);

      const client = newClient(mode);
      await client.connect(new StreamableHTTPClientTransport(url, { authProvider: provider }));
      assert.equal(client.getNegotiatedProtocolVersion(), revision);
      await callsTheTool(client);
      await client.close();
    });

    test(`lets a program in with client credentials and calls the tool in ${name}`, async () => {
      const provider = new ClientCredentialsProvider({
        clientId: stack.AutomatedOAuthClientId,
        clientSecret: await machineClientSecret(stack),
        scope: stack.McpOAuthScope,
        expectedIssuer: stack.McpOAuthIssuer,
      });
      const client = newClient(mode);
      await client.connect(new StreamableHTTPClientTransport(url, { authProvider: provider }));
      assert.equal(client.getNegotiatedProtocolVersion(), revision);
      await callsTheTool(client);
      await client.close();
    });
  }
});
