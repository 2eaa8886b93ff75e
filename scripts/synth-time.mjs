// How long the example takes to synthesize, as a multiple of the same resources written manually (cdk/test/app/bare-app.ts): both warm, in
// turns, without the rules of the CDK. Prints the medians and their ratio, and fails above the ratio that is promised.
//   node scripts/synth-time.mjs [rounds]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { root } from './lib/root.mjs';

const PROMISED = 1.5;
const rounds = Number(process.argv[2] ?? 11);
const directory = mkdtempSync(join(tmpdir(), 'synth-time-'));
const { context } = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8'));

/** Seconds of processor time of one synthesis: other programs of the machine count for less in it than in time on the clock. */
function synthesize(program) {
  const before = childSeconds();
  const run = spawnSync(process.execPath, ['--import', 'tsx', program], {
    cwd: root,
    encoding: 'utf8',
    env: {
      ...process.env,
      CDK_VALIDATION: 'false',
      CDK_OUTDIR: join(directory, 'out'),
      CDK_CONTEXT_JSON: JSON.stringify({ ...context, lambdaDir: 'cdk/test/fixtures/lambda' }),
    },
  });
  if (run.status !== 0) throw new Error(run.stderr);
  return childSeconds() - before;
}

/** Processor time of all programs that this one has run, from the kernel: fields 16 and 17 of proc_pid_stat(5). */
function childSeconds() {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ');
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

const programs = { example: 'cdk/app/main.ts', bare: 'cdk/test/app/bare-app.ts' };
try {
  const seconds = { example: [], bare: [] };
  for (let round = -1; round < rounds; round++) {
    for (const [name, program] of Object.entries(programs)) {
      const taken = synthesize(program);
      // The first round fills the cache of compiled sources.
      if (round >= 0) seconds[name].push(taken);
    }
  }
  const [example, bare] = [seconds.example, seconds.bare].map(
    (each) => each.sort((left, right) => left - right)[Math.floor(rounds / 2)],
  );
  const ratio = example / bare;
  console.log(
    `example ${example.toFixed(2)} s, manually ${bare.toFixed(2)} s of processor time (medians of ${rounds}): ${ratio.toFixed(2)} times, ${PROMISED} promised`,
  );
  if (ratio > PROMISED) process.exitCode = 1;
} finally {
  rmSync(directory, { recursive: true });
}
