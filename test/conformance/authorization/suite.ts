/**
 * The official suite's own judgement of authorization servers: its command `authorization`, for every revision it knows,
 * against a running local stack. The suite prints the authorization URL and waits for a person; a browser of ours is the person.
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { patience } from '../../e2e/patience.ts';
import { freePort } from '../../e2e/person.ts';
import { runningStack } from '../../e2e/stack.ts';
import { program, version } from '../score.mjs';
import { Browser } from './browser.ts';
import { Server } from './server.ts';

/** What the suite names after "Unknown spec version". */
const REVISIONS = ['2025-03-26', '2025-06-18', '2025-11-25', '2026-07-28'];
const SCENARIOS = ['authorization-code-grant', 'authorization-server-metadata-endpoint'];

interface Check {
  readonly id: string;
  readonly status: string;
  readonly errorMessage?: string;
}

/** Runs the command; signs in where it asks a person to. What it has checked, by scenario. */
async function judge(
  server: Server,
  clientId: string,
  revision: string,
): Promise<{ readonly checks: Map<string, Check[]>; readonly status: number | null; readonly output: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'authorization-suite-'));
  const port = await freePort();
  const child = spawn(
    process.execPath,
    [
      program,
      'authorization',
      '--url',
      server.issuer,
      '--client-id',
      clientId,
      '--resource',
      server.resource,
      '--port',
      String(port),
      '--spec-version',
      revision,
      '--output-dir',
      folder,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  let person: Promise<unknown> | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
      const url = /^(http\S+\/authorize\?\S+)\s/m.exec(output)?.[1];
      if (url === undefined || !output.includes('Waiting up to')) return;
      person ??= signIn(server, url).catch((error: Error) => {
        output += `\n${error.message}`;
        child.kill();
      });
    });
  }
  try {
    const status = await new Promise<number | null>((resolve, reject) =>
      child.once('error', reject).once('close', resolve),
    );
    await person;
    const checks = new Map<string, Check[]>();
    for (const entry of readdirSync(folder)) {
      const scenario = SCENARIOS.find((name) => entry.includes(name));
      if (scenario !== undefined)
        checks.set(scenario, JSON.parse(readFileSync(join(folder, entry, 'checks.json'), 'utf8')) as Check[]);
    }
    return { checks, status, output };
  } finally {
    child.kill();
    rmSync(folder, { recursive: true });
  }
}

async function signIn(server: Server, url: string): Promise<void> {
  const browser = new Browser();
  const page = await browser.open(url);
  await browser.open(await server.finish(browser, await server.decide(browser, page, 'allow')));
}

describe(`the official suite ${version}, command authorization`, () => {
  let server: Server;
  before(async () => {
    server = await Server.start(runningStack());
  });
  after(() => server?.close());

  for (const revision of REVISIONS) {
    for (const [kind, client] of [
      ['a client that registered itself', () => server.client()],
      ['the client for manual configuration', () => server.stack.McpOAuthClientId],
    ] as const) {
      test(`passes both scenarios of ${revision} with ${kind}`, { timeout: patience }, async () => {
        const { checks, status, output } = await judge(server, await client(), revision);
        assert.equal(status, 0, output);
        assert.deepEqual([...checks.keys()].sort(), SCENARIOS, output);
        for (const [scenario, list] of checks) {
          assert.deepEqual(
            list.filter((check) => check.status !== 'SUCCESS'),
            [],
            scenario,
          );
          assert.notEqual(list.length, 0, scenario);
        }
      });
    }
  }

  test('knows no revision that is not run here', async () => {
    const child = spawn(process.execPath, [program, 'list', '--authorization', '--spec-version', 'none'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let output = '';
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
    await new Promise((resolve) => child.once('close', resolve));
    assert.deepEqual(/Valid versions: ([\d, -]+) \(/.exec(output)?.[1]?.split(', '), REVISIONS, output);
  });
});
