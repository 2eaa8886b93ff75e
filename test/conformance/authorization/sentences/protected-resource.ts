/** The MCP endpoint as a protected resource: RFC 9728, RFC 6750, audience and scope. */

import assert from 'node:assert/strict';

import { expiredToken, tokenForAnotherResource, tokenOfAnotherPool, tokensOfAnApiSignIn } from '../../../e2e/tokens.ts';
import { fallsShort, inMcp, must, mustNot, notShownHere, should, shouldNot, shows } from '../table.ts';
import { altered, challenge } from '../text.ts';
import type { Answer, Server } from '../server.ts';

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

/** The stack as tokens.ts sees it: with Cognito's own token endpoint, where tokens for elsewhere are to be had. */
const cognito = (server: Server) => ({ ...server.stack, McpOAuthTokenUrl: `${server.signInOrigin}/oauth2/token` });

function assertRefused(answer: Answer, what: string): void {
  assert.equal(answer.status, 401, what);
  assert.equal(challenge(answer.headers.get('www-authenticate')).scheme, 'Bearer', what);
  assert.ok(!('result' in answer.body), `${what}: ${answer.text}`);
}

shows(
  'the protected resource metadata is at the path-inserted well-known URL, as JSON',
  [
    must(
      'RFC 9728',
      '3',
      'The document is at the well-known path put between host and path of the resource identifier.',
    ),
    must('RFC 9728', '3.1', 'The document is asked for with GET at that path.'),
    must('RFC 9728', '3.2', 'A successful answer has status 200 and content type application/json.'),
    must('RFC 9728', '2', 'resource is there.'),
    must('RFC 9728', '3.3', 'resource is identical to the resource identifier that the path was built from.'),
    should('RFC 9728', '2', 'scopes_supported is there.'),
    must('RFC 9728', '3.2', 'Members without a value are left out instead of being empty lists.'),
    ...inMcp('MCP 2025-06-18', 'MUST', 'Overview', 'The MCP server implements OAuth 2.0 Protected Resource Metadata.'),
  ],
  async (server) => {
    const { origin, pathname } = new URL(server.resource);
    const answer = await server.json(`${origin}/.well-known/oauth-protected-resource${pathname}`);
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-type') ?? '', /^application\/json/);
    assert.equal(answer.body['resource'], server.resource);
    assert.deepEqual(answer.body['scopes_supported'], [server.scope]);
    for (const [name, value] of Object.entries(answer.body))
      assert.ok(value !== null && value !== '' && !(Array.isArray(value) && value.length === 0), `${name} is empty`);
  },
);

shows(
  'the protected resource metadata names an authorization server whose metadata names it back',
  [
    ...inMcp(
      'MCP 2025-06-18',
      'MUST',
      'Authorization Server Location',
      'The document has authorization_servers with at least one server.',
    ),
  ],
  async (server) => {
    const { body } = await server.json(server.stack.OAuthMetadataUrl);
    assert.deepEqual(body['authorization_servers'], [server.issuer]);
    const document = await server.json(
      `${String(body['authorization_servers'][0])}/.well-known/oauth-authorization-server`,
    );
    assert.deepEqual(document.body['protected_resources'], [server.resource]);
  },
);

shows(
  'offline_access is named neither in the metadata nor in the challenge',
  [
    shouldNot(
      'MCP 2026-07-28',
      'Refresh Tokens',
      'The MCP server names offline_access in its challenge or in scopes_supported.',
    ),
  ],
  async (server) => {
    assert.doesNotMatch((await server.json(server.stack.OAuthMetadataUrl)).text, /offline_access/);
    assert.doesNotMatch((await server.mcp()).headers.get('www-authenticate') ?? '', /offline_access/);
  },
);

shows(
  'a request without an access token gets 401 and a challenge that says where to get one',
  [
    must(
      'MCP 2025-03-26',
      'OAuth Grant Types',
      'The server answers 401 where authorization is required and not yet proven.',
    ),
    must(
      'MCP 2025-06-18',
      'Authorization Server Location',
      'The 401 has WWW-Authenticate with the URL of the resource metadata.',
    ),
    ...inMcp(
      'MCP 2025-11-25',
      'MUST',
      'Protected Resource Metadata Discovery Requirements',
      'Clients find the metadata by the challenge or at the well-known path.',
    ),
    should(
      'MCP 2025-11-25',
      'Protected Resource Metadata Discovery Requirements',
      'The challenge names the scope that is needed.',
    ),
    should('MCP 2026-07-28', 'Scope Selection Strategy', 'The challenge names the scope that is needed.'),
    must('RFC 6750', '3', 'The answer to a request without credentials has WWW-Authenticate.'),
    must('RFC 6750', '3', 'The scheme is Bearer, followed by at least one parameter.'),
    mustNot('RFC 6750', '3', 'A parameter of the challenge appears more than once.'),
    must('OAuth 2.1', '5.3.1', 'The answer to a request without credentials has WWW-Authenticate.'),
  ],
  async (server) => {
    const answer = await server.mcp();
    assert.equal(answer.status, 401);
    const { scheme, parameters, names } = challenge(answer.headers.get('www-authenticate'));
    assert.equal(scheme, 'Bearer');
    assert.deepEqual(parameters, { resource_metadata: server.stack.OAuthMetadataUrl, scope: server.scope });
    assert.equal(new Set(names).size, names.length);
    assert.equal((await server.json(parameters['resource_metadata'] ?? '')).body['resource'], server.resource);
  },
);

shows(
  'the challenge of a request without credentials tells no error',
  [
    shouldNot('RFC 6750', '3.1', 'An error code is told where the request had no authentication information.'),
    shouldNot('OAuth 2.1', '5.3.2', 'An error code is told where the request had no authentication information.'),
  ],
  async (server) => {
    assert.equal(challenge((await server.mcp()).headers.get('www-authenticate')).parameters['error'], undefined);
  },
);

fallsShort(
  'a refused access token gets the same challenge as none, without an error code',
  [
    should('RFC 6750', '3', 'The challenge to a request with an access token that failed has error.'),
    should('OAuth 2.1', '5.3.1', 'The challenge to a request with an access token that failed has error.'),
  ],
  'API Gateway has one answer for a missing and for a refused token, and cannot tell them apart. Status and body are right (`401`, `invalid_token`), and clients go by those.',
  async (server) => {
    const answer = await server.mcp(bearer('not.a.token'));
    assert.equal(answer.status, 401);
    assert.equal(answer.body['error'], 'invalid_token');
    assert.equal(challenge(answer.headers.get('www-authenticate')).parameters['error'], undefined);
  },
);

shows(
  'an access token in the Authorization header opens the server',
  [
    must('RFC 6750', '2.1', 'The resource server supports the Authorization header.'),
    must('OAuth 2.1', '5.1.1', 'The resource server supports the Authorization header.'),
  ],
  async (server) => {
    const { body } = await server.tokens();
    for (const scheme of ['Bearer', 'bearer']) {
      const answer = await server.mcp({ authorization: `${scheme} ${String(body['access_token'])}` });
      assert.equal(answer.status, 200, `${scheme}: ${answer.text}`);
      assert.ok('result' in answer.body, answer.text);
    }
  },
);

shows(
  'an access token in the query or in a form is not looked at',
  [
    must('OAuth 2.1', '5.1', 'The resource server ignores access tokens in the query.'),
    ...inMcp('MCP 2025-03-26', 'MUST NOT', 'Token Requirements', 'Access tokens are accepted in the query.'),
  ],
  async (server) => {
    const { body } = await server.tokens();
    const token = String(body['access_token']);
    assertRefused(await server.mcp({}, `${new URL(server.resource).pathname}?access_token=${token}`), 'query');
    assertRefused(
      await server.mcp({ 'content-type': 'application/x-www-form-urlencoded' }, undefined, {
        body: new URLSearchParams({ access_token: token }).toString(),
      }),
      'form',
    );
  },
);

shows(
  'every request needs the access token, whatever came before it',
  [
    ...inMcp(
      'MCP 2025-03-26',
      'MUST',
      'Token Requirements',
      'Every request is authorized, also those of a session that exists.',
    ),
  ],
  async (server) => {
    const { body } = await server.tokens();
    const initialize = {
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'conformance', version: '1' } },
    };
    const headers = { 'mcp-protocol-version': '2025-11-25', 'mcp-method': 'initialize' };
    const opened = await server.mcp({ ...headers, ...bearer(String(body['access_token'])) }, undefined, {
      body: JSON.stringify(initialize),
    });
    assert.equal(opened.status, 200, opened.text);
    const session = opened.headers.get('mcp-session-id');
    const list = JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/list' });
    const again = await server.mcp(
      { 'mcp-protocol-version': '2025-11-25', ...(session === null ? {} : { 'mcp-session-id': session }) },
      undefined,
      { body: list },
    );
    assertRefused(again, 'tools/list without a token');
    for (const method of ['GET', 'DELETE']) assertRefused(await server.json(server.resource, { method }), method);
  },
);

shows(
  'an altered, unsigned or expired access token is refused',
  [
    must('RFC 6750', '5.2', 'Tokens cannot be made or altered by others.'),
    should('RFC 6750', '3.1', 'An expired, revoked, malformed or otherwise invalid token gets 401.'),
    must('OAuth 2.1', '5', 'The resource server validates the access token, and that it has not expired.'),
    must('OAuth 2.1', '5.2', 'The resource server checks that the token is not expired and permits what is asked.'),
    should('OAuth 2.1', '5.3.2', 'An invalid token gets 401.'),
    ...inMcp(
      'MCP 2025-03-26',
      'MUST',
      'Token Handling',
      'The server validates access tokens as OAuth 2.1 section 5.2 says.',
    ),
    ...inMcp('MCP 2025-03-26', 'MUST', 'Token Handling', 'Invalid or expired tokens get 401.'),
  ],
  async (server) => {
    const { body } = await server.tokens();
    const token = String(body['access_token']);
    const [header = '', payload = '', signature = ''] = token.split('.');
    const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
    const later = Buffer.from(
      JSON.stringify({ ...(JSON.parse(Buffer.from(payload, 'base64url').toString()) as object), exp: 4_000_000_000 }),
    ).toString('base64url');
    const spoilt = {
      'another signature': `${header}.${payload}.${altered(signature)}`,
      'another payload': `${header}.${later}.${signature}`,
      'no signature': `${header}.${payload}.`,
      'alg none': `${none}.${payload}.`,
      'cut off': token.slice(0, -20),
      'no token': 'x',
      expired: await expiredToken(cognito(server)),
    };
    for (const [what, each] of Object.entries(spoilt)) assertRefused(await server.mcp(bearer(each)), what);
    assert.equal((await server.mcp(bearer(token))).status, 200);
  },
);

shows(
  'an access token that was issued by somebody else, for something else, or is none, is refused',
  [
    ...inMcp(
      'MCP 2025-06-18',
      'MUST',
      'Token Handling',
      'The server validates that the token was issued for it as the audience.',
    ),
    ...inMcp(
      'MCP 2025-06-18',
      'MUST',
      'Access Token Privilege Restriction',
      'Tokens that were not meant for this server are rejected before anything is done.',
    ),
    ...inMcp('MCP 2025-06-18', 'MUST NOT', 'Token Handling', 'Any other tokens are accepted.'),
    must('OAuth 2.1', '7.1.4', 'A resource server refuses a token that was not meant for it.'),
  ],
  async (server) => {
    const stack = cognito(server);
    const { idToken, accessToken } = await tokensOfAnApiSignIn(stack);
    const foreign = {
      'another pool': await tokenOfAnotherPool(stack),
      'another resource': await tokenForAnotherResource(stack),
      'an ID token': idToken,
      'a token of the pool without our scope': accessToken,
      'a refresh token': String((await server.tokens()).body['refresh_token']),
      'a code': (await server.arrive()).code,
    };
    for (const [what, each] of Object.entries(foreign)) assertRefused(await server.mcp(bearer(each)), what);
  },
);

shows(
  'an access token of a person has the MCP URL as its audience and the scopes that were shown',
  [
    should('RFC 8707', '2', 'Access tokens are restricted to the resource that was asked for.'),
    should('OAuth 2.1', '7.1.3.6', 'Bearer tokens have an audience restriction.'),
  ],
  async (server) => {
    const { body } = await server.tokens();
    const claims = JSON.parse(
      Buffer.from(String(body['access_token']).split('.')[1] ?? '', 'base64url').toString(),
    ) as Record<string, unknown>;
    assert.equal(claims['aud'], server.resource);
    assert.equal(claims['scope'], server.scope);
    assert.equal(claims['token_use'], 'access');
  },
);

shows(
  'access tokens live an hour and no longer',
  [
    should('OAuth 2.1', '7.1.3.5', 'Bearer tokens are short-lived, an hour or less.'),
    should('MCP 2025-03-26', 'Implementation Requirements', 'Token lifetimes are limited.'),
    ...inMcp('MCP 2025-06-18', 'SHOULD', 'Token Theft', 'The authorization server issues short-lived access tokens.'),
  ],
  async (server) => {
    const { body } = await server.tokens();
    const claims = JSON.parse(
      Buffer.from(String(body['access_token']).split('.')[1] ?? '', 'base64url').toString(),
    ) as { exp: number; iat: number };
    assert.ok(claims.exp - claims.iat <= 3600, `${claims.exp - claims.iat} seconds`);
    assert.ok(Number(body['expires_in']) > 0 && Number(body['expires_in']) <= 3600);
  },
);

notShownHere(
  "The emulator answers 401 to a token without the scope; a 403 with insufficient_scope is configured at the gateway as well (see live-checks.md), and the function's own is shown by the tests of the crate `mcp-lambda`.",
  [
    should('RFC 6750', '3.1', 'A token that lacks the scope gets 403 and insufficient_scope.'),
    ...inMcp(
      'MCP 2025-11-25',
      'SHOULD',
      'Runtime Insufficient Scope Errors',
      'The answer is 403 with error, scope and resource_metadata in the challenge.',
    ),
  ],
);
