import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
// @ts-expect-error a script without types
import { assembly } from '../../scripts/api.mjs';

const cdk = join(import.meta.dirname, '..', '..', 'cdk');
const sources = (folder: string): string =>
  readdirSync(join(cdk, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(cdk, folder, name), 'utf8'))
    .join('\n');
const tests = sources('test');
const tested = (name: string): boolean => new RegExp(`\\b${name}\\b`).test(tests);

interface Type {
  readonly name: string;
  readonly datatype?: boolean;
  readonly properties?: readonly {
    readonly name: string;
    readonly optional?: boolean;
    readonly docs?: { readonly default?: string };
  }[];
  readonly methods?: readonly { readonly name: string }[];
}

const types = Object.values(assembly().types as Record<string, Type>);

/** That a name stands in the tests does not make a test of it, but one that stands in none has none. */
describe('every part of the public API is spoken of in a construct test:', () => {
  test('every property and every method', () => {
    const untested = types.flatMap(({ name, properties = [], methods = [] }) =>
      [...properties, ...methods].filter((member) => !tested(member.name)).map((member) => `${name}.${member.name}`),
    );
    assert.deepEqual(untested, []);
  });

  test('every reason of a synth error, with its text', () => {
    const reasons = [...sources('lib').matchAll(/synthError\(\s*'(\w+)'/g)].map((match) => match[1]!);
    assert.ok(reasons.length > 70, `${reasons.length} reasons were found`);
    assert.deepEqual(
      reasons.filter((reason) => !new RegExp(`\\(${reason}\\\\?\\)`).test(tests)),
      [],
    );
  });

  test('every optional property says its default', () => {
    const silent = types
      .filter(({ datatype }) => datatype)
      .flatMap(({ name, properties = [] }) =>
        properties
          .filter(({ optional, docs }) => optional && !docs?.default)
          .map((property) => `${name}.${property.name}`),
      );
    assert.deepEqual(silent, []);
  });
});
