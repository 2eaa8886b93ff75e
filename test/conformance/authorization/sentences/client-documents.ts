/** Client ID Metadata Documents: what the draft and MCP ask of the server that fetches them. */

import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';

import { DOCUMENT_HOST } from '../documents.ts';
import { fallsShort, inMcp, must, mustNot, notShownHere, should, shouldNot, shows } from '../table.ts';
import { assertStays } from '../text.ts';
import type { Server } from '../server.ts';

const refusedFor = async (server: Server, clientId: string, reason: RegExp): Promise<void> => {
  const page = await server.authorize({ client_id: clientId });
  assertStays(page, clientId);
  assert.match(page.text, reason, clientId);
};

shows(
  'a client is known by the document at its client_id, which is fetched',
  [
    should('CIMD draft', '4', 'The server fetches the document that client_id names.'),
    should('CIMD draft', '6.4', 'The document is fetched so that people can be shown who asks.'),
    ...inMcp(
      'MCP 2025-11-25',
      'SHOULD',
      'Client ID Metadata Documents',
      'Documents are fetched when client_id is a URL.',
    ),
  ],
  async (server) => {
    const url = server.documents.publish('/plain.json');
    const page = await server.authorize({ client_id: url });
    assert.equal(page.status, 200);
    assert.match(page.text, /Document client/);
    assert.equal(server.documents.fetches(url), 1);
    const { status, body } = await server.tokens({ client_id: url });
    assert.equal(status, 200);
    assert.equal(typeof body['access_token'], 'string');
  },
);

shows(
  'the page shows the host that has published the document',
  [should('CIMD draft', '6.4', 'The host name of client_id is shown where people decide.')],
  async (server) => {
    const page = await server.authorize({ client_id: server.documents.publish('/host.json') });
    assert.match(page.text, new RegExp(`Published by</dt>\\s*<dd class="name">${DOCUMENT_HOST}<`));
  },
);

shows(
  'a document counts only under its own URL',
  [
    must('CIMD draft', '4.1', 'client_id in the document is its URL, character by character.'),
    ...inMcp(
      'MCP 2025-11-25',
      'MUST',
      'Client ID Metadata Documents',
      'client_id of the document is compared with the URL exactly.',
    ),
  ],
  async (server) => {
    for (const [path, clientId] of [
      ['/other.json', 'https://claude.ai/oauth/claude-code-client-metadata'],
      ['/case.json', `https://${DOCUMENT_HOST.toUpperCase()}/case.json`],
      ['/port.json', `https://${DOCUMENT_HOST}:443/port.json`],
      ['/slash.json', `https://${DOCUMENT_HOST}/slash.json/`],
    ] as const) {
      await refusedFor(
        server,
        server.documents.publish(path, { client_id: clientId }),
        /its client_id is not its own URL/,
      );
    }
  },
);

shows(
  'a client_id that is not a plain https URL with a path is not fetched',
  [
    must('CIMD draft', '3', 'A client identifier URL is https and has a path.'),
    mustNot('CIMD draft', '3', 'It has dot segments, a fragment, a user name or a password.'),
    shouldNot('CIMD draft', '3', 'It has a query.'),
    ...inMcp('MCP 2025-11-25', 'MUST', 'Client ID Metadata Documents', 'The client_id URL is https and has a path.'),
  ],
  async (server) => {
    const url = server.documents.publish('/form.json');
    for (const clientId of [
      url.replace('https', 'http'),
      `https://${DOCUMENT_HOST}`,
      `https://${DOCUMENT_HOST}/`,
      url.replace('/form', '/./form'),
      url.replace('/form', '/a/../form'),
      url.replace('/form', '/%2e%2e/form'),
      `${url}#fragment`,
      `${url}?a=b`,
      url.replace('//', '//user@'),
      url.replace('//', '//user:password@'),
    ]) {
      await refusedFor(server, clientId, /a client_id that is a URL must be https with a path/);
    }
    assert.equal(server.documents.fetches(url), 0);
  },
);

shows(
  'only an answer with status 200 is a document, and no redirect is followed',
  [
    must('CIMD draft', '4', 'A successful answer has status 200, and every other status is an error.'),
    mustNot('CIMD draft', '4', 'Redirects are followed.'),
    should('CIMD draft', '4.3', 'The request ends where the document cannot be fetched.'),
  ],
  async (server) => {
    const target = server.documents.publish('/target.json');
    for (const status of [201, 203, 301, 302, 307, 308, 404, 500]) {
      await refusedFor(
        server,
        server.documents.publish(
          `/status-${status}.json`,
          {},
          { status, headers: status >= 300 && status < 400 ? { location: target } : {} },
        ),
        /its URL must answer 200 without a redirect/,
      );
    }
    assert.equal(server.documents.fetches(target), 0);
  },
);

shows(
  'a document that is not JSON or lacks what must be there is refused',
  [
    ...inMcp(
      'MCP 2025-11-25',
      'MUST',
      'Client ID Metadata Documents',
      'The structure is validated: JSON with client_id, client_name and redirect_uris.',
    ),
  ],
  async (server) => {
    for (const [path, changes, answer, reason] of [
      ['/text.json', {}, { headers: { 'content-type': 'text/html' } }, /its content type must be application\/json/],
      ['/broken.json', {}, { body: '{' }, /it is not a JSON object/],
      ['/array.json', {}, { body: '[]' }, /it is not a JSON object/],
      ['/nameless.json', { client_name: undefined }, {}, /it has no client_name/],
      ['/idless.json', { client_id: undefined }, {}, /it is not a JSON object with the expected members/],
      ['/redirectless.json', { redirect_uris: undefined }, {}, /it has no redirect_uris/],
    ] as const)
      await refusedFor(server, server.documents.publish(path, changes, answer), reason);
  },
);

shows(
  'a document with a shared secret or a method that needs one is refused',
  [
    mustNot('CIMD draft', '4.1', 'token_endpoint_auth_method uses a shared symmetric secret.'),
    mustNot('CIMD draft', '4.1', 'client_secret or client_secret_expires_at is used.'),
  ],
  async (server) => {
    for (const method of ['client_secret_basic', 'client_secret_post', 'client_secret_jwt'])
      await refusedFor(
        server,
        server.documents.publish(`/${method}.json`, { token_endpoint_auth_method: method }),
        /uses a shared secret/,
      );
    await refusedFor(
      server,
      server.documents.publish('/secret.json', { client_secret: 'x' }),
      /contains a client_secret/,
    );
    await refusedFor(
      server,
      server.documents.publish('/expires.json', { client_secret_expires_at: 0 }),
      /contains a client_secret/,
    );
  },
);

shows(
  'a client that authenticates with keys is refused instead of being taken for a public one',
  [must('CIMD draft', '6.2', 'A client that registers an authentication method is authenticated by it.')],
  async (server) => {
    await refusedFor(
      server,
      server.documents.publish('/keys.json', {
        token_endpoint_auth_method: 'private_key_jwt',
        jwks_uri: `https://${DOCUMENT_HOST}/jwks`,
      }),
      /token_endpoint_auth_method is not supported here/,
    );
  },
);

shows(
  'the redirect URI of a request must be one of the document',
  [
    must('CIMD draft', '4.5', 'The redirect URI of a request matches one that is registered, exactly.'),
    ...inMcp(
      'MCP 2025-11-25',
      'MUST',
      'Client ID Metadata Documents',
      'The redirect URI of a request is validated against the document.',
    ),
  ],
  async (server) => {
    const url = server.documents.publish('/redirects.json', {
      redirect_uris: ['http://127.0.0.1/callback', 'https://claude.ai/api/mcp/auth_callback'],
    });
    for (const redirect of [
      'http://127.0.0.1:7/callback/more',
      'http://localhost:7/callback',
      'https://claude.com/api/mcp/auth_callback',
      'https://claude.ai/api/mcp/auth_callback/',
    ]) {
      const page = await server.authorize({ client_id: url, redirect_uri: redirect });
      assertStays(page, redirect);
      assert.match(page.text, /redirect_uri is not one that this client has registered/);
    }
  },
);

fallsShort(
  'an https redirect of a document must also be one that the operator lists, and no service for other documents is offered',
  [
    should(
      'CIMD draft',
      '4.2',
      'A server that restricts redirect URIs further provides a document service that is exempt.',
    ),
  ],
  'An exempt service would be the hole that the list closes: with a remembered sign-in, any web page could have codes sent to it. Loopback needs no exemption, and `redirectHosts` admits further pages.',
  async (server) => {
    const uri = 'https://attacker.example/callback';
    const page = await server.authorize({
      client_id: server.documents.publish('/unlisted.json', { redirect_uris: [uri] }),
      redirect_uri: uri,
    });
    assertStays(page, uri);
    assert.match(page.text, /this callback is not listed/);
  },
);

shows(
  'an accepted document is kept as long as its headers allow',
  [
    should('CIMD draft', '4.4', 'HTTP cache headers are respected.'),
    ...inMcp('MCP 2025-11-25', 'SHOULD', 'Client ID Metadata Documents', 'Documents are cached as their headers say.'),
  ],
  async (server) => {
    for (const [path, control, fetches] of [
      ['/kept.json', 'max-age=600', 1],
      ['/unkept.json', 'no-store', 2],
      ['/stale.json', 'max-age=0', 2],
    ] as const) {
      const url = server.documents.publish(path, {}, { headers: { 'cache-control': control } });
      for (let i = 0; i < 2; i += 1) assert.equal((await server.authorize({ client_id: url })).status, 200, path);
      assert.equal(server.documents.fetches(url), fetches, control);
    }
  },
);

shows(
  'an error and a document that is wrong are looked at again the next time',
  [
    mustNot('CIMD draft', '4.4', 'Error answers are cached.'),
    mustNot('CIMD draft', '4.4', 'Documents that are invalid or malformed are cached.'),
  ],
  async (server) => {
    for (const [path, spoilt] of [
      ['/fixed-error.json', { status: 500 }],
      ['/fixed-document.json', { body: '{' }],
    ] as const) {
      const url = server.documents.publish(path, {}, { ...spoilt, headers: { 'cache-control': 'max-age=600' } });
      assertStays(await server.authorize({ client_id: url }), path);
      server.documents.publish(path);
      assert.equal((await server.authorize({ client_id: url })).status, 200, path);
    }
  },
);

shows(
  'a document larger than 5 KB, or a small one that unpacks to much, is refused',
  [
    should('CIMD draft', '6.6', 'The size of the answer is limited; 5 kilobytes are the recommendation.'),
    ...inMcp(
      'MCP 2025-11-25',
      'SHOULD',
      'Client ID Metadata Documents',
      "The draft's security considerations are followed.",
    ),
  ],
  async (server) => {
    await refusedFor(
      server,
      server.documents.publish('/large.json', { padding: 'x'.repeat(6 * 1024) }),
      /it is larger than 5 KB/,
    );
    const bomb = gzipSync(JSON.stringify({ padding: 'x'.repeat(1_000_000) }));
    assert.ok(bomb.length < 5 * 1024);
    await refusedFor(
      server,
      server.documents.publish('/bomb.json', {}, { body: bomb, headers: { 'content-encoding': 'gzip' } }),
      /it must be sent without compression/,
    );
  },
);

shows(
  'a client_id whose host is an address or no public name is not fetched',
  [
    must('CIMD draft', '6.5', 'The URL must not lead to a special-use address.'),
    should(
      'MCP 2025-11-25',
      'Authorization Server Abuse Protection',
      'Server-side request forgery by client_id is considered.',
    ),
    should(
      'MCP 2026-07-28',
      'Authorization Server Abuse Protection',
      'Server-side request forgery by client_id is considered.',
    ),
  ],
  async (server) => {
    for (const host of [
      '127.0.0.1',
      '169.254.169.254',
      '10.0.0.1',
      '[::1]',
      '[fd00:ec2::254]',
      'localhost',
      'intranet',
      'metadata.google.internal',
      '2130706433',
      '0x7f000001',
      new URL(server.issuer).hostname,
    ]) {
      assertStays(await server.authorize({ client_id: `https://${host}/client.json` }), host);
    }
  },
);

notShownHere(
  "Names are not resolved on this machine, a stand-in answers for its host. The crate's tests `one_private_address_among_public_ones_refuses_the_host`, `only_public_addresses_are_connected_to` and `the_connection_goes_to_the_address_that_was_looked_at` show it.",
  [must('CIMD draft', '6.5', 'The addresses that the name resolves to are checked.')],
);

shows(
  'nothing that a document points to is fetched or shown',
  [
    shouldNot('CIMD draft', '6.5', 'URLs inside a document that lead to special-use addresses are fetched.'),
    should('CIMD draft', '6.7', 'A logo is prefetched where it is used; none is.'),
  ],
  async (server) => {
    const inside = `https://${DOCUMENT_HOST}/inside`;
    const page = await server.authorize({
      client_id: server.documents.publish('/pointing.json', {
        logo_uri: `${inside}.png`,
        jwks_uri: inside,
        client_uri: inside,
        tos_uri: inside,
        policy_uri: inside,
      }),
    });
    assert.equal(page.status, 200);
    assert.doesNotMatch(page.text, /inside/);
    assert.equal(server.documents.fetches(inside), 0);
    assert.equal(server.documents.fetches(`${inside}.png`), 0);
  },
);

shows(
  'an identifier that the server gives never looks like a URL',
  [should('CIMD draft', '6.9', 'Identifiers that the server generates do not begin with https://.')],
  async (server) => {
    assert.doesNotMatch(await server.client(), /^https?:|:\/\//);
  },
);

shows(
  'the request for a document carries no credential and asks for JSON',
  [should('MCP 2025-11-25', 'Authorization Server Abuse Protection', 'What a fetch may do to others is considered.')],
  async (server) => {
    await server.authorize({ client_id: server.documents.publish('/headers.json') });
    const headers = server.documents.lastHeaders();
    assert.deepEqual(
      [headers['authorization'], headers['cookie'], headers['referer'], headers['accept'], headers['accept-encoding']],
      [undefined, undefined, undefined, 'application/json', 'identity'],
    );
  },
);
