// What the project promises about the HTTP service and about scale, and whether a run shows it.

/** Each with `least` or `most`: the smallest or largest value that keeps the promise. */
const http = [
  {
    promise: 'requests a second at 64 connections against bare axum',
    least: 0.25,
    value: ({ ratio }) => ratio('mcp-lambda', 'axum', 64, 'perSecond'),
  },
  {
    promise: 'requests a second at 64 connections against the TypeScript SDK with express',
    least: 10,
    value: ({ ratio }) => ratio('mcp-lambda', 'TypeScript SDK 1 with express', 64, 'perSecond'),
  },
  {
    promise: 'requests a second at 64 connections against FastMCP with uvicorn',
    least: 20,
    value: ({ ratio }) => ratio('mcp-lambda', 'FastMCP with uvicorn', 64, 'perSecond'),
  },
  {
    promise: 'requests a second at 512 connections against 64',
    least: 0.85,
    value: ({ within }) => within('mcp-lambda', (round) => round[512].perSecond / round[64].perSecond),
  },
  {
    promise: 'p99 against p50 at 512 connections',
    most: 1.5,
    value: ({ within }) => within('mcp-lambda', (round) => round[512].p99Us / round[512].p50Us),
  },
];

const scale = [
  {
    promise: '`tools/call` with 1,000 tools against one',
    most: 1.05,
    value: ({ callUs }) => callUs[1000] / callUs[1],
  },
  {
    promise: '`tools/list` of 1,000 tools against serialising it',
    most: 3,
    value: ({ listUs, serialiseUs }) => listUs[1000] / serialiseUs,
  },
  {
    promise: 'start with 1,000 tools against one',
    most: 8,
    value: ({ startMs }) => startMs[1000] / startMs[1],
  },
  {
    promise: 'memory of a tool after the start, KiB',
    most: 7,
    value: ({ memoryKib }) => (memoryKib[1000] - memoryKib[1]) / 999,
  },
  {
    promise: 'argument of 4 MB against axum, which reads and echoes it',
    most: 1.3,
    value: ({ echoUs, floorUs }) => echoUs[4] / floorUs[4],
  },
  {
    promise: 'argument of 4 MB against 1 MB',
    most: 4.5,
    value: ({ echoUs }) => echoUs[4] / echoUs[1],
  },
];

const soak = [
  {
    promise: 'memory at the end of the load against its first minute',
    most: 1.05,
    value: ({ memoryKib }) => memoryKib.at(-1) / memoryKib[0],
  },
];

/** Every promise with what was measured; `kept` is absent where nothing was. */
function judge(bars, measured) {
  return bars.map(({ value, ...bar }) => {
    const was = value(measured);
    if (was === undefined || Number.isNaN(was)) return bar;
    return { ...bar, measured: was, kept: was <= (bar.most ?? Infinity) && was >= (bar.least ?? 0) };
  });
}

export const judgeHttp = (measured) => judge(http, measured);
export const judgeScale = (measured) => judge(scale, measured);
export const judgeSoak = (measured) => judge(soak, measured);
