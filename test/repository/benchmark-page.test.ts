/** The committed result of the benchmark, and how it is worked out. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { judge } from '../bench/bars.mjs';
import { byProgram, median, ratio, typical, type Line } from '../bench/figures.mjs';
import { page } from '../bench/page.mjs';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

test('the page of the benchmark says what its committed result says', () => {
  assert.equal(
    read('docs/benchmark.md'),
    page(JSON.parse(read('test/bench/results.json'))),
    'run `npm run bench -- --page`',
  );
});

test('a ratio is taken within each round, so that a slow round moves nothing', () => {
  const lines: Line[] = [
    { program: 'floor', round: 0, figures: { callUs: 1000 } },
    ...[10, 20, 300].map((callUs, index) => ({ program: 'floor', round: index + 1, figures: { callUs } })),
    ...[20, 40, 600].map((callUs, index) => ({ program: 'other', round: index + 1, figures: { callUs } })),
    { program: 'broken', round: 1, problem: 'it is' },
  ];
  const programs = byProgram(lines);
  assert.equal(ratio(programs, 'other', 'floor', 'callUs'), 2);
  assert.equal(typical(programs, 'floor', 'callUs'), 20, 'the round before the first does not count');
  assert.equal(ratio(programs, 'broken', 'floor', 'callUs'), undefined);
  assert.equal(median([1, 2, 10, 3]), 2.5);
});

test('a promise that was not measured is not kept', () => {
  const nothing = { typical: () => undefined, ratio: () => undefined, arm64: {}, sockets: {} };
  assert.ok(judge(nothing).every((bar) => bar.kept === undefined));
  const slow = { ...nothing, ratio: () => 3 };
  const [first] = judge(slow);
  assert.equal(first?.kept, false);
});
