/** What CloudFront is in AWS, before a stack that a test deploys beside the example: the API stage at the root of an origin, streamed. */

import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Stack } from './stack.ts';

export class Front {
  #restApiId = '';

  private constructor(
    private readonly stack: Pick<Stack, 'AwsEndpointUrl' | 'AwsRegion'>,
    private readonly server: Server,
  ) {
    server.on('request', (asked: IncomingMessage, response: ServerResponse) => this.#passOn(asked, response));
  }

  /** Listens on a free port, which the template has to know before there is an API. */
  static async start(stack: Pick<Stack, 'AwsEndpointUrl' | 'AwsRegion'>): Promise<Front> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
    return new Front(stack, server);
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Sends every request to the stage of this API from now on. */
  leadTo(restApiId: string): void {
    this.#restApiId = restApiId;
  }

  #passOn(asked: IncomingMessage, response: ServerResponse): void {
    const { connection: _, ...headers } = asked.headers;
    const passedOn = request(`${this.stack.AwsEndpointUrl}/_aws/execute-api/${this.#restApiId}/prod${asked.url}`, {
      method: asked.method,
      headers: { ...headers, host: `${this.#restApiId}.execute-api.${this.stack.AwsRegion}.amazonaws.com` },
    });
    passedOn.on('response', (said) => {
      response.writeHead(said.statusCode ?? 502, said.headers);
      response.flushHeaders();
      said.on('error', () => response.destroy()).pipe(response);
    });
    passedOn.on('error', () => response.destroy());
    response.on('close', () => passedOn.destroy());
    asked.pipe(passedOn);
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }
}
