/** The tools of the example as plain REST, on the local stack: API keys and their limits, the OpenAPI document, and a client generated from it. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { before, describe, test } from 'node:test';

import { Validator } from '@seriousme/openapi-schema-validator';

import { fetchPatiently } from './load-browser.ts';
import { awsRest, machineToken, runningStack } from './stack.ts';

const tests = fileURLToPath(new URL('..', import.meta.url));
const stack = runningStack();
const [tools] = Object.values(stack.toolsApis ?? {});
assert.ok(tools, 'the stack has a tools API');
const { url, apiKeys } = tools;
const keyId = apiKeys.example!;

interface Key {
  readonly id: string;
  readonly value: string;
}

/** Calls the control plane of API Gateway as the operator does. */
const gateway = <T>(method: string, path: string, body?: object) => awsRest<T>(stack, 'apigateway', method, path, body);

let key = '';
before(async () => {
  ({ value: key } = await gateway<Key>('GET', `/apikeys/${keyId}?includeValue=true`));
});

interface Request {
  readonly key?: string;
  readonly body?: unknown;
  readonly method?: string;
}

const requestOf = (init: Request): RequestInit => ({
  method: init.method ?? (init.body === undefined ? 'GET' : 'POST'),
  headers: {
    ...(init.key !== undefined && { 'x-api-key': init.key }),
    ...(init.body !== undefined && { 'content-type': 'application/json' }),
  },
  ...(init.body !== undefined && { body: JSON.stringify(init.body) }),
});

/** Sends a request, and comes back when the key has used up its rate: the tests share one key. */
const send = async (path: string, init: Request = {}): Promise<Response> =>
  (await fetchPatiently(`${url}${path}`, () => requestOf(init))).response;

const refused = async (response: Response, status: number, kind: string): Promise<void> => {
  assert.equal(response.status, status);
  assert.equal(response.headers.get('content-type'), 'application/problem+json');
  assert.equal(((await response.json()) as { type: string }).type, `urn:mcp-lambda:problem:${kind}`);
};

describe('a program with an API key', () => {
  test('lists the functions and calls one by every endpoint', async () => {
    const list = (await (await send('/functions', { key })).json()) as { functions: { name: string }[] };
    assert.deepEqual(
      list.functions.map(({ name }) => name),
      ['getDogFacts'],
    );
    const call = { name: 'getDogFacts', arguments: { limit: 2 } };
    for (const [path, body] of [
      ['/functions/getDogFacts', call.arguments],
      ['/functions/call', call],
      ['/tools/call', call],
      ['/execute', call],
    ] as const) {
      const response = await send(path, { key, body });
      assert.equal(response.status, 200, path);
      const { structuredContent } = (await response.json()) as { structuredContent: { facts: string[] } };
      assert.equal(structuredContent.facts.length, 2, path);
    }
  });

  test('gets the structured content that an MCP client gets', async () => {
    const message = {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'getDogFacts', arguments: { limit: 1 } },
    };
    const byMcp = await fetch(stack.McpServerUrl, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await machineToken(stack)}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2025-11-25',
      },
      body: JSON.stringify(message),
    });
    const { result } = (await byMcp.json()) as { result: { structuredContent: object } };
    const byRest = (await (await send('/functions/getDogFacts', { key, body: { limit: 1 } })).json()) as typeof result;
    assert.deepEqual(Object.keys(byRest.structuredContent), Object.keys(result.structuredContent));
  });

  test('gets an error that names the wrong argument, and one for a name that is given twice', async () => {
    await refused(await send('/functions/getDogFacts', { key, body: { limit: 99 } }), 422, 'arguments-invalid');
    const smuggled = await fetch(`${url}/execute`, {
      method: 'POST',
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
      body: '{"name":"getDogFacts","n\\u0061me":"other"}',
    });
    await refused(smuggled, 400, 'body-invalid');
    await refused(await send('/functions/other', { key, body: {} }), 404, 'function-unknown');
    await refused(await send('/functions', { key, method: 'DELETE' }), 405, 'method-not-allowed');
  });
});

describe('API Gateway refuses', () => {
  test('no key, an unknown one, and one of another API', async () => {
    const other = await gateway<Key>('POST', '/apikeys', { name: 'other', enabled: true });
    try {
      for (const wrong of [undefined, 'x'.repeat(40), other.value]) {
        await refused(await send('/functions', { key: wrong }), 403, 'key-unknown');
      }
    } finally {
      await gateway('DELETE', `/apikeys/${other.id}`);
    }
  });

  test('a key while it is disabled', async () => {
    const enable = (value: string) =>
      gateway('PATCH', `/apikeys/${keyId}`, { patchOperations: [{ op: 'replace', path: '/enabled', value }] });
    await enable('false');
    try {
      await refused(await send('/functions', { key }), 403, 'key-unknown');
    } finally {
      await enable('true');
    }
    assert.equal((await send('/functions', { key })).status, 200);
  });

  test('requests above the quota of the key, until it is raised', async () => {
    const { item: plans } = await gateway<{ item: { id: string }[] }>('GET', `/usageplans?keyId=${keyId}`);
    const change = (...patchOperations: object[]) =>
      gateway('PATCH', `/usageplans/${plans[0]!.id}`, { patchOperations });
    await change(
      { op: 'add', path: '/quota/limit', value: '1' },
      { op: 'add', path: '/quota/period', value: 'DAY' },
      { op: 'add', path: '/quota/offset', value: '0' },
    );
    try {
      await send('/functions', { key });
      // The one status 429 that does not go away by waiting.
      const response = await fetch(`${url}/functions`, requestOf({ key }));
      assert.equal(response.headers.get('retry-after'), null);
      await refused(response, 429, 'quota-exceeded');
    } finally {
      await change({ op: 'remove', path: '/quota' });
    }
    assert.equal((await send('/functions', { key })).status, 200);
  });

  test('requests above the rate limit of the key', async () => {
    const all = await Promise.all(Array.from({ length: 60 }, () => fetch(`${url}/functions`, requestOf({ key }))));
    const throttled = all.filter(({ status }) => status === 429);
    assert.ok(throttled.length > 0 && throttled.length < all.length, `${throttled.length} of ${all.length}`);
    assert.equal(throttled[0]!.headers.get('retry-after'), '1');
    await refused(throttled[0]!, 429, 'too-many-requests');
  });
});

describe('the OpenAPI document', () => {
  test('is valid, and a client that is generated from it calls getDogFacts', async (context) => {
    const document = await (await send('/openapi.json', { key })).json();
    const { valid, errors } = await new Validator().validate(document as Record<string, unknown>);
    assert.ok(valid, JSON.stringify(errors));
    // Inside of the tests, whose packages the generated client's compiler finds.
    const folder = mkdtempSync(join(tests, 'e2e', '.generated-'));
    context.after(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'openapi.json'), JSON.stringify(document));
    const generator = join(tests, 'node_modules', '.bin', 'openapi-ts');
    const generated = spawnSync(generator, ['-i', 'openapi.json', '-o', 'client'], { cwd: folder, encoding: 'utf8' });
    assert.equal(generated.status, 0, generated.stderr + generated.stdout);
    const sdk = await import(pathToFileURL(join(folder, 'client', 'index.ts')).href);
    const { data, error } = await sdk.getDogFacts({ body: { limit: 1 }, auth: () => key });
    assert.equal(error, undefined);
    assert.equal(data.structuredContent.facts.length, 1);
  });

  test('has a page, which runs no script', async () => {
    const page = await send('/docs', { key });
    assert.match(page.headers.get('content-security-policy') ?? '', /^default-src 'none'/);
    const html = await page.text();
    assert.ok(html.includes('getDogFacts') && !html.includes('<script'));
  });
});
