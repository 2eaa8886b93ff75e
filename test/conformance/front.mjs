// The function under test: lambda/testing in front of test/conformance/server, with a directory that its processes share.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Share of the idle processes that is killed before each request. */
export const killProbability = 0.3;
/** The function's timeout. The suite leaves streams open that it expects the server to hold; this ends them. */
const timeoutMilliseconds = 10_000;

/** The processes that this one has started. */
function children(pid) {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
}

/**
 * Starts the front on a free port. `url` is the MCP endpoint; `killRunning` ends the function's processes where they are; `stop` ends
 * everything and returns what the front says about its processes.
 */
export async function startFront({
  binaries,
  table,
  transferMode,
  seed,
  log,
  probability = killProbability,
  timeout = timeoutMilliseconds,
}) {
  const state = mkdtempSync(join(tmpdir(), 'mcp-conformance-'));
  const issuer = 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_conformance';
  const claims = {
    sub: 'the-suite',
    client_id: 'conformance',
    token_use: 'access',
    iss: issuer,
    scope: '{origin}/mcp/conformance',
  };
  const variables = {
    MCP_RESOURCE: '{origin}/mcp',
    MCP_ISSUER: issuer,
    MCP_RESPONSE_MODE: transferMode,
    MCP_STATE_KEYS: `run:${randomBytes(32).toString('base64')}`,
    // Asynchronous invocations go to the front; everything else of AWS is in the table's emulator.
    AWS_ENDPOINT_URL_LAMBDA: '{lambda}',
    ...table,
    CONFORMANCE_STATE_DIRECTORY: state,
    CONFORMANCE_REQUEST_STATE_KEY: randomBytes(32).toString('hex'),
  };
  const pairs = (flag, values) => Object.entries(values).flatMap(([name, value]) => [flag, `${name}=${value}`]);
  const front = spawn(
    join(binaries, 'runtime-api'),
    [
      ...['--transfer-mode', transferMode, '--timeout-ms', String(timeout)],
      ...['--kill-probability', String(probability), '--kill-seed', String(seed), '--deliver-twice'],
      ...pairs('--claim', claims),
      ...pairs('--env', variables),
      ...['--', join(binaries, 'conformance')],
    ],
    { stdio: ['ignore', 'pipe', openSync(log, 'a')] },
  );
  const lines = createInterface({ input: front.stdout })[Symbol.asyncIterator]();
  const first = await Promise.race([lines.next(), once(front, 'error').then(([error]) => Promise.reject(error))]);
  if (first.done) throw new Error(`the front did not start; its log is ${log}`);

  return {
    url: `${first.value}/mcp`,
    killRunning() {
      for (const pid of children(front.pid)) process.kill(pid, 'SIGKILL');
    },
    async stop() {
      const exited = once(front, 'exit');
      front.kill('SIGTERM');
      const last = await lines.next();
      await exited;
      rmSync(state, { recursive: true, force: true });
      return last.done ? 'the front ended before it was told to' : last.value;
    },
  };
}
