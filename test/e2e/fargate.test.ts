/** A server with McpCompute.fargate on the local stack: two processes that take turns, of which any may be killed. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { patience } from './patience.ts';
import { processesOf } from './processes.ts';
import { machineToken, runningStack } from './stack.ts';

const stack = runningStack();
const url = stack.McpServerUrl;

/** Their ids. */
const processes = (): number[] => processesOf(stack).map(({ id }) => id);

async function until(what: () => boolean): Promise<void> {
  const end = performance.now() + patience;
  while (!what()) {
    assert.ok(performance.now() < end, 'it takes too long');
    await pause(50);
  }
}

const call = (token: string): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
  });

describe('a server on AWS Fargate', () => {
  test('has two processes, and a request is responded to whichever of them is killed', async () => {
    const token = await machineToken(stack);
    await until(() => processes().length === 2);
    for (const index of [0, 1, 0]) {
      const killed = processes()[index]!;
      process.kill(killed, 'SIGKILL');
      await until(() => !processes().includes(killed));
      // The load balancer notices at its next look.
      await pause(100);
      for (let times = 0; times < 4; times += 1) {
        const response = await call(token);
        assert.equal(response.status, 200);
        const { result } = (await response.json()) as { result: { tools: { name: string }[] } };
        assert.deepEqual(
          result.tools.map(({ name }) => name),
          ['getDogFacts'],
        );
      }
      await until(() => processes().length === 2);
    }
  });

  test('has its documents from the API and its challenge from the tasks', async () => {
    const response = await fetch(url, { method: 'POST' });
    assert.equal(response.status, 401);
    const challenge = response.headers.get('www-authenticate')!;
    assert.ok(challenge.includes(`resource_metadata="${stack.OAuthMetadataUrl}"`), challenge);
    const metadata = (await (await fetch(stack.OAuthMetadataUrl)).json()) as { resource: string };
    assert.equal(metadata.resource, url);
  });
});
