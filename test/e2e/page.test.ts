/** The page for people at the root of the public URL, in a real browser. */

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import type { Browser, Page } from 'playwright-core';

import { flaws } from './flaws.ts';
import { startBrowser } from './person.ts';
import { runningStack } from './stack.ts';

const stack = runningStack();
const root = new URL('/', stack.McpServerUrl).href;
const pictures = process.env.PAGE_SCREENSHOTS;

describe('the page for people', () => {
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];

  before(async () => {
    browser = await startBrowser();
    page = await browser.newPage();
    page.on('console', (message) => problems.push(message.text()));
    page.on('requestfailed', (request) => problems.push(request.url()));
    await page.goto(root);
  });
  after(() => browser?.close());

  test('is HTML that browsers keep for minutes, also for HEAD, and needs no access token', async () => {
    for (const method of ['GET', 'HEAD']) {
      const response = await fetch(root, { method });
      assert.equal(response.status, 200);
      assert.match(response.headers.get('content-type') ?? '', /^text\/html/);
      assert.equal(response.headers.get('cache-control'), 'public, max-age=300');
    }
  });

  test('is where a browser arrives that opens the MCP URL, which challenges every other client', async () => {
    const visitor = await browser.newPage();
    const response = await visitor.goto(stack.McpServerUrl);
    assert.equal(visitor.url(), root);
    assert.equal(response?.status(), 200);
    await visitor.close();
    for (const accept of ['text/event-stream', 'application/json', '*/*']) {
      const { status } = await fetch(stack.McpServerUrl, { headers: { accept }, redirect: 'manual' });
      assert.equal(status, 401, accept);
    }
  });

  test('has the URL and the commands that the stack gives, word for word', async () => {
    const lines = await page.locator('pre').allInnerTexts();
    for (const line of [stack.McpServerUrl, stack.ClaudeCodeCommand, stack.CodexCommand]) {
      assert.ok(line !== undefined && lines.includes(line), `${line} is not one of ${lines.join('\n')}`);
    }
  });

  test('names no client that connects from its own servers, which cannot reach this machine', async () => {
    assert.doesNotMatch(await page.locator('main').innerText(), /ChatGPT|on the web/);
  });

  test('names every tool of the server', async () => {
    const [server] = Object.values(stack.servers);
    for (const tool of Object.keys(server!.tools)) {
      await page.locator('li code', { hasText: new RegExp(`^${tool}$`) }).waitFor();
    }
  });

  test('leads to the sign-up page', async () => {
    const link = page.getByRole('link', { name: 'Sign up or in' });
    assert.equal(await link.getAttribute('href'), stack.SignInUrl);
  });

  test('is accessible and fits a small phone, in light and dark, by its own style sheet alone', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      for (const width of [1280, 320]) {
        await page.setViewportSize({ width, height: 860 });
        assert.deepEqual(await flaws(page), [], `${colorScheme} at ${width} px`);
        if (pictures !== undefined) {
          mkdirSync(pictures, { recursive: true });
          await page.screenshot({ path: join(pictures, `page-${width}-${colorScheme}.png`), fullPage: true });
        }
      }
    }
    // The policy lets the style sheet in, and what it keeps out is in the console.
    assert.notEqual(await page.evaluate('getComputedStyle(document.body).maxWidth'), 'none');
    assert.deepEqual(
      problems.filter((problem) => !problem.includes('favicon.ico')),
      [],
    );
  });
});
