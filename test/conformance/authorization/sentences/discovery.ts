/** Metadata of the authorization server: RFC 8414, OpenID Connect Discovery, and what MCP asks of both. */

import assert from 'node:assert/strict';

import { inMcp, must, mustNot, notShownHere, should, shows } from '../table.ts';
import type { Server } from '../server.ts';

const OAUTH = '/.well-known/oauth-authorization-server';
const OPENID = '/.well-known/openid-configuration';

/** Every place where clients look, with the issuer that each place stands for. */
const places = (server: Server): string[] => {
  const path = new URL(server.resource).pathname;
  return [OAUTH, OPENID, `${OAUTH}${path}`, `${OPENID}${path}`, `${path}${OPENID}`].map(
    (place) => `${server.issuer}${place}`,
  );
};

shows(
  'the metadata is at the well-known path of the issuer, as JSON, by GET',
  [
    must(
      'RFC 8414',
      '3',
      'Servers that support metadata serve the document as JSON at the well-known path put between host and path of the issuer.',
    ),
    must('RFC 8414', '3.1', 'The document is asked for with GET at that path.'),
    must('RFC 8414', '3.2', 'A successful answer has status 200 and content type application/json.'),
    should(
      'MCP 2025-03-26',
      'Server Metadata Discovery',
      'An MCP server follows OAuth 2.0 Authorization Server Metadata.',
    ),
    must(
      'MCP 2025-03-26',
      'Authorization Base URL',
      'The base URL is the MCP URL without its path, and the metadata is below that.',
    ),
    must('MCP 2025-06-18', 'Overview', 'The authorization server provides RFC 8414 metadata.'),
    ...inMcp(
      'MCP 2025-11-25',
      'MUST',
      'Overview',
      'The authorization server offers RFC 8414 metadata, OpenID Connect Discovery, or both.',
    ),
  ],
  async (server) => {
    const origin = new URL(server.resource).origin;
    for (const place of [OAUTH, OPENID]) {
      const answer = await server.json(`${origin}${place}`);
      assert.equal(answer.status, 200, place);
      assert.match(answer.headers.get('content-type') ?? '', /^application\/json/, place);
      assert.equal(typeof answer.body['issuer'], 'string', place);
    }
  },
);

shows(
  'the issuer in every document is the one that its place stands for',
  [
    must('RFC 8414', '2', 'issuer is there, and is a URL without query and fragment.'),
    must('RFC 8414', '3.3', 'issuer is identical to the issuer identifier that the well-known path was built from.'),
  ],
  async (server) => {
    for (const place of places(server)) {
      const { status, body } = await server.json(place);
      assert.equal(status, 200, place);
      assert.equal(body['issuer'], server.issuer, place);
      assert.equal(new URL(String(body['issuer'])).search + new URL(String(body['issuer'])).hash, '', place);
    }
  },
);

shows(
  'the metadata names the endpoints and the response types, and has no empty list',
  [
    must('RFC 8414', '2', 'authorization_endpoint is there, because a grant type uses it.'),
    must('RFC 8414', '2', 'token_endpoint is there.'),
    must('RFC 8414', '2', 'response_types_supported is there.'),
    should('RFC 8414', '2', 'scopes_supported is there.'),
    must('RFC 8414', '3.2', 'Members without a value are left out instead of being empty lists.'),
  ],
  async (server) => {
    for (const place of places(server)) {
      const { body } = await server.json(place);
      for (const name of ['authorization_endpoint', 'token_endpoint', 'registration_endpoint', 'revocation_endpoint'])
        assert.ok(URL.canParse(String(body[name])), `${place} ${name}`);
      assert.deepEqual(body['response_types_supported'], ['code']);
      assert.deepEqual(body['scopes_supported'], [server.scope]);
      for (const [name, value] of Object.entries(body))
        assert.ok(
          value !== null && value !== '' && !(Array.isArray(value) && value.length === 0),
          `${place} ${name} is empty`,
        );
    }
    for (const name of ['authorization_endpoint', 'token_endpoint', 'registration_endpoint', 'revocation_endpoint']) {
      const url = String(server.metadata[name]);
      assert.ok(url.startsWith(`${server.issuer}/`), `${name} is ${url}`);
      assert.notEqual(
        (await server.json(url, { method: name === 'authorization_endpoint' ? 'GET' : 'POST' })).status,
        404,
        name,
      );
    }
  },
);

shows(
  'PKCE with S256 can be read from the metadata, in both forms',
  [
    must('OAuth 2.1', '7.10', 'There is a way to detect the code challenge methods that are supported.'),
    must(
      'MCP 2025-11-25',
      'Authorization Code Protection',
      'OpenID Connect Discovery documents carry code_challenge_methods_supported.',
    ),
    must(
      'MCP 2026-07-28',
      'Authorization Code Protection',
      'OpenID Connect Discovery documents carry code_challenge_methods_supported.',
    ),
  ],
  async (server) => {
    for (const place of places(server))
      assert.deepEqual((await server.json(place)).body['code_challenge_methods_supported'], ['S256'], place);
  },
);

shows(
  'iss in authorization responses is advertised',
  [
    must('RFC 9207', '3', 'authorization_response_iss_parameter_supported is true where iss is sent.'),
    must(
      'MCP 2026-07-28',
      'Authorization Response Validation',
      'A server that includes iss advertises it in its metadata.',
    ),
  ],
  async (server) => {
    for (const place of places(server))
      assert.equal((await server.json(place)).body['authorization_response_iss_parameter_supported'], true, place);
  },
);

shows(
  'Client ID Metadata Documents are advertised',
  [
    must(
      'CIMD draft',
      '5',
      'A server that publishes metadata says client_id_metadata_document_supported when it supports these documents.',
    ),
    should(
      'MCP 2025-11-25',
      'Client ID Metadata Documents',
      'The authorization server supports Client ID Metadata Documents.',
    ),
    should(
      'MCP 2026-07-28',
      'Client ID Metadata Documents',
      'The authorization server supports Client ID Metadata Documents.',
    ),
  ],
  async (server) => {
    for (const place of places(server))
      assert.equal((await server.json(place)).body['client_id_metadata_document_supported'], true, place);
  },
);

notShownHere(
  'Everything on this machine is plain HTTP on loopback. The constructs refuse a front that is not https (`FrontUrlNotHttps`), the server refuses such an issuer at its start; see live-checks.md.',
  [
    must('RFC 8414', '2', 'The issuer is an https URL.'),
    must('RFC 6749', '3.1', 'The authorization endpoint is served over TLS.'),
    must('RFC 6749', '3.2', 'The token endpoint is served over TLS.'),
    must('RFC 7591', '3', 'The registration endpoint is protected by TLS.'),
    must('RFC 7009', '2', 'The revocation endpoint is an https URL.'),
    must('RFC 9728', '3', 'The protected resource metadata is served over TLS.'),
    must('MCP 2025-03-26', 'Security Considerations', 'All authorization endpoints are served over HTTPS.'),
    ...inMcp('MCP 2025-06-18', 'MUST', 'Communication Security', 'All authorization endpoints are served over HTTPS.'),
  ],
);

shows(
  'metadata may be read by pages of every origin, and pages for people by none',
  [
    mustNot('OAuth 2.1', '3.1', 'Cross-origin requests are supported at the authorization endpoint.'),
    mustNot('RFC 9700', '2.6', 'Cross-origin requests are supported at the authorization endpoint.'),
  ],
  async (server) => {
    const origin = { origin: 'https://anybody.example' };
    for (const place of places(server))
      assert.equal(
        (await server.json(place, { headers: origin })).headers.get('access-control-allow-origin'),
        '*',
        place,
      );
    for (const path of ['/authorize', '/callback']) {
      assert.equal(
        (await server.json(`${server.issuer}${path}`, { headers: origin })).headers.get('access-control-allow-origin'),
        null,
        path,
      );
      const preflight = await server.json(`${server.issuer}${path}`, {
        method: 'OPTIONS',
        headers: { ...origin, 'access-control-request-method': 'GET' },
      });
      assert.ok(preflight.status >= 400, `OPTIONS ${path} answers ${preflight.status}`);
    }
  },
);
