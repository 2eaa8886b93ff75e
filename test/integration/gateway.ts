/** Calls of an MCP server through its API, as a front passes them on. */

import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { emulator } from './account.ts';

export interface Answer {
  readonly status: number;
  readonly challenge: string | undefined;
  readonly body: string;
}

/** How the emulator has the API: below a path of its own, by the host name that the API has on AWS. */
const behind = (api: string, path: string) => ({
  url: `${emulator.AwsEndpointUrl}/_aws/execute-api/${api}/prod${path}`,
  host: `${api}.execute-api.${emulator.AwsRegion}.amazonaws.com`,
});

async function text(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
}

/** Sends an MCP message of revision 2026-07-28. */
export function send(
  api: string,
  message: { readonly method: string; readonly params?: object },
  headers: Record<string, string>,
): Promise<Answer> {
  const { url, host } = behind(api, '/mcp');
  const name = (message.params as { name?: string } | undefined)?.name;
  const params = {
    ...message.params,
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'integration', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  };
  return new Promise((resolve, reject) => {
    const asked = request(
      url,
      {
        method: 'POST',
        headers: {
          host,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': '2026-07-28',
          'mcp-method': message.method,
          ...(name === undefined ? {} : { 'mcp-name': name }),
          ...headers,
        },
      },
      (response) => {
        text(response).then(
          (body) => resolve({ status: response.statusCode!, challenge: response.headers['www-authenticate'], body }),
          reject,
        );
      },
    );
    asked.on('error', reject).end(JSON.stringify({ jsonrpc: '2.0', id: 1, ...message, params }));
  });
}

/** The front of an API that is known later: an origin of its own, which passes everything on to the stage. */
export class Front {
  api: string | undefined;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((asked, answer) => {
      const { url, host } = behind(this.api ?? 'none', asked.url!);
      const passed = request(url, { method: asked.method, headers: { ...asked.headers, host } }, (response) => {
        answer.writeHead(response.statusCode!, response.headers);
        response.pipe(answer);
      });
      passed.on('error', () => answer.destroy());
      asked.pipe(passed);
    });
  }

  static async start(): Promise<Front> {
    const front = new Front();
    await new Promise<void>((resolve) => front.#server.listen(0, '127.0.0.1', resolve));
    return front;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** An access token, or the error code where it is refused. */
export interface TokenAnswer {
  readonly token?: string;
  readonly error?: string;
}

/** Asks for an access token by client credentials (RFC 6749 section 4.4). */
export async function machineToken(
  endpoint: string,
  clientId: string,
  secret: string,
  oauthScope: string,
): Promise<TokenAnswer> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`,
    },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: oauthScope }),
  });
  const { access_token: token, error } = (await response.json()) as { access_token?: string; error?: string };
  return { token, error };
}
