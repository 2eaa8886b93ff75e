/**
 * Everything that must be refused, with status, body and challenge as a client sees them.
 *
 * The gateway's 401 is one answer for every reason: a client learns where to get a token, and nobody learns why a
 * token was refused. A server on AWS Fargate verifies access tokens itself, and says so (RFC 6750 section 3).
 */

import assert from 'node:assert/strict';
import { createSign, generateKeyPairSync } from 'node:crypto';
import { request } from 'node:http';
import { before, describe, test } from 'node:test';

import { processesOf } from './processes.ts';
import { machineToken, runningStack } from './stack.ts';
import { expiredToken, tokenForAnotherResource, tokenOfAnotherPool, tokensOfAnApiSignIn } from './tokens.ts';

const stack = runningStack();
const mcp = new URL(stack.McpServerUrl);
/** How long after its end the library accepts an access token, for clocks that differ (lambda/token). */
const LEEWAY = 30_000;
const isService = processesOf(stack).length > 0;

const body = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'server/discover',
  params: {
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  },
});

function ask(headers: Record<string, string>, method = 'POST', path = mcp.pathname): Promise<Response> {
  return fetch(new URL(path, mcp), {
    method,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'server/discover',
      ...headers,
    },
    ...(method === 'GET' || method === 'HEAD' ? {} : { body }),
  });
}

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

async function isUnauthorized(response: Response): Promise<void> {
  assert.equal(response.status, 401);
  const challenge = response.headers.get('www-authenticate') ?? '';
  const reason = /error="invalid_token", error_description="[^"]+", /;
  assert.equal(
    isService ? challenge.replace(reason, '') : challenge,
    `Bearer resource_metadata="${stack.OAuthMetadataUrl}", scope="${stack.McpOAuthScope}"`,
  );
  assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
  const answer = (await response.json()) as { error?: unknown; error_description?: unknown };
  assert.equal(answer.error, 'invalid_token');
  assert.equal(typeof answer.error_description, 'string');
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** The three parts of a JSON Web Token. */
function parts(token: string): readonly [string, string, string] {
  const [header = '', payload = '', signature = ''] = token.split('.');
  return [header, payload, signature];
}

describe('the MCP endpoint refuses', () => {
  let good: string;
  before(async () => {
    good = await machineToken(stack);
    assert.equal((await ask(bearer(good))).status, 200, 'the token that the forgeries are made from must be good');
  });

  test('a request without a token', async () => isUnauthorized(await ask({})));
  test('garbage for a token', async () => isUnauthorized(await ask(bearer('garbage'))));
  test('a good token in another scheme', async () => isUnauthorized(await ask({ authorization: `Basic ${good}` })));
  test('a good token in the query', async () =>
    isUnauthorized(await ask({}, 'POST', `${mcp.pathname}?access_token=${good}`)));

  test('a tampered signature', async () => {
    const [header, payload, signature] = parts(good);
    await isUnauthorized(
      await ask(bearer(`${header}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`)),
    );
  });

  test('altered claims under a good signature', async () => {
    const [header, payload, signature] = parts(good);
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as object;
    await isUnauthorized(await ask(bearer(`${header}.${encode({ ...claims, sub: 'somebody-else' })}.${signature}`)));
  });

  test('an unsigned token', async () => {
    await isUnauthorized(await ask(bearer(`${encode({ alg: 'none', typ: 'JWT' })}.${parts(good)[1]}.`)));
  });

  test("a token signed with a key that is not the pool's", async () => {
    const [header, payload] = parts(good);
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const signature = createSign('RSA-SHA256').update(`${header}.${payload}`).sign(privateKey, 'base64url');
    await isUnauthorized(await ask(bearer(`${header}.${payload}.${signature}`)));
  });

  test('an expired token', async () =>
    isUnauthorized(await ask(bearer(await expiredToken(stack, isService ? LEEWAY : 0)))));
  test('a token of another user pool, for a scope of the same name', async () =>
    isUnauthorized(await ask(bearer(await tokenOfAnotherPool(stack)))));
  test('a token for another resource server of our pool', async () =>
    isUnauthorized(await ask(bearer(await tokenForAnotherResource(stack)))));

  test('an ID token, and an access token that carries no scope of ours', async () => {
    const { idToken, accessToken } = await tokensOfAnApiSignIn(stack);
    await isUnauthorized(await ask(bearer(idToken)));
    await isUnauthorized(await ask(bearer(accessToken)));
  });

  for (const method of ['GET', 'DELETE', 'PUT', 'PATCH']) {
    test(`${method}, and asks for a token before it says so`, async () => {
      await isUnauthorized(await ask({}, method));
      const answer = await ask(bearer(good), method);
      assert.equal(answer.status, 405);
      assert.equal(answer.headers.get('allow'), 'POST');
    });
  }

  test('an unknown path with 404, so that no client takes it for a reason to sign in', async () => {
    for (const path of ['/unknown', '/mcp/unknown', '/.well-known/unknown']) {
      const answer = await ask({}, 'GET', path);
      assert.equal(answer.status, 404, path);
      assert.equal(answer.headers.get('www-authenticate'), null, path);
      assert.match(answer.headers.get('content-type') ?? '', /^application\/json/, path);
    }
  });

  test('a web page of a foreign origin, also with a good token', async () => {
    const answer = await ask({ ...bearer(good), origin: 'https://attacker.example' });
    assert.equal(answer.status, 403);
    const { error, id } = (await answer.json()) as { error: { message: string }; id?: unknown };
    assert.match(error.message, /origin/i);
    assert.ok(id === undefined || id === null);
  });

  test('a request that reached this machine under a foreign host name', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      request(mcp, { method: 'POST', headers: { ...bearer(good), host: 'attacker.example' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end(body);
    });
    assert.equal(status, 403);
  });
});
