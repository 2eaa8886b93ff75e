/** The structure: no import circle in the constructs and in the crates, and few floors. `npm run structure` prints the figures. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

type Graph = Map<string, Set<string>>;

const { circles, circlesOfFolders, constructs, floors, modules, sources } = (await import(
  new URL('../../scripts/lib/structure.mjs', import.meta.url).href
)) as {
  circles(graph: Graph): string[][];
  circlesOfFolders(graph: Graph): string[][];
  constructs(root: string): Graph;
  floors(graph: Graph): number;
  modules(root: string, folder: string): Graph;
  sources(root: string, folder: string, ending: string): string[];
};

describe('imports', () => {
  test('of the constructs have no circle, and at most nine floors of folders', (context) => {
    const graph = constructs(root);
    assert.deepEqual(circles(graph), []);
    assert.deepEqual(circlesOfFolders(graph), []);
    context.diagnostic(`cdk/lib: ${graph.size} files, ${floors(graph)} floors, no circle`);
    assert.ok(floors(graph) <= 9, `${floors(graph)} floors`);
  });

  for (const crate of [
    'lambda/agent',
    'lambda/macros',
    'lambda/mcp-lambda',
    'lambda/authorizer',
    'lambda/authorization',
    'lambda/token',
    'lambda/runtime',
    'lambda/contract',
    'lambda/testing',
    'lambda/playground',
    'lambda/servers/dog-facts',
    'lambda/servers/counter',
    'lambda/servers/products',
    'lambda/servers/orders',
    'lambda/servers/toolbox',
    'cli',
    'cdk/rust/jsii-host',
    'cdk/rust/jsii-bindgen',
  ]) {
    test(`of ${crate} have no circle`, (context) => {
      const graph = modules(root, `${crate}/src`);
      context.diagnostic(`${crate}: ${graph.size} modules`);
      assert.deepEqual(circles(graph), []);
    });
  }

  test('in a circle are found', () => {
    assert.deepEqual(
      circles(
        new Map([
          ['a', new Set(['b'])],
          ['b', new Set(['c'])],
          ['c', new Set(['a'])],
          ['d', new Set(['a'])],
        ]),
      ),
      [['a', 'b', 'c']],
    );
  });
});

describe('optional features', () => {
  test('of mcp-lambda are modules with a null twin: at most 15 lines ask for one', (context) => {
    const folder = 'lambda/mcp-lambda/src';
    const lines = sources(root, folder, '.rs').flatMap((file) =>
      readFileSync(join(root, folder, file), 'utf8')
        .split('\n')
        .flatMap((line) => (/\bfeature = "/.test(line) ? [`${file}: ${line.trim()}`] : [])),
    );
    context.diagnostic(`${folder}: ${lines.length} lines`);
    assert.ok(lines.length > 0 && lines.length <= 15, lines.join('\n'));
  });
});
