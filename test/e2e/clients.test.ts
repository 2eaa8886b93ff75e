/** Real MCP clients against Cognito itself: as a person with the pre-registered app client, and as a program. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { clients } from '../clients/all.ts';
import type { Identity, Progress } from '../clients/client.ts';
import { holdDogApi, type HeldDogApi } from './dog-api.ts';
import { Person } from './person.ts';
import { machineClientSecret, runningStack } from './stack.ts';

/** The port whose redirect URIs are registered with the interactive app client. */
const registeredPort = 8765;

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

  for (const client of clients) {
    for (const revision of client.revisions) {
      const tries: readonly [string, () => Identity][] = [
        ['a person signs in', () => ({ kind: 'preRegistered', clientId: stack.McpOAuthClientId, issuer: stack.McpOAuthIssuer })],
        ['a program has client credentials', () => program],
      ];
      for (const [who, identity] of tries.filter(([who]) => who.startsWith('a person') || client.identities.includes('program'))) {
        test(`${client.name} in ${revision}, where ${who}`, async () => {
          const seen: Progress[] = [];
          // Otherwise nothing would be left to show progress of: the answer waits until the client has shown the first.
          if (!client.showsProgress) dogApi.release();
          const outcome = await client.run(
            { url: stack.McpServerUrl, revision, identity: identity(), callbackPort: registeredPort, limit: 3 },
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
        });
      }
    }
  }
});
