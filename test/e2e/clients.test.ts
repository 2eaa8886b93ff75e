/** Real MCP clients against Cognito itself: as a person with the pre-registered app client, and as a program. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { clients } from './clients/all.ts';
import type { Identity, McpClient, Progress, Revision } from './clients/client.ts';
import { holdDogApi, type HeldDogApi } from './dog-api.ts';
import { Person } from './person.ts';
import { machineClientSecret, runningStack } from './stack.ts';

describe('connects to Cognito itself', () => {
  const stack = runningStack();
  let person: Person;
  let dogApi: HeldDogApi;
  let program: Identity;

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

  /** Runs the errand and checks what it comes back with, the notifications and their order included. */
  async function send(client: McpClient, revision: Revision, identity: Identity): Promise<void> {
    const seen: Progress[] = [];
    // The answer waits until the client has shown the first notification; with one that shows none there is nothing to wait for.
    if (!client.showsProgress) dogApi.release();
    const outcome = await client.run(
      { url: stack.McpServerUrl, revision, identity, callbackPort: Number(stack.CallbackPort), limit: 3 },
      {
        visit: (url) => person.signInAt(url),
        progressed: (progress) => {
          if (seen.push(progress) === 1) dogApi.release();
        },
      },
    );
    assert.deepEqual(outcome.tools, ['getDogFacts']);
    assert.deepEqual(outcome.facts, ['Fact 1 that was waited for.', 'Fact 2 that was waited for.', 'Fact 3 that was waited for.']);
    if (outcome.revision !== undefined) assert.equal(outcome.revision, revision);
    const shown = seen.map(({ progress, total, message }) => [progress, total, message]);
    assert.deepEqual(shown, client.showsProgress ? [[0, 3, 'asking the Dog API'], [3, 3, 'the Dog API sent 3 of 3 facts']] : []);
  }

  for (const client of clients) {
    for (const revision of client.revisions) {
      test(`${client.name} in ${revision}, where a person signs in`, () =>
        send(client, revision, { kind: 'preRegistered', clientId: stack.McpOAuthClientId, issuer: stack.McpOAuthIssuer }));

      if (client.identities.includes('program')) {
        test(`${client.name} in ${revision}, where a program has client credentials`, () => send(client, revision, program));
      }
    }
  }
});
