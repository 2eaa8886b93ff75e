/** What the template for a new server shares with every server, and would miss when a setting is added. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

interface Contract {
  readonly contractVersion: number;
  readonly settings: readonly { readonly name: string; readonly owner: string }[];
}

const read = (path: string): Contract =>
  JSON.parse(readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')) as Contract;

test('the contract of the template has the settings of every server, as dog-facts prints them', () => {
  const [template, printed] = [read('templates/server/contract.json'), read('lambda/servers/dog-facts/contract.json')];
  assert.equal(template.contractVersion, printed.contractVersion);
  assert.deepEqual(
    template.settings,
    printed.settings.filter(({ owner }) => owner !== 'server'),
    'copy them over, then run `npm test -- template`',
  );
});
