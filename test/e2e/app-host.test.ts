/** The catalogue in a host that is not ours: a page with `AppBridge` of the extension's own SDK, in a real browser. */

import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { after, before, describe, test } from 'node:test';

import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { getToolUiResourceUri, RESOURCE_MIME_TYPE } from '@modelcontextprotocol/ext-apps/app-bridge';
import { build } from 'esbuild';
import type { Browser, FrameLocator, Page } from 'playwright-core';

import { patience } from './patience.ts';
import { startBrowser } from './person.ts';
import { machineToken, runningStack } from './stack.ts';

const stack = runningStack();

/** What the host page does: it shows the document in a frame, and passes the app's calls on to the test. */
const hostPage = `
  import { AppBridge, PostMessageTransport } from '@modelcontextprotocol/ext-apps/app-bridge';

  globalThis.render = async (html, call, result) => {
    const frame = document.createElement('iframe');
    frame.setAttribute('sandbox', 'allow-scripts');
    frame.style.width = '100%';
    document.body.append(frame);
    const bridge = new AppBridge(
      null,
      { name: 'host', version: '1.0.0' },
      { serverTools: {} },
      { hostContext: { theme: 'light', displayMode: 'inline' } },
    );
    bridge.oncalltool = ({ name, arguments: given }) => globalThis.callTool(name, given);
    bridge.onsizechange = ({ height }) => { if (height !== undefined) frame.style.height = height + 'px'; };
    const initialized = new Promise((resolve) => { bridge.oninitialized = resolve; });
    await bridge.connect(new PostMessageTransport(frame.contentWindow, frame.contentWindow));
    frame.srcdoc = html;
    await initialized;
    await bridge.sendToolInput({ arguments: call });
    await bridge.sendToolResult(result);
    globalThis.bridge = bridge;
    return { app: bridge.getAppVersion(), modes: bridge.getAppCapabilities().availableDisplayModes };
  };
`;

/** The page with its script, which holds the SDK. */
async function bundled(): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: hostPage, resolveDir: fileURLToPath(new URL('..', import.meta.url)) },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    logLevel: 'error',
  });
  return outputFiles[0]!.text;
}

describe('the catalogue in a host of the extension SDK', () => {
  let client: Client;
  let browser: Browser;
  let page: Page;
  let server: Server;
  let frame: FrameLocator;
  const search = { maxPrice: 200, limit: 5 };
  const called: { name: string; given: Record<string, unknown> }[] = [];

  before(async () => {
    const token = await machineToken(stack);
    client = new Client(
      { name: 'host', version: '1.0.0' },
      { capabilities: { extensions: { 'io.modelcontextprotocol/ui': { mimeTypes: [RESOURCE_MIME_TYPE] } } } },
    );
    const requestInit = { headers: { authorization: `Bearer ${token}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(stack.McpServerUrl), { requestInit }));

    const script = await bundled();
    server = createServer(({ url }, response) => {
      const [type, body] =
        url === '/host.js'
          ? ['text/javascript', script]
          : [
              'text/html',
              '<!doctype html><meta charset="utf-8"><title>Host</title><script type="module" src="/host.js"></script>',
            ];
      response.writeHead(200, { 'content-type': type }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    browser = await startBrowser();
    page = await browser.newPage();
    page.setDefaultTimeout(patience);
    await page.exposeFunction('callTool', (name: string, given: Record<string, unknown>) => {
      called.push({ name, given });
      return client.callTool({ name, arguments: given });
    });
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction('globalThis.render !== undefined');
    frame = page.frameLocator('iframe');
  });
  after(async () => {
    await browser?.close();
    await client?.close();
    server?.closeAllConnections();
    server?.close();
  });

  test('finds the document by the SDK, and it completes the handshake', async () => {
    assert.ok(client.getServerCapabilities()?.extensions?.['io.modelcontextprotocol/ui']);
    const { tools } = await client.listTools();
    const uri = getToolUiResourceUri(tools.find(({ name }) => name === 'search-products')!);
    assert.equal(uri, 'ui://products/catalogue');
    const { contents } = await client.readResource({ uri });
    assert.equal(contents[0]!.mimeType, RESOURCE_MIME_TYPE);
    const result = await client.callTool({ name: 'search-products', arguments: search });
    const shown = await page.evaluate(([html, call, first]) => (globalThis as any).render(html, call, first), [
      (contents[0] as { text: string }).text,
      search,
      result,
    ] as const);
    assert.deepEqual(shown, { app: { name: 'catalogue', version: '1.0.0' }, modes: ['inline'] });
  });

  test('draws what the tool returned', async () => {
    await frame.getByRole('listitem').nth(4).waitFor();
    assert.equal(await frame.getByRole('listitem').count(), 5);
    const height = await page.locator('iframe').evaluate((element: any) => element.clientHeight);
    assert.ok(Number(height) > 200, `the app said its height: ${height}`);
  });

  test('calls the tool for the next page, with the same search', async () => {
    await frame.getByRole('button', { name: 'Show more products' }).click();
    await frame.getByRole('listitem').nth(5).waitFor();
    assert.equal(called.length, 1);
    const { name, given } = called[0]!;
    const { cursor, ...rest } = given;
    assert.deepEqual([name, rest, typeof cursor], ['search-products', search, 'string']);
  });

  test('follows the theme of the host', async () => {
    const scheme = () =>
      frame.locator('html').evaluate((root: any) => (globalThis as any).getComputedStyle(root).colorScheme);
    assert.equal(await scheme(), 'light');
    await page.evaluate(`globalThis.bridge.setHostContext({ theme: 'dark', displayMode: 'inline' })`);
    await frame.locator('html[style*="dark"]').waitFor({ state: 'attached' });
    assert.equal(await scheme(), 'dark');
  });

  test('says in words what a call failed of', async () => {
    await page.evaluate(
      `globalThis.bridge.sendToolResult({ isError: true, content: [{ type: 'text', text: 'the catalogue cannot be read <b>now</b>' }] })`,
    );
    await frame.getByText('the catalogue cannot be read <b>now</b>').waitFor();
    assert.equal(await frame.getByRole('listitem').count(), 0);
  });

  test('ends when the host asks for it', async () => {
    assert.deepEqual(await page.evaluate('globalThis.bridge.teardownResource({})'), {});
  });
});
