/** Clients that come back to an event stream, through a Lambda Runtime API: both generations of the official TypeScript client. */

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import * as second from '@modelcontextprotocol/client';
import { Client as FirstClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as FirstTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CreateMessageRequestSchema } from '@modelcontextprotocol/sdk/types.js';

import { type Front, startFront } from './front.mjs';
import { type Table, startTable } from './table.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const output = join(root, '.local', 'conformance');
const itself = { name: 'test-client', version: '1.0.0' };
const answer = { role: 'assistant', model: 'none', content: { type: 'text', text: 'because' } } as const;

/** What the client has sent, as far as it matters here: its methods, with the event that it had seen last. */
type Sent = { readonly method: string; readonly lastEventId: string | null };

interface Options {
  readonly resumptionToken?: string | undefined;
  readonly onresumptiontoken?: (token: string) => void;
}

interface Connected {
  readonly sessionId: string | undefined;
  readonly protocolVersion: string | undefined;
  call(tool: string, toolArguments: Record<string, string>, options: Options): Promise<unknown>;
  /** Goes away without a word. */
  vanish(): Promise<void>;
  /** Ends its session with DELETE. */
  end(): Promise<void>;
}

interface Earlier {
  readonly sessionId: string | undefined;
  readonly protocolVersion: string | undefined;
}

/** Connects, or goes on with what an earlier client began. */
type Connect = (url: string, sent: Sent[], asked?: () => void, earlier?: Earlier) => Promise<Connected>;

const recording =
  (sent: Sent[]) =>
  async (url: string | URL, init?: RequestInit): Promise<Response> => {
    sent.push({ method: init?.method ?? 'GET', lastEventId: new Headers(init?.headers).get('last-event-id') });
    return fetch(url, init);
  };

const connectFirst: Connect = async (url, sent, asked, earlier) => {
  const client = new FirstClient(itself, { capabilities: { sampling: {} } });
  client.setRequestHandler(CreateMessageRequestSchema, () => {
    asked?.();
    return answer;
  });
  const transport = new FirstTransport(new URL(url), { fetch: recording(sent), sessionId: earlier?.sessionId });
  if (earlier?.protocolVersion !== undefined) transport.setProtocolVersion(earlier.protocolVersion);
  await client.connect(transport);
  return {
    sessionId: transport.sessionId,
    protocolVersion: transport.protocolVersion,
    call: (name, toolArguments, options) => client.callTool({ name, arguments: toolArguments }, undefined, options),
    vanish: () => client.close(),
    end: () => transport.terminateSession(),
  };
};

const connectSecond: Connect = async (url, sent, asked, earlier) => {
  const client = new second.Client(itself, { capabilities: { sampling: {} }, versionNegotiation: { mode: 'legacy' } });
  client.setRequestHandler('sampling/createMessage', () => {
    asked?.();
    return answer;
  });
  const transport = new second.StreamableHTTPClientTransport(new URL(url), {
    fetch: recording(sent),
    sessionId: earlier?.sessionId,
  });
  if (earlier?.protocolVersion !== undefined) transport.setProtocolVersion(earlier.protocolVersion);
  await client.connect(transport);
  return {
    sessionId: transport.sessionId,
    protocolVersion: transport.protocolVersion,
    call: (name, toolArguments, options) => client.callTool({ name, arguments: toolArguments }, options),
    vanish: () => client.close(),
    end: () => transport.terminateSession(),
  };
};

const textOf = (result: unknown): string =>
  (result as { content: { text: string }[] }).content.map(({ text }) => text).join();

let table: Table;
before(async () => {
  mkdirSync(output, { recursive: true });
  table = await startTable({ root, log: join(output, 'resumption.emulator.log') });
});
after(() => table.stop());

for (const [name, connect] of [
  ['the TypeScript SDK 1.32', connectFirst],
  ['the TypeScript client 2.4', connectSecond],
] as const) {
  describe(name, () => {
    const begin = (timeout: number): Promise<Front> =>
      startFront({
        binaries: join(root, 'target', 'debug'),
        table: table.variables,
        transferMode: 'stream',
        seed: '1',
        log: join(output, 'resumption.function.log'),
        probability: 1,
        timeout,
      });
    let front: Front;
    after(() => front.stop());

    test('comes back by itself to a stream that was closed, at another process, and ends its session', async () => {
      front = await begin(10_000);
      const sent: Sent[] = [];
      const client = await connect(front.url, sent);
      assert.equal(client.protocolVersion, '2025-11-25');
      assert.equal(textOf(await client.call('test_reconnection', {}, {})), 'Reconnection test completed');
      const returns = sent.filter(({ method, lastEventId }) => method === 'GET' && lastEventId !== null);
      assert.equal(returns.length, 1);
      await client.end();
      const other = await connect(front.url, sent, undefined, client);
      await assert.rejects(other.call('test_simple_text', {}, {}), /404|not known for this caller/);
      await Promise.all([client.vanish(), other.vanish()]);
    });

    test('hands its place to another one before it vanishes', async () => {
      const sent: Sent[] = [];
      const client = await connect(front.url, sent);
      const token = await new Promise<string>((resolve) => {
        client.call('test_reconnection', {}, { onresumptiontoken: resolve }).catch(() => {});
      });
      await client.vanish();
      const later = await connect(front.url, sent, undefined, client);
      assert.equal(
        textOf(await later.call('test_reconnection', {}, { resumptionToken: token })),
        'Reconnection test completed',
      );
      assert.equal(sent.filter(({ method, lastEventId }) => method === 'GET' && lastEventId === token).length, 1);
      await later.vanish();
      await front.stop();
    });

    test('is told, when the process that it waited for was killed, and asked nothing twice', async () => {
      front = await begin(4_000);
      let questions = 0;
      const sent: Sent[] = [];
      const client = await connect(front.url, sent, () => {
        questions += 1;
        front.killRunning();
      });
      await assert.rejects(
        client.call('test_sampling', { prompt: 'why?' }, {}),
        /the server ended before it had answered: call again/,
      );
      assert.equal(questions, 1);
      assert.ok(
        sent.some(({ lastEventId }) => lastEventId !== null),
        'it came back',
      );
      await client.vanish();
    });
  });
}
