/** Runs `mcp-lambda live` against the local stack, as it is or behind fronts that break it. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';

import { FaultyFront, type Fault } from './faulty-front.ts';
import { removeDirectory } from './remove-directory.ts';
import { cognitoDomain, runningStack } from './stack.ts';

const stack = runningStack();
const root = fileURLToPath(new URL('../..', import.meta.url));

type Verdict = 'confirmed' | 'partlyConfirmed' | 'refuted' | 'observed' | 'notPlayed' | 'emulatorCannotTell';

export interface Row {
  readonly id: string;
  readonly verdict: Verdict;
  readonly findings: Readonly<Record<'confirmed' | 'refuted' | 'observed' | 'open', readonly string[]>>;
}

/** The stack that has the server, by its name in CloudFormation. */
const [stackName = ''] =
  Object.entries(stack.stacks).find(([, outputs]) => outputs['McpServerUrl'] === stack.McpServerUrl) ?? [];

const state = mkdtempSync(join(tmpdir(), 'mcp-lambda-live-'));
after(() => removeDirectory(state));

/** Runs the command against AWS at `endpoint`; `signIn` opens the page that it prints. */
export async function live(
  args: readonly string[],
  { endpoint = stack.AwsEndpointUrl, signIn }: { endpoint?: string; signIn?: (page: URL) => Promise<void> } = {},
): Promise<{ status: number | null; rows: readonly Row[]; stderr: string }> {
  const program = ['scripts/mcp-lambda.mjs', 'live', '--stack', stackName, '--json', ...args];
  const child = spawn(process.execPath, program, {
    cwd: root,
    env: {
      ...process.env,
      XDG_STATE_HOME: state,
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: stack.AwsRegion,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  let signingIn: Promise<void> | undefined;
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => {
    err.push(chunk);
    const [page] = /^http\S+$/m.exec(Buffer.concat(err).toString('utf8')) ?? [];
    if (page !== undefined && signIn !== undefined)
      signingIn ??= signIn(new URL(page)).catch((error: unknown) => {
        child.kill();
        throw error;
      });
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  await signingIn;
  const stderr = Buffer.concat(err).toString('utf8');
  const printed = Buffer.concat(out).toString('utf8');
  assert.notEqual(printed, '', stderr);
  return { status, rows: (JSON.parse(printed) as { rows: readonly Row[] }).rows, stderr };
}

/** A stack broken for one check: behind fronts before the MCP server, before Cognito's pages and before AWS. */
export interface Broken {
  readonly server?: Fault;
  readonly pages?: Fault;
  readonly aws?: Fault;
  readonly args?: readonly string[];
  /** Whether a person signs in. */
  readonly login?: true;
}

/** Runs `run` with AWS at a front behind which everything is the stack, but for what is broken. */
export async function behindFronts<T>(
  { server, pages, aws: account }: Broken,
  run: (endpoint: string) => Promise<T>,
): Promise<T> {
  const none: Fault = () => {};
  const [ofServer, ofPages] = [new URL(stack.McpServerUrl).origin, cognitoDomain(stack)];
  const fronts: Record<string, FaultyFront> = {};
  /** What each front says in the place of the two origins that others name. */
  const renamed = () => [ofServer, ofPages].map((origin) => [origin, fronts[origin]?.origin ?? origin] as const);
  for (const [origin, fault] of [
    [ofServer, server],
    [ofPages, pages],
    [stack.AwsEndpointUrl, account],
  ] as const) {
    fronts[origin] = await FaultyFront.start(stack, fault ?? none, origin, renamed);
  }
  try {
    return await run(fronts[stack.AwsEndpointUrl]!.origin);
  } finally {
    await Promise.all(Object.values(fronts).map((front) => front.close()));
  }
}

/** Whether a check was looked at and is as expected. */
export const told = ({ verdict }: Row): boolean => ['confirmed', 'partlyConfirmed', 'observed'].includes(verdict);
