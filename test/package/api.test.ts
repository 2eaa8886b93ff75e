import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
// @ts-expect-error a script without types
import { apiReference, assembly, breaks, writeAssembly } from '../../scripts/api.mjs';
// @ts-expect-error a script without types
import { extractExamples } from '../../scripts/examples.mjs';

const root = join(import.meta.dirname, '..', '..');

describe('the public API of the constructs', () => {
  test('breaks nothing of the accepted one', () => assert.equal(breaks(), ''));

  test('would not lose a property unnoticed', () => {
    const older = assembly();
    const properties: { name: string }[] = older.types['mcp-lambda-cdk.McpServer'].properties;
    properties.find((property) => property.name === 'signInUrl')!.name = 'loginUrl';
    const folder = join(root, 'target', 'api-before');
    writeAssembly(folder, older);
    assert.match(breaks(folder), /mcp-lambda-cdk\.McpServer\.loginUrl.*has been removed/);
  });

  test('is described in cdk/API.md as it is: otherwise run npm run api', () => {
    const [written, generated] = [
      readFileSync(join(root, 'cdk', 'API.md'), 'utf8').split('\n'),
      apiReference().split('\n'),
    ];
    const first = generated.findIndex((line: string, index: number) => line !== written[index]);
    assert.equal(written[first], generated[first], `line ${first + 1} is stale`);
    assert.equal(written.length, generated.length);
  });

  test('would be described otherwise, were it another one than the accepted', () => {
    const other = assembly();
    other.types['mcp-lambda-cdk.McpServer'].properties.find(
      (property: { name: string }) => property.name === 'signInUrl',
    ).docs.summary = 'Where people knock.';
    const folder = join(root, 'target', 'api-other');
    writeAssembly(folder, other);
    assert.match(apiReference(folder), /Where people knock\./);
  });

  test('has examples that compile, and can be said in the other languages', () => {
    const { status, output } = extractExamples(join(root, 'target', 'examples.tabl'));
    assert.equal(status, 0, output);
  });
});
