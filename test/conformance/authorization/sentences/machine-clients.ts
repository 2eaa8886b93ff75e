/** Client credentials: RFC 6749 section 4.4. */

import assert from 'node:assert/strict';

import { inMcp, must, mustNot, should, shouldNot, shows } from '../table.ts';
import { assertStays, basic, refusal } from '../text.ts';
import { type Changes, CONFIDENTIAL } from '../server.ts';

shows(
  'a machine client gets an access token without a refresh token',
  [
    must('RFC 6749', '4.4.2', 'The client is authenticated.'),
    shouldNot('RFC 6749', '4.4.3', 'A refresh token is included.'),
    must('OAuth 2.1', '4.2.1', 'The client is authenticated.'),
    should(
      'MCP 2025-03-26',
      'OAuth Grant Types',
      'The grant types that fit are served: code for people, client credentials for programs.',
    ),
  ],
  async (server) => {
    const { id, secret } = await server.machine();
    const answer = await server.token(
      { grant_type: 'client_credentials', scope: server.scope, resource: server.resource },
      basic(id, secret),
    );
    assert.equal(answer.status, 200, answer.text);
    assert.equal('refresh_token' in answer.body, false);
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    assert.equal((await server.mcp({ authorization: `Bearer ${String(answer.body['access_token'])}` })).status, 200);
  },
);

shows(
  'a wrong or missing secret of a machine client is refused',
  [
    must('RFC 6749', '4.4', 'Only confidential clients use client credentials.'),
    must('OAuth 2.1', '4.2', 'Only confidential clients use client credentials.'),
  ],
  async (server) => {
    const { id } = await server.machine();
    assert.deepEqual(
      refusal(await server.token({ grant_type: 'client_credentials', scope: server.scope }, basic(id, 'wrong'))),
      [401, 'invalid_client'],
    );
    assert.deepEqual(
      refusal(await server.token({ grant_type: 'client_credentials', scope: server.scope, client_id: id })),
      [401, 'invalid_client'],
    );
  },
);

shows(
  'the clients of people have no machine grant',
  [must('RFC 6749', '5.2', 'The error for a client that may not use a grant is unauthorized_client.')],
  async (server) => {
    const clients = [
      [await server.client(), 'x'],
      [CONFIDENTIAL.id, CONFIDENTIAL.secret],
      [server.documents.publish('/machine.json'), 'x'],
    ] as const;
    for (const [id, secret] of clients)
      assert.deepEqual(
        refusal(await server.token({ grant_type: 'client_credentials', client_id: id, client_secret: secret })),
        [400, 'unauthorized_client'],
        id.slice(0, 30),
      );
  },
);

shows(
  'a machine client gets no scope that is not served here, and no other resource',
  [
    must('RFC 6749', '5.2', 'The error for a scope that is not valid is invalid_scope.'),
    should('RFC 8707', '2', 'A resource that is not acceptable is refused as invalid_target, whatever the grant.'),
  ],
  async (server) => {
    const { id, secret } = await server.machine();
    for (const scope of ['admin', 'aws.cognito.signin.user.admin', `${server.scope} admin`])
      assert.deepEqual(
        refusal(await server.token({ grant_type: 'client_credentials', scope }, basic(id, secret))),
        [400, 'invalid_scope'],
        scope,
      );
    assert.deepEqual(
      refusal(
        await server.token(
          { grant_type: 'client_credentials', scope: server.scope, resource: 'https://another.example/mcp' },
          basic(id, secret),
        ),
      ),
      [400, 'invalid_target'],
    );
  },
);

shows(
  'our own app client in the user pool is of no use to anybody',
  [
    ...inMcp(
      'MCP 2025-06-18',
      'MUST',
      'Confused Deputy Problem',
      'The upstream client of the proxy is used for requests that were consented to, and for no others.',
    ),
    mustNot('OAuth 2.1', '2.4', 'Somebody is taken for a client by its id alone.'),
  ],
  async (server) => {
    const id = await server.upstreamClientId();
    const requests: Changes[] = [
      { grant_type: 'client_credentials', client_secret: 'x' },
      { grant_type: 'refresh_token', refresh_token: 'x' },
      {
        grant_type: 'authorization_code',
        code: 'x',
        redirect_uri: `${server.issuer}/callback`,
        code_verifier: 'x'.repeat(43),
      },
    ];
    for (const fields of requests) {
      const { status, body } = await server.token({ client_id: id, ...fields });
      assert.ok(
        [400, 401].includes(status) && ['unauthorized_client', 'invalid_client'].includes(String(body['error'])),
        `${status} ${String(body['error'])}`,
      );
    }
    assertStays(await server.authorize({ client_id: id, redirect_uri: `${server.issuer}/callback` }), 'authorize');
  },
);
