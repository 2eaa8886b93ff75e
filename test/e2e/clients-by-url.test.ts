/** Real MCP clients against the authorization server in front of Cognito: they know the URL, and at most who they are. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { clients } from './clients/all.ts';
import type { Errand, Identity, McpClient, Progress, Revision } from './clients/client.ts';
import { playMetadataHost, type MetadataHost } from './metadata-host.ts';
import { Person } from './person.ts';
import { machineClientSecret, runningStack } from './stack.ts';

const stack = runningStack();
const documentUrl = 'https://client.example.com/metadata.json';

/** Runs the errand with this person and checks what every errand comes back with. */
async function send(client: McpClient, person: Person, errand: Pick<Errand, 'revision' | 'identity'>, asking: RegExp): Promise<URL[]> {
  const visited: URL[] = [];
  const seen: Progress[] = [];
  const outcome = await client.run(
    { ...errand, url: stack.McpServerUrl, callbackPort: 0, limit: 4 },
    {
      visit: async (url) => {
        visited.push(url);
        await person.allowAndSignInAt(url, asking);
      },
      progressed: (progress) => void seen.push(progress),
    },
  );
  assert.deepEqual(outcome.tools, ['getDogFacts']);
  assert.equal(outcome.facts.length, 4);
  if (outcome.revision !== undefined) assert.equal(outcome.revision, errand.revision);
  if (client.showsProgress) assert.deepEqual(seen.map(({ progress }) => progress), [0, 4]);
  return visited;
}

describe('connects with the URL alone', () => {
  let person: Person;
  let host: MetadataHost;

  before(async () => {
    person = await Person.signUp(stack);
    host = await playMetadataHost(stack, 'client.example.com', '/metadata.json', {
      client_id: documentUrl,
      client_name: 'Documented client',
      redirect_uris: ['http://127.0.0.1/callback'],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    });
  });
  after(async () => {
    await host?.close();
    await person?.leave();
  });

  for (const client of clients) {
    // A registration serves every revision alike: the newest here, the others where the client is known beforehand.
    const newest = client.revisions[0] as Revision;
    const oldest = client.revisions.at(-1) as Revision;

    test(`${client.name}, which registers itself, in ${newest}`, async () => {
      const [url] = await send(client, person, { revision: newest, identity: { kind: 'registered' } }, /Test client|MCP Inspector/);
      assert.match(url?.searchParams.get('client_id') ?? '', /^mcp-client-/);
    });

    test(`${client.name}, by its metadata document, in ${newest}`, async () => {
      const [url] = await send(client, person, { revision: newest, identity: { kind: 'metadataDocument', clientId: documentUrl } }, /Documented client/);
      assert.equal(url?.searchParams.get('client_id'), documentUrl);
    });

    test(`${client.name}, configured manually, in ${oldest}`, async () => {
      const identity: Identity = { kind: 'preRegistered', clientId: stack.McpOAuthClientId, issuer: stack.McpOAuthIssuer };
      const [url] = await send(client, person, { revision: oldest, identity }, /configured manually/);
      assert.equal(url?.searchParams.get('client_id'), stack.McpOAuthClientId);
    });

    if (client.identities.includes('program')) {
      test(`${client.name}, as a program with client credentials, in ${oldest}`, async () => {
        const identity: Identity = {
          kind: 'program',
          clientId: stack.AutomatedOAuthClientId,
          clientSecret: await machineClientSecret(stack),
          scope: stack.McpOAuthScope,
          issuer: stack.McpOAuthIssuer,
        };
        assert.deepEqual(await send(client, person, { revision: oldest, identity }, /nobody is asked/), []);
      });
    }
  }

  test('fetched the metadata document once for all of them', () => assert.equal(host.requests(), 1));
});
