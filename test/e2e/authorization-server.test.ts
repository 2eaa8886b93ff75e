/**
 * The authorization server in front of Cognito, in the deployed template: MCP clients connect with the URL alone, and what
 * must not pass is refused through browser, edge, gateway and function.
 */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import {
  Client,
  ClientCredentialsProvider,
  type OAuthClientMetadata,
  type OAuthClientProvider,
  type OAuthDiscoveryState,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
  StreamableHTTPClientTransport,
  UnauthorizedError,
  type VersionNegotiationMode,
} from '@modelcontextprotocol/client';

import { authorizationUrl, claims, newPkce, redeem, type Pkce } from './authorization-code.ts';
import { ClaudeCode } from './claude-code.ts';
import { playMetadataHost, type MetadataHost } from './metadata-host.ts';
import { startMessagesApi, type MessagesApi } from './messages-api.ts';
import { listenForCallback, Person, startBrowser, type Callback } from './person.ts';
import { machineClientSecret, runningStack } from './stack.ts';

const stack = runningStack();
const url = new URL(stack.McpServerUrl);

const eras: readonly { readonly name: string; readonly mode: VersionNegotiationMode; readonly revision: string }[] = [
  { name: '2026-07-28', mode: { pin: '2026-07-28' }, revision: '2026-07-28' },
  { name: '2025-11-25 (initialize)', mode: 'legacy', revision: '2025-11-25' },
];

/** Knows nothing but its redirect URI: registers itself (RFC 7591) and keeps the answer in memory. */
class RegisteringProvider implements OAuthClientProvider {
  authorizationUrl: URL | undefined;
  registered: StoredOAuthClientInformation | undefined;
  #tokens: StoredOAuthTokens | undefined;
  #verifier = '';
  #discovery: OAuthDiscoveryState | undefined;

  constructor(private readonly callback: Callback) {}

  get redirectUrl(): string {
    return this.callback.redirectUri;
  }
  get clientMetadata(): OAuthClientMetadata {
    return { redirect_uris: [this.callback.redirectUri], client_name: 'Registering client', token_endpoint_auth_method: 'none' };
  }
  clientInformation(): StoredOAuthClientInformation | undefined {
    return this.registered;
  }
  saveClientInformation(information: StoredOAuthClientInformation): void {
    this.registered = information;
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
}

function newClient(mode: VersionNegotiationMode): Client {
  return new Client({ name: 'test-client', version: '1.0.0' }, { versionNegotiation: { mode } });
}

async function callsTheTool(client: Client): Promise<void> {
  const three = await client.callTool({ name: 'getDogFacts', arguments: { limit: 3 } });
  assert.ok(!three.isError, JSON.stringify(three));
  assert.equal((three.structuredContent as { facts: readonly string[] }).facts.length, 3);
}

/** Reads the consent page, allows, and signs in; ends where the client's redirect URI is. */
async function allowAndSignIn(person: Person, to: URL, asking: RegExp): Promise<void> {
  await person.page.goto(to.href);
  assert.match(await person.page.getByRole('heading', { level: 1 }).innerText(), asking);
  assert.match(await person.page.locator('main').innerText(), new RegExp(stack.McpOAuthScope));
  await person.page.getByRole('button', { name: 'Allow' }).click();
  await person.page.waitForURL((at) => at.pathname === '/login');
  await person.fillSignIn();
  await person.page.waitForURL((at) => at.pathname === '/callback' && at.origin !== stack.McpOAuthIssuer);
}

describe('the authorization server', () => {
  let person: Person;

  before(async () => {
    person = await Person.signUp(stack);
  });
  after(() => person?.leave());

  describe('lets in from the URL alone', () => {
    test('Claude Code, with the line that npm start prints: client id metadata document, consent, sign-in, tool call', async (t) => {
      const model: MessagesApi = await startMessagesApi('mcp__dog-facts__getDogFacts', { limit: 3 });
      const claude = new ClaudeCode(model.url);
      // There is no way to the real host from here: the same document over TLS, from this machine.
      const host: MetadataHost = await playMetadataHost(stack, 'claude.ai', '/oauth/claude-code-client-metadata', {
        client_id: 'https://claude.ai/oauth/claude-code-client-metadata',
        client_name: 'Claude Code',
        redirect_uris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'none',
      });
      t.after(async () => {
        claude.remove();
        await host.close();
        await model.close();
      });

      assert.equal(stack.ClaudeCodeCommand, `claude mcp add --transport http dog-facts ${stack.McpServerUrl}`);
      const added = await claude.run(stack.ClaudeCodeCommand.split(' ').slice(1));
      assert.equal(added.status, 0, added.output);
      assert.match((await claude.run(['mcp', 'list'])).output, /dog-facts.*Needs authentication/);

      const login = await claude.login('dog-facts', async (to) => {
        assert.equal(to.origin, new URL(stack.McpOAuthIssuer).origin);
        assert.equal(to.searchParams.get('client_id'), 'https://claude.ai/oauth/claude-code-client-metadata');
        await allowAndSignIn(person, to, /Claude Code/);
      });
      assert.equal(login.status, 0, login.output);
      assert.equal(host.requests(), 1, 'the document is fetched once and kept');
      assert.match((await claude.run(['mcp', 'list'])).output, /dog-facts.*Connected/);

      const answer = await claude.run(['-p', 'Tell me three facts about dogs', '--allowedTools', 'mcp__dog-facts__getDogFacts']);
      assert.equal(answer.status, 0, answer.output);
      assert.match(JSON.stringify(model.toolResults().at(-1)), /"facts\\*":\[/);
    });

    for (const { name, mode, revision } of eras) {
      test(`the TypeScript client, which registers itself, in ${name}`, async (t) => {
        const callback = await listenForCallback(0);
        t.after(() => callback.close());
        const provider = new RegisteringProvider(callback);
        const first = new StreamableHTTPClientTransport(url, { authProvider: provider });
        await assert.rejects(newClient(mode).connect(first), UnauthorizedError);
        assert.match(provider.registered?.client_id ?? '', /^mcp-client-/);
        assert.ok(provider.authorizationUrl);

        const [query] = await Promise.all([callback.next(), allowAndSignIn(person, provider.authorizationUrl, /Registering client/)]);
        assert.equal(query.get('iss'), stack.McpOAuthIssuer);
        await first.finishAuth(query);
        const client = newClient(mode);
        await client.connect(new StreamableHTTPClientTransport(url, { authProvider: provider }));
        assert.equal(client.getNegotiatedProtocolVersion(), revision);
        await callsTheTool(client);
        await client.close();
      });

      test(`a program with client credentials in ${name}`, async () => {
        const provider = new ClientCredentialsProvider({
          clientId: stack.AutomatedOAuthClientId,
          clientSecret: await machineClientSecret(stack),
          scope: stack.McpOAuthScope,
          expectedIssuer: stack.McpOAuthIssuer,
        });
        const client = newClient(mode);
        await client.connect(new StreamableHTTPClientTransport(url, { authProvider: provider }));
        await callsTheTool(client);
        await client.close();
      });
    }
  });

  describe('with the client for configuration by hand', () => {
    let callback: Callback;
    let pkce: Pkce;
    before(async () => {
      callback = await listenForCallback(0);
      pkce = newPkce();
    });
    after(() => callback?.close());

    /** What a request that never gets to the consent page ends with: the error at the client, or a page. */
    async function ask(changed: Record<string, string | null>): Promise<{ readonly status: number; readonly error: string | null; readonly page: string }> {
      const response = await fetch(authorizationUrl(stack, callback.redirectUri, pkce, changed), { redirect: 'manual' });
      const location = response.headers.get('location');
      return { status: response.status, error: location === null ? null : new URL(location).searchParams.get('error'), page: await response.text() };
    }

    async function code(): Promise<string> {
      const [query] = await Promise.all([callback.next(), allowAndSignIn(person, authorizationUrl(stack, callback.redirectUri, pkce), /configured by hand/)]);
      const value = query.get('code');
      assert.ok(value, query.toString());
      return value;
    }

    test('redeems a code once, for an access token bound to the server, and rotates the refresh token', async () => {
      const value = await code();
      const wrong = await redeem(stack, value, callback.redirectUri, newPkce().verifier);
      assert.deepEqual([wrong.status, wrong.body.error], [400, 'invalid_grant'], 'a wrong verifier');

      const first = await redeem(stack, value, callback.redirectUri, pkce.verifier);
      assert.equal(first.status, 200, JSON.stringify(first.body));
      assert.equal(claims(first.body.access_token ?? '')['aud'], stack.McpServerUrl);
      assert.equal(claims(first.body.access_token ?? '')['scope'], stack.McpOAuthScope);

      const replayed = await redeem(stack, value, callback.redirectUri, pkce.verifier);
      assert.deepEqual([replayed.status, replayed.body.error], [400, 'invalid_grant'], 'a replayed code');

      const refresh = (refreshToken: string): Promise<Response> =>
        fetch(stack.McpOAuthTokenUrl, { method: 'POST', body: new URLSearchParams({ grant_type: 'refresh_token', client_id: stack.McpOAuthClientId, refresh_token: refreshToken }) });
      const refreshed = await refresh(first.body.refresh_token ?? '');
      assert.equal(refreshed.status, 200);
      const { refresh_token: successor } = (await refreshed.json()) as { refresh_token: string };
      assert.notEqual(successor, first.body.refresh_token);
      assert.equal((await refresh(successor)).status, 200);
    });

    test('refuses a request without PKCE, and the method plain', async () => {
      assert.equal((await ask({ code_challenge: null, code_challenge_method: null })).error, 'invalid_request');
      assert.equal((await ask({ code_challenge_method: 'plain' })).error, 'invalid_request');
    });

    test('refuses a foreign redirect URI on a page, and goes nowhere', async () => {
      for (const redirectUri of ['https://attacker.example/callback', `${callback.redirectUri}/more`, callback.redirectUri.replace('127.0.0.1', '127.0.0.1.attacker.example')]) {
        const { status, error, page } = await ask({ redirect_uri: redirectUri });
        assert.deepEqual([status, error], [400, null], redirectUri);
        assert.match(page, /This did not work/);
      }
    });

    test('refuses a token for another resource', async () => {
      assert.equal((await ask({ resource: 'https://another.example/mcp' })).error, 'invalid_target');
    });

    test('refuses a consent form that comes from another browser', async () => {
      await person.page.goto(authorizationUrl(stack, callback.redirectUri, pkce).href);
      const request = await person.page.locator('input[name=request]').getAttribute('value');
      const other = await startBrowser();
      try {
        const page = await other.newPage();
        // A browser of its own with a consent page of its own, into which somebody else's request is put.
        await page.goto(authorizationUrl(stack, callback.redirectUri, newPkce()).href);
        await page.locator('input[name=request]').evaluate((input, value) => ((input as { value?: string | null }).value = value), request);
        await page.getByRole('button', { name: 'Allow' }).click();
        await page.getByRole('heading', { name: 'This did not work' }).waitFor();
        assert.match(await page.locator('main').innerText(), /ConsentOtherBrowser/);
      } finally {
        await other.close();
      }
    });

    test('tells the client when the person does not allow it', async () => {
      await person.page.goto(authorizationUrl(stack, callback.redirectUri, pkce).href);
      const [query] = await Promise.all([callback.next(), person.page.getByRole('button', { name: 'Cancel' }).click()]);
      assert.deepEqual([query.get('error'), query.get('iss')], ['access_denied', stack.McpOAuthIssuer]);
    });
  });
});
