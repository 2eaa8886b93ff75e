// What a run says: a table for the terminal, and docs/benchmark-http.md.

const row = (cells) => `| ${cells.join(' | ')} |`;
const text = (value) => (value === undefined ? '–' : String(value));
const three = (value) => (value === undefined ? '–' : String(Number(value.toPrecision(3))));
const limit = ({ least, most }) => (least === undefined ? `at most ${most}` : `at least ${least}`);
const verdict = ({ kept }) => (kept === undefined ? 'not measured' : kept ? 'yes' : '**no**');

const bars = (result) =>
  (result?.bars ?? []).map((bar) => row([bar.promise, limit(bar), text(bar.measured), verdict(bar)])).join('\n');

const httpRows = ({ programs }) =>
  programs.flatMap(({ name, verifies, peakMemoryKib, figures }) =>
    figures.map(({ connections, perSecond, againstAxum, p50Us, p99Us }) =>
      row([
        verifies ? name : `${name}, no access token`,
        connections,
        `${text(perSecond)} (${text(againstAxum)} ×)`,
        text(p50Us),
        text(p99Us),
        three(peakMemoryKib / 1024),
      ]),
    ),
  );

const scaleRows = ({ callUs, listUs, startMs, memoryKib }) =>
  Object.keys(callUs).map((tools) =>
    row([tools, three(callUs[tools]), three(listUs[tools]), three(startMs[tools]), three(memoryKib[tools] / 1024)]),
  );

const echoRows = ({ echoUs, floorUs }) =>
  Object.keys(echoUs).map((size) => row([size, three(echoUs[size]), three(floorUs[size])]));

/** For the terminal. */
export function table(kind, result) {
  const rows =
    kind === 'http'
      ? httpRows(result)
      : kind === 'scale'
        ? [...scaleRows(result), ...echoRows(result), `serialising the list of 1000: ${three(result.serialiseUs)} µs`]
        : [`memory, KiB: ${result.memoryKib.join(' ')}`];
  const missing = (result.missing ?? []).map(({ name, reason }) => `${name} was not measured: ${reason}`);
  return [...rows, '', bars(result), ...missing, `load ${result.load.before} before, ${result.load.after} after`].join(
    '\n',
  );
}

const run = ({ date, machine, rounds, secondsEach, load }) =>
  `Run of ${date}: ${machine}, ${rounds} rounds of ${secondsEach} seconds. Load of the machine before it ${load.before}, after it ${load.after}.`;

/** docs/benchmark-http.md, of the kinds that have been measured. */
export function page({ http, scale, soak }) {
  const sections = [];
  if (http !== undefined) {
    sections.push(`## Requests a second

${run(http)}

| server | connections | requests a second (against axum) | p50, µs | p99, µs | peak memory, MiB |
|---|---|---|---|---|---|
${httpRows(http).join('\n')}
${http.missing.map(({ name, reason }) => `\n${name} was not measured: ${reason.replaceAll('\n', ' ')}\n`).join('')}`);
  }
  if (scale !== undefined) {
    sections.push(`## Scale

${run(scale)}

| tools | \`tools/call\`, µs | \`tools/list\`, µs | start, ms | memory after the start, MiB |
|---|---|---|---|---|
${scaleRows(scale).join('\n')}

Serialising the list of 1,000 tools takes ${three(scale.serialiseUs)} µs.

| argument, MB | \`tools/call\`, µs | axum, µs |
|---|---|---|
${echoRows(scale).join('\n')}
`);
  }
  if (soak !== undefined) {
    sections.push(`## Memory under load

${soak.seconds} seconds of 64 connections. Memory after each step, in KiB: ${soak.memoryKib.join(', ')}.
`);
  }
  return `# Benchmark of the HTTP service

<!-- Written by test/bench/http/run.mjs from test/bench/http/results.json; do not edit. -->

\`npm run bench -- http\` compares [the HTTP service](http-service.md) with other servers. \`npm run bench -- scale\` measures how its cost grows with tools and arguments.
\`npm run bench -- http --soak 600\` measures its memory under load.

## The promises

| promise | limit | measured | kept |
|---|---|---|---|
${[http, scale, soak].map(bars).filter(Boolean).join('\n')}

${sections.join('\n')}
## What is measured, and how

- A server runs on one core with one thread, the clients on another core. Each client sends its next request when it has the response to the last one, and compares it.
- mcp-lambda verifies an RS256 access token of one caller, checks its OAuth scopes and the arguments, and writes a log line for each request. It has verified the token before, so what is measured is a token
  that is remembered. The other servers verify no token and log nothing.
- axum returns a constant. In the second table of "Scale" it parses the message and echoes the argument.
- In each round every server is started once, another one first. A ratio is the median of the ratios within each round; compare ratios, the figures belong to this machine.
- With many connections, p50 and p99 are mostly the time for which a request waits for its turn.

The DynamoDB requests of a call are counted by tests: \`lambda/mcp-lambda/tests/it/endings.rs\`.
`;
}
