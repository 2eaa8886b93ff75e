/** Codex, the real one, against the default: the line that `npm start` prints is all it is given. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Codex } from './codex.ts';
import { playMetadataHost } from './metadata-host.ts';
import { Person } from './person.ts';
import { runningStack } from './stack.ts';
import { disableClientDocuments } from './disable-client-documents.ts';

/** Where the document is that Codex names itself by. */
const documentUrl = new URL('https://chatgpt.com/oauth/codex/client.json');

describe('Codex, with the line that npm start prints', () => {
  const stack = runningStack();
  const line = stack.CodexCommand ?? '';
  let person: Person;
  before(async () => {
    assert.equal(line, `codex mcp add dog-facts --url ${stack.McpServerUrl}`);
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
    const codex = await Codex.install();
    t.after(() => codex.leave());
    assert.equal(await connect(codex), documentUrl.href);
    assert.equal(await codex.factsForModel(), 3);
  });

  test('registers itself where metadata documents are off', async (t) => {
    const documentsAgain = await disableClientDocuments(stack);
    t.after(documentsAgain);
    const codex = await Codex.install();
    t.after(() => codex.leave());
    assert.match(await connect(codex), /^mcp-client-/);
    assert.equal(await codex.factsForModel(), 3);
  });
});
