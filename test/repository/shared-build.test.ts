/** Tests, programs and the command share one build of what they depend on: `npm test` and `npm start` compile no dependency twice. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The packages of registries with their features, as a build of the workspace has them. */
function dependencies(edges: string, ...selection: readonly string[]): string[] {
  const format = ['--prefix', 'none', '--format', '{p}: {f}'];
  const args = ['tree', '--locked', '--workspace', '--edges', edges, ...format, ...selection];
  const lines = execFileSync('cargo', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 }).split('\n');
  // The packages of the workspace have their folder in parentheses, and are cheap.
  return [
    ...new Set(lines.map((line) => line.replace(/ \((proc-macro|\*)\)/g, '')).filter((line) => !/^$|\(/.test(line))),
  ];
}

describe('a dependency', () => {
  const ofTests = new Set(dependencies('normal,build,dev'));

  for (const [title, selection] of [
    ['in programs', []],
    ['in the command without its part for AWS', ['--no-default-features']],
  ] as const) {
    test(`has the same features ${title} as in tests: else \`test/features/Cargo.toml\` asks for them`, () => {
      const others = dependencies('normal,build', ...selection).filter((line) => !ofTests.has(line));
      assert.deepEqual(others, []);
    });
  }
});
