/** What the documents say, held against the things they speak of. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const tracked = (pattern: string): string[] =>
  execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', pattern], {
    cwd: root,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((path) => path !== '');

const pages = tracked('*.md');

interface Setting {
  readonly name: string;
  readonly default: unknown;
  readonly description: string;
}

describe('the documents', () => {
  test('link only to files that exist', () => {
    const broken = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)]
        .map(([, target = '']) => ({ page, target }))
        .filter(({ target }) => !existsSync(join(root, dirname(page), target))),
    );
    assert.deepEqual(broken, []);
  });

  test('have at most 150 lines in docs/, unless half of the lines are rows of tables', () => {
    const tooLong = pages
      .filter((page) => /^docs\/[^/]+\.md$/.test(page))
      .map((page) => ({ page, lines: read(page).trimEnd().split('\n') }))
      .filter(
        ({ lines }) => lines.length > 150 && lines.filter((line) => line.startsWith('|')).length * 2 < lines.length,
      )
      .map(({ page, lines }) => `${page}: ${lines.length} lines`);
    assert.deepEqual(tooLong, []);
  });

  test('name only npm scripts and test parts that exist', () => {
    const scripts = Object.assign(
      {},
      ...['package.json', 'cdk/package.json'].map((path) => (JSON.parse(read(path)) as { scripts: object }).scripts),
    ) as Record<string, string>;
    // A new project has scripts of its own; its package.json is a template.
    const [ofProject = ''] =
      /"scripts": [\s\S]*?"devDependencies"/.exec(read('cli/templates/new/base/package.json')) ?? [];
    for (const [, name = ''] of ofProject.matchAll(/"([\w:-]+)": "/g)) scripts[name] ??= '';
    const parts = read('scripts/test.mjs');
    const text = pages.map(read).join('\n');
    const unknownScripts = [...text.matchAll(/npm run (?:--silent )?([a-z][\w:-]*)/g)]
      .map(([, name = '']) => name)
      .filter((name) => !(name in scripts));
    assert.deepEqual([...new Set(unknownScripts)], []);
    const unknownParts = [...text.matchAll(/npm test -- ([a-z][a-z-]*(?: [a-z][a-z-]+)*)/g)]
      .flatMap(([, names = '']) => names.split(' '))
      .filter((name) => !new RegExp(`^  '?${name}'?: `, 'm').test(parts));
    assert.deepEqual([...new Set(unknownParts)], []);
  });

  test('explain every error identifier of the constructs and the app', () => {
    const sources = [...tracked('cdk/lib/*.ts'), ...tracked('cdk/app/*.ts')].map(read).join('\n');
    const identifiers = new Set([
      ...[...sources.matchAll(/(?:synthError|complaint|assertDeclared)\(\s*'([A-Z][A-Za-z]+)'/g)].map(
        ([, name = '']) => name,
      ),
      ...[...sources.matchAll(/\(([A-Z][A-Za-z]+)\)`/g)].map(([, name = '']) => name),
    ]);
    const explained = new Set(
      [...read('docs/errors.md').matchAll(/^\| `([A-Z][A-Za-z]+)` \|/gm)].map(([, name = '']) => name),
    );
    assert.deepEqual([...identifiers].sort(), [...explained].sort());
  });

  test('list every setting of the example servers, and of one with spans, with its default', () => {
    const configuration = read('docs/configuration.md');
    for (const contract of [
      'lambda/servers/dog-facts/contract.json',
      'lambda/servers/counter/contract.json',
      'cdk/test/fixtures/spans.contract.json',
    ]) {
      const { settings } = JSON.parse(read(contract)) as { settings: Setting[] };
      for (const setting of settings) {
        const row = configuration.split('\n').find((line) => line.startsWith(`| \`${setting.name}\` |`));
        assert.ok(row?.includes(setting.description), `${setting.name} is not described as its contract does`);
        assert.ok(
          setting.default === null || row?.includes(`\`${String(setting.default)}\``),
          `${setting.name} has another default`,
        );
      }
    }
  });

  test('list every setting of the playground as its program describes it, with its default', () => {
    const rows = read('docs/playground.md').split('\n');
    const fields = read('lambda/playground/src/settings.rs').matchAll(
      /((?: +\/\/\/ .*\n)+) +\w+: .* = "([A-Z_]+)"(?: or "([^"]*)")?,/g,
    );
    const names = [...fields].map(([, comment = '', name = '', fallback]) => {
      const row = rows.find((line) => line.startsWith(`| \`${name}\` |`));
      const description = comment.replaceAll(/\s*\/\/\/ /g, ' ').trim();
      assert.ok(row?.includes(description), `${name} is not described as ${description}`);
      assert.ok(fallback === undefined || row?.endsWith(`| \`${fallback}\` |`), `${name} has the default ${fallback}`);
      return name;
    });
    assert.ok(names.includes('PLAYGROUND_ORIGIN') && names.includes('PORT'), names.join());
  });

  test('list every log name of a refusal', () => {
    const sources = ['endpoint', 'state'].map((wing) => read(`lambda/mcp-lambda/src/${wing}/refusal.rs`));
    const names = sources.flatMap((source) =>
      [...source.matchAll(/Refusal::\w+(?:\(_\)| \{ \.\. \})? => "(\w+)"/g)].map(([, name = '']) => name),
    );
    assert.ok(names.includes('TokenMissing') && names.includes('StateUnavailable'), names.join());
    const errors = read('docs/errors.md');
    assert.deepEqual(
      names.filter((name) => !errors.includes(`\`${name}\``)),
      [],
    );
  });

  test('name only functions that exist, in the walks of the architecture', () => {
    const rows = [
      ...read('docs/architecture.md').matchAll(
        /`((?:lambda|cdk)\/[\w./-]+\.(?:rs|ts))` › ((?:`\w+`(?:, (?:then )?)?)+)/g,
      ),
    ];
    const named = rows.flatMap(([, file = '', names = '']) =>
      [...names.matchAll(/`(\w+)`/g)].map(([, name = '']) => ({ file, name })),
    );
    assert.ok(named.length > 30, `${named.length} functions are named`);
    assert.deepEqual(
      named.filter(({ file, name }) => !new RegExp(`\\b(?:fn|function) ${name}\\b`).test(read(file))),
      [],
    );
  });

  test('use the words of the field, by the list in CONTRIBUTING.md', () => {
    const [before = '', words = '', after = ''] = read('CONTRIBUTING.md').split(/^## (?:Words|Commits)\n/m);
    const refused = [...words.matchAll(/^\| ([^|]+) \| [^|]*\|$/gm)]
      .slice(1)
      .flatMap(([, cell = '']) => cell.split(', '));
    assert.ok(refused.length > 15, `${refused.length} words are listed`);
    const pattern = new RegExp(`\\b(?:${refused.join('|')})(?:s|d|ed|ing)?\\b`, 'gi');

    // The settings are described by their contracts.
    const described = new Set(
      tracked('*contract.json').flatMap((path) =>
        (JSON.parse(read(path)) as { settings: Setting[] }).settings.map(({ description }) => description),
      ),
    );
    const prose = (page: string): string => {
      const text = page === 'CONTRIBUTING.md' ? before + words.replace(/^\|.*$/gm, '') + after : read(page);
      const own = text
        .split('\n')
        .filter((line) => !described.has(line.split(' | ').at(-1)?.replace(/ \|$/, '') ?? ''))
        .join('\n');
      return own
        .replace(/^ *```.*?^ *```$/gms, '')
        .replace(/`[^`]*`/g, '')
        .replace(/\]\([^)]*\)/g, ']');
    };
    const documents = pages.filter(
      (page) =>
        ['README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'cdk/README.md'].includes(page) ||
        (/^docs\/[^/]+\.md$/.test(page) && !/<!-- (?:Written|Generated) by/.test(read(page))),
    );
    assert.ok(documents.length > 15, `${documents.length} documents are read`);
    assert.deepEqual(
      documents.flatMap((page) => [...prose(page).matchAll(pattern)].map(([word]) => `${page}: ${word}`)),
      [],
    );
  });

  test('name only tests that exist, in the security page', () => {
    const files = new Map<string, string[]>();
    for (const path of tracked('*.rs').concat(tracked('*.test.ts'))) {
      const name = path.slice(path.lastIndexOf('/') + 1);
      files.set(name, [...(files.get(name) ?? []), path]);
    }
    const named = [...read('docs/security.md').matchAll(/`([\w-]+(?:\.test)?\.(?:rs|ts))` › `([^`]+)`/g)].map(
      ([, file = '', test = '']) => ({ file, test }),
    );
    const holds = (path: string, test: string): boolean =>
      path.endsWith('.rs') ? read(path).includes(`fn ${test}(`) : read(path).includes(`test('${test}'`);
    assert.ok(named.length > 60, `${named.length} tests are named`);
    assert.deepEqual(
      named.filter(({ file, test }) => !(files.get(file) ?? []).some((path) => holds(path, test))),
      [],
    );
  });
});
