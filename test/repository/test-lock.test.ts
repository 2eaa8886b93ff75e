/** What keeps two runs of one checkout, and the settings of a shell, out of each other's way. */

import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const url = (name: string): string => new URL(`../../scripts/lib/${name}`, import.meta.url).href;

describe('a lock of the checkout', () => {
  const name = `of-a-test-${randomBytes(4).toString('hex')}`;
  after(() => rmSync(fileURLToPath(new URL(`../../.local/${name}.lock`, import.meta.url)), { force: true }));

  /** A process that says when it waits and when it has the lock, which it keeps until it is told to let go. */
  function holder(): { readonly child: ChildProcess; says(wanted: string): Promise<void> } {
    const program = `
      import { lock } from '${url('lock.mjs')}';
      const unlock = await lock('${name}', () => process.send('waits'));
      process.send('has it');
      process.once('message', async () => { await unlock(); process.exit(); });`;
    const child = spawn('node', ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const said: unknown[] = [];
    child.on('message', (message) => said.push(message));
    return {
      child,
      says: async (wanted) => {
        while (!said.includes(wanted)) await once(child, 'message');
      },
    };
  }

  test('is had by one process at a time, and by the next when that one lets go or is killed', async () => {
    const first = holder();
    await first.says('has it');
    const next = holder();
    await next.says('waits');
    first.child.send('let go');
    await next.says('has it');
    const other = holder();
    await other.says('waits');
    next.child.kill('SIGKILL');
    await other.says('has it');
    other.child.send('let go');
    await once(other.child, 'exit');
  });
});

test('settings of a shell that change what programs do are removed, and loopback is reached without a proxy', () => {
  const program = `
    import { cleanEnvironment } from '${url('environment.mjs')}';
    cleanEnvironment();
    process.stdout.write(JSON.stringify(process.env));`;
  const shell = {
    PATH: process.env.PATH,
    AWS_PROFILE: 'x',
    AWS_ENDPOINT_URL: 'x',
    CDK_OUTDIR: 'x',
    PYTHONPATH: 'x',
    NODE_PATH: '/x',
    HTTPS_PROXY: 'http://proxy:1',
    NO_PROXY: 'corp',
    CARGO_HOME: '/c',
    npm_config_registry: 'http://r',
  };
  const { stdout } = spawnSync('node', ['--input-type=module', '-e', program], { env: shell, encoding: 'utf8' });
  const { PATH: path, ...left } = JSON.parse(stdout) as Record<string, string>;
  assert.equal(path, shell.PATH);
  const direct = 'corp,127.0.0.1,localhost,::1';
  assert.deepEqual(left, {
    HTTPS_PROXY: 'http://proxy:1',
    CARGO_HOME: '/c',
    npm_config_registry: 'http://r',
    NO_PROXY: direct,
    no_proxy: direct,
  });
});
