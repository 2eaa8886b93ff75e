/** What a change of the constructs does to the templates of people who have deployed them: it is seen, and accepted by `npm run snapshots`. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { APPS } from './paths.ts';
import { snapshotOf, templateOf } from './snapshot.ts';

describe('the template of the app', () => {
  for (const app of APPS) {
    test(`${app} is as committed: otherwise look at what npm run snapshots changes`, () => {
      const [committed, present] = [readFileSync(snapshotOf(app), 'utf8').split('\n'), templateOf(app).split('\n')];
      const first = present.findIndex((line, index) => line !== committed[index]);
      assert.equal(present[first], committed[first], `line ${first + 1}`);
      assert.equal(present.length, committed.length);
    });
  }
});
