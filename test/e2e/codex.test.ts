/** Codex, the real one, against Cognito itself, which keeps it out: what docs/authorization-modes.md says of it. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { Codex } from './codex.ts';
import { runningStack } from './stack.ts';

const stack = runningStack();

describe('Codex and Cognito itself', () => {
  test('finds nowhere to register with the URL alone', async (t) => {
    const codex = await Codex.install();
    t.after(() => codex.leave());
    assert.notEqual(await codex.type(`codex mcp add dog-facts --url ${stack.McpServerUrl}`).over(), 0);
    assert.equal(codex.isSignedIn, false);
  });

  test('is sent nowhere by Cognito with the app client\'s id, because it listens on a port and path of its own', async (t) => {
    const codex = await Codex.install();
    t.after(() => codex.leave());
    const adding = codex.type(`codex mcp add dog-facts --url ${stack.McpServerUrl} --oauth-client-id ${stack.McpOAuthClientId}`);
    const url = await adding.showsAuthorizationUrl();
    assert.equal(url.searchParams.get('client_id'), stack.McpOAuthClientId);
    const answer = await fetch(url, { redirect: 'manual' });
    assert.deepEqual([answer.status, answer.headers.get('location')], [400, null]);
    assert.equal(codex.isSignedIn, false);
  });
});
