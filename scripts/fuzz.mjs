#!/usr/bin/env node
// `npm run fuzz` fuzzes every target for a minute; `npm run fuzz -- TARGET SECONDS` one of them for as long as wanted.
// What libFuzzer finds worth keeping goes to `test/fuzz/corpus/<target>`, which `npm run check` runs once.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { root } from './root.mjs';

const folder = join(root, 'test/fuzz');
const targets = readdirSync(join(folder, 'corpus')).sort();
const [wanted, seconds = '60'] = process.argv.slice(2);
if ((wanted !== undefined && !targets.includes(wanted)) || !/^[1-9]\d*$/.test(seconds)) {
  console.error(`usage: npm run fuzz [-- TARGET SECONDS]; the targets are: ${targets.join(', ')}`);
  process.exit(2);
}

// libFuzzer's instrumentation is a flag that the stable compiler has and does not offer.
const env = { ...process.env, RUSTC_BOOTSTRAP: '1' };
const cargo = (args, more = {}) => spawnSync('cargo', args, { cwd: folder, stdio: 'inherit', env: { ...env, ...more } });
if (spawnSync('cargo', ['fuzz', '--version'], { stdio: 'ignore', env }).status !== 0) {
  console.error('cargo-fuzz is missing: cargo install --locked cargo-fuzz');
  process.exit(2);
}

// There is no unsafe code here to watch, so that no sanitizer slows the search down.
const options = ['--fuzz-dir', folder, '--sanitizer', 'none'];
if (cargo(['fuzz', 'build', ...options, 'any']).status !== 0) process.exit(1);
let failed = false;
for (const target of wanted === undefined ? targets : [wanted]) {
  console.log(`\n== ${target}, ${seconds} s`);
  const corpus = join(folder, 'corpus', target);
  const found = mkdtempSync(join(tmpdir(), `fuzz-${target}-`));
  const limits = [`-max_total_time=${seconds}`, '-max_len=4096', '-timeout=10', '-print_final_stats=1'];
  const run = cargo(['fuzz', 'run', ...options, 'any', found, corpus, '--', ...limits], { FUZZ_TARGET: target });
  failed ||= run.status !== 0;
  // Only what reaches code that the corpus did not is kept: how often it was reached would make thousands of files.
  if (run.status === 0) cargo(['fuzz', 'run', ...options, 'any', corpus, found, '--', '-set_cover_merge=1', '-use_counters=0', '-max_len=4096'], { FUZZ_TARGET: target });
  rmSync(found, { recursive: true });
}
process.exitCode = failed ? 1 : 0;
