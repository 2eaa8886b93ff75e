/** `mcp-lambda dev` in three CDK apps that are not this repository's: Python, Rust and TypeScript, each with servers of its own. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { patience } from './patience.ts';
import { removeDirectory } from './remove-directory.ts';
import { aws, type LocalServer, type Stack } from './stack.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** As deep below the checkout as the sources are, whose paths lead out of their own folder. */
const apps = join(root, '.local', 'e2e', 'apps');
const program = process.env.MCP_LAMBDA_PROGRAM;

/** A running `mcp-lambda dev`. */
interface Dev {
  readonly child: ChildProcess;
  readonly outputs: Stack;
  /** Everything that it printed so far. */
  readonly printed: () => string;
}

async function dev(app: string, environment: NodeJS.ProcessEnv = {}): Promise<Dev> {
  assert.ok(program !== undefined, 'MCP_LAMBDA_PROGRAM names no program: run `npm test -- dev-apps`');
  const folder = join(apps, app);
  const file = join(folder, 'outputs.json');
  rmSync(file, { force: true });
  // The virtual environment of the emulator is the checkout's: the directory is given, and the rest of the state is of one run.
  const args = [
    'dev',
    '--port',
    '0',
    '--outputs-file',
    file,
    '--state-directory',
    '../../../../.local',
    '--checkout',
    root,
  ];
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...process.env, CARGO_TARGET_DIR: join(root, 'target'), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (printed += String(chunk)));
  while (!existsSync(file)) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`mcp-lambda dev ended:\n${printed}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return { child, outputs: JSON.parse(readFileSync(file, 'utf8')) as Stack, printed: () => printed };
}

async function stop({ child }: Dev): Promise<void> {
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGTERM');
  await ended;
}

/** Calls the only tool of a server as a program, with an access token from the server's own token endpoint. */
async function callTool(outputs: Stack, server: LocalServer): Promise<string> {
  const [client] = Object.values(server.machineClients);
  const [tool] = Object.keys(server.tools);
  assert.ok(client !== undefined && tool !== undefined && server.tokenUrl !== undefined, JSON.stringify(server));
  const { SecretString: secret } = await aws<{ SecretString: string }>(
    outputs,
    'secretsmanager',
    'secretsmanager.GetSecretValue',
    { SecretId: client.clientSecretArn },
  );
  const issued = await fetch(server.tokenUrl, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${client.clientId}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: client.oauthScopes.join(' ') }),
  });
  const { access_token: token } = (await issued.json()) as { access_token?: string };
  assert.equal(issued.status, 200);
  const called = await fetch(server.mcpServerUrl, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: {} } }),
  });
  return called.text();
}

/** Calls the only tool of a server by its name, as a person does in a shell. */
function callByName(app: string, outputs: Stack, name: string): string {
  const server = Object.values(outputs.servers).find((each) => each.name === name);
  const first = new URL(outputs.servers['Orders/Server']?.mcpServerUrl ?? '').port;
  const [tool = ''] = Object.keys(server?.tools ?? {});
  const args = ['call', tool, '--server', name, '--port', first, '--state-directory', '../../../../.local'];
  const { status, stdout, stderr } = spawnSync(program ?? '', args, { cwd: join(apps, app), encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return stdout;
}

/** Changes what the tool of a server returns, and waits until it does. */
async function changeTool(running: Dev, server: LocalServer, source: string): Promise<void> {
  const text = readFileSync(source, 'utf8');
  writeFileSync(source, text.replace('first version', 'second version'));
  for (;;) {
    const response = await callTool(running.outputs, server);
    if (response.includes('second version')) return;
    assert.match(response, /first version/, running.printed());
    assert.doesNotMatch(running.printed(), /what ran before goes on/);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

before(() => {
  rmSync(apps, { recursive: true, force: true });
  cpSync(join(root, 'test', 'e2e', 'apps'), apps, { recursive: true });
  // The versions that the checkout has.
  cpSync(join(root, 'Cargo.lock'), join(apps, 'Cargo.lock'));
});

// The first build of the servers takes minutes.
describe('mcp-lambda dev', { timeout: 12 * patience }, () => {
  test('runs a Python app: two servers in two stacks, with contracts that are old, beside a table of its own', async () => {
    const { DEV_APPS_PYTHON: python, DEV_APPS_PYTHONPATH: modules } = process.env;
    assert.ok(python !== undefined && modules !== undefined, 'run `npm test -- dev-apps`');
    const running = await dev('python', { PATH: `${join(python, '..')}:${process.env.PATH}`, PYTHONPATH: modules });
    try {
      const { outputs } = running;
      assert.deepEqual(Object.keys(outputs.servers), ['Orders/Server', 'Stock/Server']);
      for (const [name, server] of Object.entries(outputs.servers))
        assert.match(await callTool(outputs, server), /first version/, name);
      for (const name of ['orders', 'stock']) assert.match(callByName('python', outputs, name), /first version/);
      assert.match(running.printed(), /contract of orders: \+ tool getOrder \[orders\.read\]/);
      const urls = new Set(Object.values(outputs.servers).map(({ mcpServerUrl }) => mcpServerUrl));
      assert.equal(urls.size, 2);
      assert.deepEqual(
        ['Orders', 'Stock'].map((stack) => outputs.stacks[stack]?.['Url']),
        ['Orders/Server', 'Stock/Server'].map((server) => outputs.servers[server]?.mcpServerUrl),
      );
      const { OrdersTable: table } = outputs as unknown as { OrdersTable: string };
      await aws(outputs, 'dynamodb', 'DynamoDB_20120810.PutItem', { TableName: table, Item: { id: { S: 'kept' } } });
      await changeTool(running, outputs.servers['Stock/Server']!, join(apps, 'python/servers/src/bin/stock.rs'));
      const kept = await aws<{ Item?: unknown }>(outputs, 'dynamodb', 'DynamoDB_20120810.GetItem', {
        TableName: table,
        Key: { id: { S: 'kept' } },
      });
      assert.notEqual(kept.Item, undefined);
    } finally {
      await stop(running);
    }
  });

  test('runs a Rust app', async () => {
    const running = await dev('rust');
    try {
      const server = running.outputs.servers['Desk/Server']!;
      assert.match(await callTool(running.outputs, server), /first version/);
      await changeTool(running, server, join(apps, 'rust/server/src/main.rs'));
    } finally {
      await stop(running);
    }
  });

  test('runs a TypeScript app with a host and a user pool of another app, whose contract is not there yet', async () => {
    const running = await dev('typescript');
    try {
      const server = running.outputs.servers['Counsel/Server']!;
      assert.match(server.mcpServerUrl, /\/counsel\/mcp$/);
      assert.match(await callTool(running.outputs, server), /first version/);
      await changeTool(running, server, join(apps, 'typescript/server/src/main.rs'));
      const source = join(apps, 'typescript/server/src/main.rs');
      writeFileSync(source, readFileSync(source, 'utf8').replace('"second version"', 'second version'));
      while (!running.printed().includes('what ran before goes on: building the servers failed'))
        await new Promise((resolve) => setTimeout(resolve, 200));
      assert.match(await callTool(running.outputs, server), /second version/);
    } finally {
      await stop(running);
    }
  });
});

after(() => removeDirectory(apps));
