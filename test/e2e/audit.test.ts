/** The audit trail and the limits of single callers, on the local stack: its DynamoDB counts, its CloudWatch Logs keeps the records. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { aws, machineToken, runningStack } from './stack.ts';

const stack = runningStack();
const root = fileURLToPath(new URL('../..', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'audit-'));
after(() => rmSync(work, { recursive: true, force: true }));

interface Answer {
  readonly result?: { readonly isError?: boolean; readonly content?: readonly { readonly text: string }[] };
  readonly error?: { readonly message: string };
}

interface AuditRecord {
  readonly subject: string;
  readonly kind: string;
  readonly tool?: string;
  readonly outcome: string;
  readonly reason?: string;
}

let token = '';
/** The emulator names log groups otherwise than CloudFormation does. */
let logGroup = '';
before(async () => {
  token = await machineToken(stack);
  const { logGroups } = await aws<{ logGroups: { logGroupName: string }[] }>(
    stack,
    'logs',
    'Logs_20140328.DescribeLogGroups',
    {},
  );
  logGroup = logGroups.find(({ logGroupName }) => logGroupName.includes('AuditLog'))?.logGroupName ?? '';
});

/** Sends one message, as a program does. */
function send(method: string, params: object): Promise<Response> {
  return fetch(stack.McpServerUrl, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-11-25',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
}

/** Runs the command as an operator does, with the emulator as AWS. */
function audit(...args: string[]) {
  return spawnSync(process.execPath, [join(root, 'scripts/mcp-lambda.mjs'), 'audit', ...args], {
    cwd: work,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: {
      ...process.env,
      AWS_ENDPOINT_URL: stack.AwsEndpointUrl,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: stack.AwsRegion,
    },
  });
}

const records = (): AuditRecord[] => {
  const { status, stdout, stderr } = audit('list', logGroup, '--json');
  assert.equal(status, 0, stderr);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as AuditRecord);
};

/** The processes of the function that the emulator runs at one time; each is a program on this machine. */
const CALLERS = 20;

describe('200 calls of a tool that one caller may call 50 times a day', () => {
  test('50 pass, the others get a tool error that says when to call again, and each has a record', async () => {
    const answers: Answer[] = [];
    const callers = Array.from({ length: CALLERS }, async () => {
      for (let call = 0; call < 200 / CALLERS; call += 1) {
        const response = await send('tools/call', { name: 'incrementCounter', arguments: { by: 1 } });
        const text = await response.text();
        assert.equal(response.status, 200, text);
        answers.push(JSON.parse(text) as Answer);
      }
    });
    await Promise.all(callers);
    const refused = answers.filter(({ result }) => result?.isError === true);
    assert.equal(answers.length - refused.length, 50);
    for (const { result } of refused) {
      assert.match(
        result?.content?.[0]?.text ?? '',
        /^the limit of 50 calls of incrementCounter a day of one caller is reached: call it again in .*, after midnight UTC$/,
      );
    }
    const written = records();
    assert.equal(written.length, 200);
    const outcomes = written.map(({ outcome, reason }) => `${outcome} ${reason ?? ''}`).sort();
    assert.deepEqual(
      [...new Set(outcomes)].map((outcome) => [outcome, outcomes.filter((other) => other === outcome).length]),
      [
        ['ok ', 50],
        ['refused ToolLimitReached', 150],
      ],
    );
    for (const record of written) {
      assert.deepEqual(
        [record.tool, record.kind, record.subject],
        ['incrementCounter', 'program', stack.AutomatedOAuthClientId],
      );
    }
  });
});

describe('mcp-lambda audit verify', () => {
  test('finds nothing in the trail, and what is missing, swapped or altered in a copy of it', () => {
    const whole = audit('verify', logGroup, '--checkpoint', join(work, 'heads.json'));
    assert.equal(whole.status, 0, whole.stdout + whole.stderr);
    assert.match(whole.stdout, /^200 records in \d+ chains?, 0 findings/);
    assert.ok(
      Object.keys((JSON.parse(readFileSync(join(work, 'heads.json'), 'utf8')) as { chains: object }).chains).length > 0,
    );

    const lines = audit('list', logGroup, '--json').stdout.trim().split('\n');
    const bySequence = (line: string) => {
      const { chain, sequence } = JSON.parse(line) as { chain: string; sequence: number };
      return `${chain} ${String(sequence).padStart(9, '0')}`;
    };
    lines.sort((one, other) => bySequence(one).localeCompare(bySequence(other)));
    const position = lines.findIndex(
      (line, index) => bySequence(line).split(' ')[0] === bySequence(lines[index + 2] ?? line).split(' ')[0],
    );
    assert.ok(position >= 0, 'a chain of three records');
    const copies: readonly [string, string[]][] = [
      ['missing', lines.toSpliced(position + 1, 1)],
      ['swapped', lines.toSpliced(position, 2, lines[position + 1]!, lines[position]!)],
      ['altered', lines.with(position, lines[position]!.replace('incrementCounter', 'getCounter'))],
    ];
    for (const [manipulation, copy] of copies) {
      const file = join(work, `${manipulation}.jsonl`);
      writeFileSync(file, `${copy.join('\n')}\n`);
      const { status, stdout } = audit('verify', '--file', file);
      assert.equal(status, 1, manipulation);
      assert.match(stdout, new RegExp(`^chain [0-9a-f]{32}, record \\d+: ${manipulation}`, 'm'));
    }
  });
});

describe('a caller above its requests of a minute', () => {
  test('gets 429 with Retry-After', async () => {
    // 300 pass in a minute of the clock; the loop ends within two of them.
    for (let sent = 0; ; sent += 50) {
      assert.ok(sent < 3_000, 'no request is refused');
      const responses = await Promise.all(Array.from({ length: 50 }, () => send('ping', {})));
      const refused = responses.find(({ status }) => status === 429);
      if (refused !== undefined) {
        assert.match(refused.headers.get('retry-after') ?? '', /^[1-9]\d?$/);
        const { error } = (await refused.json()) as Answer;
        assert.match(error?.message ?? '', /^the limit of 300 requests a minute of one caller is reached/);
        return;
      }
    }
  });
});
