/**
 * `McpRemoteServer` on the local stack, before an imitation of an AgentCore gateway: a person signs up and in with a client that
 * knows the URL alone, calls tools, and gets streams; who is refused, by the API's gateway and by the endpoint itself; and an
 * endpoint that is silent or down.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, describe, test } from 'node:test';

import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';

import { MemoryProvider } from './clients/typescript-provider.ts';
import { AgentCoreGateway } from './agentcore-gateway.ts';
import { claims } from './authorization-code.ts';
import { Front } from './front.ts';
import { listenForCallback, Person } from './person.ts';
import { machineToken, runningStack, type Stack } from './stack.ts';
import {
  expiredToken,
  tokenForAnotherResource,
  tokenOfAnotherPool,
  tokenOfAnUnknownAppClient,
  tokensOfAnApiSignIn,
} from './tokens.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const local = runningStack();
/** Where the user pools of the emulator have their pages and OAuth endpoints. */
const signInBaseUrl = new URL(local.MailboxUrl).origin;
const tools = ['tickets___search', 'tickets___export'];

type Remote = Stack & { readonly RestApiId: string; readonly CognitoClientId: string };

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: { readonly result?: Record<string, unknown>; readonly error?: unknown };
}

/** Sends a message of a client of 2025-11-25, or none with another method than POST. */
async function send(
  url: string,
  token: string | undefined,
  message?: object,
  sessionId?: string,
  method = 'POST',
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: {
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-11-25',
      ...(message === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(sessionId === undefined ? {} : { 'mcp-session-id': sessionId }),
    },
    ...(message === undefined ? {} : { body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }) }),
  });
  const text = await response.text();
  // A streamed response here is one event with a JSON-RPC message.
  const json = text.replace(/^(?:.*\n)*?data: /, '');
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: json.startsWith('{') ? (JSON.parse(json) as Answer['json']) : {},
  };
}

const initialize = {
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } },
};
const search = { method: 'tools/call', params: { name: 'tickets___search', arguments: { text: 'dogs' } } };

/** Begins a session; its id, and the response. */
async function begin(url: string, token: string): Promise<{ readonly sessionId: string; readonly answer: Answer }> {
  const answer = await send(url, token, initialize);
  const sessionId = answer.headers.get('mcp-session-id');
  assert.ok(answer.status === 200 && sessionId !== null, answer.text);
  assert.equal((await send(url, token, { id: undefined, method: 'notifications/initialized' }, sessionId)).status, 202);
  return { sessionId, answer };
}

describe('a remote MCP endpoint', () => {
  const work = mkdtempSync(join(tmpdir(), 'remote-'));
  let gateway: AgentCoreGateway;
  let front: Front;
  let silentFront: Front;
  let remote: Remote;
  let silent: Remote;
  /** As `tokens.ts` needs it: with Cognito's own token endpoint, and one OAuth scope. */
  let pool: Remote;

  before(async () => {
    const programs = process.env.MCP_LAMBDA_AUTHORIZATION_PROGRAM;
    assert.ok(
      programs !== undefined,
      'MCP_LAMBDA_AUTHORIZATION_PROGRAM is not set: run this test with `npm test -- remote-server`',
    );
    [gateway, front, silentFront] = await Promise.all([
      AgentCoreGateway.start(),
      Front.start(local),
      Front.start(local),
    ]);
    execFileSync('node', ['--import', 'tsx', 'test/e2e/remote-app.ts'], {
      cwd: root,
      env: {
        ...process.env,
        CDK_OUTDIR: work,
        CDK_VALIDATION: 'false',
        CDK_CONTEXT_JSON: JSON.stringify({
          publicBaseUrl: front.origin,
          silentBaseUrl: silentFront.origin,
          endpointUrl: gateway.mcpUrl,
          silentUrl: gateway.silentUrl,
          signInBaseUrl,
          authorizationProgram: programs,
        }),
      },
    });
    remote = deploy('Remote', front);
    silent = deploy('RemoteSilent', silentFront);
    pool = {
      ...remote,
      McpOAuthTokenUrl: `${signInBaseUrl}/oauth2/token`,
      McpOAuthScope: remote.McpOAuthScope.split(' ')[0]!,
    };
    gateway.authorizer = {
      discoveryUrl: `${signInBaseUrl}/${remote.UserPoolId}/.well-known/openid-configuration`,
      allowedClients: [remote.CognitoClientId, remote.AutomatedOAuthClientId],
      allowedScopes: [`${remote.McpServerUrl}/use`],
    };
  });
  after(async () => {
    await Promise.all([gateway?.close(), front?.close(), silentFront?.close()]);
    rmSync(work, { recursive: true, force: true });
  });

  function deploy(name: string, itsFront: Front): Remote {
    const said = execFileSync(
      join(root, '.local/venv/bin/python'),
      [
        join(root, 'cli/emulator/deploy.py'),
        '--endpoint',
        local.AwsEndpointUrl,
        '--cdk-out',
        work,
        '--stack',
        name,
        '--rest-api-id',
      ],
      { encoding: 'utf8' },
    );
    const outputs = JSON.parse(said) as Remote;
    itsFront.leadTo(outputs.RestApiId);
    return { ...local, ...outputs };
  }

  const challenge = (stack: Stack): string =>
    `Bearer resource_metadata="${stack.OAuthMetadataUrl}", scope="${stack.McpOAuthScope}"`;

  test('is challenged for like a server of ours, and the documents lead to the authorization server', async () => {
    const { status, headers } = await send(remote.McpServerUrl, undefined, initialize);
    assert.deepEqual([status, headers.get('www-authenticate')], [401, challenge(remote)]);
    const metadata = (await (await fetch(remote.OAuthMetadataUrl)).json()) as Record<string, unknown>;
    assert.deepEqual(
      [metadata['resource'], metadata['resource_name'], metadata['authorization_servers']],
      [remote.McpServerUrl, 'Tickets', [front.origin]],
    );
    const server = (await (await fetch(`${front.origin}/.well-known/oauth-authorization-server`)).json()) as Record<
      string,
      unknown
    >;
    assert.deepEqual(
      [server['issuer'], server['authorization_endpoint'], server['registration_endpoint']],
      [front.origin, `${front.origin}/authorize`, `${front.origin}/register`],
    );
    assert.deepEqual(gateway.arrived, [], 'nothing reaches the endpoint without an access token');
  });

  describe('for a person who signs up, with a client that knows the URL alone', () => {
    let person: Person;
    let client: Client;
    let accessToken: string;

    before(async () => {
      person = await Person.arrive(remote);
      const callback = await listenForCallback(0);
      try {
        const provider = new MemoryProvider({ kind: 'registered' }, callback.redirectUri);
        const transport = (): StreamableHTTPClientTransport =>
          new StreamableHTTPClientTransport(new URL(remote.McpServerUrl), { authProvider: provider });
        const newClient = (): Client =>
          new Client({ name: 'test-client', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
        const first = transport();
        await assert.rejects(newClient().connect(first), UnauthorizedError);

        const { page } = person;
        await page.goto(provider.authorizationUrl!.href);
        assert.match(await page.getByRole('heading', { level: 1 }).innerText(), /Test client.* to use Tickets\?/);
        assert.match(await page.locator('main').innerText(), /Use the tickets[\s\S]*Look at the tickets/);
        await page.getByRole('button', { name: 'Allow' }).click();
        await page.waitForURL((at) => at.pathname === '/login');
        await person.fillSignUp();
        await person.fillConfirmation();
        const [query] = await Promise.all([callback.next(), person.fillSignIn()]);
        await first.finishAuth(query);

        client = newClient();
        await client.connect(transport());
        accessToken = provider.tokens()!.access_token;
      } finally {
        await callback.close();
      }
    });
    after(async () => {
      await client?.close();
      await person?.leave();
    });

    test('lists the tools of the endpoint and calls one, in a session', async () => {
      assert.equal(client.getNegotiatedProtocolVersion(), '2025-11-25');
      assert.deepEqual(
        (await client.listTools()).tools.map(({ name }) => name),
        tools,
      );
      const { content } = await client.callTool(search.params);
      assert.deepEqual(content, [{ type: 'text', text: '1 ticket about dogs' }]);
    });

    test("shows the endpoint the access token, bound to the URL in front, and the endpoint's own host name", () => {
      const { headers } = gateway.arrived.at(-1)!;
      assert.equal(headers.authorization, `Bearer ${accessToken}`);
      assert.equal(headers.host, new URL(gateway.mcpUrl).host);
      const { aud, client_id: clientId, scope } = claims(accessToken);
      assert.deepEqual([aud, clientId], [remote.McpServerUrl, remote.CognitoClientId]);
      assert.deepEqual(String(scope).split(' ').sort(), remote.McpOAuthScope.split(' ').sort());
    });

    test('hands progress on before there is a result', async () => {
      const seen: number[] = [];
      // The endpoint waits for the client to have seen it: a response that is held back until its end has none.
      const { content } = await client.callTool(
        { name: 'tickets___export', arguments: {} },
        {
          onprogress: ({ progress }) => {
            seen.push(progress);
            gateway.finishExport();
          },
        },
      );
      assert.deepEqual([seen, content], [[1], [{ type: 'text', text: 'exported' }]]);
    });

    test('keeps the session of a person from another caller', async () => {
      const { sessionId } = await begin(remote.McpServerUrl, accessToken);
      assert.equal((await send(remote.McpServerUrl, accessToken, search, sessionId)).status, 200);
      assert.equal((await send(remote.McpServerUrl, await machineToken(pool), search, sessionId)).status, 404);
    });
  });

  describe('for a program', () => {
    let token: string;
    before(async () => {
      token = await machineToken(pool);
    });

    test('responds as the endpoint does: with a stream, or with JSON', async () => {
      for (const json of [false, true]) {
        gateway.respondsWithJson = json;
        const { sessionId, answer } = await begin(remote.McpServerUrl, token);
        gateway.respondsWithJson = false;
        assert.match(answer.headers.get('content-type') ?? '', json ? /^application\/json/ : /^text\/event-stream/);
        const called = await send(remote.McpServerUrl, token, search, sessionId);
        assert.deepEqual(called.json.result, { content: [{ type: 'text', text: '1 ticket about dogs' }] });
      }
    });

    test('passes GET on, whose stream brings messages outside of responses', async () => {
      const { sessionId } = await begin(remote.McpServerUrl, token);
      const stream = await fetch(remote.McpServerUrl, {
        headers: { accept: 'text/event-stream', authorization: `Bearer ${token}`, 'mcp-session-id': sessionId },
      });
      assert.deepEqual([stream.status, stream.headers.get('content-type')], [200, 'text/event-stream']);
      const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
      await gateway.announceTools(sessionId);
      let text = '';
      while (!text.includes('\n\n')) text += (await reader.read()).value ?? '';
      await reader.cancel();
      assert.match(text, /notifications\/tools\/list_changed/);
    });

    test('passes DELETE on, which ends the session', async () => {
      const { sessionId } = await begin(remote.McpServerUrl, token);
      assert.equal((await send(remote.McpServerUrl, token, undefined, sessionId, 'DELETE')).status, 200);
      assert.equal((await send(remote.McpServerUrl, token, search, sessionId)).status, 404);
    });

    test('answers a method that the endpoint does not take with 405, and without endpointMethods all but POST', async () => {
      const put = await send(remote.McpServerUrl, token, initialize, undefined, 'PUT');
      assert.deepEqual([put.status, put.headers.get('allow')], [405, 'POST, GET, DELETE']);
      const itsToken = await machineToken({ ...silent, McpOAuthTokenUrl: pool.McpOAuthTokenUrl });
      for (const method of ['GET', 'DELETE']) {
        const refused = await send(silent.McpServerUrl, itsToken, undefined, undefined, method);
        assert.deepEqual([refused.status, refused.headers.get('allow')], [405, 'POST'], method);
      }
    });
  });

  describe('refuses', () => {
    test('at the API every access token that is not of its user pool and OAuth scopes, before the endpoint', async () => {
      const tokens = {
        'no token': undefined,
        garbage: 'garbage',
        'another pool': await tokenOfAnotherPool(pool),
        expired: await expiredToken(pool),
        'none of its OAuth scopes': await tokenForAnotherResource(pool),
        'an ID token': (await tokensOfAnApiSignIn(pool)).idToken,
      };
      const before = gateway.arrived.length;
      for (const [which, token] of Object.entries(tokens)) {
        const { status, headers } = await send(remote.McpServerUrl, token, initialize);
        assert.deepEqual([status, headers.get('www-authenticate')], [401, challenge(remote)], which);
      }
      assert.equal(gateway.arrived.length, before, 'the endpoint saw one of them');
    });

    test('at the endpoint an app client that it does not know, and an OAuth scope that it does not take', async () => {
      const stranger = await send(
        remote.McpServerUrl,
        await tokenOfAnUnknownAppClient(pool, `${remote.McpServerUrl}/use`),
        initialize,
      );
      assert.deepEqual(
        [stranger.status, stranger.json.error],
        [401, { code: -32001, message: 'Client is not allowed' }],
      );
      const looking = await send(
        remote.McpServerUrl,
        await machineToken({ ...pool, McpOAuthScope: `${remote.McpServerUrl}/look` }),
        initialize,
      );
      assert.deepEqual([looking.status, looking.json.error], [403, { code: -32002, message: 'Insufficient scope' }]);
      for (const { headers } of [stranger, looking]) {
        assert.equal(
          headers.get('www-authenticate'),
          null,
          "the endpoint's challenge leads to its own URL, where no client gets a token",
        );
        assert.match(headers.get('x-amzn-remapped-www-authenticate') ?? '', /^Bearer /);
      }
    });

    test('at the endpoint itself, whose own URL is open, the same access tokens as in front', async () => {
      for (const token of [undefined, 'garbage', await tokenOfAnotherPool(pool), await expiredToken(pool)]) {
        assert.equal((await send(gateway.mcpUrl, token, initialize)).status, 401);
      }
      assert.equal((await send(gateway.mcpUrl, await machineToken(pool), initialize)).status, 200);
    });
  });

  describe('that does not respond', () => {
    test('is a JSON-RPC error with status 504 when its time is over', async () => {
      const { status, json } = await send(
        silent.McpServerUrl,
        await machineToken({ ...silent, McpOAuthTokenUrl: pool.McpOAuthTokenUrl }),
        initialize,
      );
      assert.deepEqual(
        [status, json],
        [
          504,
          {
            jsonrpc: '2.0',
            id: null,
            error: { code: -32603, message: 'the server behind this URL did not respond in time' },
          },
        ],
      );
    });

    test('is a JSON-RPC error with status 502 while it is down, which a client shows, and works again when it is back', async () => {
      const token = await machineToken(pool);
      await gateway.close();
      const { status, json } = await send(remote.McpServerUrl, token, initialize);
      assert.deepEqual(
        [status, json],
        [
          502,
          {
            jsonrpc: '2.0',
            id: null,
            error: { code: -32603, message: 'the server behind this URL cannot be reached, try again later' },
          },
        ],
      );
      const transport = new StreamableHTTPClientTransport(new URL(remote.McpServerUrl), {
        requestInit: { headers: { authorization: `Bearer ${token}` } },
      });
      await assert.rejects(
        new Client({ name: 'test-client', version: '1.0.0' }).connect(transport),
        /the server behind this URL cannot be reached/,
      );
      await gateway.resume();
      assert.equal((await send(remote.McpServerUrl, token, initialize)).status, 200);
    });
  });
});
