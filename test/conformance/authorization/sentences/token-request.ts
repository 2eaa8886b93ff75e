/** The token endpoint: codes, PKCE, client authentication, errors and answers. */

import assert from 'node:assert/strict';

import { newPkce } from '../../../e2e/authorization-code.ts';
import { fallsShort, inMcp, must, mustNot, should, shows } from '../table.ts';
import { altered, basic, challenge, refusal } from '../text.ts';
import { type Changes, CONFIDENTIAL, REDIRECT } from '../server.ts';

const confidential = { client_id: CONFIDENTIAL.id, redirect_uri: CONFIDENTIAL.redirectUri };

shows(
  'a code is redeemed for an access token, as JSON that nobody stores',
  [
    must('RFC 6749', '5.1', 'access_token and token_type are there.'),
    must('RFC 6749', '5.1', 'The answer is JSON with status 200.'),
    must('RFC 6749', '5.1', 'The answer has Cache-Control: no-store and Pragma: no-cache.'),
    must('OAuth 2.1', '3.2.3', 'The answer has Cache-Control: no-store.'),
    should('RFC 6749', '5.1', 'expires_in is there.'),
    should('OAuth 2.1', '3.2.3', 'expires_in is there.'),
    must('OAuth 2.1', '4.1.1', 'code_challenge and code_verifier are supported.'),
  ],
  async (server) => {
    const { status, body, headers } = await server.tokens();
    assert.equal(status, 200);
    assert.match(headers.get('content-type') ?? '', /^application\/json/);
    assert.deepEqual([headers.get('cache-control'), headers.get('pragma')], ['no-store', 'no-cache']);
    assert.equal(typeof body['access_token'], 'string');
    assert.equal(String(body['token_type']).toLowerCase(), 'bearer');
    assert.ok(Number.isInteger(body['expires_in']));
  },
);

shows(
  'a code is redeemed once',
  [
    mustNot('RFC 6749', '4.1.2', 'A code is used more than once: the second request is denied.'),
    must('RFC 6749', '10.5', 'Codes are short-lived and for one use.'),
    must('OAuth 2.1', '4.1.3', 'An access token is given only once for a code.'),
    must('OAuth 2.1', '4.1.3', 'A second request with the same code is denied.'),
  ],
  async (server) => {
    const arrival = await server.arrive();
    assert.equal((await server.redeem(arrival)).status, 200);
    assert.deepEqual(refusal(await server.redeem(arrival)), [400, 'invalid_grant']);
  },
);

fallsShort(
  'a code that is redeemed twice takes nothing back that the first redemption gave',
  [
    should('RFC 6749', '4.1.2', 'What a code gave is revoked when the code comes a second time.'),
    should('OAuth 2.1', '4.1.3', 'What a code gave is revoked when the code comes a second time.'),
  ],
  'Nothing is stored, so nothing says which tokens a code gave. The second redemption is refused, and PKCE keeps a thief from being the first.',
  async (server) => {
    const arrival = await server.arrive();
    const first = await server.redeem(arrival);
    assert.deepEqual(refusal(await server.redeem(arrival)), [400, 'invalid_grant']);
    assert.equal((await server.refresh(String(first.body['refresh_token']), arrival.clientId)).status, 200);
  },
);

shows(
  'a code is redeemed only with its verifier',
  [
    must('RFC 7636', '4.6', 'The verifier is transformed and compared with the challenge before tokens are given.'),
    must('RFC 7636', '4.6', 'A verifier that does not fit is refused as invalid_grant.'),
    must('RFC 7636', '4.4', 'The challenge is associated with the code.'),
    must('OAuth 2.1', '4.1.2', 'Challenge and method are associated with the code.'),
    must('OAuth 2.1', '4.1.3', 'code_verifier is there if and only if a challenge was.'),
    must('OAuth 2.1', '4.1.3', 'The verifier is compared with the challenge of the code.'),
  ],
  async (server) => {
    const arrival = await server.arrive();
    assert.deepEqual(
      refusal(await server.redeem(arrival, { code_verifier: newPkce().verifier })),
      [400, 'invalid_grant'],
      'another verifier',
    );
    assert.deepEqual(
      refusal(await server.redeem(arrival, { code_verifier: arrival.pkce.challenge })),
      [400, 'invalid_grant'],
      'the challenge itself',
    );
    assert.deepEqual(refusal(await server.redeem(arrival, { code_verifier: null })), [400, 'invalid_request'], 'none');
    for (const verifier of ['short', 'x'.repeat(129), `${'x'.repeat(42)}!`])
      assert.deepEqual(
        refusal(await server.redeem(arrival, { code_verifier: verifier })),
        [400, 'invalid_request'],
        verifier,
      );
    assert.equal((await server.redeem(arrival)).status, 200, 'a wrong guess does not use the code up');
  },
);

shows(
  'a code is redeemed only by the client that it was given to',
  [
    must(
      'RFC 6749',
      '4.1.3',
      'The code was issued to the authenticated confidential client, or to the client_id of the request.',
    ),
    must(
      'OAuth 2.1',
      '4.1.3',
      'The code was issued to the authenticated confidential client, or to the client_id of the request.',
    ),
  ],
  async (server) => {
    const arrival = await server.arrive();
    const other = String((await server.register({ redirect_uris: [REDIRECT] })).body['client_id']);
    for (const clientId of [other, server.stack.McpOAuthClientId])
      assert.deepEqual(refusal(await server.redeem(arrival, { client_id: clientId })), [400, 'invalid_grant']);
    assert.deepEqual(
      refusal(await server.redeem(arrival, { client_id: null }, basic(CONFIDENTIAL.id, CONFIDENTIAL.secret))),
      [400, 'invalid_grant'],
      'an authenticated client',
    );
    assert.equal((await server.redeem(arrival)).status, 200);
  },
);

shows(
  'a redirect URI that comes with a code must be that of its request',
  [
    must('RFC 6749', '4.1.3', 'A redirect_uri is identical to the one of the authorization request.'),
    must('RFC 6749', '10.6', 'The redirect URI is the same at both endpoints.'),
    must('OAuth 2.1', '10.2', 'A redirect_uri in the token request is allowed, and held to RFC 6749.'),
  ],
  async (server) => {
    const arrival = await server.arrive();
    for (const uri of [`${REDIRECT}/`, REDIRECT.replace('49152', '49153'), 'https://attacker.example/'])
      assert.deepEqual(refusal(await server.redeem(arrival, { redirect_uri: uri })), [400, 'invalid_grant'], uri);
    assert.equal((await server.redeem(arrival)).status, 200);
  },
);

fallsShort(
  'a code is redeemed without a redirect URI, as OAuth 2.1 has it',
  [must('RFC 6749', '4.1.3', 'redirect_uri is there if it was in the authorization request.')],
  "OAuth 2.1 took the parameter out of the token request, and its clients do not send it. What it was for, codes that are injected into another client's request, is what PKCE stops, which is required here. The redirect URI of the authorization request is always one that the client has registered.",
  async (server) => {
    const arrival = await server.arrive();
    assert.equal((await server.redeem(arrival, { redirect_uri: null })).status, 200);
  },
);

shows(
  'an altered code, a code of Cognito and another sealed value are no codes',
  [
    must('RFC 6749', '4.1.3', 'The code is verified to be valid.'),
    must('RFC 6749', '10.10', 'Codes and tokens cannot be guessed.'),
    must('OAuth 2.1', '7.7', 'Codes and tokens cannot be guessed.'),
    must('OAuth 2.1', '4.1.3', 'The code is verified to be valid.'),
  ],
  async (server) => {
    const arrival = await server.arrive();
    for (const code of [
      altered(arrival.code),
      `${arrival.code}A`,
      arrival.code.slice(0, -1),
      arrival.clientId,
      arrival.code.replace('mcp-code-', 'mcp-refresh-'),
      'x',
      '0f8fad5b-d9cb-469f-a165-70867728950e',
    ]) {
      assert.deepEqual(refusal(await server.redeem(arrival, { code })), [400, 'invalid_grant'], code.slice(0, 30));
    }
    assert.ok(Buffer.from(arrival.code.replace('mcp-code-', ''), 'base64url').length >= 32 + 20, 'more than 160 bits');
  },
);

shows(
  'resource at the token endpoint must be ours',
  [
    should(
      'RFC 8707',
      '2',
      'A resource that is not acceptable is refused as invalid_target at the token endpoint, too.',
    ),
  ],
  async (server) => {
    const arrival = await server.arrive();
    assert.deepEqual(refusal(await server.redeem(arrival, { resource: 'https://another.example/mcp' })), [
      400,
      'invalid_target',
    ]);
    assert.equal((await server.redeem(arrival, { resource: null })).status, 200, 'none is ours');
  },
);

shows(
  'grant types that are not served are refused',
  [
    must('RFC 6749', '5.2', 'The error for another grant type is unsupported_grant_type.'),
    mustNot('OAuth 2.1', '10.1', 'The implicit grant is there.'),
    mustNot('RFC 9700', '2.4', 'The password grant is used.'),
  ],
  async (server) => {
    for (const grant of [
      'password',
      'urn:ietf:params:oauth:grant-type:device_code',
      'urn:ietf:params:oauth:grant-type:jwt-bearer',
      'x',
    ]) {
      assert.deepEqual(
        refusal(
          await server.token({ grant_type: grant, client_id: await server.client(), username: 'a', password: 'b' }),
        ),
        [400, 'unsupported_grant_type'],
        grant,
      );
    }
    assert.deepEqual(refusal(await server.token({ client_id: await server.client() })), [400, 'invalid_request']);
  },
);

shows(
  'the token endpoint takes POST and forms, and reads nothing from the query',
  [
    must('RFC 6749', '3.2', 'Clients use POST for token requests.'),
    must('OAuth 2.1', '3.2', 'Clients use POST for token requests.'),
    mustNot('RFC 6749', '2.3.1', 'Client credentials are in the URI.'),
  ],
  async (server) => {
    const arrival = await server.arrive();
    const query = new URLSearchParams({
      grant_type: 'authorization_code',
      code: arrival.code,
      code_verifier: arrival.pkce.verifier,
      redirect_uri: arrival.redirectUri,
      client_id: arrival.clientId,
    });
    const url = String(server.metadata['token_endpoint']);
    const get = await server.json(`${url}?${query}`);
    assert.ok(get.status >= 400 && !('access_token' in get.body), String(get.status));
    assert.deepEqual(refusal(await server.form(`${url}?${query}`, {})), [400, 'invalid_request']);
    const json = await server.json(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(Object.fromEntries(query)),
    });
    assert.deepEqual(refusal(json), [400, 'invalid_request']);
    assert.equal((await server.redeem(arrival)).status, 200);
  },
);

shows(
  'parameters of a token request are ignored if unknown, left out if empty, and refused if repeated',
  [
    must('RFC 6749', '3.2', 'The token endpoint ignores parameters that it does not recognise.'),
    must('RFC 6749', '3.2', 'Parameters without a value are treated as if they were left out.'),
    mustNot('RFC 6749', '3.2', 'Parameters are included more than once.'),
    must('OAuth 2.1', '3.2', 'The token endpoint ignores parameters that it does not recognise.'),
    mustNot('OAuth 2.1', '3.2', 'Parameters are included more than once.'),
  ],
  async (server) => {
    const arrival = await server.arrive();
    const fields: [string, string][] = Object.entries({
      grant_type: 'authorization_code',
      code: arrival.code,
      code_verifier: arrival.pkce.verifier,
      redirect_uri: arrival.redirectUri,
      client_id: arrival.clientId,
    });
    for (const name of ['grant_type', 'code', 'client_id'])
      assert.deepEqual(refusal(await server.token([...fields, [name, 'x']])), [400, 'invalid_request'], name);
    assert.deepEqual(refusal(await server.redeem(arrival, { code: '' })), [400, 'invalid_request']);
    assert.equal(
      (await server.token([...fields, ['frobnicate', 'x'], ['client_secret', ''], ['scope', '']])).status,
      200,
    );
  },
);

shows(
  'an error is 400 and JSON that nobody stores, in the characters of its grammar',
  [
    must('RFC 6749', '5.2', 'Errors have status 400 unless specified otherwise, and are JSON with error.'),
    mustNot('RFC 6749', '5.2', 'error or error_description has characters outside of its grammar.'),
    must('OAuth 2.1', '3.2.4', 'Errors are JSON with error.'),
  ],
  async (server) => {
    const requests: Changes[] = [{ grant_type: '"\\ä✓' }, { grant_type: 'authorization_code' }, {}];
    for (const fields of requests) {
      const { status, body, headers } = await server.token({ client_id: await server.client(), ...fields });
      assert.equal(status, 400);
      assert.match(headers.get('content-type') ?? '', /^application\/json/);
      assert.equal(headers.get('cache-control'), 'no-store');
      for (const name of ['error', 'error_description'])
        assert.match(String(body[name]), /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/, name);
    }
  },
);

shows(
  'a confidential client authenticates with Basic or in the body, and only with its secret',
  [
    must('RFC 6749', '2.3.1', 'HTTP Basic is supported for clients with a password, both halves form-encoded.'),
    must('OAuth 2.1', '2.4.1', 'The secret in the body is supported.'),
    must('RFC 6749', '3.2.1', 'Confidential clients authenticate at the token endpoint.'),
    must('OAuth 2.1', '3.2.2', 'Confidential clients are required to authenticate.'),
    must('OAuth 2.1', '3.2.2', 'The client is authenticated if authentication is included.'),
    must('RFC 6749', '10.2', 'Clients are authenticated where that is possible.'),
  ],
  async (server) => {
    assert.deepEqual(server.metadata['token_endpoint_auth_methods_supported'], [
      'none',
      'client_secret_basic',
      'client_secret_post',
    ]);
    const arrival = await server.arrive(confidential);
    for (const secret of [
      'wrong',
      CONFIDENTIAL.secret.slice(0, -1),
      `${CONFIDENTIAL.secret} `,
      CONFIDENTIAL.secret.toUpperCase(),
    ]) {
      assert.deepEqual(
        refusal(await server.redeem(arrival, { client_secret: secret })),
        [401, 'invalid_client'],
        secret,
      );
      assert.deepEqual(
        refusal(await server.redeem(arrival, { client_id: null }, basic(CONFIDENTIAL.id, secret))),
        [401, 'invalid_client'],
        secret,
      );
    }
    assert.deepEqual(refusal(await server.redeem(arrival)), [401, 'invalid_client'], 'none');
    assert.equal(
      (await server.redeem(arrival, { client_id: null }, basic(CONFIDENTIAL.id, CONFIDENTIAL.secret))).status,
      200,
      'Basic',
    );
    assert.equal(
      (await server.redeem(await server.arrive(confidential), { client_secret: CONFIDENTIAL.secret })).status,
      200,
      'body',
    );
  },
);

shows(
  'two methods of authentication in one request are refused',
  [
    mustNot('RFC 6749', '2.3', 'A client uses more than one method in a request.'),
    mustNot('OAuth 2.1', '2.4', 'A client uses more than one method in a request.'),
  ],
  async (server) => {
    const arrival = await server.arrive(confidential);
    assert.deepEqual(
      refusal(
        await server.redeem(
          arrival,
          { client_secret: CONFIDENTIAL.secret },
          basic(CONFIDENTIAL.id, CONFIDENTIAL.secret),
        ),
      ),
      [400, 'invalid_request'],
    );
    assert.deepEqual(
      refusal(
        await server.redeem(arrival, { client_id: await server.client() }, basic(CONFIDENTIAL.id, CONFIDENTIAL.secret)),
      ),
      [400, 'invalid_request'],
      'another client_id',
    );
  },
);

shows(
  'failed authentication is 401',
  [
    must('RFC 6749', '5.2', 'Failed client authentication by the Authorization header gets 401.'),
    must('OAuth 2.1', '3.2.4', 'Failed client authentication by the Authorization header gets 401.'),
  ],
  async (server) => {
    for (const headers of [
      basic(CONFIDENTIAL.id, 'wrong'),
      basic('nobody', 'x'),
      { authorization: 'Basic %%%' },
      { authorization: 'Bearer x' },
    ]) {
      assert.deepEqual(
        refusal(
          await server.token(
            { grant_type: 'authorization_code', code: 'x', redirect_uri: REDIRECT, code_verifier: newPkce().verifier },
            headers,
          ),
        ),
        [401, 'invalid_client'],
        headers.authorization,
      );
    }
  },
);

fallsShort(
  'the challenge of a failed client authentication arrives under another name',
  [
    must('RFC 6749', '5.2', 'A 401 to the Authorization header has WWW-Authenticate with the scheme that was used.'),
    must('OAuth 2.1', '3.2.4', 'A 401 to the Authorization header has WWW-Authenticate with the scheme that was used.'),
  ],
  'The function sends it, and API Gateway renames the header of a proxied answer to `x-amzn-remapped-www-authenticate`. OAuth clients go by status and error.',
  async (server) => {
    const { headers } = await server.token(
      { grant_type: 'authorization_code', code: 'x' },
      basic(CONFIDENTIAL.id, 'wrong'),
    );
    assert.equal(headers.get('www-authenticate'), null);
    assert.equal(challenge(headers.get('x-amzn-remapped-www-authenticate')).scheme, 'Basic');
  },
);

shows(
  'a public client with a secret that it cannot have is refused',
  [mustNot('OAuth 2.1', '2.4', 'Authentication of a public client is relied on to know who it is.')],
  async (server) => {
    const arrival = await server.arrive();
    assert.deepEqual(refusal(await server.redeem(arrival, { client_secret: 'anything' })), [401, 'invalid_client']);
    assert.equal(
      (await server.redeem(arrival, { client_id: null }, basic(arrival.clientId, ''))).status,
      200,
      'its id alone, by Basic',
    );
  },
);

shows(
  'a refresh token gives a new access token and a new refresh token',
  [
    must(
      'OAuth 2.1',
      '4.3.1',
      'Replay of refresh tokens of public clients can be detected: they are rotated or sender-constrained.',
    ),
    should('OAuth 2.1', '4.3', 'Refresh tokens are rotated where clients do not authenticate.'),
    ...inMcp('MCP 2025-06-18', 'MUST', 'Token Theft', 'Refresh tokens of public clients are rotated.'),
    should('MCP 2025-03-26', 'Security Considerations', 'Token expiry and rotation are enforced.'),
    should('MCP 2025-03-26', 'Implementation Requirements', 'Tokens are rotated.'),
  ],
  async (server) => {
    const { body, clientId } = await server.tokens();
    const second = await server.refresh(String(body['refresh_token']), clientId);
    assert.equal(second.status, 200, second.text);
    assert.notEqual(second.body['access_token'], body['access_token']);
    assert.notEqual(second.body['refresh_token'], body['refresh_token']);
    assert.equal(second.body['scope'], body['scope']);
    const third = await server.refresh(String(second.body['refresh_token']), clientId);
    assert.equal(third.status, 200, third.text);
  },
);

shows(
  'a refresh token works only for its client',
  [
    must('RFC 6749', '6', 'The refresh token was issued to the client that presents it.'),
    must('RFC 6749', '10.4', 'The binding of refresh token and client is kept and verified.'),
    must('OAuth 2.1', '4.3', 'The binding of refresh token and client is kept and verified.'),
    must('OAuth 2.1', '4.3.1', 'The refresh token was issued to the client of the request.'),
    must('OAuth 2.1', '4.3.1', 'Confidential clients authenticate when they refresh.'),
  ],
  async (server) => {
    const { body, clientId } = await server.tokens();
    const other = String((await server.register({ redirect_uris: [REDIRECT] })).body['client_id']);
    assert.deepEqual(refusal(await server.refresh(String(body['refresh_token']), other)), [400, 'invalid_grant']);
    assert.deepEqual(
      refusal(
        await server.token(
          { grant_type: 'refresh_token', refresh_token: String(body['refresh_token']) },
          basic(CONFIDENTIAL.id, CONFIDENTIAL.secret),
        ),
      ),
      [400, 'invalid_grant'],
    );
    const own = await server.redeem(await server.arrive(confidential), { client_secret: CONFIDENTIAL.secret });
    assert.deepEqual(refusal(await server.refresh(String(own.body['refresh_token']), CONFIDENTIAL.id)), [
      401,
      'invalid_client',
    ]);
    assert.equal(
      (await server.refresh(String(own.body['refresh_token']), CONFIDENTIAL.id, { client_secret: CONFIDENTIAL.secret }))
        .status,
      200,
    );
    assert.equal((await server.refresh(String(body['refresh_token']), clientId)).status, 200);
  },
);

shows(
  'a refresh token cannot be altered, made up, or taken from Cognito',
  [
    must('RFC 6749', '10.4', 'Refresh tokens cannot be made, altered or guessed.'),
    must('OAuth 2.1', '4.3', 'Refresh tokens cannot be made, altered or guessed.'),
    must('OAuth 2.1', '4.3.1', 'The refresh token is validated.'),
  ],
  async (server) => {
    const { body, clientId } = await server.tokens();
    const token = String(body['refresh_token']);
    for (const each of [
      altered(token),
      token.slice(0, -4),
      `${token}AAAA`,
      String(body['access_token']),
      'eyJjdHkiOiJKV1QifQ.x.y.z.w',
      'x',
    ])
      assert.deepEqual(refusal(await server.refresh(each, clientId)), [400, 'invalid_grant'], each.slice(0, 30));
  },
);

shows(
  'a refresh cannot ask for more than was granted',
  [
    mustNot('RFC 6749', '6', 'The scope of a refresh has anything that was not granted.'),
    mustNot('OAuth 2.1', '4.3.1', 'The scope of a refresh has anything that was not granted.'),
  ],
  async (server) => {
    const { body, clientId } = await server.tokens();
    const token = String(body['refresh_token']);
    assert.deepEqual(refusal(await server.refresh(token, clientId, { scope: `${server.scope} admin` })), [
      400,
      'invalid_scope',
    ]);
    assert.equal((await server.refresh(token, clientId, { scope: server.scope })).status, 200);
  },
);

shows(
  'refresh tokens are readable by nobody but the server',
  [
    must(
      'OAuth 2.1',
      '4.3',
      'Refresh tokens are confidential in transit and storage: nothing of the grant can be read from one.',
    ),
    ...inMcp(
      'MCP 2025-06-18',
      'MUST',
      'Token Theft',
      'Tokens are stored securely: the authorization server stores none.',
    ),
  ],
  async (server) => {
    const { body, clientId } = await server.tokens();
    const text = Buffer.from(String(body['refresh_token']).replace('mcp-refresh-', ''), 'base64url').toString('latin1');
    for (const readable of [server.scope, clientId, '{"u":', 'eyJ', server.credentials.email])
      assert.ok(!text.includes(readable), readable);
  },
);
