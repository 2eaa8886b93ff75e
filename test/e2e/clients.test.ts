/**
 * Real MCP clients. With the authorization server they know the URL, and at most who they are; on Cognito itself a person
 * has the pre-registered app client, and a program its own.
 */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { clients } from './clients/all.ts';
import type { Errand, Identity, McpClient, Progress, Revision } from './clients/client.ts';
import { holdDogApi, type HeldDogApi } from './dog-api.ts';
import { playMetadataHost, type MetadataHost } from './metadata-host.ts';
import { Person } from './person.ts';
import { authorizationOf, machineClientSecret, runningStack } from './stack.ts';

const stack = runningStack();
const documentUrl = 'https://client.example.com/metadata.json';
const preRegistered: Identity = {
  kind: 'preRegistered',
  clientId: stack.McpOAuthClientId,
  issuer: stack.McpOAuthIssuer,
};

let person: Person;
let dogApi: HeldDogApi;
let program: Identity;

/** Runs the errand and checks what it comes back with, the notifications and their order included; the URLs that `visit` went to. */
async function send(
  client: McpClient,
  errand: Pick<Errand, 'revision' | 'identity' | 'callbackPort'>,
  visit: (url: URL) => Promise<void>,
): Promise<URL[]> {
  const visited: URL[] = [];
  const seen: Progress[] = [];
  // The answer waits until the client has shown the first notification; with one that shows none there is nothing to wait for.
  if (!client.showsProgress) dogApi.release();
  const outcome = await client.run(
    { ...errand, url: stack.McpServerUrl, limit: 3 },
    {
      visit: async (url) => {
        visited.push(url);
        await visit(url);
      },
      progressed: (progress) => {
        if (seen.push(progress) === 1) dogApi.release();
      },
    },
  );
  assert.deepEqual(outcome.tools, ['getDogFacts']);
  assert.deepEqual(outcome.facts, [
    'Fact 1 that was waited for.',
    'Fact 2 that was waited for.',
    'Fact 3 that was waited for.',
  ]);
  if (outcome.revision !== undefined) assert.equal(outcome.revision, errand.revision);
  const shown = seen.map(({ progress, total, message }) => [progress, total, message]);
  assert.deepEqual(
    shown,
    client.showsProgress
      ? [
          [0, 3, 'asking the Dog API'],
          [3, 3, 'the Dog API sent 3 of 3 facts'],
        ]
      : [],
  );
  return visited;
}

const onAuthorizationServer = (): void => {
  let host: MetadataHost;
  before(async () => {
    host = await playMetadataHost(stack, 'client.example.com', '/metadata.json', {
      client_id: documentUrl,
      client_name: 'Documented client',
      redirect_uris: ['http://127.0.0.1/callback'],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    });
  });
  after(async () => host?.close());

  /** Sends the client; the `client_id` that it names itself by, where a person is asked by a page with this heading. */
  async function clientId(
    client: McpClient,
    revision: Revision,
    identity: Identity,
    asking: RegExp,
  ): Promise<string | null> {
    const [url] = await send(client, { revision, identity, callbackPort: 0 }, (at) =>
      person.allowAndSignInAt(at, asking),
    );
    return url?.searchParams.get('client_id') ?? null;
  }

  for (const client of clients) {
    // A registration serves every revision alike: the newest here, the others where the client is known beforehand.
    const newest = client.revisions[0] as Revision;
    const oldest = client.revisions.at(-1) as Revision;

    test(`${client.name}, which registers itself, in ${newest}`, async () => {
      assert.match(
        (await clientId(client, newest, { kind: 'registered' }, /Test client|MCP Inspector/)) ?? '',
        /^mcp-client-/,
      );
    });

    test(`${client.name}, by its metadata document, in ${newest}`, async () => {
      assert.equal(
        await clientId(client, newest, { kind: 'metadataDocument', clientId: documentUrl }, /Documented client/),
        documentUrl,
      );
    });

    test(`${client.name}, configured manually, in ${oldest}`, async () => {
      assert.equal(await clientId(client, oldest, preRegistered, /configured manually/), stack.McpOAuthClientId);
    });

    if (client.identities.includes('program')) {
      test(`${client.name}, as a program with client credentials, in ${oldest}`, async () => {
        assert.equal(await clientId(client, oldest, program, /nobody is asked/), null);
      });
    }
  }

  test('fetched the metadata document once for all of them', () => assert.equal(host.requests(), 1));
};

const onCognito = (): void => {
  for (const client of clients) {
    for (const revision of client.revisions) {
      const as = async (identity: Identity): Promise<void> => {
        await send(client, { revision, identity, callbackPort: Number(stack.CallbackPort) }, (url) =>
          person.signInAt(url),
        );
      };

      test(`${client.name} in ${revision}, where a person signs in`, () => as(preRegistered));

      if (client.identities.includes('program')) {
        test(`${client.name} in ${revision}, where a program has client credentials`, () => as(program));
      }
    }
  }
};

describe(authorizationOf(stack) === 'server' ? 'connects with the URL alone' : 'connects to Cognito itself', () => {
  before(async () => {
    person = await Person.signUp(stack);
    dogApi = await holdDogApi(stack);
    program = {
      kind: 'program',
      clientId: stack.AutomatedOAuthClientId,
      clientSecret: await machineClientSecret(stack),
      scope: stack.McpOAuthScope,
      issuer: stack.McpOAuthIssuer,
    };
  });
  after(async () => {
    await dogApi?.close();
    await person?.leave();
  });

  if (authorizationOf(stack) === 'server') onAuthorizationServer();
  else onCognito();
});
