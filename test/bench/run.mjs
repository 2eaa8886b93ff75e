#!/usr/bin/env node
// `npm run bench`: installs the candidates, measures them in alternating rounds on one core, prints ratios, and writes
// test/bench/results.json and docs/benchmark.md. docs/benchmark.md says what is measured and how to read it.
//
// `npm run bench -- http` and `-- scale` measure the HTTP service: test/bench/http/run.mjs.
//
//   --rounds N        rounds that count (default 15)
//   --only A,B        some candidates; the results then go to .local/bench/results.json alone
//   --no-arm64        without the sizes of the arm64 programs that are deployed; as above
//   --installed       measure what was built before, and build nothing
//   --keep            write test/bench/results.json and docs/benchmark.md all the same
//   --page            write docs/benchmark.md from the results that are there, and measure nothing

import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { judge } from './bars.mjs';
import { candidates } from './candidates.mjs';
import { byProgram, ratio, typical } from './figures.mjs';
import { arm64Programs, buildNothing, cargoProgram, local, must, root } from './install.mjs';
import { page, table } from './page.mjs';
import { zippedSize } from './zip.mjs';

const resultsFile = join(root, 'test', 'bench', 'results.json');
const pageFile = join(root, 'docs', 'benchmark.md');
const figures = ['coldStartMs', 'listUs', 'callUs', 'processorUs', 'firstEventMs', 'peakMemoryKib'];

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string' },
    seconds: { type: 'string', default: '5' },
    soak: { type: 'string' },
    only: { type: 'string' },
    'no-arm64': { type: 'boolean', default: false },
    installed: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    page: { type: 'boolean', default: false },
  },
});

/** Three significant digits: more would pretend. A promise may be missed by the fourth. */
const rounded = (value, digits = 3) => (value === undefined ? undefined : Number(value.toPrecision(digits)));

/** Installs a candidate; one that cannot be is reported, with the reason. */
function installed(candidate) {
  process.stdout.write(`installing ${candidate.name} …\n`);
  try {
    return { name: candidate.name, version: candidate.version(), ...candidate.install() };
  } catch (error) {
    return { name: candidate.name, missing: error.message };
  }
}

/** Measures on the last core, which the others leave alone if they can. */
function measure(programs, rounds) {
  const harness = cargoProgram('bench-harness');
  const logs = join(local, 'logs');
  rmSync(logs, { recursive: true, force: true });
  mkdirSync(logs, { recursive: true });
  const plan = join(local, 'plan.json');
  writeFileSync(plan, JSON.stringify({ rounds, programs }));
  const core = String(availableParallelism() - 1);
  console.log(`measuring ${programs.length} programs in ${rounds} rounds on core ${core} …`);
  const { status, error, stdout, stderr } = spawnSync('taskset', ['-c', core, harness, plan, logs], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`the harness failed${error ? ` (${error.message})` : ''}: ${stderr}`);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

function machine() {
  const virtual = /^flags.*\bhypervisor\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'));
  return `${cpus().length} cores of ${cpus()[0].model.trim()}${virtual ? ' (virtual machine)' : ''}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${process.arch}`;
}

/** The load of the last minute, as a number of processes that wanted a core. */
const load = () => rounded(loadavg()[0]);

function results() {
  const wanted = options.only?.split(',');
  const unknown = (wanted ?? []).filter((name) => !candidates.some((candidate) => candidate.name === name));
  if (unknown.length > 0)
    throw new Error(
      `no such candidate: ${unknown.join(', ')}; there are: ${candidates.map(({ name }) => name).join(', ')}`,
    );
  const rounds = count('rounds', options.rounds ?? '15');

  const present = candidates.filter(({ name }) => wanted?.includes(name) ?? true).map(installed);
  const leftOut = candidates
    .filter(({ name }) => wanted?.includes(name) === false)
    .map(({ name }) => ({ name, missing: 'left out of this run (--only)' }));
  const sizes = options['no-arm64']
    ? {}
    : Object.fromEntries(Object.entries(arm64Programs()).map(([name, program]) => [name, zippedSize(program)]));
  const before = load();
  const started = Date.now();
  const lines = measure(
    present.flatMap(({ programs }) => programs ?? []),
    rounds,
  );
  const seconds = Math.round((Date.now() - started) / 1000);

  const programs = byProgram(lines);
  const problems = lines
    .filter(({ problem }) => problem !== undefined)
    .map(({ program, problem }) => ({ name: program, missing: problem }));
  const sockets = Object.fromEntries(
    lines
      .filter((line) => line.figures?.socketsWhenReady !== undefined)
      .map((line) => [line.program, line.figures.socketsWhenReady]),
  );
  const measured = {
    typical: (program, figure) => typical(programs, program, figure),
    ratio: (program, other, figure) => ratio(programs, program, other, figure),
    arm64: sizes,
    sockets,
  };
  return {
    writtenBy: 'npm run bench',
    date: new Date().toISOString().slice(0, 10),
    machine: machine(),
    rust: must('rustc', ['--version']).trim(),
    load: { before, after: load() },
    rounds,
    seconds,
    candidates: present
      .map(({ name, version, zip }) => ({ name, version, zip }))
      .filter(({ version }) => version !== undefined),
    programs: [...programs.keys()].sort().map((name) => ({
      name,
      ...Object.fromEntries(figures.map((figure) => [figure, rounded(typical(programs, name, figure))])),
      againstFloor: Object.fromEntries(
        figures.map((figure) => [
          figure,
          rounded(ratio(programs, name, figure === 'firstEventMs' ? 'floor report' : 'floor', figure)),
        ]),
      ),
    })),
    arm64: sizes,
    bars: judge(measured).map((bar) => ({ ...bar, measured: rounded(bar.measured, 4) })),
    missing: [...leftOut, ...present.filter(({ missing }) => missing !== undefined), ...problems].map(
      ({ name, missing }) => ({ name, missing: withoutPaths(missing) }),
    ),
  };
}

function count(name, value) {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) {
    throw new Error(`--${name} must be a whole number from 1, got "${value}"`);
  }
  return number;
}

/** A result is committed, and where somebody keeps the checkout is nobody's business. */
function withoutPaths(text) {
  return text.replaceAll(root, './');
}

if (options.installed) buildNothing();
const [kind] = positionals;
if (kind !== undefined && !['http', 'scale'].includes(kind)) {
  throw new Error(`there is no benchmark ${kind}: http, scale, or no name for that of Lambda`);
}
if (kind !== undefined) {
  const { run } = await import('./http/run.mjs');
  await run(kind, {
    rounds: count('rounds', options.rounds ?? '5'),
    seconds: count('seconds', options.seconds),
    soak: options.soak === undefined ? undefined : count('soak', options.soak),
    only: options.only?.split(','),
    keep: options.keep,
  });
} else if (options.page) {
  writeFileSync(pageFile, page(JSON.parse(readFileSync(resultsFile, 'utf8'))));
} else {
  const result = results();
  const text = `${JSON.stringify(result, undefined, 2)}\n`;
  mkdirSync(local, { recursive: true });
  writeFileSync(join(local, 'results.json'), text);
  if (options.keep || (options.only === undefined && !options['no-arm64'])) {
    writeFileSync(resultsFile, text);
    writeFileSync(pageFile, page(result));
  }
  console.log(table(result));
}
