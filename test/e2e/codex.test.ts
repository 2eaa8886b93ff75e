/**
 * Codex, the real one. The line that `npm start` prints is all it is given; Cognito itself keeps it out, which is what
 * docs/authorization-modes.md says of it.
 */

import assert from 'node:assert/strict';
import { after, before, describe, test, type TestContext } from 'node:test';

import { Codex } from './codex.ts';
import { disableClientDocuments } from './disable-client-documents.ts';
import { playMetadataHost } from './metadata-host.ts';
import { Person } from './person.ts';
import { authorizationOf, runningStack } from './stack.ts';

/** Where the document is that Codex names itself by. */
const documentUrl = new URL('https://chatgpt.com/oauth/codex/client.json');

const stack = runningStack();
const line = `codex mcp add dog-facts --url ${stack.McpServerUrl}`;

async function install(t: TestContext): Promise<Codex> {
  const codex = await Codex.install();
  t.after(() => codex.leave());
  return codex;
}

const onAuthorizationServer = (): void => {
  let person: Person;
  before(async () => {
    assert.equal(stack.CodexCommand, line);
    person = await Person.signUp(stack);
  });
  after(async () => person?.leave());

  /** Types the line and signs in; the `client_id` that it names itself by. */
  async function connect(codex: Codex): Promise<string> {
    const adding = codex.type(line);
    const url = await adding.showsAuthorizationUrl();
    await person.allowAndSignInAt(url, /Codex/);
    await adding.ends();
    assert.ok(codex.isSignedIn);
    return url.searchParams.get('client_id') ?? '';
  }

  test('signs in at once, named by its metadata document, and its model can call the tool', async (t) => {
    // There is no way to the real host from here: the same document, as far as OAuth needs it, over TLS from this machine.
    const host = await playMetadataHost(stack, documentUrl.host, documentUrl.pathname, {
      client_id: documentUrl.href,
      client_name: 'Codex',
      redirect_uris: ['http://127.0.0.1/callback'],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    });
    t.after(() => host.close());
    const codex = await install(t);
    assert.equal(await connect(codex), documentUrl.href);
    assert.equal(await codex.factsForModel(), 3);
  });

  test('registers itself where metadata documents are off', async (t) => {
    const documentsAgain = await disableClientDocuments(stack);
    t.after(documentsAgain);
    const codex = await install(t);
    assert.match(await connect(codex), /^mcp-client-/);
    assert.equal(await codex.factsForModel(), 3);
  });
};

const onCognito = (): void => {
  test('finds nowhere to register with the URL alone', async (t) => {
    const codex = await install(t);
    assert.notEqual(await codex.type(line).over(), 0);
    assert.equal(codex.isSignedIn, false);
  });

  test("is sent nowhere by Cognito with the app client's id, because it listens on a port and path of its own", async (t) => {
    const codex = await install(t);
    const adding = codex.type(`${line} --oauth-client-id ${stack.McpOAuthClientId}`);
    const url = await adding.showsAuthorizationUrl();
    assert.equal(url.searchParams.get('client_id'), stack.McpOAuthClientId);
    const answer = await fetch(url, { redirect: 'manual' });
    assert.deepEqual([answer.status, answer.headers.get('location')], [400, null]);
    assert.equal(codex.isSignedIn, false);
  });
};

if (authorizationOf(stack) === 'server') describe('Codex, with the line that npm start prints', onAuthorizationServer);
else describe('Codex and Cognito itself', onCognito);
