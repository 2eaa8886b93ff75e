// The structure of the constructs and the crates: who imports whom, circles, floors of folders and lines of production code.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** The files below a folder whose names end so. */
export const sources = (root, folder, ending) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith(ending));

/** A Rust source without its module of unit tests, which is the last one of a file. */
const withoutTests = (source) => source.split(/\n#\[cfg\(test\)\]\nmod \w+ \{/)[0];

/** Which file of the constructs imports which. */
export function constructs(root) {
  const files = sources(root, 'cdk/lib', '.ts');
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
function paths(tree, prefix = []) {
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
  const parts = [];
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
export function modules(root, folder) {
  const files = sources(root, folder, '.rs').filter((file) => !/^(main\.rs|bin\/|fuzzing\.rs)/.test(file));
  const nameOf = (file) =>
    file
      .replace(/\.rs$/, '')
      .replace(/(^|\/)(mod|lib)$/, '')
      .replaceAll('/', '::');
  const names = new Set(files.map(nameOf));
  return new Map(
    files
      .map((file) => {
        const here = nameOf(file);
        const text = withoutTests(readFileSync(join(root, folder, file), 'utf8')).replace(/^\s*\/\/.*$/gm, '');
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
        return [here, new Set(targets)];
      })
      .filter(([name]) => name !== ''),
  );
}

/** The strongly connected components of more than one node (Tarjan). */
export function circles(graph) {
  const index = new Map();
  const low = new Map();
  const stack = [];
  const found = [];
  const visit = (node) => {
    index.set(node, index.size);
    low.set(node, index.get(node));
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!index.has(next)) {
        visit(next);
        low.set(node, Math.min(low.get(node), low.get(next)));
      } else if (stack.includes(next)) low.set(node, Math.min(low.get(node), index.get(next)));
    }
    if (low.get(node) === index.get(node)) {
      const circle = stack.splice(stack.indexOf(node));
      if (circle.length > 1) found.push(circle.sort());
    }
  };
  for (const node of graph.keys()) if (!index.has(node)) visit(node);
  return found;
}

/** Folders, each with the folders that it imports. */
function wings(graph) {
  const wing = (file) => file.split('/')[0];
  const found = new Map();
  for (const [file, imports] of graph) {
    const below = [...imports].map(wing).filter((name) => name !== wing(file));
    found.set(wing(file), new Set([...(found.get(wing(file)) ?? []), ...below]));
  }
  return found;
}

/** The longest way down through the folders. Folders in a circle are one floor, so a house with circles has floors too. */
export function floors(graph) {
  const folders = wings(graph);
  const circle = new Map(circles(folders).flatMap((names) => names.map((name) => [name, names])));
  const together = (name) => circle.get(name) ?? [name];
  const height = (name) => {
    const below = together(name).flatMap((each) => [...(folders.get(each) ?? [])]);
    return 1 + Math.max(0, ...below.filter((each) => !together(name).includes(each)).map(height));
  };
  return Math.max(...[...folders.keys()].map(height));
}

/** Circles of whole folders, by the imports between their files. */
export const circlesOfFolders = (graph) => circles(wings(graph));

/** Lines of production code: without comments, blank lines, generated files and tests. */
export function productionLines(root, folder, ending) {
  const files = sources(root, folder, ending).filter(
    (file) => !/(^|\/)(generated|tests|fuzzing|tests\.rs|fuzzing\.rs)(\/|$)/.test(file),
  );
  const texts = files.map((file) => withoutTests(readFileSync(join(root, folder, file), 'utf8')));
  return texts
    .flatMap((text) => text.replaceAll(/^\s*\/\*[\s\S]*?\*\/\s*$/gm, '').split('\n'))
    .filter((line) => !/^\s*(\/\/.*)?$/.test(line)).length;
}
