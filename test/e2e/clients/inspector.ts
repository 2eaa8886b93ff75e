/** MCP Inspector on the command line, with a home directory of its own. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { patience } from '../patience.ts';
import { freePort } from '../person.ts';
import { removeDirectory } from '../remove-directory.ts';
import { inTerminal } from '../terminal.ts';
import type { Errand, McpClient, Outcome, Surroundings } from './client.ts';

const executable = fileURLToPath(new URL('../../node_modules/.bin/mcp-inspector', import.meta.url));

async function inspect(
  home: string,
  errand: Errand,
  args: readonly string[],
  surroundings?: Surroundings,
): Promise<Record<string, unknown>> {
  const era = errand.revision === '2026-07-28' ? 'modern' : 'legacy';
  const output = join(home, 'result.json');
  const child = spawn(
    ...inTerminal(executable, [
      '--cli',
      errand.url,
      '--transport',
      'http',
      '--protocol-era',
      era,
      '--quiet',
      '--output',
      output,
      ...args,
    ]),
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        HOME: home,
        MCP_AUTO_OPEN_ENABLED: 'false',
        MCP_INSPECTOR_SECRET_STORE: 'file',
        NO_COLOR: '1',
      },
    },
  );
  const timer = setTimeout(() => child.kill('SIGKILL'), patience);
  let said = '';
  let visit: Promise<void> | undefined;
  const listen = (chunk: Buffer): void => {
    said += chunk.toString('utf8');
    const url = /Please navigate to: (http[^\s\x07\x1b]+)\s/.exec(said)?.[1];
    if (url === undefined || visit !== undefined) return;
    visit = surroundings?.visit(new URL(url));
    // It would wait for a person who does not come; the reason is thrown below.
    visit?.catch(() => child.kill('SIGKILL'));
  };
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  try {
    const status = await new Promise<number | null>((resolve, reject) =>
      child.once('error', reject).once('close', resolve),
    );
    await visit;
    assert.equal(status, 0, `mcp-inspector ${args.join(' ')}: ${said}`);
    return JSON.parse(readFileSync(output, 'utf8')) as Record<string, unknown>;
  } finally {
    clearTimeout(timer);
    child.kill('SIGKILL');
  }
}

async function run(errand: Errand, surroundings: Surroundings): Promise<Outcome> {
  const { identity } = errand;
  const home = mkdtempSync(join(tmpdir(), 'mcp-inspector-'));
  const known = {
    preRegistered: ['--client-id'],
    metadataDocument: ['--client-metadata-url'],
    registered: [],
    program: [],
  }[identity.kind];
  const identification = 'clientId' in identity ? [...known, identity.clientId] : [];
  const port = errand.callbackPort === 0 ? await freePort() : errand.callbackPort;
  try {
    const called = await inspect(
      home,
      errand,
      [
        '--method',
        'tools/call',
        '--tool-name',
        'getDogFacts',
        '--tool-arg',
        `limit=${errand.limit}`,
        ...identification,
        '--callback-url',
        `http://127.0.0.1:${port}/callback`,
      ],
      surroundings,
    );
    // Signed in by now: no browser is needed again.
    const listed = await inspect(home, errand, ['--method', 'tools/list', '--stored-auth-only']);
    const result = (called['result'] ?? called) as { structuredContent?: { facts: readonly string[] } };
    const list = (listed['result'] ?? listed) as { tools: readonly { name: string }[] };
    assert.ok(result.structuredContent, JSON.stringify(called));
    return { tools: list.tools.map(({ name }) => name), facts: result.structuredContent.facts };
  } finally {
    await removeDirectory(home);
  }
}

/** It shows the result of a call and nothing before it. */
export const inspector: McpClient = {
  name: 'MCP Inspector 2.12 on the command line',
  revisions: ['2026-07-28', '2025-11-25'],
  identities: ['preRegistered', 'registered', 'metadataDocument'],
  showsProgress: false,
  run,
};
