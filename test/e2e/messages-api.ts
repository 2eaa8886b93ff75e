/**
 * A stand-in for the model behind Claude Code: it asks for one tool call, then says what the tool answered.
 *
 * It speaks the streamed form of the Messages API, which is all that `claude -p` uses, and holds no model: the
 * conversation is decided by whether a tool result is in it.
 */

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

interface ContentBlock {
  readonly type: string;
  readonly content?: unknown;
}

interface MessagesRequest {
  readonly tools?: readonly { readonly name: string }[];
  readonly messages: readonly { readonly role: string; readonly content: string | readonly ContentBlock[] }[];
}

/** The running stand-in. */
export interface MessagesApi {
  readonly url: string;
  /** The names of the tools that the last request with tools offered. */
  offeredTools(): readonly string[];
  /** The content of every tool result that came back, in order. */
  toolResults(): readonly unknown[];
  close(): Promise<void>;
}

/** Starts the stand-in on a free loopback port; it asks once for `tool` with `input`. */
export async function startMessagesApi(tool: string, input: object): Promise<MessagesApi> {
  let offered: readonly string[] = [];
  const results: unknown[] = [];

  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = new URL(request.url ?? '/', 'http://localhost').pathname;
      if (request.method !== 'POST' || path !== '/v1/messages') {
        response.writeHead(404, { 'content-type': 'application/json' }).end('{"type":"error","error":{"type":"not_found_error","message":"only POST /v1/messages"}}');
        return;
      }
      const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as MessagesRequest;
      const names = (body.tools ?? []).map(({ name }) => name);
      if (names.length > 0) offered = names;
      const found = body.messages
        .flatMap(({ content }) => (typeof content === 'string' ? [] : content))
        .filter(({ type }) => type === 'tool_result');
      const last = found.at(-1);
      if (last !== undefined) results.push(last.content);

      const events = last === undefined && names.includes(tool) ? toolUse(tool, input) : text(`The tool answered: ${JSON.stringify(last?.content ?? 'nothing')}`);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const event of events) response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    offeredTools: () => offered,
    toolResults: () => results,
    close: () => new Promise((resolve, reject) => {
      server.closeAllConnections();
      server.close((error) => (error === undefined ? resolve() : reject(error)));
    }),
  };
}

type Event = { readonly type: string } & Record<string, unknown>;

function toolUse(name: string, input: object): Event[] {
  return message('tool_use', { type: 'tool_use', id: 'toolu_01', name, input: {} }, { type: 'input_json_delta', partial_json: JSON.stringify(input) });
}

function text(words: string): Event[] {
  return message('end_turn', { type: 'text', text: '' }, { type: 'text_delta', text: words });
}

function message(stopReason: string, block: object, delta: object): Event[] {
  return [
    {
      type: 'message_start',
      message: { id: 'msg_01', type: 'message', role: 'assistant', model: 'stand-in', content: [], stop_reason: null, stop_sequence: null, usage: { input_tokens: 1, output_tokens: 1 } },
    },
    { type: 'content_block_start', index: 0, content_block: block },
    { type: 'content_block_delta', index: 0, delta },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: stopReason, stop_sequence: null }, usage: { output_tokens: 1 } },
    { type: 'message_stop' },
  ];
}
