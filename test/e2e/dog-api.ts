/** A stand-in for the Dog API that answers when the test lets it, so that a test can look at a call while it runs. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { setVariables } from './function-variables.ts';
import { processesOf } from './processes.ts';
import type { Stack } from './stack.ts';

/** The stand-in, which the deployed function asks as long as it is open. */
export interface HeldDogApi {
  /** Answers the request that waits; the next one has to wait for the next release. */
  release(): void;
  close(): Promise<void>;
}

/** Points the deployed function to a port, or the stack's own Dog API, where the server is no function. What is returned undoes it. */
async function lead(stack: Stack, port: number): Promise<() => Promise<void>> {
  const [one] = processesOf(stack);
  if (one === undefined)
    return setVariables(stack, 'DOG_API_BASE_URL', {
      DOG_API_BASE_URL: `http://127.0.0.1:${port}`,
      DOG_API_TIMEOUT_MS: '20000',
    });
  const own = new URL(one.settings.DOG_API_BASE_URL!);
  await fetch(new URL(`/upstream/${port}`, own), { method: 'PUT' });
  return async () => void (await fetch(new URL('/upstream', own), { method: 'DELETE' }));
}

/** Points the deployed server here; no answer comes before `release`. */
export async function holdDogApi(stack: Stack): Promise<HeldDogApi> {
  const waiting: (() => void)[] = [];
  let released = 0;
  const server = createServer((request, response) => {
    const limit = Number(new URL(request.url ?? '/', 'http://localhost').searchParams.get('limit'));
    const data = Array.from({ length: limit }, (_, index) => ({
      attributes: { body: `Fact ${index + 1} that was waited for.` },
    }));
    const answer = (): void =>
      void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ data }));
    if (released > 0) {
      released -= 1;
      answer();
    } else waiting.push(answer);
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const forget = await lead(stack, (server.address() as AddressInfo).port);
  return {
    release: () => {
      const answer = waiting.shift();
      if (answer === undefined) released += 1;
      else answer();
    },
    close: async () => {
      await forget();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
