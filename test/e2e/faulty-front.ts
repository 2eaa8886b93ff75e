/**
 * A front before the local stack that breaks one thing: the same server at another origin, which every document, challenge and
 * request names. One can also stand before Cognito's pages or before AWS itself.
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

/** An origin of the stack, and the one that is named in its place. */
type Renamed = readonly [there: string, here: string];

export class FaultyFront {
  private constructor(
    private readonly stack: Stack,
    private readonly there: string,
    private readonly others: () => readonly Renamed[],
    private readonly server: Server,
    private readonly fault: Fault,
  ) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#passOn(request, response).catch(() => response.destroy());
    });
  }

  /** Before the MCP server, or before `there`; `others` are origins that have fronts of their own. */
  static async start(
    stack: Stack,
    fault: Fault,
    there = new URL(stack.McpServerUrl).origin,
    others: () => readonly Renamed[] = () => [],
  ): Promise<FaultyFront> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
    return new FaultyFront(stack, there, others, server, fault);
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
    const here = this.origin;
    const toStack = (text: string) =>
      [[this.there, here] as const, ...this.others()].reduce(
        (said, [there, front]) => renamed(said, front, there),
        text,
      );
    const fromStack = (text: string) =>
      [[this.there, here] as const, ...this.others()].reduce(
        (said, [there, front]) => renamed(said, there, front),
        text,
      );
    const sent = Buffer.concat(chunks).toString('utf8');
    const answer = await fetch(`${this.there}${toStack(request.url ?? '/')}`, {
      method: request.method ?? 'GET',
      headers: passedOn(request.headers, toStack),
      redirect: 'manual',
      ...(sent === '' ? {} : { body: toStack(sent) }),
    });
    const headers = new Headers();
    for (const [name, value] of answer.headers) {
      if (!OWN_HEADERS.includes(name) && name !== 'content-encoding') headers.append(name, fromStack(value));
    }
    const reply: Reply = { status: answer.status, headers, body: fromStack(await answer.text()) };
    const path = new URL(request.url ?? '/', here).pathname;
    this.fault({ method: request.method ?? 'GET', path, origin: here }, reply);
    response.writeHead(reply.status, Object.fromEntries(reply.headers)).end(reply.body);
  }
}

/** The string with one origin in the place of the other, as it is and percent-encoded. */
function renamed(text: string, from: string, to: string): string {
  return text.replaceAll(from, to).replaceAll(encodeURIComponent(from), encodeURIComponent(to));
}

function passedOn(headers: IncomingHttpHeaders, toStack: (value: string) => string): Headers {
  const kept = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (!OWN_HEADERS.includes(name) && value !== undefined) kept.set(name, toStack([value].flat().join(', ')));
  }
  return kept;
}
