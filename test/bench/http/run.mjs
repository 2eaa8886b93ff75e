// `npm run bench -- http`: requests a second of the HTTP service and of other servers, in alternating rounds.
// `npm run bench -- scale`: how its cost grows with tools and arguments.
// docs/benchmark-http.md says what is measured and how to read it.
//
//   --rounds N      rounds that count (default 5)
//   --seconds N     time of each measurement (default 5)
//   --only A,B      some candidates of `http`
//   --soak N        with `http`: instead of rounds, N seconds of load on mcp-lambda alone, with its memory
//   --installed     measure what was built before, and build nothing
//   --keep          write test/bench/http/results.json and docs/benchmark-http.md

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';

import { median } from '../figures.mjs';
import { local, root } from '../install.mjs';
import { judgeHttp, judgeScale, judgeSoak } from './bars.mjs';
import { candidates } from './candidates.mjs';
import { page, table } from './page.mjs';
import { measureScale } from './scale.mjs';
import { greet, headersOf, load, startIssuer, startServer } from './servers.mjs';

const resultsFile = join(root, 'test', 'bench', 'http', 'results.json');
const pageFile = join(root, 'docs', 'benchmark-http.md');
const connections = [1, 64, 512];

const rounded = (value) => (typeof value === 'number' ? Number(value.toPrecision(3)) : value);

/** One round of one candidate: a fresh process, and each number of connections in turn. */
async function round({ verifies, server }, issuer, seconds) {
  const running = await startServer({ ...server, environment: { ...issuer.environment, ...server.environment } });
  try {
    const figures = {};
    for (const number of connections) {
      const headers = headersOf(verifies ? issuer.token : undefined);
      const sent = { headers, body: greet('Ada'), expected: 'hello, Ada', connections: number, seconds };
      figures[number] = await load(running.address, sent);
    }
    return { ...figures, peakMemoryKib: running.peakMemoryKib() };
  } finally {
    await running.stop();
  }
}

async function measureHttp({ rounds, seconds, only }, issuer) {
  const wanted = candidates.filter(({ name }) => only?.includes(name) ?? true);
  const [present, missing] = [[], []];
  for (const candidate of wanted) {
    console.log(`installing ${candidate.name} …`);
    try {
      present.push({ ...candidate, server: candidate.install() });
    } catch (error) {
      missing.push({ name: candidate.name, reason: error.message.replaceAll(root, './') });
    }
  }
  const measured = new Map(present.map(({ name }) => [name, []]));
  // The round before the first warms up the files of every candidate, and does not count.
  for (let number = 0; number <= rounds; number++) {
    for (let offset = 0; offset < present.length; offset++) {
      const candidate = present[(number + offset) % present.length];
      const figures = await round(candidate, issuer, number === 0 ? 1 : seconds);
      if (number > 0) measured.get(candidate.name).push(figures);
    }
    console.log(`round ${number} of ${rounds}`);
  }
  const within = (name, value) => {
    const all = measured.get(name);
    return all === undefined || all.length === 0 ? undefined : median(all.map(value));
  };
  const ratio = (name, other, number, figure) => {
    const others = measured.get(other);
    if (!measured.has(name) || others === undefined) return undefined;
    return median(measured.get(name).map((figures, index) => figures[number][figure] / others[index][number][figure]));
  };
  const programs = present.map(({ name, verifies }) => ({
    ...{ name, verifies, peakMemoryKib: within(name, (figures) => figures.peakMemoryKib) },
    figures: connections.map((number) => ({
      connections: number,
      perSecond: rounded(within(name, (figures) => figures[number].perSecond)),
      againstAxum: rounded(ratio(name, 'axum', number, 'perSecond')),
      p50Us: rounded(within(name, (figures) => figures[number].p50Us)),
      p99Us: rounded(within(name, (figures) => figures[number].p99Us)),
    })),
  }));
  return { programs, missing, bars: judgeHttp({ within, ratio }) };
}

/** Load on mcp-lambda alone, with its memory after each minute, or each tenth of a shorter time. */
async function soak(seconds, issuer) {
  const { verifies, install } = candidates.find(({ name }) => name === 'mcp-lambda');
  const server = install();
  const running = await startServer({ ...server, environment: issuer.environment });
  const step = Math.min(60, seconds / 10);
  const headers = headersOf(verifies ? issuer.token : undefined);
  const memoryKib = [];
  for (let past = 0; past < seconds; past += step) {
    const sent = { headers, body: greet('Ada'), expected: 'hello, Ada', connections: 64, seconds: step, warmUp: 0 };
    await load(running.address, sent);
    memoryKib.push(running.memoryKib());
  }
  await running.stop();
  return { seconds, memoryKib, bars: judgeSoak({ memoryKib }) };
}

/** Measures, prints, and adds the result to those that are kept. */
export async function run(kind, options) {
  const issuer = await startIssuer();
  const before = rounded(loadavg()[0]);
  let result;
  try {
    if (kind === 'http') result = options.soak ? await soak(options.soak, issuer) : await measureHttp(options, issuer);
    else {
      const figures = await measureScale(options, issuer);
      result = { ...figures, bars: judgeScale(figures) };
    }
  } finally {
    issuer.close();
  }
  result = {
    ...{ date: new Date().toISOString().slice(0, 10), machine: `${cpus().length} cores of ${cpus()[0].model.trim()}` },
    ...{ load: { before, after: rounded(loadavg()[0]) }, rounds: options.rounds, secondsEach: options.seconds },
    ...result,
    bars: result.bars.map((bar) => ({ ...bar, ...(bar.measured && { measured: rounded(bar.measured) }) })),
  };
  const name = options.soak ? 'soak' : kind;
  mkdirSync(local, { recursive: true });
  writeFileSync(join(local, `${name}.json`), `${JSON.stringify(result, null, 2)}\n`);
  if (options.keep) {
    const kept = { ...read(resultsFile), [name]: result };
    writeFileSync(resultsFile, `${JSON.stringify(kept, null, 2)}\n`);
    writeFileSync(pageFile, page(kept));
  }
  console.log(table(name, result));
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return {};
    throw error;
  }
}
