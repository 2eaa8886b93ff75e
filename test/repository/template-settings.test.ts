/** What the templates of a new project share with this repository, and would miss when it changes here. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const text = (path: string): string => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
const json = (path: string): any => JSON.parse(text(path));

describe('the templates of a new project', () => {
  const printed = json('lambda/servers/dog-facts/contract.json');
  for (const example of ['tool', 'state', 'http']) {
    test(`have the settings of every server in the contract of ${example}`, () => {
      const template = json(`cli/templates/new/${example}/contract.json`);
      assert.equal(template.contractVersion, printed.contractVersion);
      const names = new Set(template.settings.map(({ name }: { name: string }) => name));
      assert.deepEqual(
        printed.settings.filter(({ name, owner }: any) => owner !== 'server' && !names.has(name)),
        [],
        'print them again: `npm test -- template` says how',
      );
    });
  }

  test('have the npm packages in the versions of this repository', () => {
    const { devDependencies, overrides } = json('package.json');
    const template = text('cli/templates/new/base/package.json');
    const named = [...template.matchAll(/"([@\w/-]+)": "([~^]?\d[^"]*)"/g)].filter(([, name]) => name !== 'version');
    assert.ok(named.length > 5, 'the template names no version');
    for (const [, name, version] of named) assert.equal(version, { ...devDependencies, ...overrides }[name!], name);
  });

  test('have the feature flags of this repository, and its command to synthesize where theirs goes', () => {
    const { context } = JSON.parse(text('cli/templates/new/base/cdk.json').replace(/\{\{.*?\}\}/, ''));
    assert.deepEqual(context, json('cdk.json').context);
  });

  test('have the actions of this repository, by commit', () => {
    const pinned = (path: string) =>
      [...text(path).matchAll(/uses: (\S+@[0-9a-f]{40}) # v[\d.]+$/gm)].map(([, use]) => use);
    const template = 'cli/templates/new/base/deploy.yml';
    assert.equal(pinned(template).length, [...text(template).matchAll(/uses: /g)].length, 'an action is not pinned');
    const own = pinned('.github/workflows/ci.yml');
    const shared = pinned(template).filter((use) => own.some((each) => each!.split('@')[0] === use!.split('@')[0]));
    assert.ok(shared.length > 2);
    assert.deepEqual(
      shared.filter((use) => !own.includes(use)),
      [],
    );
  });

  test('are of one version: the crates, the npm packages and the command', () => {
    const { version } = json('package.json');
    const launcher = json('cli/npm/mcp-lambda/package.json');
    assert.deepEqual(
      [
        json('cdk/package.json').version,
        launcher.version,
        ...Object.values(launcher.optionalDependencies),
        json('cli/npm/create-mcp-lambda/package.json').version,
        json('cli/npm/create-mcp-lambda/package.json').dependencies['mcp-lambda'],
        ...['Cargo.toml', 'cdk/rust/Cargo.toml'].flatMap((path) =>
          [...text(path).matchAll(/^version = "(.*)"/gm)].map(([, each]) => each),
        ),
        ...[...text('Cargo.toml').matchAll(/^mcp-lambda.* version = "(.*?)"/gm)].map(([, each]) => each),
      ].filter((each) => each !== version),
      [],
    );
  });
});
