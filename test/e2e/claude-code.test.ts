/** Claude Code, the real one, from the line that `npm start` prints to a tool call; with the authorization server, and on Cognito itself. */

import assert from 'node:assert/strict';
import { after, before, describe, test, type TestContext } from 'node:test';

import { claims } from './authorization-code.ts';
import { ClaudeCode, clientDocument } from './claude-code.ts';
import { shiftClock } from './clock-shift.ts';
import { disableClientDocuments } from './disable-client-documents.ts';
import { holdDogApi } from './dog-api.ts';
import { messages } from './messages-api.ts';
import { playMetadataHost, type MetadataHost } from './metadata-host.ts';
import { startModel, type Model } from './model.ts';
import { Person } from './person.ts';
import { authorizationOf, machineToken, runningStack } from './stack.ts';

const stack = runningStack();
const documentUrl = clientDocument.client_id;
/** How long a registration lasts, in days, unless it is configured. */
const registrationDays = 90;

let model: Model;
let people: [Person, Person];

/** An installation that was given the line. */
async function install(t: TestContext): Promise<ClaudeCode> {
  const [program, ...args] = stack.ClaudeCodeCommand.split(' ');
  assert.equal(program, 'claude');
  const claude = new ClaudeCode(model.url);
  t.after(() => claude.remove());
  const added = await claude.run(args);
  assert.equal(added.status, 0, added.output);
  return claude;
}

/** Signs in at the URL that it prints, by `visit`; gives the URL. */
async function logIn(claude: ClaudeCode, visit: (url: URL) => Promise<void>): Promise<URL> {
  let visited: URL | undefined;
  const login = await claude.login('dog-facts', async (url) => {
    visited = url;
    await visit(url);
  });
  assert.equal(login.status, 0, login.output);
  assert.ok(visited);
  return visited;
}

async function says(claude: ClaudeCode, state: 'Connected' | 'Needs authentication'): Promise<void> {
  const list = await claude.run(['mcp', 'list']);
  assert.match(list.output, new RegExp(`dog-facts.*${state}`), list.output);
}

async function callsTheTool(claude: ClaudeCode): Promise<void> {
  const before = model.toolResults().length;
  const answer = await claude.run([
    '-p',
    'Tell me three facts about dogs',
    '--allowedTools',
    'mcp__dog-facts__getDogFacts',
  ]);
  assert.equal(answer.status, 0, answer.output);
  assert.ok(
    model.offeredTools().includes('mcp__dog-facts__getDogFacts'),
    `offered: ${model.offeredTools().join(', ')}`,
  );
  assert.equal(model.toolResults().length, before + 1);
  assert.match(model.toolResults().at(-1) ?? '', /"facts\\*":\[/);
  assert.match(answer.output, /The tool answered: /);
}

const onAuthorizationServer = (): void => {
  let host: MetadataHost;
  before(async () => {
    assert.equal(stack.ClaudeCodeCommand, `claude mcp add --transport http dog-facts ${stack.McpServerUrl}`);
    // There is no way to the real host from here: the same document over TLS, from this machine.
    host = await playMetadataHost(stack, 'claude.ai', new URL(documentUrl).pathname, clientDocument);
  });
  after(async () => host?.close());

  /** Signs this person in and gives the client id that was used. */
  async function clientId(claude: ClaudeCode, person: Person): Promise<string> {
    const url = await logIn(claude, (at) => {
      assert.equal(at.origin, new URL(stack.McpOAuthIssuer).origin);
      return person.allowAndSignInAt(at, /Claude Code/);
    });
    return url.searchParams.get('client_id') ?? '';
  }

  const caller = (claude: ClaudeCode): unknown => claims(claude.signIn()?.accessToken ?? '')['sub'];

  test('signs in by its metadata document, calls the tool, signs in as somebody else, and logs out', async (t) => {
    const claude = await install(t);
    const [first, second] = people;

    await t.test('needs authentication at first', () => says(claude, 'Needs authentication'));
    await t.test('signs in by its metadata document, which is fetched once and kept', async () => {
      assert.equal(await clientId(claude, first), documentUrl);
      assert.equal(host.requests(), 1);
      await says(claude, 'Connected');
    });
    await t.test('calls the tool', () => callsTheTool(claude));
    await t.test('signs in again, as somebody else', async () => {
      const before = caller(claude);
      await clientId(claude, second);
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
        body: new URLSearchParams({
          grant_type: 'refresh_token',
          client_id: signIn.clientId,
          refresh_token: signIn.refreshToken,
        }),
      });
      assert.deepEqual(
        [refreshed.status, ((await refreshed.json()) as { error?: string }).error],
        [400, 'invalid_grant'],
      );
    });
  });

  test('registers itself where metadata documents are off, and again when its registration has expired', async (t) => {
    const documentsAgain = await disableClientDocuments(stack);
    t.after(documentsAgain);
    const claude = await install(t);
    const [person] = people;

    const today = await shiftClock(stack, -(registrationDays + 1));
    const old = await clientId(claude, person).finally(today);
    assert.match(old, /^mcp-client-/);
    await callsTheTool(claude);

    claude.forgetAccessToken();
    await says(claude, 'Needs authentication');
    const expired = await fetch(stack.McpOAuthTokenUrl, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'refresh_token', client_id: old, refresh_token: 'any' }),
    });
    assert.deepEqual(await expired.json(), {
      error: 'invalid_client',
      error_description: "this client's registration has expired; register it again",
    });

    const renewed = await clientId(claude, person);
    assert.match(renewed, /^mcp-client-/);
    assert.notEqual(renewed, old);
    await callsTheTool(claude);
  });

  test("is installed twice, and two people sign in at the same moment without getting each other's access", async (t) => {
    const both = await Promise.all([install(t), install(t)]);
    await Promise.all(both.map((claude, index) => clientId(claude, people[index] as Person)));
    const callers = both.map(caller);
    assert.equal(new Set(callers).size, 2, `the callers are ${callers.join(' and ')}`);
    await Promise.all(both.map((claude) => says(claude, 'Connected')));
  });
};

const onCognito = (): void => {
  test("signs in with the app client's id, calls the tool, and shows its progress", async (t) => {
    const claude = await install(t);
    const [person] = people;

    await t.test('needs authentication at first', () => says(claude, 'Needs authentication'));
    await t.test('signs in with authorization code and PKCE', async () => {
      const { searchParams } = await logIn(claude, (url) => person.signInAt(url));
      assert.equal(searchParams.get('code_challenge_method'), 'S256');
      assert.equal(searchParams.get('client_id'), stack.McpOAuthClientId);
      assert.equal(searchParams.get('scope'), stack.McpOAuthScope);
      assert.equal(searchParams.get('resource'), stack.McpServerUrl);
      await says(claude, 'Connected');
    });
    await t.test('calls the tool and shows its answer', () => callsTheTool(claude));
    await t.test('shows the progress of the tool while it runs', async (inner) => {
      const dogApi = await holdDogApi(stack);
      inner.after(() => dogApi.close());
      let released = false;
      await claude.converse(
        ['--allowedTools', 'mcp__dog-facts__getDogFacts'],
        'Tell me three facts about dogs',
        (shown) => {
          // The answer waits until the first notification is on the screen.
          if (!released && shown.includes('asking the Dog API')) {
            released = true;
            dogApi.release();
          }
          return shown.includes('Fact 3 that was waited for.');
        },
      );
      assert.ok(released, 'no progress was shown');
    });
  });

  test('is let in as a program by a helper that prints a header', async (t) => {
    const program = new ClaudeCode(model.url);
    t.after(() => program.remove());
    const helper = program.script(`echo '${JSON.stringify({ Authorization: `Bearer ${await machineToken(stack)}` })}'`);
    const added = await program.run([
      'mcp',
      'add-json',
      '-s',
      'user',
      'dog-facts',
      JSON.stringify({ type: 'http', url: stack.McpServerUrl, headersHelper: helper }),
    ]);
    assert.equal(added.status, 0, added.output);
    await says(program, 'Connected');
  });
};

describe(`Claude Code, with the line that npm start prints${authorizationOf(stack) === 'server' ? '' : ', on Cognito itself'}`, () => {
  before(async () => {
    model = await startModel(messages, 'mcp__dog-facts__getDogFacts', { limit: 3 });
    people = await Promise.all([Person.signUp(stack), Person.signUp(stack)]);
  });
  after(async () => {
    await model?.close();
    for (const person of people ?? []) await person.leave();
  });

  if (authorizationOf(stack) === 'server') onAuthorizationServer();
  else onCognito();
});
