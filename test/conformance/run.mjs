#!/usr/bin/env node
// `node test/conformance/run.mjs`: runs the official MCP conformance suite against the conformance server as a Lambda
// function, compares every run with what is expected of it, and writes docs/conformance.md.
//
//   --check     compare docs/conformance.md with the runs instead of writing it
//   --seed N    which idle processes are killed (default: a new one each time; printed when a run is not as expected)

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { build } from '../../scripts/lib/cargo.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '..', '..');
const output = join(root, '.local', 'conformance');
const document = join(root, 'docs', 'conformance.md');
/** One run of the suite takes some ten seconds; after this long it hangs. */
const longestRunMilliseconds = 180_000;

const { values: options } = parseArgs({
  options: { check: { type: 'boolean', default: false }, seed: { type: 'string' } },
});

/** Runs a command to its end, or throws with what it said. */
function must(command, args, cwd) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0)
    throw new Error(
      `\`${command} ${args.join(' ')}\` failed${error ? ` (${error.message})` : ''}:\n${stdout ?? ''}${stderr ?? ''}`,
    );
}

/** The suite needs Node 22, which the workspace brings; this script runs on older ones. */
function suiteNode() {
  const node = join(root, 'node_modules', '.bin', 'node');
  if (!existsSync(node)) must('npm', ['ci', '--no-progress'], root);
  return node;
}

/** Runs the suite; its status says whether nothing but the expected failures failed. */
function runSuite(node, program, args, log) {
  return new Promise((resolve, reject) => {
    const suite = spawn(node, [program, 'server', ...args], {
      cwd: here,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: longestRunMilliseconds,
    });
    let text = '';
    for (const stream of [suite.stdout, suite.stderr]) stream.on('data', (chunk) => (text += chunk.toString('utf8')));
    suite.on('error', reject);
    suite.on('close', (status) => {
      writeFileSync(log, text);
      resolve(status);
    });
  });
}

async function main() {
  if (!existsSync(join(here, 'node_modules'))) must('npm', ['ci', '--no-progress'], here);
  const node = suiteNode();
  const { startFront } = await import('./front.mjs');
  const { program, readScore, requiredScenarios } = await import('./score.mjs');
  const { runs } = await import('./runs.mjs');
  const { page } = await import('./page.mjs');
  const { startTable } = await import('./table.mjs');

  console.log('building test/conformance/server and lambda/testing …');
  build('bin', ['conformance', 'runtime-api']);
  rmSync(output, { recursive: true, force: true });
  mkdirSync(output, { recursive: true });

  const table = await startTable({ root, log: join(output, 'emulator.log') });
  const seed = options.seed ?? String(Math.floor(Math.random() * 1_000_000));
  const results = [];
  const problems = [];
  try {
    for (const run of runs) {
      const started = performance.now();
      const title = `${run.revision} ${run.transferMode}`;
      const folder = join(output, title.replace(' ', '-'));
      const front = await startFront({
        binaries: join(root, 'target', 'debug'),
        table: table.variables,
        transferMode: run.transferMode,
        seed,
        log: `${folder}.function.log`,
      });
      let status;
      let processes;
      try {
        status = await runSuite(
          node,
          program,
          ['--url', front.url, ...run.arguments, '-o', folder],
          `${folder}.suite.log`,
        );
      } finally {
        processes = await front.stop();
      }
      const score = readScore(folder, requiredScenarios(run.revision));
      results.push({ run, score });

      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`${title}: ${score.passedChecks} passed, ${score.failedChecks} failed (${seconds} s; ${processes})`);
      for (const line of score.wrong) console.log(`  ${line}`);
      for (const [name, expected] of Object.entries(run.expected)) {
        if (score[name] !== expected) problems.push(`${title}: ${name} is ${score[name]}, and ${expected} is expected`);
      }
      if (status !== 0)
        problems.push(`${title}: the suite ended with ${status ?? 'a timeout'}; see ${folder}.suite.log`);
    }
  } finally {
    await table.stop();
  }

  const text = page(results);
  if (!options.check) {
    writeFileSync(document, text);
  } else if (!existsSync(document) || readFileSync(document, 'utf8') !== text) {
    problems.push('docs/conformance.md is not what these runs say: run `node test/conformance/run.mjs` and commit it');
  }
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) console.error(`seed of the random kills: ${seed}`);
  else console.log(`${results.length} runs as expected`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}

await main();
