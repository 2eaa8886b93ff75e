/** The npm packages `mcp-lambda` and `create-mcp-lambda`: they start the program of the machine's own package. */

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

const root = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'launcher-'));
const modules = join(folder, 'node_modules');
const machine = `${process.platform}-${process.arch}`;
after(() => rmSync(folder, { recursive: true }));
// A project has its own crate above the package.
writeFileSync(join(folder, 'Cargo.toml'), '');
for (const name of ['mcp-lambda', 'create-mcp-lambda']) {
  cpSync(join(root, 'cli', 'npm', name), join(modules, name), { recursive: true });
}

const start = (name: string, args: string[]) =>
  spawnSync(process.execPath, [join(modules, name, 'bin', `${name}.mjs`), ...args], { cwd: folder, encoding: 'utf8' });

/** Puts a program where the machine's package has it. */
function install(script: string): void {
  const package_ = join(modules, '@mcp-lambda', machine);
  mkdirSync(join(package_, 'bin'), { recursive: true });
  writeFileSync(join(package_, 'package.json'), JSON.stringify({ name: `@mcp-lambda/${machine}`, version: '0.1.0' }));
  writeFileSync(join(package_, 'bin', 'mcp-lambda'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

describe('the npm package of the command', () => {
  test("names the machine's package when it is missing", () => {
    const { status, stderr } = start('mcp-lambda', ['dev']);
    assert.equal(status, 1);
    assert.match(stderr, new RegExp(`^error: the package @mcp-lambda/${machine} is not installed`));
  });

  test('passes arguments, output and exit status on', () => {
    install('echo "got $*"; exit 7');
    const { status, stdout } = start('mcp-lambda', ['call', 'greet', '--greeting', 'a b']);
    assert.deepEqual([status, stdout], [7, 'got call greet --greeting a b\n']);
  });

  test('is `mcp-lambda new` as npm create', () => {
    install('echo "got $*"');
    const { status, stdout } = start('create-mcp-lambda', ['shop', '--yes']);
    assert.deepEqual([status, stdout], [0, 'got new shop --yes\n']);
  });

  test('ends the program of `mcp-lambda dev` when its own parent is gone', async () => {
    const [started, ended] = [join(folder, 'started'), join(folder, 'ended')];
    const appears = async (file: string) => {
      while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 50));
    };
    install(`trap 'echo > ${ended}; exit' TERM; echo > ${started}; while :; do sleep 0.1; done`);
    const shell = spawn('sh', [
      '-c',
      `${process.execPath} ${join(modules, 'mcp-lambda', 'bin', 'mcp-lambda.mjs')} dev & wait`,
    ]);
    await appears(started);
    shell.kill('SIGKILL');
    await appears(ended);
  });

  test('ends by the signal that ended the program', () => {
    install('kill -TERM $$');
    assert.equal(start('mcp-lambda', ['dev']).signal, 'SIGTERM');
  });
});
