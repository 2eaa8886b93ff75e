/** Two servers on one host: one account, one authorization server, and access tokens that are good for one of them. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';

import type { Revision } from './clients/client.ts';
import { MemoryProvider } from './clients/typescript-provider.ts';
import { authorizationUrl, claims, newPkce, redeem, token } from './authorization-code.ts';
import { listenForCallback, Person } from './person.ts';
import { machineToken, runningStack, type Stack } from './stack.ts';

/** The outputs of the second server begin with its name. */
type Output =
  | 'McpServerUrl'
  | 'OAuthMetadataUrl'
  | 'McpOAuthScope'
  | 'AutomatedOAuthClientId'
  | 'AutomatedOAuthClientSecretArn';
const dogFacts = runningStack();
const outputs = dogFacts as unknown as Record<`Counter${Output}`, string>;
const counter: Stack = {
  ...dogFacts,
  McpServerUrl: outputs.CounterMcpServerUrl,
  OAuthMetadataUrl: outputs.CounterOAuthMetadataUrl,
  McpOAuthScope: outputs.CounterMcpOAuthScope,
  AutomatedOAuthClientId: outputs.CounterAutomatedOAuthClientId,
  AutomatedOAuthClientSecretArn: outputs.CounterAutomatedOAuthClientSecretArn,
};

const servers = [
  {
    name: 'dog-facts',
    title: 'Dog facts',
    stack: dogFacts,
    other: counter,
    call: { name: 'getDogFacts', arguments: { limit: 2 } },
  },
  {
    name: 'counter',
    title: 'Counter',
    stack: counter,
    other: dogFacts,
    call: { name: 'incrementCounter', arguments: { by: 2 } },
  },
] as const;

/** Asks an MCP endpoint to begin, with this access token or none. */
function initialize(stack: Stack, accessToken?: string): Promise<Response> {
  return fetch(stack.McpServerUrl, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` }),
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
    }),
  });
}

/** The one server takes the access token, and the other refuses it with its own challenge. */
async function assertGoodForOne(accessToken: string, its: Stack, other: Stack): Promise<void> {
  assert.equal((await initialize(its, accessToken)).status, 200);
  const refused = await initialize(other, accessToken);
  assert.ok([401, 403].includes(refused.status), `the other server answered ${refused.status}`);
  assert.ok(
    refused.headers.get('www-authenticate')?.includes(`resource_metadata="${other.OAuthMetadataUrl}"`),
    String(refused.headers.get('www-authenticate')),
  );
}

describe('two servers on one host', () => {
  test('are at one origin, each at its own path', () => {
    assert.equal(dogFacts.McpServerUrl, `${dogFacts.McpOAuthIssuer}/dog-facts/mcp`);
    assert.equal(counter.McpServerUrl, `${dogFacts.McpOAuthIssuer}/counter/mcp`);
  });

  for (const { name, title, stack } of servers) {
    test(`${name} challenges with its own metadata and OAuth scopes, and the metadata name it alone`, async () => {
      const challenge = (await initialize(stack)).headers.get('www-authenticate');
      assert.equal(challenge, `Bearer resource_metadata="${stack.OAuthMetadataUrl}", scope="${stack.McpOAuthScope}"`);
      const metadata = (await (await fetch(stack.OAuthMetadataUrl)).json()) as Record<string, unknown>;
      assert.equal(metadata['resource'], stack.McpServerUrl);
      assert.deepEqual(metadata['authorization_servers'], [stack.McpOAuthIssuer]);
      assert.deepEqual(metadata['scopes_supported'], stack.McpOAuthScope.split(' '));
      assert.equal(metadata['resource_name'], title);
    });

    test(`${name} takes the access token of its own program, and not that of the other's`, async () => {
      const accessToken = await machineToken(stack);
      assert.deepEqual(String(claims(accessToken)['scope']).split(' ').sort(), stack.McpOAuthScope.split(' ').sort());
      await assertGoodForOne(accessToken, stack, stack === dogFacts ? counter : dogFacts);
    });
  }

  test('are both in the metadata of their authorization server', async () => {
    const metadata = (await (
      await fetch(`${dogFacts.McpOAuthIssuer}/.well-known/oauth-authorization-server`)
    ).json()) as Record<string, unknown>;
    assert.deepEqual(metadata['protected_resources'], [dogFacts.McpServerUrl, counter.McpServerUrl]);
    assert.deepEqual(metadata['scopes_supported'], `${dogFacts.McpOAuthScope} ${counter.McpOAuthScope}`.split(' '));
  });

  test('are nowhere else on the host', async () => {
    for (const path of [
      '/mcp',
      '/dog-facts',
      '/counter/mcp/x',
      '/.well-known/oauth-protected-resource',
      '/.well-known/oauth-protected-resource/mcp',
    ]) {
      assert.equal((await fetch(`${dogFacts.McpOAuthIssuer}${path}`, { method: 'POST' })).status, 404, path);
    }
  });
});

describe('one person', () => {
  let person: Person;
  before(async () => {
    person = await Person.signUp(dogFacts);
  });
  after(() => person?.leave());

  for (const { name, title, stack, other, call } of servers) {
    for (const revision of ['2026-07-28', '2025-11-25'] satisfies Revision[]) {
      test(`uses ${name} with the TypeScript client 2.4, which knows its URL alone, in ${revision}`, async () => {
        const callback = await listenForCallback(0);
        try {
          const provider = new MemoryProvider({ kind: 'registered' }, callback.redirectUri);
          const connect = async (): Promise<Client> => {
            const client = new Client(
              { name: 'test-client', version: '1.0.0' },
              { versionNegotiation: { mode: revision === '2026-07-28' ? 'auto' : 'legacy' } },
            );
            await client.connect(
              new StreamableHTTPClientTransport(new URL(stack.McpServerUrl), { authProvider: provider }),
            );
            return client;
          };
          const transport = new StreamableHTTPClientTransport(new URL(stack.McpServerUrl), { authProvider: provider });
          await assert.rejects(
            new Client(
              { name: 'test-client', version: '1.0.0' },
              { versionNegotiation: { mode: revision === '2026-07-28' ? 'auto' : 'legacy' } },
            ).connect(transport),
            UnauthorizedError,
          );
          const url = provider.authorizationUrl!;
          assert.equal(url.searchParams.get('resource'), stack.McpServerUrl);
          const scopes = stack.McpOAuthScope.split(' ');
          const [query] = await Promise.all([
            callback.next(),
            person.allowAndSignInAt(url, new RegExp(`Test client.* to use ${title}\\?`), scopes.join('[^]*')),
          ]);
          await transport.finishAuth(query);

          const accessToken = provider.tokens()!.access_token;
          assert.equal(claims(accessToken)['aud'], stack.McpServerUrl);
          assert.deepEqual(String(claims(accessToken)['scope']).split(' ').sort(), [...scopes].sort());
          await assertGoodForOne(accessToken, stack, other);

          const client = await connect();
          assert.equal(client.getNegotiatedProtocolVersion(), revision);
          const result = await client.callTool(call);
          assert.ok(!result.isError, JSON.stringify(result));
          await client.close();
        } finally {
          await callback.close();
        }
      });
    }
  }

  test('lets a client into one server, and the client gets nothing for the other with what it has', async () => {
    const callback = await listenForCallback(0);
    const pkce = newPkce();
    try {
      const [query] = await Promise.all([
        callback.next(),
        person.allowAndSignInAt(authorizationUrl(dogFacts, callback.redirectUri, pkce), /configured manually/),
      ]);
      const code = query.get('code') ?? '';
      const parameters = {
        grant_type: 'authorization_code',
        code,
        redirect_uri: callback.redirectUri,
        code_verifier: pkce.verifier,
      };
      const refused = await token(dogFacts, { ...parameters, resource: counter.McpServerUrl });
      assert.deepEqual([refused.status, refused.body.error], [400, 'invalid_target'], 'the code, for the other server');
      const { body } = await redeem(dogFacts, code, callback.redirectUri, pkce.verifier);
      await assertGoodForOne(body.access_token!, dogFacts, counter);

      const refresh = (more: Record<string, string>) =>
        token(dogFacts, { grant_type: 'refresh_token', refresh_token: body.refresh_token!, ...more });
      assert.equal((await refresh({ resource: counter.McpServerUrl })).body.error, 'invalid_target');
      assert.equal((await refresh({ scope: counter.McpOAuthScope })).body.error, 'invalid_scope');
      const refreshed = await refresh({ resource: dogFacts.McpServerUrl });
      assert.equal(claims(refreshed.body.access_token!)['aud'], dogFacts.McpServerUrl);
      await assertGoodForOne(refreshed.body.access_token!, dogFacts, counter);
    } finally {
      await callback.close();
    }
  });

  test('gives no token when the sign-in URL is edited in the browser between the consent page and Cognito', async () => {
    const both = `${dogFacts.McpOAuthScope} ${counter.McpOAuthScope}`;
    for (const [scope, resource] of [
      [both, null],
      [both, dogFacts.McpServerUrl],
      [dogFacts.McpOAuthScope, null],
      [counter.McpOAuthScope, counter.McpServerUrl],
    ] as const) {
      const callback = await listenForCallback(0);
      const pkce = newPkce();
      try {
        await person.page.goto(authorizationUrl(dogFacts, callback.redirectUri, pkce).href);
        await person.page.getByRole('button', { name: 'Allow' }).click();
        await person.page.waitForURL((at) => at.pathname === '/login');
        const edited = new URL(person.page.url());
        edited.searchParams.set('scope', scope);
        edited.searchParams.delete('resource');
        if (resource !== null) edited.searchParams.set('resource', resource);
        await person.page.goto(edited.href);
        const [query] = await Promise.all([callback.next(), person.fillSignIn()]);
        const refused = await redeem(dogFacts, query.get('code') ?? '', callback.redirectUri, pkce.verifier);
        assert.deepEqual(
          [refused.status, refused.body.error, refused.body.access_token],
          [400, 'invalid_grant', undefined],
          `${scope} ${resource}`,
        );
      } finally {
        await callback.close();
      }
    }
  });

  test('is asked nothing when a client asks for both servers, for none, or for one with the OAuth scope of the other', async () => {
    const redirectUri = 'http://127.0.0.1:4711/callback';
    const ask = async (changed: Record<string, string | null>, more = ''): Promise<string | null> => {
      const response = await fetch(`${authorizationUrl(dogFacts, redirectUri, newPkce(), changed).href}${more}`, {
        redirect: 'manual',
      });
      return new URL(response.headers.get('location') ?? 'none:').searchParams.get('error');
    };
    assert.equal(await ask({}, `&resource=${encodeURIComponent(counter.McpServerUrl)}`), 'invalid_target');
    assert.equal(await ask({ resource: null, scope: null }), 'invalid_target');
    assert.equal(await ask({ resource: `${dogFacts.McpOAuthIssuer}/mcp` }), 'invalid_target');
    assert.equal(await ask({ scope: counter.McpOAuthScope }), 'invalid_scope');
  });
});
