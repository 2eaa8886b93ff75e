/** Revocation: RFC 7009. */

import assert from 'node:assert/strict';

import { fallsShort, must, should, shows } from '../table.ts';
import { basic, refusal } from '../text.ts';
import { CONFIDENTIAL, REDIRECT } from '../server.ts';

shows(
  'a client gives its refresh token back, and the token is of no use from then on',
  [
    must('RFC 7009', '2', 'Refresh tokens can be revoked.'),
    must('RFC 7009', '2.1', 'The request is a form with token.'),
    must('RFC 7009', '2.1', 'The token is invalidated at once and cannot be used again.'),
    must('RFC 7009', '2.2', 'A revoked token is answered with 200.'),
  ],
  async (server) => {
    const { body, clientId } = await server.tokens();
    const token = String(body['refresh_token']);
    assert.equal((await server.revoke({ token, client_id: clientId })).status, 200);
    assert.deepEqual(refusal(await server.refresh(token, clientId)), [400, 'invalid_grant']);
    assert.deepEqual(
      refusal(await server.revoke({ client_id: clientId })),
      [400, 'invalid_request'],
      'without a token',
    );
  },
);

shows(
  'a wrong hint about the type of the token does not matter',
  [must('RFC 7009', '2.1', 'A token that is not found by its hint is looked for among all types.')],
  async (server) => {
    for (const hint of ['access_token', 'frobnicate', 'refresh_token']) {
      const { body, clientId } = await server.tokens();
      assert.equal(
        (await server.revoke({ token: String(body['refresh_token']), client_id: clientId, token_type_hint: hint }))
          .status,
        200,
        hint,
      );
      assert.deepEqual(
        refusal(await server.refresh(String(body['refresh_token']), clientId)),
        [400, 'invalid_grant'],
        hint,
      );
    }
  },
);

shows(
  'nobody revokes the token of another client',
  [
    must('RFC 7009', '2.1', 'The token was issued to the client that makes the request.'),
    must('RFC 7009', '2.1', 'Confidential clients are authenticated first.'),
  ],
  async (server) => {
    const { body, clientId } = await server.tokens();
    const token = String(body['refresh_token']);
    const other = String((await server.register({ redirect_uris: [REDIRECT] })).body['client_id']);
    await server.revoke({ token, client_id: other });
    await server.revoke({ token }, basic(CONFIDENTIAL.id, CONFIDENTIAL.secret));
    assert.deepEqual(refusal(await server.revoke({ token, client_id: 'nobody' })), [401, 'invalid_client']);
    assert.deepEqual(refusal(await server.revoke({ token, client_id: CONFIDENTIAL.id })), [401, 'invalid_client']);
    assert.deepEqual(refusal(await server.revoke({ token }, basic(CONFIDENTIAL.id, 'wrong'))), [401, 'invalid_client']);
    assert.equal((await server.refresh(token, clientId)).status, 200);
  },
);

shows(
  'a token that means nothing is no error',
  [must('RFC 7009', '2.2', 'A token that is not valid is answered with 200.')],
  async (server) => {
    for (const token of ['x', 'mcp-refresh-AAAA', 'eyJjdHkiOiJKV1QifQ.x.y.z.w'])
      assert.equal((await server.revoke({ token, client_id: await server.client() })).status, 200, token);
  },
);

fallsShort(
  'an access token cannot be revoked, which is said',
  [should('RFC 7009', '2', 'Access tokens can be revoked.')],
  "Access tokens are Cognito's signed JWTs, which are valid until they expire, an hour at most. The answer is `unsupported_token_type`, as RFC 7009 section 2.2.1 provides.",
  async (server) => {
    const { body, clientId } = await server.tokens();
    assert.deepEqual(refusal(await server.revoke({ token: String(body['access_token']), client_id: clientId })), [
      400,
      'unsupported_token_type',
    ]);
    assert.equal((await server.mcp({ authorization: `Bearer ${String(body['access_token'])}` })).status, 200);
  },
);
