// Starts a server on one core, and the clients of the benchmark on another.

import { spawn } from 'node:child_process';
import { createSign, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';

import { cargoProgram } from '../install.mjs';

export const resource = 'https://mcp.example.com/mcp';
const issuer = 'https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Example00';

/** The server has the last core, everything else the first. */
const serverCore = String(availableParallelism() - 1);
const loadCore = '0';

/** Publishes a key and signs access tokens with it, as the issuer of a deployment does. */
export async function startIssuer() {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const keys = JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'bench', alg: 'RS256' }] });
  const server = createServer((_, response) => response.end(keys));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    ...{ sub: 'bench', client_id: 'bench-client', username: 'bench', token_use: 'access', iss: issuer, aud: resource },
    ...{ scope: `${resource}/greet`, iat: now, exp: now + 24 * 60 * 60 },
  };
  const signed = `${encode({ alg: 'RS256', kid: 'bench' })}.${encode(claims)}`;
  const signature = createSign('RSA-SHA256').update(signed).sign(privateKey).toString('base64url');
  return {
    token: `${signed}.${signature}`,
    environment: {
      MCP_RESOURCE: resource,
      MCP_ISSUER: issuer,
      MCP_JWKS_URL: `http://127.0.0.1:${server.address().port}/`,
      MCP_LISTEN: '127.0.0.1:0',
      MCP_HTTP_THREADS: '1',
      MCP_HTTP_REQUESTS: '10000',
    },
    close: () => server.close(),
  };
}

/** Starts a server; resolves when it has logged its address. `startMs` is the time until then. */
export async function startServer({ command, environment = {}, cwd }) {
  const begun = performance.now();
  const child = spawn('taskset', ['-c', serverCore, ...command], {
    cwd,
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const lines = [];
  const address = await new Promise((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      // What it logs for each request is read and dropped.
      if (lines.length < 20) lines.push(line);
      if (line.includes('"listening"')) resolve(JSON.parse(line).address);
    });
    ended.then((status) => reject(new Error(`ended with ${status}: ${lines.join('\n')}`)));
  });
  return {
    address,
    startMs: performance.now() - begun,
    memoryKib: () => status(child.pid, 'VmRSS'),
    peakMemoryKib: () => status(child.pid, 'VmHWM'),
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function status(pid, member) {
  return Number(new RegExp(`^${member}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
}

/** Sends requests to a server; resolves to their number and times. */
export function load(address, { path = '/mcp', headers = {}, body, expected, connections, seconds, warmUp = 1 }) {
  const plan = {
    ...{
      address,
      path,
      headers: Object.entries({ Host: new URL(resource).host, ...headers }),
      body,
      expected,
      connections,
    },
    ...{ warmUpMs: warmUp * 1000, measuredMs: seconds * 1000 },
  };
  const child = spawn('taskset', ['-c', loadCore, cargoProgram('bench-load'), JSON.stringify(plan)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const read = (stream) => stream.setEncoding('utf8').toArray();
  const texts = Promise.all([read(child.stdout), read(child.stderr)]);
  return new Promise((resolve, reject) => {
    child.once('exit', async (code) => {
      const [out, error] = (await texts).map((chunks) => chunks.join(''));
      if (code === 0) resolve(JSON.parse(out));
      else reject(new Error(`the clients failed: ${error.trim().slice(0, 500)}`));
    });
  });
}

/** A call of the tool `greet`, or another message. */
export const message = (method, params) => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
export const greet = (name) => message('tools/call', { name: 'greet', arguments: { name } });

/** The headers of a client of 2025-11-25 with an access token. */
export const headersOf = (token) => ({
  'MCP-Protocol-Version': '2025-11-25',
  ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
});
