/** The record of the languages that do not run with every test. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { others } from '../../cdk/rust/golden/other-languages.ts';
import { digest, record } from '../../cdk/rust/golden/record.ts';

const page = readFileSync(new URL('../../docs/languages.md', import.meta.url), 'utf8');

describe('the record of the golden app', () => {
  for (const [name, { title, app }] of Object.entries(others)) {
    test(`has a last run of the present app in ${title}: otherwise run cdk/rust/golden/other-language.ts ${name}`, () => {
      const cells = page
        .split('\n')
        .find((line) => line.startsWith(`| ${title} | `))!
        .split(' | ');
      const [, toolchain, cdk, jsii, digested, date, result] = cells;
      assert.match(toolchain!, /\d+\.\d+/);
      assert.match(`${cdk} ${jsii}`, /^\d+\.\d+\.\d+ \d+\.\d+\.\d+$/);
      assert.equal(digested, `\`${digest(app)}\``, `${app} was changed after its last run`);
      assert.ok(!Number.isNaN(Date.parse(date!)));
      assert.equal(result, 'the template of TypeScript, byte by byte |');
    });
  }

  test('takes a new run in the place of the last one, and leaves the others', () => {
    const run = {
      ...others.go!,
      toolchain: 'Go 9.9.9',
      result: 'another template',
      date: new Date('2030-01-02T03:04:05Z'),
    };
    const [before, after] = [page, record(page, run)].map((text) => text.split('\n'));
    const changed = after!.filter((line, index) => line !== before![index]);
    assert.equal(before!.length, after!.length);
    assert.match(
      changed.join('\n'),
      /^\| Go \| Go 9\.9\.9 \| [\d.]+ \| [\d.]+ \| `[0-9a-f]{12}` \| 2030-01-02 \| another template \|$/,
    );
  });
});
