/** A Lambda Runtime API for one function and one invocation at a time, as a program under test sees it. */

import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the function posted for one invocation. */
export interface Answer {
  /** `response` or `error`, the last part of the path that was posted to. */
  readonly kind: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** The running Runtime API. */
export interface RuntimeApi {
  /** For the function's environment: `AWS_LAMBDA_RUNTIME_API`. */
  readonly address: string;
  /** Hands the next event to the function and waits for what it posts. */
  invoke(event: object): Promise<Answer>;
  close(): Promise<void>;
}

/** Starts the Runtime API on a free loopback port. */
export async function startRuntimeApi(): Promise<RuntimeApi> {
  const events: { readonly id: string; readonly event: object }[] = [];
  const answers = new Map<string, (answer: Answer) => void>();
  let polling: ServerResponse | undefined;

  const deliver = (): void => {
    const next = polling === undefined ? undefined : events.shift();
    if (next === undefined || polling === undefined) return;
    polling
      .writeHead(200, {
        'content-type': 'application/json',
        'lambda-runtime-aws-request-id': next.id,
        'lambda-runtime-deadline-ms': String(Date.now() + 30_000),
        'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:us-east-1:000000000000:function:under-test',
      })
      .end(JSON.stringify(next.event));
    polling = undefined;
  };

  const server = createServer((request, response) => {
    const path =
      /^\/2018-06-01\/runtime\/(?:invocation\/next|invocation\/([^/]+)\/(response|error)|init\/(error))$/.exec(
        request.url ?? '',
      );
    if (path === null) {
      response.writeHead(404).end();
    } else if (request.method === 'GET') {
      polling = response;
      deliver();
    } else {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        response.writeHead(202).end();
        const answer = { kind: path[2] ?? path[3] ?? '', headers: request.headers, body: Buffer.concat(chunks) };
        // An error in the init phase concerns whoever is waiting for an answer.
        for (const id of path[1] === undefined ? [...answers.keys()] : [path[1]]) answers.get(id)?.(answer);
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    invoke: (event) =>
      new Promise((resolve) => {
        const id = randomUUID();
        answers.set(id, resolve);
        events.push({ id, event });
        deliver();
      }),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
