#!/usr/bin/env node
// `npm run fuzz` fuzzes every target for a minute; `npm run fuzz -- TARGET SECONDS` one of them for as long as wanted.
// It reads the seeds in `test/fuzz/corpus/<target>` and a cache in `.local/fuzz/corpus/<target>`, and adds to the cache.
// `npm run fuzz -- --minimize [TARGET]` chooses the seeds again from both.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';

import { root } from './lib/root.mjs';

/** How many seeds of each target the minimizer chooses. */
const CHOSEN = 20;

const folder = join(root, 'test/fuzz');
const targets = readdirSync(join(folder, 'corpus')).sort();
const {
  values: { minimize },
  positionals,
} = parseArgs({ allowPositionals: true, options: { minimize: { type: 'boolean' } } });
const [wanted, seconds = '60'] = positionals;
if (
  (wanted !== undefined && !targets.includes(wanted)) ||
  !/^[1-9]\d*$/.test(seconds) ||
  positionals.length > (minimize ? 1 : 2)
) {
  console.error(
    `usage: npm run fuzz [-- TARGET SECONDS | -- --minimize [TARGET]]; the targets are: ${targets.join(', ')}`,
  );
  process.exit(2);
}

// libFuzzer's instrumentation is a flag that the stable compiler has and does not offer.
const env = { ...process.env, RUSTC_BOOTSTRAP: '1' };
const cargo = (args, more = {}) =>
  spawnSync('cargo', args, { cwd: folder, stdio: 'inherit', env: { ...env, ...more } });
if (spawnSync('cargo', ['fuzz', '--version'], { stdio: 'ignore', env }).status !== 0) {
  console.error('cargo-fuzz is missing: cargo install --locked cargo-fuzz');
  process.exit(2);
}

// There is no unsafe code here to watch, so that no sanitizer slows the search down.
const options = ['--fuzz-dir', folder, '--sanitizer', 'none'];
if (cargo(['fuzz', 'build', ...options, 'any']).status !== 0) process.exit(1);

/** Runs libFuzzer on folders of inputs; what it finds goes to the first. */
function libFuzzer(target, folders, flags) {
  const run = cargo(['fuzz', 'run', ...options, 'any', ...folders, '--', '-max_len=4096', ...flags], {
    FUZZ_TARGET: target,
  });
  return run.status === 0;
}

/** Copies to the first folder the inputs of the others that reach code that it does not: counting how often would make thousands of files. */
function merge(target, folders, flags = []) {
  return libFuzzer(target, folders, ['-set_cover_merge=1', '-use_counters=0', ...flags]);
}

function fuzz(target, seeds, cache, work) {
  if (!libFuzzer(target, [work, cache, seeds], [`-max_total_time=${seconds}`, '-timeout=10', '-print_final_stats=1']))
    return false;
  return merge(target, [cache, seeds, work]);
}

/** The edges of the control-flow graph that each input reaches, from the record of a merge: file names, then lines `FT <index> <edge>…`. */
function reached(target, inputs, work) {
  const record = join(work, 'record');
  const merged = join(work, 'merged');
  mkdirSync(merged);
  if (!merge(target, [merged, inputs], [`-merge_control_file=${record}`])) return undefined;
  const lines = readFileSync(record, 'utf8').split('\n');
  const names = lines.slice(2, 2 + Number(lines[0])).map((file) => basename(file));
  return new Map(
    lines
      .filter((line) => line.startsWith('FT '))
      .map((line) => {
        const [, index, ...edges] = line.trim().split(' ');
        return [names[index], edges];
      }),
  );
}

/** Keeps the seeds that a person named, adds the inputs that reach the most further edges, and moves the rest to the cache. */
function choose(target, seeds, cache, work) {
  const inputs = join(work, 'inputs');
  for (const from of [cache, seeds]) cpSync(from, inputs, { recursive: true });
  const edges = reached(target, inputs, work);
  if (edges === undefined) return false;
  const chosen = new Set();
  const covered = new Set();
  const add = (name) => {
    chosen.add(name);
    for (const edge of edges.get(name)) covered.add(edge);
  };
  const gain = (name) => edges.get(name).filter((edge) => !covered.has(edge)).length;
  const names = [...edges.keys()].sort(
    (one, other) => statSync(join(inputs, one)).size - statSync(join(inputs, other)).size,
  );
  for (const name of names) if (!/^[0-9a-f]{40}$/.test(name)) add(name);
  const most = chosen.size + CHOSEN;
  while (chosen.size < most) {
    const best = names.reduce((best, name) => (gain(name) > gain(best) ? name : best));
    if (gain(best) === 0) break;
    add(best);
  }
  for (const name of names) {
    cpSync(join(inputs, name), join(chosen.has(name) ? seeds : cache, name));
    if (!chosen.has(name)) rmSync(join(seeds, name), { force: true });
  }
  console.log(
    `${target}: ${chosen.size} seeds reach ${covered.size} of ${new Set([...edges.values()].flat()).size} edges`,
  );
  return true;
}

let failed = false;
for (const target of wanted === undefined ? targets : [wanted]) {
  console.log(`\n== ${target}${minimize ? '' : `, ${seconds} s`}`);
  const seeds = join(folder, 'corpus', target);
  const cache = join(root, '.local/fuzz/corpus', target);
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(tmpdir(), `fuzz-${target}-`));
  const passed = (minimize ? choose : fuzz)(target, seeds, cache, work);
  failed ||= !passed;
  rmSync(work, { recursive: true });
}
process.exitCode = failed ? 1 : 0;
