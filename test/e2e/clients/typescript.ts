/** The official TypeScript client: `@modelcontextprotocol/client` 2.4, and `@modelcontextprotocol/sdk` 1.32 of the era before. */

import assert from 'node:assert/strict';

import * as second from '@modelcontextprotocol/client';
import { ClientCredentialsProvider as FirstClientCredentialsProvider } from '@modelcontextprotocol/sdk/client/auth-extensions.js';
import { UnauthorizedError as FirstUnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client as FirstClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as FirstTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

import { listenForCallback } from '../person.ts';
import type { Errand, McpClient, Outcome, Surroundings } from './client.ts';
import { MemoryProvider } from './typescript-provider.ts';

const itself = { name: 'test-client', version: '1.0.0' };

/** What the two generations have in common, as far as an errand needs it. */
interface Generation<Provider> {
  readonly credentials: (options: second.ClientCredentialsProviderOptions) => Provider;
  /** Connects, or rejects with `unauthorized`; `finishAuth` takes the callback's query. */
  readonly connect: (
    errand: Errand,
    provider: Provider | MemoryProvider,
  ) => { connected: Promise<Connected>; finishAuth: (query: URLSearchParams) => Promise<void> };
  readonly unauthorized: new () => Error;
}

interface Connected {
  readonly revision: string | undefined;
  listTools(): Promise<{ tools: readonly { name: string }[] }>;
  callTool(limit: number, onprogress: Surroundings['progressed']): Promise<{ readonly [member: string]: unknown }>;
  close(): Promise<void>;
}

async function run<Provider>(
  generation: Generation<Provider>,
  errand: Errand,
  surroundings: Surroundings,
): Promise<Outcome> {
  const { identity } = errand;
  if (identity.kind === 'program') {
    const { clientId, clientSecret, scope, issuer } = identity;
    return converse(
      await generation.connect(
        errand,
        generation.credentials({ clientId, clientSecret, scope, expectedIssuer: issuer }),
      ).connected,
      errand,
      surroundings,
    );
  }
  const callback = await listenForCallback(errand.callbackPort);
  try {
    const provider = new MemoryProvider(identity, callback.redirectUri);
    const first = generation.connect(errand, provider);
    await assert.rejects(first.connected, generation.unauthorized);
    assert.ok(provider.authorizationUrl, 'the client was not sent to the authorization endpoint');
    const [query] = await Promise.all([callback.next(), surroundings.visit(provider.authorizationUrl)]);
    await first.finishAuth(query);
    return await converse(await generation.connect(errand, provider).connected, errand, surroundings);
  } finally {
    await callback.close();
  }
}

async function converse(client: Connected, errand: Errand, surroundings: Surroundings): Promise<Outcome> {
  try {
    const { tools } = await client.listTools();
    const result = await client.callTool(errand.limit, surroundings.progressed);
    assert.ok(!result['isError'], JSON.stringify(result));
    const { facts } = result['structuredContent'] as { facts: readonly string[] };
    return { revision: client.revision, tools: tools.map(({ name }) => name), facts };
  } finally {
    await client.close();
  }
}

const secondGeneration: Generation<second.ClientCredentialsProvider> = {
  credentials: (options) => new second.ClientCredentialsProvider(options),
  unauthorized: second.UnauthorizedError,
  connect: (errand, provider) => {
    const client = new second.Client(itself, {
      versionNegotiation: { mode: errand.revision === '2026-07-28' ? 'auto' : 'legacy' },
    });
    const transport = new second.StreamableHTTPClientTransport(new URL(errand.url), { authProvider: provider });
    const connected = client.connect(transport).then(() => ({
      revision: client.getNegotiatedProtocolVersion(),
      listTools: () => client.listTools(),
      callTool: (limit: number, onprogress: Surroundings['progressed']) =>
        client.callTool({ name: 'getDogFacts', arguments: { limit } }, { onprogress }),
      close: () => client.close(),
    }));
    return { connected, finishAuth: (query) => transport.finishAuth(query) };
  },
};

const firstGeneration: Generation<FirstClientCredentialsProvider> = {
  credentials: (options) => new FirstClientCredentialsProvider(options),
  unauthorized: FirstUnauthorizedError,
  connect: (errand, provider) => {
    const client = new FirstClient(itself);
    const transport = new FirstTransport(new URL(errand.url), { authProvider: provider });
    const connected = client.connect(transport).then(() => ({
      revision: transport.protocolVersion,
      listTools: () => client.listTools(),
      callTool: (limit: number, onprogress: Surroundings['progressed']) =>
        client.callTool({ name: 'getDogFacts', arguments: { limit } }, undefined, { onprogress }),
      close: () => client.close(),
    }));
    return { connected, finishAuth: (query) => transport.finishAuth(query.get('code') ?? '') };
  },
};

/** Everything that an official SDK can be. */
const whole = {
  identities: ['preRegistered', 'registered', 'metadataDocument', 'program'],
  showsProgress: true,
} as const;

/** Both generations. */
export const typescriptClients: readonly McpClient[] = [
  {
    ...whole,
    name: 'the TypeScript client 2.4',
    revisions: ['2026-07-28', '2025-11-25'],
    run: (errand, surroundings) => run(secondGeneration, errand, surroundings),
  },
  {
    ...whole,
    name: 'the TypeScript SDK 1.32',
    revisions: ['2025-11-25'],
    run: (errand, surroundings) => run(firstGeneration, errand, surroundings),
  },
];
