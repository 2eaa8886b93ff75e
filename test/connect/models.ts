/**
 * Stand-ins for the models behind Codex and Gemini CLI: each asks for one tool call, then says what the tool answered.
 *
 * They speak the streamed form of OpenAI's Responses API and of the Gemini API, and hold no model: the conversation is decided by
 * whether a tool result is in it.
 */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

type Json = Record<string, unknown>;

/** The running stand-in. */
export interface Model {
  readonly url: string;
  /** What every tool answered, as text. */
  toolResults(): readonly string[];
  close(): Promise<void>;
}

/** A tool that the client offers its model. */
interface Tool {
  readonly name: string;
  /** The group that Codex has it in: an MCP server. */
  readonly namespace?: string;
}

/** How one API asks for a tool, and is told its result. */
interface Api {
  readonly path: RegExp;
  /** The tools in a request. */
  offered(request: Json): readonly Tool[];
  /** The tool results in a request. */
  results(request: Json): readonly unknown[];
  call(tool: Tool, input: object): readonly Json[];
  say(text: string): readonly Json[];
}

/** A tool, or a group of them. */
interface OfferedTool extends Tool {
  readonly tools?: readonly Tool[];
}

/** `POST /v1/responses`. */
export const responses: Api = {
  path: /^\/v1\/responses$/,
  offered: (request) => ((request['tools'] ?? []) as readonly OfferedTool[]).flatMap(({ name, tools }) => tools?.map((tool) => ({ name: tool.name, namespace: name })) ?? [{ name }]),
  results: (request) => (request['input'] as readonly Json[]).filter(({ type }) => type === 'function_call_output').map(({ output }) => output),
  call: (tool, input) => answered({ type: 'function_call', id: 'fc_1', call_id: 'call_1', ...tool, arguments: JSON.stringify(input), status: 'completed' }),
  say: (text) => answered({ type: 'message', id: 'msg_1', role: 'assistant', status: 'completed', content: [{ type: 'output_text', text, annotations: [] }] }),
};

function answered(item: Json): readonly Json[] {
  const response = { id: 'resp_1', object: 'response', created_at: 0, model: 'stand-in' };
  return [
    { type: 'response.created', response: { ...response, status: 'in_progress', output: [] } },
    { type: 'response.output_item.added', output_index: 0, item },
    { type: 'response.output_item.done', output_index: 0, item },
    { type: 'response.completed', response: { ...response, status: 'completed', output: [item], usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 } } },
  ];
}

/** `POST /v1beta/models/MODEL:streamGenerateContent`. */
export const gemini: Api = {
  path: /:streamGenerateContent$/,
  offered: (request) => ((request['tools'] ?? []) as readonly { functionDeclarations?: readonly Tool[] }[]).flatMap(({ functionDeclarations }) => functionDeclarations ?? []),
  results: (request) => (request['contents'] as readonly { parts: readonly Json[] }[]).flatMap(({ parts }) => parts).filter((part) => 'functionResponse' in part).map(({ functionResponse }) => functionResponse),
  call: ({ name }, args) => [candidate({ functionCall: { name, args } })],
  say: (text) => [candidate({ text })],
};

function candidate(part: Json): Json {
  return { candidates: [{ index: 0, finishReason: 'STOP', content: { role: 'model', parts: [part] } }], usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 } };
}

/** Starts the stand-in on a free loopback port; it asks for the offered tool whose name ends with `tool`, with `input`. */
export async function startModel(api: Api, tool: string, input: object): Promise<Model> {
  const results: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.method !== 'POST' || !api.path.test(new URL(request.url ?? '/', 'http://localhost').pathname)) {
        response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":{"code":404,"message":"only the model is here"}}');
        return;
      }
      const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Json;
      const wanted = api.offered(body).find(({ name }) => name.endsWith(tool));
      const found = api.results(body).at(-1);
      if (found !== undefined) results.push(JSON.stringify(found));
      const events = found === undefined && wanted !== undefined ? api.call(wanted, input) : api.say(`The tool answered: ${JSON.stringify(found ?? 'nothing')}`);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const event of events) response.write(`${'type' in event ? `event: ${String(event['type'])}\n` : ''}data: ${JSON.stringify(event)}\n\n`);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    toolResults: () => results,
    close: () => new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    }),
  };
}
