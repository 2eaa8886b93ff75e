/**
 * Runs every test of the table against a running local stack, and writes
 * docs/authorization-conformance.md when all have passed. With `--check`, the page must be what this run would write.
 *
 *     npm start -- --port 3700 --outputs-file outputs.json
 *     MCP_LAMBDA_OUTPUTS=outputs.json node --import tsx test/conformance/authorization/run.ts
 */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { patience } from '../../e2e/patience.ts';
import { runningStack } from '../../e2e/stack.ts';
import { page } from './page.ts';
import { Server } from './server.ts';
import { entries } from './table.ts';

import './sentences/discovery.ts';
import './sentences/protected-resource.ts';
import './sentences/registration.ts';
import './sentences/client-documents.ts';
import './sentences/authorization-request.ts';
import './sentences/consent.ts';
import './sentences/token-request.ts';
import './sentences/machine-clients.ts';
import './sentences/revocation.ts';
// Last: changes how long a code lives, and uses registrations up.
import './sentences/limits.ts';

const file = fileURLToPath(new URL('../../../docs/authorization-conformance.md', import.meta.url));
const leastSentences = 120;

describe('the table of authorization', () => {
  let server: Server;
  let passed = 0;

  before(async () => {
    server = await Server.start(runningStack());
  });
  after(() => server?.close());

  const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice('--only='.length);
  for (const entry of entries.filter(({ test: name }) => only === undefined || name.includes(only))) {
    test(entry.unmet === undefined ? entry.test : `${entry.test} (not kept)`, { timeout: patience }, async () => {
      await entry.check(server);
      passed += 1;
    });
  }

  test('docs/authorization-conformance.md says what this run has shown', { skip: only !== undefined }, () => {
    assert.equal(passed, entries.length, 'some tests failed');
    const sentences = entries.reduce((sum, entry) => sum + entry.sentences.length, 0);
    assert.ok(sentences >= leastSentences, `${sentences} sentences`);
    if (!process.argv.includes('--check')) writeFileSync(file, page());
    assert.equal(readFileSync(file, 'utf8'), page(), 'run test/conformance/authorization/run.ts without --check');
  });
});
