/** `mcp-lambda live` on a host of two servers. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { behindFronts, live, told } from './live.ts';

const check = ['--check', 'several-servers'];

test('mcp-lambda live tells whether each server of a host names its own metadata', async () => {
  const { status, rows } = await live(check);
  assert.ok(rows[0] !== undefined && told(rows[0]), JSON.stringify(rows));
  assert.equal(rows[0].findings.confirmed.length, 2);
  assert.equal(status, 0);

  const alwaysTheFirst = ({ path }: { path: string }, { headers }: { headers: Headers }) => {
    const challenge = headers.get('www-authenticate');
    if (challenge !== null) headers.set('www-authenticate', challenge.replaceAll(`${path}"`, '/other/mcp"'));
  };
  await behindFronts({ server: alwaysTheFirst }, async (endpoint) => {
    const broken = await live(check, { endpoint });
    assert.equal(broken.rows[0]?.verdict, 'refuted', JSON.stringify(broken.rows));
    assert.equal(broken.status, 1);
  });
});
