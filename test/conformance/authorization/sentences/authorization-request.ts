/** The authorization request: RFC 6749 sections 3.1 and 4.1, OAuth 2.1, RFC 7636, RFC 8252, RFC 8707. */

import assert from 'node:assert/strict';

import { inMcp, must, mustNot, should, shouldNot, shows } from '../table.ts';
import { assertStays, errorAtClient, errorCode } from '../text.ts';
import { Browser, targetOf } from '../browser.ts';
import { CONFIDENTIAL, REDIRECT } from '../server.ts';

const HTTPS_REDIRECT = 'https://claude.ai/api/mcp/auth_callback';

shows(
  'an authorization request by GET gets the consent page',
  [
    must('RFC 6749', '3.1', 'The authorization endpoint supports GET.'),
    must('OAuth 2.1', '3.1', 'The authorization endpoint supports GET.'),
    ...inMcp(
      'MCP 2025-03-26',
      'MUST',
      'Overview',
      'The authorization server implements OAuth 2.1 for public and confidential clients.',
    ),
  ],
  async (server) => {
    const page = await server.authorize();
    assert.equal(page.status, 200);
    assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
    assert.match(page.text, /name="decision" value="allow"/);
  },
);

shows(
  'parameters that are not known are ignored',
  [
    must('RFC 6749', '3.1', 'The authorization endpoint ignores parameters that it does not recognise.'),
    must('OAuth 2.1', '3.1', 'The authorization endpoint ignores parameters that it does not recognise.'),
  ],
  async (server) => {
    assert.equal(
      (await server.authorize({ frobnicate: 'x', login_hint: 'somebody@example.com', access_type: 'offline' })).status,
      200,
    );
  },
);

shows(
  'a parameter without a value counts as left out',
  [
    must('RFC 6749', '3.1', 'Parameters without a value are treated as if they were left out.'),
    must('OAuth 2.1', '3.1', 'Parameters without a value are treated as if they were left out.'),
  ],
  async (server) => {
    assert.equal((await server.authorize({ scope: '', resource: '', prompt: '' })).status, 200);
    assert.equal(errorCode(await server.authorize({ code_challenge: '' }), REDIRECT), 'invalid_request');
  },
);

shows(
  'a parameter that is given twice is refused',
  [
    mustNot('RFC 6749', '3.1', 'Parameters are included more than once.'),
    mustNot('OAuth 2.1', '3.1', 'Parameters are included more than once.'),
  ],
  async (server) => {
    for (const [name, value] of [
      ['scope', server.scope],
      ['state', 'x'],
      ['code_challenge', 'x'.repeat(43)],
      ['redirect_uri', REDIRECT],
      ['client_id', 'x'],
    ] as const) {
      assertStays(await server.authorize({}, [[name, value]]), name);
    }
  },
);

shows(
  'a response type that is missing or not code is refused at the client',
  [
    must('RFC 6749', '3.1.1', 'A response type that is missing or not understood is an error.'),
    must('RFC 6749', '4.1.2.1', 'The error for another response type is unsupported_response_type.'),
  ],
  async (server) => {
    assert.equal(errorCode(await server.authorize({ response_type: null }), REDIRECT), 'invalid_request');
    for (const type of ['token', 'id_token', 'code token', 'code id_token', 'CODE'])
      assert.equal(
        errorCode(await server.authorize({ response_type: type }), REDIRECT),
        'unsupported_response_type',
        type,
      );
  },
);

shows(
  'a request without a code challenge is refused at the client',
  [
    must('RFC 7636', '4.4.1', 'A server that requires PKCE refuses a request without a challenge as invalid_request.'),
    must('OAuth 2.1', '4.1.2.1', 'Requests of public clients without a code challenge are rejected.'),
    must('OAuth 2.1', '4.1.1', 'The use of code_challenge and code_verifier is enforced.'),
    must('OAuth 2.1', '7.5.1', 'The use of PKCE is enforced against code injection.'),
    must('MCP 2025-03-26', 'Implementation Requirements', 'PKCE is required for all clients.'),
    should('RFC 8252', '8.1', 'Requests of native apps without PKCE are rejected.'),
  ],
  async (server) => {
    assert.equal(
      errorCode(await server.authorize({ code_challenge: null, code_challenge_method: null }), REDIRECT),
      'invalid_request',
    );
    assert.equal(
      errorCode(
        await server.authorize({
          client_id: CONFIDENTIAL.id,
          redirect_uri: CONFIDENTIAL.redirectUri,
          code_challenge: null,
          code_challenge_method: null,
        }),
        CONFIDENTIAL.redirectUri.split('?')[0] ?? '',
      ),
      'invalid_request',
      'a confidential client',
    );
  },
);

shows(
  'a challenge of another method than S256 is refused at the client',
  [
    must('RFC 7636', '4.4.1', 'A transformation that is not supported is refused as invalid_request.'),
    must('RFC 7636', '4.2', 'The server supports S256.'),
    shouldNot('RFC 7636', '7.2', 'The method plain is used.'),
  ],
  async (server) => {
    for (const method of ['plain', 's256', 'S512', null])
      assert.equal(
        errorCode(await server.authorize({ code_challenge_method: method }), REDIRECT),
        'invalid_request',
        String(method),
      );
    for (const challenge of ['short', 'x'.repeat(42), 'x'.repeat(44), `${'x'.repeat(42)}=`])
      assert.equal(
        errorCode(await server.authorize({ code_challenge: challenge }), REDIRECT),
        'invalid_request',
        challenge,
      );
  },
);

shows(
  'a client that is not known is refused on a page',
  [
    mustNot('RFC 6749', '4.1.2.1', 'The browser is redirected when the client is missing or invalid.'),
    should('RFC 6749', '4.1.2.1', 'The person is told what is wrong.'),
    mustNot('OAuth 2.1', '4.1.2.1', 'The browser is redirected when the client is missing or invalid.'),
    should('OAuth 2.1', '4.1.2.1', 'The person is told what is wrong.'),
  ],
  async (server) => {
    for (const clientId of [null, '', 'nobody', 'mcp-client-AAAA', `${await server.client()}x`])
      assertStays(await server.authorize({ client_id: clientId }), String(clientId));
  },
);

shows(
  'a redirect URI that is not registered is refused on a page, in every spelling',
  [
    must('RFC 6749', '3.1.2.3', 'The redirect URI is compared with those that are registered.'),
    mustNot('RFC 6749', '3.1.2.4', 'The browser is redirected to a redirect URI that is not valid.'),
    should('RFC 6749', '3.1.2.4', 'The person is told what is wrong.'),
    must('RFC 6749', '10.6', 'A redirect URI of the request is validated against the registered value.'),
    must('OAuth 2.1', '2.3.1', 'A redirect URI that does not match a registered one exactly is rejected.'),
    must('OAuth 2.1', '4.1.1', 'Redirect URIs are compared as strings.'),
    mustNot('OAuth 2.1', '7.13.2', 'The browser is redirected when client or redirect URI are invalid.'),
    must('RFC 8252', '8.4', 'A redirect URI that does not match the registered one exactly is rejected.'),
    must('MCP 2025-03-26', 'Security Considerations', 'Redirect URIs are validated, against open redirects.'),
    ...inMcp(
      'MCP 2025-06-18',
      'MUST',
      'Open Redirection',
      'Redirect URIs are validated exactly against pre-registered values.',
    ),
    ...inMcp(
      'MCP 2025-06-18',
      'MUST',
      'Open Redirection',
      'Precautions are taken against sending browsers to untrusted URIs.',
    ),
    ...inMcp(
      'MCP 2025-06-18',
      'SHOULD',
      'Open Redirection',
      'Browsers are redirected by themselves only to redirect URIs that are trusted.',
    ),
  ],
  async (server) => {
    const client = String((await server.register({ redirect_uris: [HTTPS_REDIRECT, REDIRECT] })).body['client_id']);
    for (const uri of [
      'https://attacker.example/callback',
      `${HTTPS_REDIRECT}/`,
      `${HTTPS_REDIRECT}/more`,
      `${HTTPS_REDIRECT}?a=b`,
      `${HTTPS_REDIRECT}#x`,
      HTTPS_REDIRECT.toUpperCase(),
      'HTTPS://claude.ai/api/mcp/auth_callback',
      'https://CLAUDE.AI/api/mcp/auth_callback',
      'https://claude.ai./api/mcp/auth_callback',
      'https://claude.ai:443/api/mcp/auth_callback',
      'https://claude.ai:8443/api/mcp/auth_callback',
      'https://claude.ai@attacker.example/api/mcp/auth_callback',
      'https://user@claude.ai/api/mcp/auth_callback',
      'https://claude.ai.attacker.example/api/mcp/auth_callback',
      'https://claude.ai/api/mcp/%61uth_callback',
      'https://claude.ai/api/mcp/../mcp/auth_callback',
      'https://claude.ai/api/mcp/%2e%2e/mcp/auth_callback',
      'https://claude.ai\\@attacker.example/api/mcp/auth_callback',
      'http://claude.ai/api/mcp/auth_callback',
      'https://claude.ai/api/mcp/auth_callback ',
      '//claude.ai/api/mcp/auth_callback',
      `${REDIRECT}/more`,
      `${REDIRECT}?a=b`,
      'http://localhost:49152/callback',
      'http://127.0.0.1.attacker.example:49152/callback',
      'https://127.0.0.1:49152/callback',
      'http://127.0.0.2:49152/callback',
      '',
      null,
    ])
      assertStays(await server.authorize({ client_id: client, redirect_uri: uri }), String(uri));
  },
);

shows(
  'the port of a loopback redirect may be another one',
  [
    must('RFC 8252', '7.3', 'Any port of a loopback redirect URI is allowed at the time of the request.'),
    must('OAuth 2.1', '8.4.2', 'Any port of a loopback redirect URI is allowed at the time of the request.'),
    must('OAuth 2.1', '4.1.1', 'The one exception from string comparison is the port of native apps.'),
  ],
  async (server) => {
    for (const port of [':1', ':65535', ':80', ''])
      assert.equal((await server.authorize({ redirect_uri: REDIRECT.replace(':49152', port) })).status, 200, port);
    const registered = await Promise.all(
      ['http://localhost/cb', 'http://[::1]/cb'].map((uri) => server.register({ redirect_uris: [uri] })),
    );
    for (const { body } of registered) {
      const uri = String((body['redirect_uris'] as string[])[0]).replace('/cb', ':51004/cb');
      assert.equal(
        (await server.authorize({ client_id: String(body['client_id']), redirect_uri: uri })).status,
        200,
        uri,
      );
    }
  },
);

shows(
  'a client that has registered one redirect URI may leave it out',
  [
    must('RFC 6749', '3.1.2.3', 'A request names the redirect URI where several are registered.'),
    must('OAuth 2.1', '4.1.1', 'A request names the redirect URI where several are registered.'),
  ],
  async (server) => {
    const several = String((await server.register({ redirect_uris: [HTTPS_REDIRECT, REDIRECT] })).body['client_id']);
    const page = await server.authorize({ client_id: several, redirect_uri: null });
    assertStays(page, 'several');
    assert.match(page.text, /redirect_uri/);
    const { to } = await server.arrive({ redirect_uri: null });
    assert.ok(to.href.startsWith(REDIRECT), to.href);
  },
);

shows(
  'the query of a redirect URI is kept when the answer is added',
  [
    must('RFC 6749', '3.1.2', 'The query of the redirect URI is retained when parameters are added.'),
    must('OAuth 2.1', '2.3', 'The query of the redirect URI is retained when parameters are added.'),
  ],
  async (server) => {
    const { to } = await server.arrive({ client_id: CONFIDENTIAL.id, redirect_uri: CONFIDENTIAL.redirectUri });
    assert.equal(`${to.origin}${to.pathname}`, 'https://client.conformance.dev/callback');
    assert.equal(to.searchParams.get('tenant'), '7');
    assert.ok(to.searchParams.get('code'));
  },
);

shows(
  'a refusal at the client has error, state as it came, and text in the characters of its grammar',
  [
    must('RFC 6749', '4.1.2.1', 'error is in the query of the redirect URI, form-encoded.'),
    must('RFC 6749', '4.1.2.1', 'state is there with exactly the value that the client sent.'),
    mustNot('RFC 6749', '4.1.2.1', 'error or error_description has characters outside of its grammar.'),
    mustNot('OAuth 2.1', '4.1.2.1', 'error or error_description has characters outside of its grammar.'),
  ],
  async (server) => {
    const state = 'ä "quoted" & + = % ✓';
    const query = errorAtClient(await server.authorize({ state, scope: 'nonsense "with quotes" and \\ ✓' }), REDIRECT);
    assert.equal(query.get('error'), 'invalid_scope');
    assert.equal(query.get('state'), state);
    for (const name of ['error', 'error_description'])
      assert.match(query.get(name) ?? '', /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/, name);
    assert.equal(
      errorAtClient(await server.authorize({ state: null, scope: 'nonsense' }), REDIRECT).has('state'),
      false,
    );
  },
);

shows(
  'an OAuth scope that is not served is refused, and a request without one gets what there is',
  [
    must('RFC 6749', '3.3', 'A request without scope is served with a default, or fails as invalid_scope.'),
    should('RFC 6749', '3.3', 'The default scope is documented: scopes_supported.'),
    must('OAuth 2.1', '1.4.1', 'A request without scope is served with a default, or fails as invalid_scope.'),
  ],
  async (server) => {
    for (const scope of [
      'admin',
      'aws.cognito.signin.user.admin',
      `${server.scope}x`,
      server.scope.toUpperCase(),
      `${server.scope} admin`,
    ])
      assert.equal(errorCode(await server.authorize({ scope }), REDIRECT), 'invalid_scope', scope);
    const page = await server.authorize({ scope: null });
    assert.ok(page.text.includes(`<code>${server.scope}</code>`));
  },
);

shows(
  'the scope that was given is told where it is not the one that was asked for',
  [
    must('RFC 6749', '3.3', 'scope is in the answer when it differs from what was asked for.'),
    must('OAuth 2.1', '1.4.1', 'scope is in the answer when it differs from what was asked for.'),
  ],
  async (server) => {
    const { body } = await server.tokens({ scope: `${server.scope} openid profile offline_access` });
    assert.equal(body['scope'], server.scope);
  },
);

shows(
  'a resource that is not ours is refused as invalid_target',
  [
    should('RFC 8707', '2', 'A resource that is not acceptable is refused as invalid_target.'),
    ...inMcp(
      'MCP 2025-06-18',
      'MUST',
      'Token Audience Binding and Validation',
      'Tokens are asked for and given for the MCP server that is named by resource.',
    ),
  ],
  async (server) => {
    const origin = new URL(server.resource).origin;
    for (const resource of [
      'https://another.example/mcp',
      `${server.resource}/more`,
      `${server.resource}#fragment`,
      `${server.resource}?a=b`,
      origin,
      'mcp',
      'not a url',
      server.resource.replace('mcp', 'MCP'),
    ]) {
      assert.equal(errorCode(await server.authorize({ resource }), REDIRECT), 'invalid_target', resource);
    }
    assert.equal(
      errorCode(await server.authorize({}, [['resource', 'https://another.example/mcp']]), REDIRECT),
      'invalid_target',
      'ours and another',
    );
  },
);

shows(
  'the same resource named twice, with a trailing slash, or not at all, is ours',
  [
    should('RFC 8707', '2', 'A request without resource is served with a default.'),
    ...inMcp(
      'MCP 2025-06-18',
      'SHOULD',
      'Canonical Server URI',
      'Upper-case scheme and host are accepted, and the form without a trailing slash is used.',
    ),
  ],
  async (server) => {
    const { origin, host, pathname } = new URL(server.resource);
    assert.equal((await server.authorize({}, [['resource', server.resource]])).status, 200);
    assert.equal((await server.authorize({ resource: `${server.resource}/` })).status, 200, 'a trailing slash');
    assert.equal(
      (
        await server.authorize({
          resource: `${origin.replace('http', 'HTTP').replace(host, host.toUpperCase())}${pathname}`,
        })
      ).status,
      200,
      'upper case',
    );
    const { body } = await server.tokens({ resource: null });
    const claims = JSON.parse(
      Buffer.from(String(body['access_token']).split('.')[1] ?? '', 'base64url').toString(),
    ) as Record<string, unknown>;
    assert.equal(claims['aud'], server.resource);
  },
);

shows(
  'iss is in every answer at the client, and is the issuer',
  [
    must('RFC 9207', '2', 'iss is in the authorization response, also in an error.'),
    must('RFC 9207', '2', 'iss is the issuer identifier, a URL without query and fragment.'),
    must('RFC 9207', '2.3', 'iss is identical to issuer in the metadata.'),
    should('MCP 2026-07-28', 'Authorization Response Validation', 'iss is in authorization responses, also in errors.'),
  ],
  async (server) => {
    const { query } = await server.arrive();
    assert.deepEqual(query.getAll('iss'), [server.metadata['issuer']]);
    assert.deepEqual(errorAtClient(await server.authorize({ scope: 'nonsense' }), REDIRECT).getAll('iss'), [
      server.metadata['issuer'],
    ]);
    const browser = new Browser();
    const denied = targetOf(await server.decide(browser, await server.authorize({}, [], browser), 'deny'));
    assert.deepEqual(denied?.searchParams.getAll('iss'), [server.metadata['issuer']]);
  },
);

shows(
  'the answer at the client is a code and the state, each once',
  [
    must('RFC 6749', '4.1.2', 'code is there.'),
    must('RFC 6749', '4.1.2', 'state is there with exactly the value that the client sent.'),
    must('OAuth 2.1', '4.1.2', 'state is there with exactly the value that the client sent.'),
    mustNot('RFC 6749', '3.1', 'Response parameters are included more than once.'),
  ],
  async (server) => {
    const state = 'ä "quoted" & + = % ✓';
    const { query, to } = await server.arrive({ state });
    assert.ok(to.href.startsWith(REDIRECT));
    assert.deepEqual([...query.keys()].sort(), ['code', 'iss', 'state']);
    assert.equal(query.get('state'), state);
  },
);

shows(
  'no part of the challenge can be read from the answer',
  [
    mustNot('RFC 7636', '4.4', 'The challenge is sent out in a form that others can read.'),
    mustNot('OAuth 2.1', '4.1.2', 'The challenge is sent out in a form that others can read.'),
  ],
  async (server) => {
    const arrival = await server.arrive();
    for (const text of [
      arrival.to.href,
      Buffer.from(arrival.code.replace(/^mcp-code-/, ''), 'base64url').toString('latin1'),
    ]) {
      assert.ok(!text.includes(arrival.pkce.challenge));
      assert.ok(!text.includes(arrival.pkce.verifier));
    }
  },
);

shows(
  'no redirect has status 307',
  [mustNot('OAuth 2.1', '7.5.3', 'Status 307 is used where a form with credentials could be sent on.')],
  async (server) => {
    const browser = new Browser();
    const page = await server.authorize({}, [], browser);
    const pages = [
      await server.authorize({ scope: 'nonsense' }),
      await server.decide(browser, page, 'allow'),
      await server.decide(browser, await server.authorize({}, [], browser), 'deny'),
    ];
    for (const { status } of pages) assert.ok([200, 302, 303].includes(status), String(status));
  },
);
