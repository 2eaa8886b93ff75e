/** Claude Code, the real one, against the authorization server: the line that `npm start` prints is all it is given. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { shiftClock } from './clock-shift.ts';
import { claims } from './authorization-code.ts';
import { ClaudeCode } from './claude-code.ts';
import { messages } from './messages-api.ts';
import { startModel, type Model } from './model.ts';
import { playMetadataHost, type MetadataHost } from './metadata-host.ts';
import { Person } from './person.ts';
import { runningStack } from './stack.ts';
import { disableClientDocuments } from './disable-client-documents.ts';

const documentUrl = 'https://claude.ai/oauth/claude-code-client-metadata';
/** How long a registration lasts, in days, unless it is configured. */
const registrationDays = 90;

describe('Claude Code, with the line that npm start prints', () => {
  const stack = runningStack();
  let model: Model;
  let host: MetadataHost;
  let people: [Person, Person];

  before(async () => {
    assert.equal(stack.ClaudeCodeCommand, `claude mcp add --transport http dog-facts ${stack.McpServerUrl}`);
    model = await startModel(messages, 'mcp__dog-facts__getDogFacts', { limit: 3 });
    // There is no way to the real host from here: the same document over TLS, from this machine.
    host = await playMetadataHost(stack, 'claude.ai', new URL(documentUrl).pathname, {
      client_id: documentUrl,
      client_name: 'Claude Code',
      redirect_uris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    });
    people = await Promise.all([Person.signUp(stack), Person.signUp(stack)]);
  });
  after(async () => {
    await host?.close();
    await model?.close();
    for (const person of people ?? []) await person.leave();
  });

  /** An installation that was given the line. */
  async function installation(): Promise<ClaudeCode> {
    const claude = new ClaudeCode(model.url);
    const added = await claude.run(stack.ClaudeCodeCommand.split(' ').slice(1));
    assert.equal(added.status, 0, added.output);
    return claude;
  }

  /** Signs this person in and gives the client id that was used. */
  async function logIn(claude: ClaudeCode, person: Person): Promise<string> {
    let clientId = '';
    const login = await claude.login('dog-facts', async (url) => {
      assert.equal(url.origin, new URL(stack.McpOAuthIssuer).origin);
      clientId = url.searchParams.get('client_id') ?? '';
      await person.allowAndSignInAt(url, /Claude Code/);
    });
    assert.equal(login.status, 0, login.output);
    return clientId;
  }

  const caller = (claude: ClaudeCode): unknown => claims(claude.signIn()?.accessToken ?? '')['sub'];

  async function says(claude: ClaudeCode, state: 'Connected' | 'Needs authentication'): Promise<void> {
    const list = await claude.run(['mcp', 'list']);
    assert.match(list.output, new RegExp(`dog-facts.*${state}`), list.output);
  }

  async function callsTheTool(claude: ClaudeCode): Promise<void> {
    const before = model.toolResults().length;
    const answer = await claude.run(['-p', 'Tell me three facts about dogs', '--allowedTools', 'mcp__dog-facts__getDogFacts']);
    assert.equal(answer.status, 0, answer.output);
    assert.equal(model.toolResults().length, before + 1);
    assert.match(model.toolResults().at(-1) ?? '', /"facts\\*":\[/);
  }

  test('signs in by its metadata document, calls the tool, signs in as somebody else, and logs out', async (t) => {
    const claude = await installation();
    t.after(() => claude.remove());
    const [first, second] = people;

    await t.test('needs authentication at first', () => says(claude, 'Needs authentication'));
    await t.test('signs in by its metadata document, which is fetched once and kept', async () => {
      assert.equal(await logIn(claude, first), documentUrl);
      assert.equal(host.requests(), 1);
      await says(claude, 'Connected');
    });
    await t.test('calls the tool', () => callsTheTool(claude));
    await t.test('signs in again, as somebody else', async () => {
      const before = caller(claude);
      await logIn(claude, second);
      assert.notEqual(caller(claude), before);
      await says(claude, 'Connected');
    });
    await t.test('logs out, and what it had can no longer be used to stay signed in', async () => {
      const signIn = claude.signIn();
      assert.ok(signIn);
      const logout = await claude.run(['mcp', 'logout', 'dog-facts']);
      assert.equal(logout.status, 0, logout.output);
      assert.equal(claude.signIn(), undefined);
      await says(claude, 'Needs authentication');
      const refreshed = await fetch(stack.McpOAuthTokenUrl, {
        method: 'POST',
        body: new URLSearchParams({ grant_type: 'refresh_token', client_id: signIn.clientId, refresh_token: signIn.refreshToken }),
      });
      assert.deepEqual([refreshed.status, ((await refreshed.json()) as { error?: string }).error], [400, 'invalid_grant']);
    });
  });

  test('registers itself where metadata documents are off, and again when its registration has expired', async (t) => {
    const documentsAgain = await disableClientDocuments(stack);
    t.after(documentsAgain);
    const claude = await installation();
    t.after(() => claude.remove());
    const [person] = people;

    const today = await shiftClock(stack, -(registrationDays + 1));
    const old = await logIn(claude, person).finally(today);
    assert.match(old, /^mcp-client-/);
    await callsTheTool(claude);

    claude.forgetAccessToken();
    await says(claude, 'Needs authentication');
    const expired = await fetch(stack.McpOAuthTokenUrl, { method: 'POST', body: new URLSearchParams({ grant_type: 'refresh_token', client_id: old, refresh_token: 'any' }) });
    assert.deepEqual(await expired.json(), { error: 'invalid_client', error_description: "this client's registration has expired; register it again" });

    const renewed = await logIn(claude, person);
    assert.match(renewed, /^mcp-client-/);
    assert.notEqual(renewed, old);
    await callsTheTool(claude);
  });

  test('is installed twice, and two people sign in at the same moment without getting each other\'s access', async (t) => {
    const both = await Promise.all([installation(), installation()]);
    t.after(() => both.forEach((claude) => claude.remove()));
    await Promise.all(both.map((claude, index) => logIn(claude, people[index] as Person)));
    const callers = both.map(caller);
    assert.equal(new Set(callers).size, 2, `the callers are ${callers.join(' and ')}`);
    await Promise.all(both.map((claude) => says(claude, 'Connected')));
  });
});
