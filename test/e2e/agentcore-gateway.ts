/**
 * An imitation of an AgentCore gateway as its callers see one: the inbound JWT authorizer, and MCP over streamable HTTP with
 * sessions that belong to the caller who began them.
 *
 * `localcore-gateway` (PyPI) imitates the tools and targets of one, and no authorizer: its endpoint takes every caller.
 */

import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { createRemoteJWKSet, jwtVerify, type JWTPayload } from 'jose';

/** `CustomJWTAuthorizerConfiguration` of AgentCore. */
export interface JwtAuthorizer {
  /** `<issuer>/.well-known/openid-configuration`. */
  readonly discoveryUrl: string;
  readonly allowedClients: readonly string[];
  /** An access token has one of them at least. */
  readonly allowedScopes: readonly string[];
}

/** A request that arrived. */
export interface Arrived {
  readonly method: string;
  readonly headers: IncomingMessage['headers'];
}

interface Session {
  readonly caller: string;
  readonly transport: StreamableHTTPServerTransport;
  readonly server: Server;
}

/** Tools as an AgentCore gateway names them: target, three underscores, name. */
const SEARCH = {
  name: 'tickets___search',
  description: 'Finds tickets',
  inputSchema: { type: 'object' as const, properties: { text: { type: 'string' } }, required: ['text'] },
};
const EXPORT = {
  name: 'tickets___export',
  description: 'Exports all tickets, and reports progress',
  inputSchema: { type: 'object' as const },
};

class Refused extends Error {
  constructor(
    readonly status: 401 | 403,
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

export class AgentCoreGateway {
  /** Who may call; nobody until it is set. */
  authorizer: JwtAuthorizer | undefined;
  /** Every request to the MCP endpoint, refused or not. */
  readonly arrived: Arrived[] = [];
  /** Whether sessions that begin from now on respond with JSON, or with a stream. */
  respondsWithJson = false;
  readonly #sessions = new Map<string, Session>();
  #exported: () => void = () => {};
  #listening = 0;

  private constructor(private readonly server: HttpServer) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => void this.#respond(request, response));
  }

  static async start(): Promise<AgentCoreGateway> {
    const gateway = new AgentCoreGateway(createServer());
    await gateway.resume();
    return gateway;
  }

  /** Listens, on the same port as before if there was one. */
  async resume(): Promise<void> {
    await new Promise<void>((resolve, reject) =>
      this.server.once('error', reject).listen(this.#listening, '127.0.0.1', resolve),
    );
    this.#listening = (this.server.address() as AddressInfo).port;
  }

  /** Listens no longer. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  get mcpUrl(): string {
    return `http://127.0.0.1:${this.#listening}/mcp`;
  }

  /** An endpoint that takes requests and never responds. */
  get silentUrl(): string {
    return `http://127.0.0.1:${this.#listening}/silent`;
  }

  /** Lets the running call of `tickets___export` end. */
  finishExport(): void {
    this.#exported();
  }

  /** Tells the client of a session that the tools have changed: a message outside of responses. */
  async announceTools(sessionId: string): Promise<void> {
    await this.#sessions.get(sessionId)?.server.sendToolListChanged();
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/silent') return;
    this.arrived.push({ method: request.method ?? '', headers: request.headers });
    try {
      const caller = await this.#authorize(request.headers.authorization);
      const sessionId = request.headers['mcp-session-id'];
      const session = typeof sessionId === 'string' ? this.#sessions.get(sessionId) : await this.#begin(caller);
      if (session?.caller !== caller) {
        response.writeHead(404, { 'content-type': 'application/json' }).end(error(-32001, 'session not found'));
        return;
      }
      await session.transport.handleRequest(request, response);
    } catch (refused) {
      if (!(refused instanceof Refused)) throw refused;
      response.writeHead(refused.status, {
        'content-type': 'application/json',
        'www-authenticate': `Bearer resource_metadata="${this.mcpUrl}/.well-known/oauth-protected-resource"`,
      });
      response.end(error(refused.code, refused.message));
    }
  }

  /** Who calls, or a refusal. */
  async #authorize(authorization: string | undefined): Promise<string> {
    const token = /^Bearer (.+)$/.exec(authorization ?? '')?.[1];
    if (token === undefined) throw new Refused(401, -32001, 'Missing Bearer token');
    if (this.authorizer === undefined) throw new Error('the gateway has no authorizer yet');
    const { discoveryUrl, allowedClients, allowedScopes } = this.authorizer;
    const { issuer, jwks_uri: jwksUri } = (await (await fetch(discoveryUrl)).json()) as {
      issuer: string;
      jwks_uri: string;
    };
    let claims: JWTPayload;
    try {
      claims = (await jwtVerify(token, createRemoteJWKSet(new URL(jwksUri)), { issuer })).payload;
    } catch {
      throw new Refused(401, -32001, 'Invalid Bearer token');
    }
    const { client_id: clientId, scope } = claims as { client_id?: string; scope?: string };
    if (clientId === undefined || !allowedClients.includes(clientId))
      throw new Refused(401, -32001, 'Client is not allowed');
    if (!(scope ?? '').split(' ').some((each) => allowedScopes.includes(each)))
      throw new Refused(403, -32002, 'Insufficient scope');
    return claims.sub ?? clientId;
  }

  async #begin(caller: string): Promise<Session> {
    const server = new Server(
      { name: 'tickets', version: '1.0.0' },
      { capabilities: { tools: { listChanged: true } } },
    );
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      enableJsonResponse: this.respondsWithJson,
      onsessioninitialized: (sessionId) => void this.#sessions.set(sessionId, session),
      onsessionclosed: (sessionId) => void this.#sessions.delete(sessionId ?? ''),
    });
    const session = { caller, transport, server };
    server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [SEARCH, EXPORT] }));
    server.setRequestHandler(CallToolRequestSchema, async ({ params }, { _meta, sendNotification }) => {
      if (params.name === SEARCH.name)
        return { content: [{ type: 'text', text: `1 ticket about ${String(params.arguments?.['text'])}` }] };
      const finished = new Promise<void>((resolve) => (this.#exported = resolve));
      await sendNotification({
        method: 'notifications/progress',
        params: { progressToken: _meta?.progressToken ?? '', progress: 1, total: 2 },
      });
      await finished;
      return { content: [{ type: 'text', text: 'exported' }] };
    });
    await server.connect(transport);
    return session;
  }
}

const error = (code: number, message: string): string =>
  JSON.stringify({ jsonrpc: '2.0', id: null, error: { code, message } });
