/**
 * Programs without a stored secret on the local stack (assertion-app.ts): the official clients sign with keys of their own, published ones
 * included, and a substitute of GitHub signs for a job.
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import * as second from '@modelcontextprotocol/client';
import { PrivateKeyJwtProvider as FirstPrivateKeyJwtProvider } from '@modelcontextprotocol/sdk/client/auth-extensions.js';
import { Client as FirstClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as FirstTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { exportJWK, importPKCS8, type JWTPayload, SignJWT } from 'jose';

import { playMetadataHost } from './metadata-host.ts';
import { aws, runningStack } from './stack.ts';

const stack = runningStack();
const server = stack.servers['Assertions/Server'];
assert.ok(server?.tokenUrl !== undefined, 'the stack has no server Assertions/Server');
const { mcpServerUrl, tokenUrl, oauthScopes } = server;
const scope = oauthScopes.join(' ');
const issuer = new URL(mcpServerUrl).origin;
const directory = process.env.MCP_LAMBDA_ASSERTION_KEYS;
const rmcpClient = process.env.MCP_LAMBDA_RMCP_KEY_CLIENT;
const command = process.env.MCP_LAMBDA_COMMAND;
assert.ok(
  directory !== undefined && rmcpClient !== undefined && command !== undefined,
  'run this test with `npm test -- assertions`',
);
const GITHUB = 'https://token.actions.githubusercontent.com';
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

const privateKey = (name: string): string => readFileSync(join(directory, `${name}.pem`), 'utf8');
const clientId = (id: string): string => {
  const client = server.machineClients[id];
  assert.ok(client !== undefined, id);
  return client.clientId;
};

/** A signed JWT with a random `jti` that ends in four minutes. */
async function signed(pem: string, algorithm: string, kid: string, claims: JWTPayload): Promise<string> {
  const jwt = new SignJWT({ jti: randomUUID(), aud: issuer, ...claims });
  const header = { alg: algorithm, kid, typ: 'JWT' };
  return jwt
    .setProtectedHeader(header)
    .setIssuedAt()
    .setExpirationTime('4 minutes')
    .sign(await importPKCS8(pem, algorithm));
}

interface TokenAnswer {
  readonly status: number;
  readonly json: { readonly access_token?: string; readonly error?: string; readonly error_description?: string };
}

async function exchange(assertion: string, more: Record<string, string> = {}): Promise<TokenAnswer> {
  const form = {
    grant_type: 'client_credentials',
    client_assertion_type: ASSERTION_TYPE,
    client_assertion: assertion,
    scope,
    ...more,
  };
  const response = await fetch(tokenUrl, { method: 'POST', body: new URLSearchParams(form) });
  return { status: response.status, json: (await response.json()) as TokenAnswer['json'] };
}

/** Calls the tool with an access token, as a program without an MCP library does. */
async function facts(accessToken: string | undefined): Promise<number> {
  const response = await fetch(mcpServerUrl, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${accessToken}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'getDogFacts', arguments: { limit: 2 } },
    }),
  });
  assert.equal(response.status, 200);
  const { result } = (await response.json()) as { result: { structuredContent: { facts: string[] } } };
  return result.structuredContent.facts.length;
}

/** Calls the tool with the command, as a program. */
const callWithCommand = (options: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  spawnSync(
    command,
    ['call', 'getDogFacts', 'limit=2', '--url', mcpServerUrl, '--scope', scope, '--output', 'json', ...options],
    { encoding: 'utf8', env: { ...process.env, ...env } },
  );

const programs = [
  { id: 'Pem', key: 'rsa', algorithm: 'RS256' },
  { id: 'Jwks', key: 'ec', algorithm: 'ES256' },
] as const;

describe('a program with a key of its own', () => {
  for (const { id, key, algorithm } of programs) {
    const options = () => ({
      clientId: clientId(id),
      privateKey: privateKey(key),
      algorithm,
      scope,
      expectedIssuer: issuer,
    });

    test(`calls a tool with the TypeScript client and ${algorithm}`, async () => {
      const client = new second.Client({ name: 'program', version: '1.0.0' });
      const authProvider = new second.PrivateKeyJwtProvider(options());
      await client.connect(new second.StreamableHTTPClientTransport(new URL(mcpServerUrl), { authProvider }));
      const result = await client.callTool({ name: 'getDogFacts', arguments: { limit: 2 } });
      assert.ok(!result.isError, JSON.stringify(result));
      await client.close();
    });

    test(`calls a tool with the TypeScript client of the era before and ${algorithm}`, async () => {
      const client = new FirstClient({ name: 'program', version: '1.0.0' });
      const authProvider = new FirstPrivateKeyJwtProvider(options());
      await client.connect(new FirstTransport(new URL(mcpServerUrl), { authProvider }));
      const result = await client.callTool({ name: 'getDogFacts', arguments: { limit: 2 } });
      assert.ok(!result['isError'], JSON.stringify(result));
      await client.close();
    });

    test(`calls a tool with the Rust client and ${algorithm}`, () => {
      const errand = {
        url: mcpServerUrl,
        clientId: clientId(id),
        privateKey: privateKey(key),
        algorithm,
        scope,
        limit: 2,
      };
      const { status, stdout, stderr } = spawnSync(rmcpClient, { input: JSON.stringify(errand), encoding: 'utf8' });
      assert.equal(status, 0, stderr);
      const { tools, isError, result } = JSON.parse(stdout) as {
        tools: string[];
        isError?: boolean;
        result: { facts: string[] };
      };
      assert.deepEqual([tools.includes('getDogFacts'), isError ?? false, result.facts.length], [true, false, 2]);
    });
  }

  test('calls a tool with mcp-lambda call and the key', () => {
    const key = join(directory, 'rsa.pem');
    const called = callWithCommand(['--client-id', clientId('Pem'), '--assertion-key', key]);
    assert.equal(called.status, 0, called.stderr);
    assert.equal((JSON.parse(called.stdout) as { structuredContent: { facts: [] } }).structuredContent.facts.length, 2);
  });

  test('is refused with the key of another program, and its assertion counts once', async () => {
    const [own, other] = programs.map(({ id }) => clientId(id));
    const claims = { iss: own, sub: own };
    const stolen = await exchange(await signed(privateKey('ec'), 'ES256', 'ec', claims));
    assert.deepEqual([stolen.status, stolen.json.error], [401, 'invalid_client']);
    const foreign = await exchange(await signed(privateKey('rsa'), 'RS256', 'rsa', claims), { client_id: other ?? '' });
    assert.deepEqual([foreign.status, foreign.json.error], [401, 'invalid_client']);
    const assertion = await signed(privateKey('rsa'), 'RS256', 'rsa', claims);
    const first = await exchange(assertion);
    assert.equal(await facts(first.json.access_token), 2);
    const replayed = await exchange(assertion);
    assert.equal(replayed.status, 401);
    assert.match(replayed.json.error_description ?? '', /jti was used before/);
  });

  test('cannot use the secret of its app client here', async () => {
    const response = await fetch(tokenUrl, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId('Pem'), client_secret: 'x' }),
    });
    assert.equal(response.status, 401);
    assert.match(await response.text(), /private_key_jwt/);
  });

  test('publishes its keys, which the authorization server fetches once', async () => {
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = { ...(await exportJWK(key.publicKey)), kid: 'published' };
    const host = await playMetadataHost(stack, 'keys.example.com', '/ci/jwks', { keys: [jwk] });
    try {
      const pem = key.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
      const own = { iss: clientId('Published'), sub: clientId('Published') };
      for (let request = 0; request < 2; request += 1) {
        const answer = await exchange(await signed(pem, 'ES256', 'published', own));
        assert.equal(answer.status, 200, JSON.stringify(answer.json));
        assert.equal(await facts(answer.json.access_token), 2);
      }
      assert.equal((await exchange(await signed(pem, 'ES256', 'unknown', own))).status, 401);
      assert.deepEqual([host.requests(), host.allRequests()], [1, 1]);
    } finally {
      await host.close();
    }
  });
});

test('a job of GitHub Actions calls a tool with its own token, and no other job does', async () => {
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = { ...(await exportJWK(key.publicKey)), kid: 'github', alg: 'RS256', use: 'sig' };
  const host = await playMetadataHost(stack, new URL(GITHUB).host, '/.well-known/jwks', { keys: [jwk] });
  try {
    const pem = key.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
    const job = (claims: JWTPayload = {}) =>
      signed(pem, 'RS256', 'github', {
        iss: GITHUB,
        sub: 'repo:octo-org/octo-repo:ref:refs/heads/main',
        repository: 'octo-org/octo-repo',
        ref: 'refs/heads/main',
        event_name: 'push',
        ...claims,
      });
    const client = { client_id: clientId('GitHub') };
    const answer = await exchange(await job(), client);
    assert.equal(answer.status, 200, JSON.stringify(answer.json));
    assert.equal(await facts(answer.json.access_token), 2);
    const called = callWithCommand(['--client-id', clientId('GitHub')], { MCP_CLIENT_ASSERTION: await job() });
    assert.equal(called.status, 0, called.stderr);
    for (const claims of [
      { repository: 'octo-org/octo-repo-evil' },
      { ref: 'refs/heads/feature' },
      { ref: 'refs/pull/1/merge', event_name: 'pull_request' },
      { aud: 'sts.amazonaws.com' },
      { iss: `${GITHUB}.example.com` },
    ]) {
      const refused = await exchange(await job(claims), client);
      assert.deepEqual([refused.status, refused.json.error], [401, 'invalid_client'], JSON.stringify(claims));
    }
    assert.equal((await exchange(await job())).status, 401, 'without client_id');
    assert.equal((await exchange(await job(), { client_id: clientId('Pem') })).status, 401, 'as another program');
  } finally {
    await host.close();
  }
});

test('the metadata offers private_key_jwt at the gateway as the program has it', async () => {
  for (const path of ['oauth-authorization-server', 'oauth-authorization-server/mcp', 'openid-configuration']) {
    const response = await fetch(`${issuer}/.well-known/${path}`);
    const document = (await response.json()) as Record<string, string[]>;
    assert.ok(document.token_endpoint_auth_methods_supported?.includes('private_key_jwt'), path);
    assert.ok(document.token_endpoint_auth_signing_alg_values_supported?.includes('ES256'), path);
  }
});

test('no log line has an assertion or a secret', async () => {
  const groups = await aws<{ logGroups: { logGroupName: string }[] }>(
    stack,
    'logs',
    'Logs_20140328.DescribeLogGroups',
    {},
  );
  let lines = 0;
  for (const { logGroupName } of groups.logGroups.filter(({ logGroupName }) =>
    logGroupName.includes('Authorization'),
  )) {
    const { events } = await aws<{ events: { message: string }[] }>(stack, 'logs', 'Logs_20140328.FilterLogEvents', {
      logGroupName,
    });
    for (const { message } of events.filter(({ message }) => message.includes('"endpoint":"token"'))) {
      lines += 1;
      assert.doesNotMatch(message, /eyJ/);
    }
  }
  assert.ok(lines > 10, `${lines} lines of the token endpoint`);
});
