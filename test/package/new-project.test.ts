/** `mcp-lambda new`: each project passes its own tests as it is made, with the crates and packages of this checkout. */

import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const [command, constructs, python, pythonPath] = ['COMMAND', 'CONSTRUCTS', 'PYTHON', 'PYTHONPATH'].map((name) => {
  const value = process.env[`MCP_LAMBDA_NEW_${name}`];
  assert.ok(value, `MCP_LAMBDA_NEW_${name} is not set: run this test with \`npm test -- template\``);
  return value;
});
const folder = mkdtempSync(join(tmpdir(), 'new-project-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function run(program: string, args: readonly string[], cwd: string): SpawnSyncReturns<string> {
  return spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    env: {
      ...process.env,
      CARGO_TARGET_DIR: process.env['CARGO_TARGET_DIR'] ?? join(root, 'target'),
      PYTHONPATH: pythonPath,
      CDK_VALIDATION: 'false',
    },
  });
}

function succeed(program: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = run(program, args, cwd);
  assert.equal(status, 0, stdout + stderr);
  return stdout;
}

/** Makes a project whose packages are those that this checkout has installed. */
function make(name: string, ...options: string[]): string {
  succeed(command!, ['new', name, '--no-install', '--source', root, ...options], folder);
  const project = join(folder, name);
  copyFileSync(join(root, 'Cargo.lock'), join(project, 'Cargo.lock'));
  const installed = join(project, 'node_modules');
  mkdirSync(installed);
  for (const each of readdirSync(join(root, 'node_modules')).filter((each) => each !== 'mcp-lambda-cdk')) {
    symlinkSync(join(root, 'node_modules', each), join(installed, each));
  }
  symlinkSync(constructs!, join(installed, 'mcp-lambda-cdk'));
  symlinkSync(dirname(dirname(python!)), join(project, '.venv'));
  return project;
}

describe('a new project', () => {
  for (const [stack, example] of [
    ['typescript', 'tool'],
    ['python', 'state'],
    ['rust', 'http'],
  ]) {
    test(`in ${stack}, with the example ${example}, passes npm test as it is made`, () => {
      const project = make(`${stack}-club`, '--stack', stack!, '--example', example!);
      succeed('npm', ['test'], project);
    });
  }

  test('has a server of at most 20 lines', () => {
    const source = readFileSync(join(folder, 'typescript-club', 'src', 'main.rs'), 'utf8');
    assert.ok(source.split('\n').length <= 21, source);
  });

  test('notices that its contract is stale', () => {
    const project = join(folder, 'typescript-club');
    const contract = join(project, 'contract.json');
    writeFileSync(contract, readFileSync(contract, 'utf8').replace('Be greeted', 'Be ignored'));
    const { status, stdout } = run('cargo', ['test', '--quiet'], project);
    assert.notEqual(status, 0);
    assert.match(stdout, /the_contract_is_current/);
  });

  test('is not made over files that are there, nor with a name that Cargo refuses', () => {
    const before = readFileSync(join(folder, 'rust-club', 'Cargo.toml'), 'utf8');
    const again = run(command!, ['new', 'rust-club', '--yes'], folder);
    assert.equal(again.status, 1);
    assert.match(again.stderr, /rust-club is not empty \(it has .*\): name a folder that is new or empty/);
    assert.equal(readFileSync(join(folder, 'rust-club', 'Cargo.toml'), 'utf8'), before);
    const named = run(command!, ['new', 'My Club', '--yes'], folder);
    assert.equal(named.status, 1);
    assert.match(named.stderr, /must begin with a lower-case letter.*got "My Club"; "my-club" would do/);
  });
});
