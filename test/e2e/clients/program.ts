/**
 * A client that is a program of its own: it gets the errand and the redirect's query on standard input, and writes one line
 * of JSON for each thing that happens, when it happens.
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

import { patience } from '../patience.ts';
import { listenForCallback } from '../person.ts';
import type { Errand, Outcome, Progress, Surroundings } from './client.ts';

/** One line. */
type Line =
  | { readonly authorize: string }
  | { readonly connected: string }
  | { readonly tools: readonly string[] }
  | { readonly progress: Progress }
  | { readonly result: { readonly facts: readonly string[] } };

/** Runs the program to its end; one that hangs is ended. */
export async function runProgram(
  program: string,
  args: readonly string[],
  errand: Errand,
  surroundings: Surroundings,
): Promise<Outcome> {
  const callback = await listenForCallback(errand.callbackPort);
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), patience);
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString('utf8')));
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  const told: Line[] = [];
  try {
    child.stdin.write(`${JSON.stringify({ ...errand, redirectUri: callback.redirectUri })}\n`);
    for await (const text of createInterface(child.stdout)) {
      const line = JSON.parse(text) as Line;
      told.push(line);
      if ('progress' in line) surroundings.progressed(line.progress);
      if ('authorize' in line) {
        const [query] = await Promise.all([callback.next(), surroundings.visit(new URL(line.authorize))]);
        child.stdin.write(`${query}\n`);
      }
    }
    assert.equal(await ended, 0, `${program} failed: ${complaints}`);
  } finally {
    clearTimeout(timer);
    child.kill('SIGKILL');
    await callback.close();
  }
  const revision = told.find((line) => 'connected' in line)?.connected;
  const tools = told.find((line) => 'tools' in line)?.tools;
  const result = told.find((line) => 'result' in line)?.result;
  assert.ok(
    revision !== undefined && tools !== undefined && result !== undefined,
    `${program} told ${JSON.stringify(told)}: ${complaints}`,
  );
  return { revision, tools, facts: result.facts };
}
