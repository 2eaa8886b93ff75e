// What the project promises about its own speed and size, and whether a run shows it.

/** Each with the figure that it is about; `most` is the largest value that keeps the promise. */
const bars = [
  {
    promise: 'cold start against the floor',
    most: 1.1,
    value: ({ ratio }) => ratio('mcp-lambda', 'floor', 'coldStartMs'),
  },
  {
    promise: 'warm `tools/call` against the floor',
    most: 1.8,
    value: ({ ratio }) => ratio('mcp-lambda', 'floor', 'callUs'),
  },
  {
    promise: 'warm `tools/call` against pmcp',
    most: 0.65,
    value: ({ ratio }) => ratio('mcp-lambda', 'pmcp', 'callUs'),
  },
  {
    promise: 'warm `tools/call` against turul, 2026-07-28',
    most: 0.65,
    value: ({ ratio }) => ratio('mcp-lambda 2026-07-28', 'turul', 'callUs'),
  },
  {
    promise: 'first event after the report, ms',
    most: 1,
    value: ({ typical }) => typical('mcp-lambda report', 'firstEventMs'),
  },
  {
    promise: 'peak memory against the floor',
    most: 1.5,
    value: ({ ratio }) => ratio('mcp-lambda', 'floor', 'peakMemoryKib'),
  },
  {
    promise: 'dog-facts for arm64 with its HTTPS client, zipped, MB',
    most: 1.5,
    value: ({ arm64 }) => megabytes(arm64['dog-facts']),
  },
  {
    promise: 'counter for arm64 with its DynamoDB client, zipped, MB',
    most: 2.6,
    value: ({ arm64 }) => megabytes(arm64.counter),
  },
  {
    promise: 'cold start of the authorization server, ms',
    most: 60,
    value: ({ typical }) => typical('authorization', 'coldStartMs'),
  },
  {
    promise: 'sockets of the authorization server before its first request, beside the Runtime API',
    most: 0,
    value: ({ sockets }) => beside(sockets.authorization),
  },
  {
    promise: 'cold start of the playground, ms',
    most: 15,
    value: ({ typical }) => typical('playground', 'coldStartMs'),
  },
  {
    promise: 'sockets of mcp-lambda with DynamoDB before its first request, beside the Runtime API',
    most: 0,
    value: ({ sockets }) => beside(sockets['mcp-lambda with DynamoDB']),
  },
];

const megabytes = (bytes) => (bytes === undefined ? undefined : bytes / 1e6);
const beside = (sockets) => (sockets === undefined ? undefined : sockets - 1);

/** Every promise with what was measured; `kept` is absent where nothing was. */
export function judge(measured) {
  return bars.map(({ promise, most, value }) => {
    const was = value(measured);
    return was === undefined ? { promise, most } : { promise, most, measured: was, kept: was <= most };
  });
}
