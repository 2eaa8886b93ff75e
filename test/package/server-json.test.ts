/** `mcp-lambda publish`: a linter that is not ours finds nothing in the entries that it writes for the MCP registry. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const [command, linter] = ['MCP_LAMBDA_COMMAND', 'REGISTRY_LINTER'].map((name) => {
  const value = process.env[name];
  assert.ok(value, `${name} is not set: run this test with \`npm test -- directories\``);
  return value;
});
const folder = mkdtempSync(join(tmpdir(), 'server-json-'));
after(() => rmSync(folder, { recursive: true }));

/** Writes the entry of a server into a folder of its own; gives the folder and what was printed. */
function published(name: string): { project: string; printed: string } {
  const project = join(folder, name);
  mkdirSync(project);
  const { status, stdout, stderr } = spawnSync(
    command!,
    [
      'publish',
      ...['--url', `https://mcp.example.com/${name}/mcp`, '--namespace', 'com.example'],
      ...['--contract', join(root, 'lambda/servers', name, 'contract.json')],
    ],
    { cwd: project, encoding: 'utf8' },
  );
  assert.equal(status, 0, stderr);
  return { project, printed: stdout };
}

/** What the linter finds in a folder that it takes for an entry of the registry. */
function lint(project: string): string[] {
  const { stdout } = spawnSync(join(linter!, 'skillsaw'), ['lint', '--format', 'json', project], { encoding: 'utf8' });
  const report = JSON.parse(stdout) as { stats: { repo_type: string }; violations: { message: string }[] };
  assert.equal(report.stats.repo_type, 'mcp-registry');
  return report.violations.map(({ message }) => message);
}

describe('the entry for the MCP registry', () => {
  const servers = readdirSync(join(root, 'lambda/servers'));

  for (const name of servers) {
    test(`of ${name} has nothing that the linter finds, and no tool breaks a rule of a directory`, () => {
      const { project, printed } = published(name);
      assert.deepEqual(lint(project), []);
      assert.match(printed, /- \[x\] every tool has a name/);
    });
  }

  test('is not what the linter takes in any form: it finds a range of versions and a long description', () => {
    const project = join(folder, 'broken');
    mkdirSync(project);
    const entry = JSON.parse(readFileSync(join(folder, servers[0]!, 'server.json'), 'utf8'));
    writeFileSync(
      join(project, 'server.json'),
      JSON.stringify({ ...entry, version: '^1.2', description: 'x'.repeat(101) }),
    );
    const found = lint(project);
    assert.equal(found.length, 2);
    for (const member of ['version', 'description'])
      assert.ok(
        found.some((message) => message.includes(member)),
        member,
      );
  });
});
