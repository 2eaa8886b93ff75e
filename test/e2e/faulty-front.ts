/**
 * A front before the local stack that breaks one thing: the same server at another origin, which every document, challenge and
 * request names.
 */

import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Stack } from './stack.ts';

/** A response of the stack, as the front passes it on. */
export interface Reply {
  status: number;
  readonly headers: Headers;
  body: string;
}

/** What is broken. */
export type Fault = (
  request: { readonly method: string; readonly path: string; readonly origin: string },
  reply: Reply,
) => void;

/** Headers of one connection, and those that a changed body makes wrong. */
const OWN_HEADERS = ['connection', 'content-length', 'host', 'transfer-encoding', 'keep-alive'];

export class FaultyFront {
  private constructor(
    private readonly stack: Stack,
    private readonly server: Server,
    private readonly fault: Fault,
  ) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#passOn(request, response).catch(() => response.destroy());
    });
  }

  static async start(stack: Stack, fault: Fault): Promise<FaultyFront> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
    return new FaultyFront(stack, server, fault);
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The MCP URL at this origin. */
  get url(): string {
    return `${this.origin}${new URL(this.stack.McpServerUrl).pathname}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  async #passOn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const [here, there] = [this.origin, new URL(this.stack.McpServerUrl).origin];
    const sent = Buffer.concat(chunks).toString('utf8');
    const answer = await fetch(`${there}${renamed(request.url ?? '/', here, there)}`, {
      method: request.method ?? 'GET',
      headers: passedOn(request.headers),
      redirect: 'manual',
      ...(sent === '' ? {} : { body: renamed(sent, here, there) }),
    });
    const headers = new Headers();
    for (const [name, value] of answer.headers) {
      if (!OWN_HEADERS.includes(name) && name !== 'content-encoding') headers.append(name, renamed(value, there, here));
    }
    const reply: Reply = { status: answer.status, headers, body: renamed(await answer.text(), there, here) };
    const path = new URL(request.url ?? '/', here).pathname;
    this.fault({ method: request.method ?? 'GET', path, origin: here }, reply);
    response.writeHead(reply.status, Object.fromEntries(reply.headers)).end(reply.body);
  }
}

/** The string with one origin in the place of the other, as it is and percent-encoded. */
function renamed(text: string, from: string, to: string): string {
  return text.replaceAll(from, to).replaceAll(encodeURIComponent(from), encodeURIComponent(to));
}

function passedOn(headers: IncomingHttpHeaders): Headers {
  const kept = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (!OWN_HEADERS.includes(name) && value !== undefined) kept.set(name, [value].flat().join(', '));
  }
  return kept;
}
