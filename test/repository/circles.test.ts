/** The structure: no import circle in the constructs and in the crates, and few floors. `npm test -- check` prints the figures. */

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

type Graph = Map<string, Set<string>>;

const sources = (folder: string, ending: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith(ending));

/** Which file of the constructs imports which. */
function constructs(): Graph {
  const files = sources('cdk/lib', '.ts');
  return new Map(
    files.map((file) => {
      const specifiers = [
        ...readFileSync(join(root, 'cdk/lib', file), 'utf8').matchAll(/from '(\.{1,2}\/[^']+)'/g),
      ].map(([, name = '']) => normalize(join(dirname(file), name)));
      return [
        file,
        new Set(
          specifiers.map((name) =>
            existsSync(join(root, 'cdk/lib', `${name}.ts`)) ? `${name}.ts` : `${name}/index.ts`,
          ),
        ),
      ];
    }),
  );
}

/** The paths in a `use` tree. */
function paths(tree: string, prefix: readonly string[] = []): string[][] {
  const text = tree.trim();
  const brace = text.indexOf('{');
  if (brace < 0)
    return text === ''
      ? []
      : [
          [
            ...prefix,
            ...text
              .replace(/\s+as\s+\w+$/, '')
              .split('::')
              .map((part) => part.trim()),
          ],
        ];
  const head = text
    .slice(0, brace)
    .split('::')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const parts: string[] = [];
  let depth = 0;
  let from = brace + 1;
  for (let at = brace + 1; at < text.length; at += 1) {
    if (text[at] === '{') depth += 1;
    if ((text[at] === ',' && depth === 0) || at === text.length - 1) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
    if (text[at] === '}') depth -= 1;
  }
  return parts.flatMap((part) => paths(part, [...prefix, ...head]));
}

/** Which module of a crate uses which, by its `use` lines and paths. Unit tests inside a file do not count. */
function modules(folder: string): Graph {
  const files = sources(folder, '.rs').filter((file) => !/^(main\.rs|bin\/|fuzzing\.rs)/.test(file));
  const nameOf = (file: string): string =>
    file
      .replace(/\.rs$/, '')
      .replace(/(^|\/)(mod|lib)$/, '')
      .replaceAll('/', '::');
  const names = new Set(files.map(nameOf));
  return new Map(
    files
      .map((file) => {
        const here = nameOf(file);
        const text = readFileSync(join(root, folder, file), 'utf8')
          .split(/\n#\[cfg\(test\)\]\nmod \w+ \{/)[0]!
          .replace(/^\s*\/\/.*$/gm, '');
        const used = [...text.matchAll(/^[ \t]*(?:pub(?:\([^)]*\))?\s+)?use\s+([^;]+);/gm)].flatMap(([, tree = '']) =>
          paths(tree),
        );
        const inline = [...text.matchAll(/\b\w+(?:::\w+)+/g)].map(([path]) => path.split('::'));
        const targets = [...used, ...inline].flatMap((path) => {
          let base = here === '' ? [] : here.split('::');
          let rest = path;
          if (path[0] === 'crate') [base, rest] = [[], path.slice(1)];
          else if (path[0] === 'super') for (; rest[0] === 'super'; rest = rest.slice(1)) base = base.slice(0, -1);
          else if (path[0] === 'self') rest = path.slice(1);
          else if (!names.has([...base, path[0]].join('::'))) return [];
          const whole = [...base, ...rest];
          for (let length = whole.length; length > 0; length -= 1) {
            const name = whole.slice(0, length).join('::');
            if (names.has(name)) return name === here ? [] : [name];
          }
          return [];
        });
        return [here, new Set(targets)] as const;
      })
      .filter(([name]) => name !== ''),
  );
}

/** The strongly connected components of more than one node (Tarjan). */
function circles(graph: Graph): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (node: string): void => {
    index.set(node, index.size);
    low.set(node, index.get(node)!);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!index.has(next)) {
        visit(next);
        low.set(node, Math.min(low.get(node)!, low.get(next)!));
      } else if (stack.includes(next)) low.set(node, Math.min(low.get(node)!, index.get(next)!));
    }
    if (low.get(node) === index.get(node)) {
      const circle = stack.splice(stack.indexOf(node));
      if (circle.length > 1) found.push(circle.sort());
    }
  };
  for (const node of graph.keys()) if (!index.has(node)) visit(node);
  return found;
}

/** The longest way down through the folders: floors of the house. */
function floors(graph: Graph): number {
  const wing = (file: string): string => file.split('/')[0]!;
  const wings: Graph = new Map();
  for (const [file, imports] of graph) {
    const below = [...imports].map(wing).filter((name) => name !== wing(file));
    wings.set(wing(file), new Set([...(wings.get(wing(file)) ?? []), ...below]));
  }
  assert.deepEqual(circles(wings), []);
  const height = (name: string): number => 1 + Math.max(0, ...[...(wings.get(name) ?? [])].map(height));
  return Math.max(...[...wings.keys()].map(height));
}

describe('imports', () => {
  test('of the constructs have no circle, and at most nine floors of folders', (context) => {
    const graph = constructs();
    assert.deepEqual(circles(graph), []);
    context.diagnostic(`cdk/lib: ${graph.size} files, ${floors(graph)} floors, no circle`);
    assert.ok(floors(graph) <= 9, `${floors(graph)} floors`);
  });

  for (const crate of [
    'lambda/mcp-lambda',
    'lambda/authorizer',
    'lambda/authorization',
    'lambda/token',
    'lambda/runtime',
    'lambda/contract',
    'lambda/testing',
    'lambda/servers/dog-facts',
    'lambda/servers/counter',
    'cli',
    'cdk/rust/jsii-host',
    'cdk/rust/jsii-bindgen',
  ]) {
    test(`of ${crate} have no circle`, (context) => {
      const graph = modules(`${crate}/src`);
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
    const lines = sources(folder, '.rs').flatMap((file) =>
      readFileSync(join(root, folder, file), 'utf8')
        .split('\n')
        .flatMap((line) => (/\bfeature = "/.test(line) ? [`${file}: ${line.trim()}`] : [])),
    );
    context.diagnostic(`${folder}: ${lines.length} lines`);
    assert.ok(lines.length > 0 && lines.length <= 15, lines.join('\n'));
  });
});
