/** The sentences of the workshop in the terminal: `mcp-lambda chat` with the offline planner, through OAuth, on the shop's servers. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { Person } from './person.ts';
import { runningStack } from './stack.ts';

const stack = runningStack();
const outputs = stack as unknown as Record<string, string>;
const program = process.env.MCP_LAMBDA_COMMAND;
/** The servers by their titles on the consent page, with their URLs and OAuth scopes. */
const servers = (
  [
    ['Products', ''],
    ['Orders', 'Orders'],
    ['Toolbox', 'Toolbox'],
  ] as const
).map(([title, prefix]) => ({
  title,
  url: outputs[`${prefix}McpServerUrl`]!,
  scopes: outputs[`${prefix}McpOAuthScope`]!.split(' '),
}));

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

describe('the workshop in the terminal', () => {
  const folder = mkdtempSync(join(tmpdir(), 'workshop-chat-'));
  let person: Person;

  /** Runs the command; `onNote` gets all that it has written to standard error so far. */
  async function run(args: readonly string[], onNote: (notes: string) => void = () => {}): Promise<Ended> {
    assert.ok(program !== undefined, 'MCP_LAMBDA_COMMAND names no program: run `npm test -- workshop`');
    const child = spawn(program, args, {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: folder, XDG_STATE_HOME: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (chunk) => (stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk) => {
      stderr += chunk;
      onNote(stderr);
    });
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    return { status, stdout, stderr };
  }

  const ask = (sentence: string, ...options: string[]) =>
    run(['chat', '--offline', ...options, ...servers.flatMap(({ url }) => ['--server', url]), '-p', sentence]);

  /** The reply to a sentence that needs no approval, after the call that the planner made. */
  async function reply(sentence: string, call: string): Promise<string> {
    const { status, stdout, stderr } = await ask(sentence);
    assert.equal(status, 0, stderr);
    assert.ok(stderr.includes(`→ ${call}\n`), stderr);
    return stdout;
  }

  before(async () => {
    person = await Person.signUp(stack);
    for (const { title, url, scopes } of servers) {
      let visited: Promise<void> | undefined;
      const { status, stderr } = await run(['token', '--url', url, '--no-browser'], (notes) => {
        const page = /to sign in:\n(\S+)\n/.exec(notes)?.[1];
        if (page !== undefined)
          visited ??= person.allowAndSignInAt(new URL(page), new RegExp(`to use ${title}\\?`), scopes.join('[^]*'));
      });
      await visited;
      assert.equal(status, 0, stderr);
    }
  });
  after(async () => {
    await person?.leave();
    rmSync(folder, { recursive: true, force: true });
  });

  test('products in electronics', async () => {
    const said = await reply('Show me products in electronics', 'products__search-products {"category":"electronics"}');
    assert.match(said, /I am the offline planner of mcp-lambda, not a language model/);
    for (const id of ['p009', 'p011']) assert.ok(said.includes(`id: ${id}`), said);
    assert.doesNotMatch(said, /category: (home|sports)/);
  });

  test('details of p001', async () => {
    const said = await reply('Give me the details of p001', 'products__get-product {"productId":"p001"}');
    assert.match(said, /name: Smartphone X/);
    assert.match(said, /price: 799\.99/);
  });

  test('everything under $200', async () => {
    const said = await reply('Show me everything under $200', 'products__search-products {"maxPrice":200}');
    const prices = [...said.matchAll(/price: ([\d.]+)/g)].map(([, price]) => Number(price));
    assert.equal(prices.length, 10, said);
    assert.ok(prices.every((price) => price <= 200));
  });

  test('an order is not placed before a person has approved it', async () => {
    const { status, stdout } = await ask('Order 2 × p002');
    assert.equal(status, 3, 'a person is needed');
    assert.doesNotMatch(stdout, /orderId/);
    const orders = await reply('What is the status of my orders?', 'orders__list-orders {}');
    assert.doesNotMatch(orders, /orderId/);
  });

  test('an approved order of 2 × p002, and the status of my orders', async () => {
    const call = 'orders__create-order {"lines":[{"productId":"p002","quantity":2}]}';
    const { status, stdout, stderr } = await ask('Order 2 × p002', '--yes');
    assert.equal(status, 0, stderr);
    assert.ok(stderr.includes(`→ ${call}\n`), stderr);
    const [, id] = /orderId: (\S+)/.exec(stdout) ?? [];
    assert.ok(id !== undefined, stdout);
    assert.match(stdout, /total: 299\.98/);
    const orders = await reply('What is the status of my orders?', 'orders__list-orders {}');
    assert.ok(orders.includes(id), orders);
    assert.match(orders, /status: placed/);
  });
});
