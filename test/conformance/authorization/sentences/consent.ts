/** The person's decision: consent, request forgery, click-jacking, and what a proxy with one upstream client owes. */

import assert from 'node:assert/strict';

import { newPkce } from '../../../e2e/authorization-code.ts';
import { inMcp, must, should, shouldNot, shows } from '../table.ts';
import { assertStays, errorAtClient, refusal } from '../text.ts';
import { Browser, hiddenFields, targetOf } from '../browser.ts';
import { REDIRECT, type Server } from '../server.ts';

shows(
  'the page shows who asks, where the code goes and what for',
  [
    should('RFC 6749', '10.2', 'The person gets information about client and scope before deciding.'),
    should('OAuth 2.1', '7.3', 'The person gets information about client and scope before deciding.'),
    should('OAuth 2.1', '7.9', 'Consent is asked in clear words that name the scopes.'),
    ...inMcp(
      'MCP 2025-11-25',
      'MUST',
      'Localhost Redirect URI Risks',
      'The host name of the redirect URI is displayed clearly.',
    ),
  ],
  async (server) => {
    const page = await server.authorize({ redirect_uri: REDIRECT });
    assert.match(page.text, /<bdi>Conformance client<\/bdi>/);
    assert.match(page.text, /this computer \(127\.0\.0\.1:49152\)/);
    assert.ok(page.text.includes(`<code>${server.scope}</code>`));
  },
);

shows(
  'a loopback redirect comes with a warning',
  [
    ...inMcp(
      'MCP 2025-11-25',
      'SHOULD',
      'Localhost Redirect URI Risks',
      'Additional warnings are displayed for localhost redirects.',
    ),
  ],
  async (server) => {
    assert.match((await server.authorize()).text, /Any program on this computer could be asking/);
    const { body } = await server.register({ redirect_uris: ['https://claude.ai/api/mcp/auth_callback'] });
    assert.doesNotMatch(
      (
        await server.authorize({
          client_id: String(body['client_id']),
          redirect_uri: 'https://claude.ai/api/mcp/auth_callback',
        })
      ).text,
      /Any program on this computer/,
    );
  },
);

shows(
  'consent is asked every time, for every client, also in a browser that has just given it',
  [
    shouldNot(
      'RFC 6749',
      '10.2',
      'Repeated requests are processed without the person, where the client is not authenticated.',
    ),
    shouldNot(
      'OAuth 2.1',
      '7.3',
      'Repeated requests are processed without the person, where the client is not authenticated.',
    ),
    shouldNot('OAuth 2.1', '7.3.1', 'Requests of native apps are processed without the person.'),
    shouldNot('RFC 8252', '8.6', 'Requests of native apps are processed without the person.'),
    ...inMcp(
      'MCP 2025-06-18',
      'MUST',
      'Confused Deputy Problem',
      'A proxy with one upstream client id obtains consent for each client before it forwards.',
    ),
  ],
  async (server) => {
    const browser = new Browser();
    await server.arrive({}, browser);
    const other = String((await server.register({ redirect_uris: [REDIRECT] })).body['client_id']);
    for (const clientId of [await server.client(), other]) {
      const page = await server.authorize({ client_id: clientId }, [], browser);
      assert.equal(page.status, 200);
      assert.equal(targetOf(page), undefined);
      assert.match(page.text, /name="decision" value="allow"/);
    }
    assert.equal(
      errorAtClient(await server.authorize({ prompt: 'none' }, [], browser), REDIRECT).get('error'),
      'interaction_required',
    );
  },
);

shows(
  'a refusal by the person is access_denied at the client, and never reaches Cognito',
  [must('RFC 6749', '4.1.2.1', 'The error for a refusal by the person is access_denied.')],
  async (server) => {
    const browser = new Browser();
    const target = targetOf(await server.decide(browser, await server.authorize({}, [], browser), 'deny'));
    assert.ok(target?.href.startsWith(REDIRECT), target?.href);
    assert.equal(target?.searchParams.get('error'), 'access_denied');
  },
);

shows(
  'a decision counts only from the browser that was asked',
  [must('RFC 6749', '10.12', 'The authorization endpoint is protected against request forgery.')],
  async (server) => {
    const victim = new Browser();
    const attacker = new Browser();
    const page = await server.authorize({}, [], attacker);
    await server.authorize({}, [], victim);
    assertStays(await server.decide(victim, page, 'allow'), 'the form of another browser');
    assertStays(await server.decide(new Browser(), page, 'allow'), 'no cookie');
    const fields = { ...hiddenFields(page.text), decision: 'allow' };
    const foreign: Record<string, string>[] = [
      { origin: 'https://attacker.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ];
    for (const headers of foreign) {
      assertStays(
        await attacker.open(`${server.issuer}/consent`, { method: 'POST', headers, body: new URLSearchParams(fields) }),
        JSON.stringify(headers),
      );
    }
    assert.equal((await server.decide(attacker, page, 'allow')).status, 200);
  },
);

shows(
  'a sign-in counts only in the browser that allowed it, and once',
  [
    must(
      'MCP 2025-03-26',
      'Session Binding Requirements',
      'What came from the third party is bound to the session that was authorized.',
    ),
    must(
      'MCP 2025-03-26',
      'Third-Party Authorization Flow',
      'Codes of the third party are validated before anything is given for them.',
    ),
  ],
  async (server) => {
    const browser = new Browser();
    const url = await server.authorizationUrl();
    const allowed = await server.decide(browser, await browser.open(url), 'allow');
    // Stops at our callback instead of following it.
    const callback = await browser.leave(allowed, [server.signInOrigin], (at) =>
      browser.submit(at.url, { csrf: hiddenFields(at.text)['csrf'] ?? '', ...server.credentials }),
    );
    assert.equal(callback.origin + callback.pathname, `${server.issuer}/callback`);
    assert.ok(targetOf(await browser.open(callback))?.href.startsWith(REDIRECT));
    await endsHere(server, browser, callback, 'a second time');
    await endsHere(server, new Browser(), callback, 'another browser');
    const forged = new URL(callback);
    forged.searchParams.set('state', `${callback.searchParams.get('state') ?? ''}x`);
    await endsHere(server, browser, forged, 'an altered state');
    const foreign = new URL(callback);
    foreign.searchParams.set('iss', 'https://attacker.example');
    await endsHere(server, browser, foreign, 'an answer of somebody else');
  },
);

/** A callback that is refused: the browser is moved to a page of ours, without a code in its address. */
async function endsHere(server: Server, browser: Browser, callback: URL, what: string): Promise<void> {
  const answer = await browser.open(callback);
  const target = targetOf(answer);
  assert.deepEqual(
    [answer.status, target?.pathname, [...(target?.searchParams.keys() ?? [])]],
    [303, `${new URL(server.issuer).pathname}/sign-in`.replace('//', '/'), ['outcome']],
    what,
  );
  assert.ok(target?.href.startsWith(`${server.issuer}/`), what);
  assertStays(await browser.open(target as URL), what);
}

shows(
  'a code whose callback was refused is worth nothing in a sign-in of somebody else',
  [must('OAuth 2.1', '7.5.1', 'Codes that are injected into another sign-in are not redeemed.')],
  async (server) => {
    const attacker = new Browser();
    const pkce = newPkce();
    const allowed = await server.decide(
      attacker,
      await attacker.open(await server.authorizationUrl({}, pkce)),
      'allow',
    );
    const victim = new Browser();
    // The victim opens the address that the attacker has got for Cognito.
    const callback = await victim.leave(allowed, [server.signInOrigin], (at) =>
      victim.submit(at.url, { csrf: hiddenFields(at.text)['csrf'] ?? '', ...server.credentials }),
    );
    await endsHere(server, victim, callback, 'the victim');
    const injected = targetOf(await attacker.open(callback)) ?? new URL('none:');
    assert.ok(injected.href.startsWith(REDIRECT), injected.href);
    const arrival = {
      query: injected.searchParams,
      to: injected,
      code: injected.searchParams.get('code') ?? '',
      pkce,
      clientId: await server.client(),
      redirectUri: REDIRECT,
    };
    assert.deepEqual(refusal(await server.redeem(arrival)), [400, 'invalid_grant']);
  },
);

shows(
  'the pages where people decide cannot be framed and run no script',
  [
    must('OAuth 2.1', '7.11', 'Click-jacking is prevented.'),
    should('OAuth 2.1', '7.11', 'A Content Security Policy is used for that.'),
    should('OAuth 2.1', '7.11', 'X-Frame-Options is sent as well, for older browsers.'),
  ],
  async (server) => {
    for (const page of [await server.authorize(), await server.authorize({ client_id: 'nobody' })]) {
      const policy = page.headers.get('content-security-policy') ?? '';
      assert.match(policy, /frame-ancestors 'none'/);
      assert.match(policy, /default-src 'none'/);
      assert.doesNotMatch(policy, /script-src|unsafe/);
      assert.equal(page.headers.get('x-frame-options'), 'DENY');
      assert.doesNotMatch(page.text, /<script/i);
    }
  },
);

shows(
  'what a client or a request says is text on the page',
  [
    must('RFC 6749', '10.14', 'Values that are received are sanitised before they are shown.'),
    must('OAuth 2.1', '7.12', 'Parameters are treated as untrusted.'),
  ],
  async (server) => {
    const { body } = await server.register({
      client_name: '<script>alert(1)</script>"\'>\u202e',
      redirect_uris: [REDIRECT],
    });
    const page = await server.authorize({ client_id: String(body['client_id']), state: '"><script>alert(2)</script>' });
    assert.equal(page.status, 200);
    assert.doesNotMatch(page.text, /<script|\u202e/);
    assert.match(page.text, /&lt;script&gt;|&#60;script&#62;/);
    const refused = await server.authorize({ client_id: '<script>alert(3)</script>' });
    assert.doesNotMatch(refused.text, /<script/);
  },
);

shows(
  'pages and their answers are neither cached nor told to other sites',
  [should('RFC 9700', '4.2.4', 'A referrer policy keeps URLs with codes or states from other sites.')],
  async (server) => {
    const page = await server.authorize();
    assert.equal(page.headers.get('cache-control'), 'no-store');
    assert.equal(page.headers.get('referrer-policy'), 'same-origin');
    const refused = await server.authorize({ client_id: 'nobody' });
    assert.deepEqual(
      [refused.headers.get('cache-control'), refused.headers.get('referrer-policy')],
      ['no-store', 'no-referrer'],
    );
    const browser = new Browser();
    await server.arrive({}, browser);
    // The page after a sign-in, which has both codes in its addresses.
    assert.deepEqual(
      [browser.last?.status, browser.last?.headers.get('cache-control'), browser.last?.headers.get('referrer-policy')],
      [200, 'no-store', 'no-referrer'],
    );
  },
);
