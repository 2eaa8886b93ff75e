/** The template for a new server: cargo-generate makes one, and its tests pass as generated. */

import assert from 'node:assert/strict';
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
/** The profile of the workspace, without which everything would be compiled again. */
const profile = ['--config', 'profile.dev.debug="line-tables-only"', '--config', 'profile.dev.package."*".debug=false'];

function run(program: string, args: readonly string[], cwd: string): SpawnSyncReturns<string> {
  return spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, CARGO_TARGET_DIR: process.env.CARGO_TARGET_DIR ?? join(root, 'target') },
  });
}

describe('the template for a new server', () => {
  const cargoGenerate = process.env.MCP_LAMBDA_CARGO_GENERATE;
  let directory: string;
  let server: string;

  before(() => {
    assert.ok(cargoGenerate, 'MCP_LAMBDA_CARGO_GENERATE is not set: run this test with `npm test -- template`');
    directory = mkdtempSync(join(tmpdir(), 'template-'));
    server = join(directory, 'kennel-club');
    const template = join(root, 'templates', 'server');
    const generated = run(
      cargoGenerate,
      [
        'generate',
        '--path',
        template,
        '--name',
        'kennel-club',
        '--destination',
        directory,
        '--define',
        `mcp_lambda=${root}`,
        '--silent',
      ],
      directory,
    );
    assert.equal(generated.status, 0, generated.stdout + generated.stderr);
    // The versions that everything else is tested with.
    copyFileSync(join(root, 'Cargo.lock'), join(server, 'Cargo.lock'));
  });
  after(() => {
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
  });

  test('leaves nothing to fill in', () => {
    for (const file of [
      'Cargo.toml',
      'contract.json',
      'src/lib.rs',
      'src/main.rs',
      'src/server.rs',
      'tests/server.rs',
    ]) {
      assert.doesNotMatch(readFileSync(join(server, file), 'utf8'), /\{\{|\}\}.*\{\{/, file);
    }
  });

  test('gives a server whose tests pass as generated', () => {
    const { status, stdout, stderr } = run('cargo', ['test', '--quiet', ...profile], server);
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /test result: ok\. 4 passed/);
  });

  test('gives a test that notices when the contract is stale', () => {
    const contract = join(server, 'contract.json');
    writeFileSync(contract, readFileSync(contract, 'utf8').replace('Be greeted', 'Be ignored'));
    const { status, stdout } = run('cargo', ['test', '--quiet', ...profile, 'contract'], server);
    assert.notEqual(status, 0);
    assert.match(stdout, /contract\.json is stale; run: cargo run -q -- contract > contract\.json/);
  });
});
