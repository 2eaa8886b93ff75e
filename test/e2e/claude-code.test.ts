/** Claude Code, the real one, from the line that `npm start` prints to a tool call. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Person } from './person.ts';
import { ClaudeCode } from './claude-code.ts';
import { holdDogApi } from './dog-api.ts';
import { messages } from './messages-api.ts';
import { startModel, type Model } from './model.ts';
import { machineToken, runningStack } from './stack.ts';

describe('Claude Code', () => {
  const stack = runningStack();
  let model: Model;
  let claude: ClaudeCode;
  let person: Person;

  before(async () => {
    model = await startModel(messages, 'mcp__dog-facts__getDogFacts', { limit: 3 });
    claude = new ClaudeCode(model.url);
    person = await Person.signUp(stack);
  });
  after(async () => {
    claude?.remove();
    await person?.leave();
    await model?.close();
  });

  test('is connected by the line that npm start prints, signed in through the browser, and calls the tool', async (t) => {
    await t.test('takes the printed line as it is', async () => {
      const [program, ...args] = stack.ClaudeCodeCommand.split(' ');
      assert.equal(program, 'claude');
      const added = await claude.run(args);
      assert.equal(added.status, 0, added.output);
    });

    await t.test('says that the server needs authentication before anybody has signed in', async () => {
      const list = await claude.run(['mcp', 'list']);
      assert.match(list.output, /dog-facts.*Needs authentication/, list.output);
    });

    await t.test('signs in with authorization code and PKCE', async () => {
      const login = await claude.login('dog-facts', async (url) => {
        assert.equal(url.searchParams.get('code_challenge_method'), 'S256');
        assert.equal(url.searchParams.get('client_id'), stack.McpOAuthClientId);
        assert.equal(url.searchParams.get('scope'), stack.McpOAuthScope);
        assert.equal(url.searchParams.get('resource'), stack.McpServerUrl);
        await person.signInAt(url);
      });
      assert.equal(login.status, 0, login.output);
    });

    await t.test('is connected', async () => {
      const list = await claude.run(['mcp', 'list']);
      assert.match(list.output, /dog-facts.*Connected/, list.output);
    });

    await t.test('calls the tool and shows its answer', async () => {
      const answer = await claude.run(['-p', 'Tell me three facts about dogs', '--allowedTools', 'mcp__dog-facts__getDogFacts']);
      assert.equal(answer.status, 0, answer.output);
      assert.ok(model.offeredTools().includes('mcp__dog-facts__getDogFacts'), `offered: ${model.offeredTools().join(', ')}`);
      const result = model.toolResults().at(-1) ?? '';
      assert.match(result, /"facts\\*":\[/, result);
      assert.match(answer.output, /The tool answered: /);
    });
  });

  test('shows the progress of the tool while it runs', async (t) => {
    const dogApi = await holdDogApi(stack);
    t.after(() => dogApi.close());
    let released = false;
    await claude.converse(['--allowedTools', 'mcp__dog-facts__getDogFacts'], 'Tell me three facts about dogs', (shown) => {
      // The answer waits until the first notification is on the screen.
      if (!released && shown.includes('asking the Dog API')) {
        released = true;
        dogApi.release();
      }
      return shown.includes('Fact 3 that was waited for.');
    });
    assert.ok(released, 'no progress was shown');
  });

  test('is let in as a program by a helper that prints a header', async (t) => {
    const program = new ClaudeCode(model.url);
    t.after(() => program.remove());
    const helper = program.script(`echo '${JSON.stringify({ Authorization: `Bearer ${await machineToken(stack)}` })}'`);
    const added = await program.run(['mcp', 'add-json', '-s', 'user', 'dog-facts', JSON.stringify({ type: 'http', url: stack.McpServerUrl, headersHelper: helper })]);
    assert.equal(added.status, 0, added.output);
    const list = await program.run(['mcp', 'list']);
    assert.match(list.output, /dog-facts.*Connected/, list.output);
  });
});
