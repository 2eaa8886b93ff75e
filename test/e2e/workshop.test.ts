/** The shop of the workshop: what people say to an assistant, as the tool calls that it makes for them, through OAuth. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { after, before, describe, test } from 'node:test';

import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';

import type { Revision } from './clients/client.ts';
import { MemoryProvider } from './clients/typescript-provider.ts';
import { setVariables } from './function-variables.ts';
import { listenForCallback, Person } from './person.ts';
import { machineToken, runningStack, type Stack } from './stack.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const products = runningStack();

/** The outputs of a server begin with its name; those of products have none before them. */
function server(prefix: 'Orders' | 'Toolbox'): Stack {
  const outputs = products as unknown as Record<string, string>;
  const own = [
    'McpServerUrl',
    'OAuthMetadataUrl',
    'McpOAuthScope',
    'AutomatedOAuthClientId',
    'AutomatedOAuthClientSecretArn',
  ].map((name) => [name, outputs[`${prefix}${name}`]]);
  return { ...products, ...Object.fromEntries(own) };
}

const orders = server('Orders');
const toolbox = server('Toolbox');

interface Result {
  readonly isError?: boolean;
  readonly content: { readonly text?: string }[];
  readonly structuredContent?: any;
}

/** Calls a tool, which must not fail. */
async function call(client: Client, name: string, args: Record<string, unknown> = {}): Promise<any> {
  const result = (await client.callTool({ name, arguments: args })) as Result;
  assert.ok(!result.isError, JSON.stringify(result));
  assert.ok((result.content[0]?.text ?? '').length > 0);
  return result.structuredContent;
}

/** What a person is asked, and says, in place of a form on a screen. */
class Assistant {
  readonly asked: string[] = [];
  agrees = true;

  /** A client of this server after the person has consented and signed in. */
  async connect(person: Person, stack: Stack, title: string, revision: Revision): Promise<Client> {
    const callback = await listenForCallback(0);
    try {
      const provider = new MemoryProvider({ kind: 'registered' }, callback.redirectUri);
      const transport = () =>
        new StreamableHTTPClientTransport(new URL(stack.McpServerUrl), { authProvider: provider });
      const first = transport();
      await assert.rejects(this.client(revision).connect(first), UnauthorizedError);
      const [query] = await Promise.all([
        callback.next(),
        person.allowAndSignInAt(
          provider.authorizationUrl!,
          new RegExp(`Test client.* to use ${title}\\?`),
          stack.McpOAuthScope.split(' ').join('[^]*'),
        ),
      ]);
      await first.finishAuth(query);
      const client = this.client(revision);
      await client.connect(transport());
      return client;
    } finally {
      await callback.close();
    }
  }

  private client(revision: Revision): Client {
    const client = new Client(
      { name: 'test-client', version: '1.0.0' },
      {
        capabilities: { elicitation: { form: {} } },
        versionNegotiation: { mode: revision === '2026-07-28' ? 'auto' : 'legacy' },
      },
    );
    client.setRequestHandler('elicitation/create', async ({ params }) => {
      this.asked.push(params.message);
      return this.agrees ? { action: 'accept', content: { confirm: true } } : { action: 'decline' };
    });
    return client;
  }
}

/** Calls a tool of a server as the program of its machine client. */
async function callAsProgram(stack: Stack, name: string, args: object): Promise<Result> {
  const response = await fetch(stack.McpServerUrl, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-11-25',
      authorization: `Bearer ${await machineToken(stack)}`,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } }),
  });
  assert.equal(response.status, 200);
  return ((await response.json()) as { result: Result }).result;
}

for (const revision of ['2026-07-28', '2025-11-25'] satisfies Revision[]) {
  describe(`the workshop's sentences, with a client of ${revision}`, () => {
    const assistant = new Assistant();
    let person: Person;
    let shop: Client;
    let cart: Client;
    before(async () => {
      person = await Person.signUp(products);
      shop = await assistant.connect(person, products, 'Products', revision);
      cart = await assistant.connect(person, orders, 'Orders', revision);
      assert.equal(cart.getNegotiatedProtocolVersion(), revision);
    });
    after(async () => {
      await shop?.close();
      await cart?.close();
      await person?.leave();
    });

    test('products in electronics', async () => {
      const found = await call(shop, 'search-products', { category: 'electronics', limit: 50 });
      const ids = found.products.map(({ id }: { id: string }) => id);
      for (const id of ['p001', 'p002', 'p005']) assert.ok(ids.includes(id), ids.join());
      assert.ok(found.products.every(({ category }: { category: string }) => category === 'electronics'));
    });

    test('details of p001', async () => {
      const { name, price, currency } = await call(shop, 'get-product', { productId: 'p001' });
      assert.deepEqual([name, price, currency], ['Smartphone X', 799.99, 'USD']);
    });

    test('everything under $200, page by page', async () => {
      const prices: number[] = [];
      const ids = new Set<string>();
      let cursor: string | undefined;
      do {
        const page = await call(shop, 'search-products', { maxPrice: 200, limit: 15, ...(cursor && { cursor }) });
        for (const product of page.products) {
          prices.push(product.price);
          ids.add(product.id);
        }
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      assert.equal(ids.size, prices.length);
      assert.ok(ids.has('p005') && !ids.has('p001') && prices.length > 15);
      assert.ok(prices.every((price) => price <= 200));
    });

    test('an order of 2 × p002, which the person confirms, and the status of my orders', async () => {
      const before = await call(shop, 'get-product', { productId: 'p002' });
      const lines = [{ productId: 'p002', quantity: 2 }];
      const order = await call(cart, 'create-order', { lines });
      assert.equal(order.total, 299.98);
      assert.deepEqual(assistant.asked, ['Order 2 × Headphones (p002) at $149.99; total $299.98?']);
      assert.equal((await call(shop, 'get-product', { productId: 'p002' })).stock, before.stock - 2);

      const listed = await call(cart, 'list-orders');
      assert.deepEqual(listed.orders, [order]);
      assert.equal((await call(cart, 'check-order-status', { orderId: order.orderId })).status, 'placed');
      const foreign = await callAsProgram(orders, 'check-order-status', { orderId: order.orderId });
      assert.ok(foreign.isError, 'the program of the machine client sees no order of the person');
      assert.deepEqual((await callAsProgram(orders, 'list-orders', {})).structuredContent.orders, []);

      assert.equal((await call(cart, 'cancel-order', { orderId: order.orderId })).status, 'cancelled');
      assert.equal((await call(shop, 'get-product', { productId: 'p002' })).stock, before.stock);
    });

    test('an order that the person does not confirm is none', async () => {
      assistant.agrees = false;
      try {
        const lines = [{ productId: 'p003', quantity: 1 }];
        const result = (await cart.callTool({ name: 'create-order', arguments: { lines } })) as Result;
        assert.ok(result.isError);
        assert.equal(result.content[0]?.text, 'nothing was ordered: the person did not confirm');
      } finally {
        assistant.agrees = true;
      }
      assert.equal((await call(cart, 'list-orders', { status: 'placed' })).orders.length, 0);
    });
  });
}

describe('the toolbox', () => {
  let serper: ChildProcess;
  let putBack: () => Promise<void>;
  before(async () => {
    serper = spawn(process.execPath, [join(root, 'lambda/servers/toolbox/serper.mjs')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface(serper.stdout!), 'line')) as [string];
    const url = /http:\/\/127\.0\.0\.1:\d+$/.exec(line)?.[0];
    putBack = await setVariables(toolbox, 'SERPER_SECRET', { SERPER_BASE_URL: url });
  });
  after(async () => {
    await putBack?.();
    serper?.kill();
  });

  test('counts the buckets of the account with the one action that it may do', async () => {
    const { isError, structuredContent } = await callAsProgram(toolbox, 'count_s3_buckets', {});
    assert.ok(!isError);
    assert.ok(structuredContent.buckets >= 1, 'at least the one with the code of the functions');
  });

  test('searches the web with the key from Secrets Manager', async () => {
    const found = await callAsProgram(toolbox, 'search_website', { query: 'rust on lambda', limit: 2 });
    assert.deepEqual(
      found.structuredContent?.results.map(({ url }: { url: string }) => url),
      [1, 2].map((index) => `https://example.com/rust%20on%20lambda/${index}`),
      JSON.stringify(found),
    );
  });
});

describe('the configuration of clients', () => {
  test('names every server with its URL, for Claude Desktop and Claude Code', () => {
    const outputs = products as unknown as Record<string, string>;
    const urls = { products, orders, toolbox };
    const desktop = JSON.parse(outputs['ClaudeDesktopConfiguration']!).mcpServers;
    const code = JSON.parse(outputs['ClaudeCodeConfiguration']!).mcpServers;
    assert.deepEqual(Object.keys(desktop), Object.keys(urls));
    for (const [name, stack] of Object.entries(urls)) {
      assert.deepEqual(code[name], { type: 'http', url: stack.McpServerUrl });
      assert.deepEqual(desktop[name], { command: 'npx', args: ['-y', 'mcp-remote', stack.McpServerUrl] });
    }
  });
});
