// What a run says: a table for the terminal, and docs/benchmark.md.

/** The name of a program's candidate, which may be measured in several ways. */
const columns = [
  ['cold start, ms', 'coldStartMs'],
  ['`tools/list`, µs', 'listUs'],
  ['`tools/call`, µs', 'callUs'],
  ['processor, µs', 'processorUs'],
  ['peak memory, MiB', 'peakMemoryKib'],
];

const text = (value) => (value === undefined ? '–' : String(value));
const times = (value) => (value === undefined ? '–' : `${value < 10 ? value.toFixed(2) : Math.round(value)} ×`);
const inMebibytes = (figure, value) =>
  figure === 'peakMemoryKib' && value !== undefined ? Number((value / 1024).toPrecision(3)) : value;
const megabytes = (bytes) => (bytes === undefined ? '–' : (bytes / 1e6).toFixed(2));
const row = (cells) => `| ${cells.join(' | ')} |`;

const isReport = ({ name }) => name.endsWith(' report');

/** Ratios first: the figures themselves belong to one machine. */
export function table({ programs, bars, missing, load }) {
  const lines = programs
    .filter((program) => !isReport(program))
    .map(({ name, againstFloor, ...program }) =>
      row([
        name.padEnd(28),
        ...columns.map(([, figure]) =>
          `${text(inMebibytes(figure, program[figure]))} (${times(againstFloor[figure])})`.padStart(18),
        ),
      ]),
    );
  const events = programs
    .filter(isReport)
    .map(({ name, firstEventMs }) => `${name}: first event after ${text(firstEventMs)} ms`);
  const verdicts = bars.map(
    ({ promise, most, measured, kept }) =>
      `${kept === undefined ? 'not measured' : kept ? 'kept        ' : 'MISSED      '} ${promise}: ${text(measured)} (at most ${most})`,
  );
  const absent = missing.map(({ name, missing: reason }) => `${name} was not measured: ${reason}`);
  const head = row([''.padEnd(28), ...columns.map(([title]) => title.replaceAll('`', '').padStart(18))]);
  return [
    head,
    ...lines,
    '',
    ...events,
    '',
    ...verdicts,
    ...absent,
    `load ${load.before} before, ${load.after} after`,
  ].join('\n');
}

/** docs/benchmark.md. */
export function page({ date, machine, rust, load, rounds, seconds, candidates, programs, arm64, bars, missing }) {
  const zip = (name) => candidates.find((candidate) => candidate.name === name)?.zip;
  const pmcp = programs.find(({ name }) => name === 'pmcp')?.againstFloor.callUs;
  const candidateRows = programs
    .filter((program) => !isReport(program))
    .map(({ name, againstFloor, ...program }) =>
      row([
        name,
        ...columns.map(
          ([, figure]) => `${text(inMebibytes(figure, program[figure]))} (${times(againstFloor[figure])})`,
        ),
        megabytes(zip(name)),
      ]),
    );
  return `# Benchmark

<!-- Written by test/bench/run.mjs from test/bench/results.json; do not edit. -->

\`npm run bench\` measures an MCP server on this project's crate against the least that such a server can be, and against the other ways to run MCP on
Lambda. The first time it builds and installs everything (some fifteen minutes on two cores); the measurement itself took ${seconds} seconds here.

Run of ${date}: ${machine}, ${rust}, ${rounds} rounds. Load of the machine before it ${load.before}, after it ${load.after}; a load above 1 on another core than
the measured one disturbs little, a load above the number of cores disturbs everything.

## The promises

| promise | at most | measured | kept |
|---|---|---|---|
${bars.map(({ promise, most, measured, kept }) => row([promise, most, text(measured), kept === undefined ? 'not measured' : kept ? 'yes' : '**no**'])).join('\n')}

## The candidates

In brackets: as a multiple of the floor, which is the median of the ratios within each round. Compare the brackets; the figures beside them
belong to this machine. The last column is the zip for this machine's processor, in MB, without what a managed runtime brings.

| program | ${columns.map(([title]) => title).join(' | ')} | zip, MB |
|---|${columns.map(() => '---|').join('')}---|
${candidateRows.join('\n')}

| program | first event after the tool's report, ms |
|---|---|
${programs
  .filter(isReport)
  .map(({ name, firstEventMs }) => row([name.replace(/ report$/, ''), text(firstEventMs)]))
  .join('\n')}

| program for arm64 | zip, MB |
|---|---|
${Object.entries(arm64)
  .map(([name, bytes]) => row([name, megabytes(bytes)]))
  .join('\n')}

| candidate | version |
|---|---|
${candidates.map(({ name, version }) => row([name, version])).join('\n')}
${missing.length === 0 ? '\nEvery candidate was measured.\n' : `\nNot measured:\n\n${missing.map(({ name, missing: reason }) => `- ${name}: ${reason.replaceAll('\n', ' ')}`).join('\n')}\n`}
## What is measured, and how

- **Every program** is started as Lambda starts one, with a Lambda Runtime API of its own on loopback, and gets events of a REST API's proxy integration with the
  claims of a Cognito authorizer. It serves the tool \`greet\`; each answer is read and compared, with another argument for each call.
- **The floor** is \`lambda_runtime\` and \`serde_json\` with two answers written manually (\`test/bench/floor\`). It checks no caller, OAuth scope, header or protocol
  version, so nothing that does can reach it.
- **mcp-lambda** runs as it is deployed: claims of the gateway, an OAuth scope for each tool, answers streamed, a log line for each request,
  written after its answer. The other Rust programs log nothing, and are built with the same compiler options.
- **Cold start** is the time from starting the process to the last byte of its first answer (\`initialize\`, or \`server/discover\` for 2026-07-28), with the program's files
  in memory.
- **Warm** is the time from handing over an event to the last byte of the answer; the figure of a round is the median of its calls. The time is taken at
  the Runtime API's socket, whose own work is in it, and the same for all. **Processor** is what the process itself spent on one \`tools/call\`.
- **First event** is the time from the moment at which the tool \`report\` reports progress to the arrival of that event at the Runtime API.
- **Rounds**: in each, every program is started once, in an order in which each comes right after every other one about equally often, since a large one
  leaves cold caches behind it. Process and Runtime API share one core, because a small function has less than one.
  turul serves 2026-07-28 only, and is compared with mcp-lambda's answers to that revision.

## What lies between mcp-lambda and the floor

Counted on 2026-11-21 for one warm \`tools/call\` of 2025-11-25, with the log line, by \`strace\` and by \`callgrind\` with two first-level caches of 32 KiB:

| | floor | mcp-lambda |
|---|---|---|
| system calls | 8 | 7 |
| instructions of the process | 300,000 | 299,000 |
| misses of the instruction cache | 3,700 | 7,100 |
| misses of the data cache | 1,100 | 4,700 |

It does as much, in twice as much code, each piece of which runs once: rmcp serves a request with several tasks and channels, and moves futures of some kilobytes
between them.${pmcp === undefined ? '' : ` pmcp takes ${times(pmcp)} the floor above, so 0.65 × pmcp is ${times(0.65 * pmcp)} the floor.`}

Of a program with an HTTPS client, deflated for x86-64 (1.77 MB), 1.23 MB are code, 0.22 MB the tables by which a panicking tool is caught, and 0.15 MB one table of
the curve P-256.

Tried on dog-facts for x86-64, deflated, 1.80 MB: everything with \`opt-level = "z"\`, 1.72 MB; identical functions folded by the linker, 1.79 MB. So the promised sizes need less code
from rmcp and rustls; the compiler gives little more. The same code is the memory: of the 4.7 MiB of mcp-lambda at the peak 2.6 are pages of the program's own file, where the floor
has 0.8; the heap is 0.28 MiB against 0.14.

Since then every program carries the HTTP service, the verification of access tokens and plain REST. [ADR 13](adr/0013-one-program.md) has what they cost, measured, and why they are no
Cargo features: 0.78 MB of the zip, 0.8 MiB of memory, and nothing at a cold start.

## What this does not show

Lambda's own part of a cold start (a new micro virtual machine, the download of the code), its throttling of small functions, and the network: differences of some
microseconds are invisible behind API Gateway. Node and Python are the packages named above with AWS's runtime interface clients, which stand in for
the managed runtimes. Python has its compiled files, which a zip often lacks.
`;
}
