/**
 * A stand-in for the model behind an MCP client: it asks for one tool call, then says what the tool answered.
 *
 * It holds no model: the conversation is decided by whether a tool result is in it. How an API says so is in a file of its own for each.
 */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Json = Record<string, unknown>;

/** A tool that the client offers its model. */
export interface OfferedTool {
  readonly name: string;
  /** The group that Codex has it in: an MCP server. */
  readonly namespace?: string;
}

/** How one API asks for a tool, and is told its result, in its streamed form. */
export interface ModelApi {
  readonly path: RegExp;
  /** The tools in a request. */
  offered(request: Json): readonly OfferedTool[];
  /** The tool results in a request. */
  results(request: Json): readonly unknown[];
  call(tool: OfferedTool, input: object): readonly Json[];
  say(text: string): readonly Json[];
}

/** The running stand-in. */
export interface Model {
  readonly url: string;
  /** The names of the tools that the last request with tools offered. */
  offeredTools(): readonly string[];
  /** What every tool answered, as JSON, in order. */
  toolResults(): readonly string[];
  close(): Promise<void>;
}

/** Starts the stand-in on a free loopback port; it asks once for the offered tool whose name ends with `tool`, with `input`. */
export async function startModel(api: ModelApi, tool: string, input: object): Promise<Model> {
  let offered: readonly string[] = [];
  const results: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.method !== 'POST' || !api.path.test(new URL(request.url ?? '/', 'http://localhost').pathname)) {
        response
          .writeHead(404, { 'content-type': 'application/json' })
          .end('{"type":"error","error":{"type":"not_found_error","message":"only the model is here"}}');
        return;
      }
      const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Json;
      const tools = api.offered(body);
      if (tools.length > 0) offered = tools.map(({ name }) => name);
      const wanted = tools.find(({ name }) => name.endsWith(tool));
      const found = api.results(body).at(-1);
      if (found !== undefined) results.push(JSON.stringify(found));
      const events =
        found === undefined && wanted !== undefined
          ? api.call(wanted, input)
          : api.say(`The tool answered: ${JSON.stringify(found ?? 'nothing')}`);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const event of events)
        response.write(
          `${'type' in event ? `event: ${String(event['type'])}\n` : ''}data: ${JSON.stringify(event)}\n\n`,
        );
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    offeredTools: () => offered,
    toolResults: () => results,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
