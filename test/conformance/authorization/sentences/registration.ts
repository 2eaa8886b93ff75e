/** Dynamic client registration: RFC 7591 and what the other documents say about registering redirect URIs. */

import assert from 'node:assert/strict';

import { inMcp, must, mustNot, should, shouldNot, shows } from '../table.ts';
import { assertStays, refusal } from '../text.ts';
import { ORIGIN, REDIRECT } from '../server.ts';

shows(
  'anybody may register a client with a JSON document',
  [
    must('RFC 7591', '3', 'The endpoint accepts POST with metadata as JSON.'),
    should(
      'RFC 7591',
      '3',
      'Registrations without an initial access token are allowed, so that clients are not held up.',
    ),
    must('RFC 7591', '3.2.1', 'A registration is answered with 201 and JSON.'),
    must('RFC 7591', '3.2.1', 'client_id is there.'),
    should('MCP 2025-03-26', 'Dynamic Client Registration', 'Clients may register themselves.'),
    should('MCP 2025-06-18', 'Dynamic Client Registration', 'Clients may register themselves.'),
  ],
  async (server) => {
    const answer = await server.register({ redirect_uris: [REDIRECT] });
    assert.equal(answer.status, 201);
    assert.match(answer.headers.get('content-type') ?? '', /^application\/json/);
    assert.equal(typeof answer.body['client_id'], 'string');
  },
);

shows(
  'the answer says everything that was registered, also what was replaced',
  [
    must('RFC 7591', '3.2.1', 'All registered metadata comes back, with what the server has set itself.'),
    must('RFC 7591', '3.2.1', 'client_secret_expires_at is there where a secret is.'),
  ],
  async (server) => {
    const { body } = await server.register({
      client_name: 'Named',
      redirect_uris: [REDIRECT],
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['authorization_code', 'implicit'],
      application_type: 'native',
      scope: server.scope,
    });
    assert.deepEqual(
      [body['client_name'], body['redirect_uris'], body['application_type'], body['scope']],
      ['Named', [REDIRECT], 'native', server.scope],
    );
    assert.deepEqual(
      [body['token_endpoint_auth_method'], body['grant_types'], body['response_types']],
      ['none', ['authorization_code', 'refresh_token'], ['code']],
    );
    assert.equal('client_secret' in body, 'client_secret_expires_at' in body);
    assert.equal('client_secret' in body, false);
  },
);

shows(
  'no two registrations get one client_id',
  [shouldNot('RFC 7591', '3.2.1', 'A client_id is given while it is valid for another client.')],
  async (server) => {
    const twice = await Promise.all([1, 2].map(() => server.register({ redirect_uris: [REDIRECT] })));
    assert.equal(new Set(twice.map(({ body }) => body['client_id'])).size, 2);
  },
);

shows(
  'members that are not understood are ignored',
  [must('RFC 7591', '2', 'The server ignores metadata that it does not understand.')],
  async (server) => {
    const { status, body } = await server.register({
      redirect_uris: [REDIRECT],
      'client_name#de': 'Name',
      frobnicate: { deep: [1, 2] },
      client_id: 'chosen-by-me',
      client_secret: 'chosen-by-me',
    });
    assert.equal(status, 201);
    assert.equal('frobnicate' in body, false);
    assert.notEqual(body['client_id'], 'chosen-by-me');
    assert.equal('client_secret' in body, false);
  },
);

shows(
  'what cannot be registered is answered with 400, JSON and the code of the specification',
  [
    must('RFC 7591', '3.2.2', 'A refused registration is 400 and JSON.'),
    must('RFC 7591', '3.2.2', 'error is one of the registered codes: invalid_redirect_uri, invalid_client_metadata.'),
  ],
  async (server) => {
    for (const [body, code] of [
      [{ redirect_uris: ['https://attacker.example/callback'] }, 'invalid_redirect_uri'],
      [{ redirect_uris: [REDIRECT], token_endpoint_auth_method: 'private_key_jwt' }, 'invalid_client_metadata'],
      [{ redirect_uris: [REDIRECT], application_type: 'spaceship' }, 'invalid_client_metadata'],
    ] as const) {
      const answer = await server.register(body);
      assert.deepEqual(refusal(answer), [400, code], JSON.stringify(body));
      assert.match(answer.headers.get('content-type') ?? '', /^application\/json/);
    }
  },
);

shows(
  'a client without redirect URIs is not registered',
  [
    must('RFC 7591', '5', 'Clients of redirect-based grants register their redirect URIs.'),
    must('RFC 6749', '3.1.2.2', 'Public clients register their redirect endpoint.'),
    must('OAuth 2.1', '2.3.1', 'Clients register their complete redirect URIs.'),
    must('RFC 8252', '8.4', 'Native clients register their complete redirect URI, with its path.'),
    must('CIMD draft', '4.5', 'Redirect URIs are registered.'),
  ],
  async (server) => {
    for (const body of [{}, { redirect_uris: [] }])
      assert.deepEqual(refusal(await server.register(body)), [400, 'invalid_client_metadata']);
    const url = server.documents.publish('/no-redirects.json', { redirect_uris: [] });
    const page = await server.authorize({ client_id: url });
    assertStays(page, url);
    assert.match(page.text, /it has no redirect_uris/);
  },
);

shows(
  'a redirect URI is https, loopback or an own scheme, absolute and without a fragment',
  [
    must(
      'RFC 7591',
      '5',
      "A registered redirect URI is an https page, a loopback URI, or of an application's own scheme.",
    ),
    must('RFC 6749', '3.1.2', 'A redirect URI is absolute.'),
    mustNot('RFC 6749', '3.1.2', 'A redirect URI has a fragment.'),
    must('OAuth 2.1', '2.3', 'A redirect URI is absolute.'),
    mustNot('OAuth 2.1', '2.3', 'A redirect URI has a fragment.'),
    must('MCP 2025-03-26', 'Security Considerations', 'Redirect URIs are https or localhost.'),
    ...inMcp('MCP 2025-06-18', 'MUST', 'Communication Security', 'Redirect URIs are https or localhost.'),
  ],
  async (server) => {
    for (const uri of [
      'http://client.example/callback',
      '/callback',
      'callback',
      `${REDIRECT}#fragment`,
      'https://claude.ai/api/mcp/auth_callback#x',
      'javascript:alert(1)',
      'data:text/html,x',
      'http://127.0.0.1.attacker.example/callback',
      'ftp://client.example/',
    ]) {
      assert.deepEqual(refusal(await server.register({ redirect_uris: [uri] })), [400, 'invalid_redirect_uri'], uri);
    }
    for (const uri of [
      'http://localhost/callback',
      'http://[::1]:7/callback',
      'https://claude.ai/api/mcp/auth_callback',
    ])
      assert.equal((await server.register({ redirect_uris: [uri] })).status, 201, uri);
  },
);

shows(
  'the redirects that can be used are registered, and the answer lists them',
  [must('RFC 7591', '3.2.1', 'All registered metadata comes back, with the redirect URIs that the server has taken.')],
  async (server) => {
    const { status, body } = await server.register({
      redirect_uris: ['other://app/oauth/callback', REDIRECT, 'https://attacker.example/callback'],
    });
    assert.deepEqual([status, body['redirect_uris']], [201, [REDIRECT]]);
    assert.equal((await server.authorize({ client_id: String(body['client_id']) })).status, 200);
    const page = await server.authorize({
      client_id: String(body['client_id']),
      redirect_uri: 'other://app/oauth/callback',
    });
    assertStays(page, 'a scheme that the operator does not list');
    assert.match(page.text, /AUTHORIZATION_CUSTOM_SCHEMES/);
  },
);

shows(
  'schemes of applications are refused unless the operator lists them',
  [should('RFC 8252', '8.4', 'Private-use schemes without a dot are rejected.')],
  async (server) => {
    for (const uri of ['other://app/oauth/callback', 'app:/callback', 'com.example.app:/callback']) {
      const answer = await server.register({ redirect_uris: [uri] });
      assert.deepEqual(refusal(answer), [400, 'invalid_redirect_uri'], uri);
      assert.match(String(answer.body['error_description']), /AUTHORIZATION_CUSTOM_SCHEMES/);
    }
  },
);

shows(
  'a client cannot register itself into a state that contradicts itself',
  [should('RFC 7591', '2.1', 'grant_types and response_types that do not fit one another are refused.')],
  async (server) => {
    for (const body of [
      { grant_types: ['client_credentials'] },
      { grant_types: ['implicit'] },
      { response_types: ['token'] },
    ]) {
      assert.deepEqual(
        refusal(await server.register({ redirect_uris: [REDIRECT], ...body })),
        [400, 'invalid_client_metadata'],
        JSON.stringify(body),
      );
    }
  },
);

shows(
  'what a client says about itself is shown as unverified',
  [must('RFC 7591', '5', 'All client metadata counts as self-asserted.')],
  async (server) => {
    const { body } = await server.register({
      client_name: 'Your Bank',
      redirect_uris: [REDIRECT],
      client_uri: 'https://bank.example',
      logo_uri: 'https://bank.example/logo.png',
    });
    const page = await server.authorize({ client_id: String(body['client_id']) });
    assert.equal(page.status, 200);
    assert.match(page.text, /Your Bank<\/bdi><\/span>\s*<span class="badge">not verified/);
    assert.match(page.text, /The name above was chosen by the app\. Nobody has checked it\./);
    assert.doesNotMatch(page.text, /bank\.example/);
  },
);

shows(
  'the type of an application decides which redirects it may have',
  [
    must('RFC 8252', '8.4', 'The type of the client is part of the registration.'),
    must('OAuth 2.1', '8.1.1', 'Native clients are registered as such, and the type is recorded.'),
  ],
  async (server) => {
    assert.equal((await server.register({ redirect_uris: [REDIRECT] })).body['application_type'], 'native');
    assert.equal(
      (await server.register({ redirect_uris: ['https://claude.ai/api/mcp/auth_callback'] })).body['application_type'],
      'web',
    );
    assert.deepEqual(refusal(await server.register({ redirect_uris: [REDIRECT], application_type: 'web' })), [
      400,
      'invalid_redirect_uri',
    ]);
  },
);

shows(
  'registrations are not cached',
  [
    must(
      'RFC 6749',
      '5.1',
      'Answers with credentials or other sensitive information have Cache-Control: no-store and Pragma: no-cache.',
    ),
  ],
  async (server) => {
    const { headers } = await server.register({ redirect_uris: [REDIRECT] });
    assert.deepEqual([headers.get('cache-control'), headers.get('pragma')], ['no-store', 'no-cache']);
  },
);

shows(
  'a client is not asked for a secret that a native application cannot keep',
  [
    mustNot('OAuth 2.1', '8.1', 'Client authentication by a shared secret is required of native clients.'),
    mustNot('RFC 8252', '8.5', 'A shared secret is required of native clients.'),
    should(
      'OAuth 2.1',
      '2.1',
      "Trust in a client's identity is considered when it is registered: nobody is confidential by asking for it.",
    ),
  ],
  async (server) => {
    const { status, body } = await server.tokens();
    assert.equal(status, 200);
    assert.equal(typeof body['access_token'], 'string');
  },
);

shows(
  'pages of listed origins may register, redeem and revoke, and others may not',
  [should('OAuth 2.1', '3.2', 'The token endpoint has CORS headers for clients in browsers.')],
  async (server) => {
    for (const [origin, expected] of [
      [ORIGIN, ORIGIN],
      ['https://attacker.example', null],
    ] as const) {
      for (const name of ['token_endpoint', 'registration_endpoint', 'revocation_endpoint']) {
        const url = String(server.metadata[name]);
        const preflight = await server.json(url, {
          method: 'OPTIONS',
          headers: {
            origin,
            'access-control-request-method': 'POST',
            'access-control-request-headers': 'content-type',
          },
        });
        assert.equal(preflight.headers.get('access-control-allow-origin'), expected, `OPTIONS ${name} from ${origin}`);
      }
      const answer = await server.token({ grant_type: 'x', client_id: 'x' }, { origin });
      assert.deepEqual(
        [answer.headers.get('access-control-allow-origin'), answer.headers.get('access-control-allow-credentials')],
        [expected, null],
        origin,
      );
    }
  },
);
