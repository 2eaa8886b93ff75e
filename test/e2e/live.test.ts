/**
 * `mcp-lambda live` on the local stack: each check that the emulator can tell about is confirmed there, and refuted once, by a stack
 * that is broken for it.
 */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { claims } from './authorization-code.ts';
import type { Fault, Reply } from './faulty-front.ts';
import { behindFronts, live, told, type Broken } from './live.ts';
import { Person } from './person.ts';
import { aws, runningStack } from './stack.ts';

const stack = runningStack();

const path = (wanted: string, change: (reply: Reply, method: string) => void): Fault => {
  return (request, reply) => {
    if (request.path === wanted) change(reply, request.method);
  };
};

/** Changes each `Location` of a path. */
const location = (wanted: string, change: (value: string) => string): Fault =>
  path(wanted, ({ headers }) => {
    const value = headers.get('location');
    if (value !== null) headers.set('location', change(value));
  });

const mcp = new URL(stack.McpServerUrl).pathname;

/** The response to the first request with an access token, from then on the response to all. */
function cached(): Fault {
  let stored: number | undefined;
  return path(mcp, (reply, method) => {
    if (method === 'GET') reply.status = stored ??= reply.status;
  });
}

/** Refreshed access tokens without `aud`. */
function forgettingAudience(): Fault {
  let tokens = 0;
  return path('/token', (reply) => {
    const response = JSON.parse(reply.body) as { access_token: string };
    const person = claims(response.access_token);
    if (person['aud'] === undefined || ++tokens < 2) return;
    const { aud: _, ...without } = person;
    const part = Buffer.from(JSON.stringify(without)).toString('base64url');
    reply.body = JSON.stringify({ ...response, access_token: `e30.${part}.x` });
  });
}

const broken: Readonly<Record<string, Broken>> = {
  'managed-login-password': {
    pages: path('/login', (reply) => (reply.body = reply.body.replaceAll('type="password"', 'type="text"'))),
  },
  // An access token for the server at its own origin, which is not the front's.
  'aud-of-a-person': { login: true },
  'unknown-path': { server: path('/nothing-is-here', (reply) => (reply.status = 403)) },
  'errors-are-not-cached': { server: cached() },
  'percent-in-query': { server: location('/authorize', (value) => value.replaceAll('%25', '%')) },
  'foreign-redirect-at-cognito': {
    pages: path('/oauth2/authorize', (reply) => {
      reply.status = 302;
      reply.headers.set('location', 'https://mcp-lambda-live.example/callback?code=1');
    }),
  },
  'without-pkce': { server: location('/sign-in', (value) => value.replace(/code_challenge=[^&]*&?/, '')) },
  // The OAuth scopes in it have the server's own origin.
  'machine-claims': {},
  'aud-after-refresh': { login: true, server: forgettingAudience() },
  'revocation-errors': { server: path('/revoke', (reply) => (reply.status = 200)) },
  'wrong-client-secret': {
    server: path('/token', (reply) => {
      if (reply.status === 401) reply.status = 403;
    }),
  },
  'authorization-throttles': {
    args: ['--load'],
    server: path('/authorize', (reply) => {
      if (reply.status === 429) reply.status = 503;
    }),
  },
  challenge: {
    server: path(mcp, ({ headers }) => {
      headers.set('x-amzn-remapped-www-authenticate', headers.get('www-authenticate') ?? '');
      headers.delete('www-authenticate');
    }),
  },
  'browser-redirect': { server: location(mcp, () => 'https://elsewhere.example/') },
  'missing-oauth-scope': {
    server: path(mcp, (reply) => {
      if (reply.status === 401) reply.status = 200;
    }),
  },
  'get-and-delete': {
    server: path(mcp, (reply, method) => {
      if (method === 'DELETE') reply.status = 403;
    }),
  },
  'mapping-templates': {
    server: path(new URL(stack.OAuthMetadataUrl).pathname, (reply) => (reply.body = `#set($x = 1)${reply.body}`)),
  },
  'throttling-under-load': {
    args: ['--load'],
    server: path(new URL(stack.OAuthMetadataUrl).pathname, ({ headers }) => headers.delete('retry-after')),
  },
  'page-as-written': { server: path('/', (reply) => (reply.body = reply.body.replace('<style>', '<style> '))) },
  'log-format': { aws: (_, reply) => (reply.body = reply.body.replaceAll(/"retentionInDays": ?\d+/g, '"x": 1')) },
};

describe('mcp-lambda live', () => {
  let person: Person;
  const signIn = async (page: URL): Promise<void> => {
    await person.page.goto(page.href);
    await person.page.getByRole('button', { name: 'Allow' }).click();
    await person.page.waitForURL((at) => at.pathname === '/login');
    await person.fillSignIn();
    await person.page.waitForURL((at) => at.pathname === '/callback' && at.searchParams.has('iss'));
  };

  before(async () => {
    person = await Person.signUp(stack);
  });
  after(() => person?.leave());

  test('confirms on the local stack what the emulator can tell, and leaves out the rest with a reason', async () => {
    const { status, rows, stderr } = await live(['--load', '--login', '--no-browser'], { signIn });
    assert.equal(status, 0, stderr);
    const playable = rows.filter(({ findings: { open } }) => !open.includes('needs a person: --ask'));
    for (const row of playable) {
      if (row.verdict === 'emulatorCannotTell') assert.notEqual(row.findings.open[0] ?? '', '', row.id);
      else if (row.id !== 'several-servers') assert.ok(told(row), JSON.stringify(row));
    }
    // Every check that tells something here has a broken stack below, and no other has.
    assert.deepEqual(
      playable
        .filter(told)
        .map(({ id }) => id)
        .sort(),
      Object.keys(broken).sort(),
    );
  });

  test('leaves nothing behind in the user pool', async () => {
    const pool = { UserPoolId: stack.UserPoolId, MaxResults: 60 };
    const { UserPoolClients: made } = await aws<{ UserPoolClients: { ClientName: string }[] }>(
      stack,
      'cognito-idp',
      'AWSCognitoIdentityProviderService.ListUserPoolClients',
      pool,
    );
    assert.ok(made.every(({ ClientName: name }) => name !== 'mcp-lambda-live'));
    const { ResourceServers: servers } = await aws<{ ResourceServers: { Identifier: string }[] }>(
      stack,
      'cognito-idp',
      'AWSCognitoIdentityProviderService.ListResourceServers',
      { ...pool, MaxResults: 50 },
    );
    assert.ok(servers.every(({ Identifier: identifier }) => identifier !== 'mcp-lambda-live'));
  });

  test('confirms the same behind fronts that break nothing', async () => {
    const byOrigin = ['aud-of-a-person', 'machine-claims', 'aud-after-refresh'];
    const ids = Object.keys(broken).filter((id) => !byOrigin.includes(id));
    await behindFronts({}, async (endpoint) => {
      const { rows } = await live([...ids.flatMap((id) => ['--check', id]), '--load'], { endpoint });
      for (const row of rows) assert.ok(told(row), JSON.stringify(row));
    });
  });

  for (const [id, fault] of Object.entries(broken)) {
    test(`refutes ${id} when the stack is broken for it`, async () => {
      await behindFronts(fault, async (endpoint) => {
        const args = ['--check', id, ...(fault.args ?? []), ...(fault.login ? ['--login', '--no-browser'] : [])];
        const { status, rows } = await live(args, { endpoint, signIn });
        assert.equal(rows[0]?.verdict, 'refuted', JSON.stringify(rows[0]));
        assert.equal(status, 1);
      });
    });
  }
});
