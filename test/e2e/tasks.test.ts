/**
 * A tool that runs as a task, in the deployed stack: the call is answered at once, the function invokes itself with the role that the
 * constructs gave it, and the client finds what came of it. The spans of both invocations are one trace.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, describe, test } from 'node:test';

import { patience } from './patience.ts';
import { reserveOrigin } from './reserved-origin.ts';
import { cognitoDomain, machineToken, runningStack, type Stack } from './stack.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const local = runningStack();
const front = await reserveOrigin();
after(() => front.release());
const program = process.env.MCP_LAMBDA_TASKS_PROGRAM ?? '';
const traceId = '0af7651916cd43dd8448eb211c80319c';

interface Task {
  readonly resultType: string;
  readonly taskId: string;
  readonly status: string;
  readonly result?: { readonly content: readonly { readonly text: string }[] };
}

type Deployed = Stack & { readonly RestApiId: string };

/** Takes spans, as a collector does, and keeps the bytes of each export. */
const exports: Buffer[] = [];
const receiver = createServer((asked, answer) => {
  const chunks: Buffer[] = [];
  asked
    .on('data', (chunk: Buffer) => chunks.push(chunk))
    .on('end', () => {
      if (asked.url === '/v1/traces' && asked.headers['content-type'] === 'application/x-protobuf')
        exports.push(Buffer.concat(chunks));
      receiver.emit('export');
      answer.end();
    });
});

interface Answer {
  readonly result?: Task;
  readonly error?: { readonly message: string };
}

/** Sends one message as a client of 2026-07-28 that knows tasks does, to the stack's own gateway. */
async function answerOf(
  stack: Deployed,
  token: string,
  method: string,
  params: Record<string, unknown>,
): Promise<Answer> {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': { extensions: { 'io.modelcontextprotocol/tasks': {} } },
    traceparent: `00-${traceId}-b7ad6b7169203331-01`,
  };
  const answer = await new Promise<string>((resolve, reject) => {
    request(
      `${stack.AwsEndpointUrl}/_aws/execute-api/${stack.RestApiId}/prod/mcp`,
      {
        method: 'POST',
        headers: {
          host: `${stack.RestApiId}.execute-api.${stack.AwsRegion}.amazonaws.com`,
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': '2026-07-28',
          'mcp-method': method,
          'mcp-name': String(params.name ?? params.taskId),
        },
      },
      (response) => {
        let text = '';
        response
          .setEncoding('utf8')
          .on('data', (chunk: string) => (text += chunk))
          .on('end', () => resolve(text));
      },
    )
      .on('error', reject)
      .end(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } }));
  });
  return JSON.parse(answer) as Answer;
}

async function send(stack: Deployed, token: string, method: string, params: Record<string, unknown>): Promise<Task> {
  const answer = await answerOf(stack, token, method, params);
  assert.ok(answer.result !== undefined, JSON.stringify(answer));
  return answer.result;
}

const compute = { name: 'slow_compute', arguments: { seconds: 0.5, label: 'walk' } };

describe('a tool that runs as a task', () => {
  const work = mkdtempSync(join(tmpdir(), 'tasks-'));
  const cdkOut = join(work, 'cdk.out');
  let stack: Deployed;
  before(async () => {
    receiver.listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    const contract = join(work, 'contract.json');
    writeFileSync(contract, execFileSync(join(program, 'bootstrap'), ['contract']));
    const signIn = cognitoDomain(local);
    execFileSync('node', ['--import', 'tsx', 'test/e2e/tasks-app.ts'], {
      cwd: root,
      env: {
        ...process.env,
        CDK_OUTDIR: cdkOut,
        CDK_VALIDATION: 'false',
        CDK_CONTEXT_JSON: JSON.stringify({
          program,
          contract,
          publicBaseUrl: front.origin,
          signInBaseUrl: signIn,
          receiver: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`,
        }),
      },
    });
    stack = deploy();
  });
  after(() => {
    receiver.closeAllConnections();
    receiver.close();
    rmSync(work, { recursive: true, force: true });
  });

  function deploy(...options: readonly string[]): Deployed {
    const program = [
      join(root, 'cli/emulator/deploy.py'),
      '--endpoint',
      local.AwsEndpointUrl,
      '--cdk-out',
      cdkOut,
      '--stack',
      'Tasks',
      '--rest-api-id',
      ...options,
    ];
    return {
      ...local,
      ...(JSON.parse(execFileSync(join(root, '.local/venv/bin/python'), program, { encoding: 'utf8' })) as Deployed),
    };
  }

  test('is continued by an asynchronous invocation of the same function', async () => {
    const token = await machineToken(stack);
    const created = await send(stack, token, 'tools/call', compute);
    assert.equal(created.resultType, 'task', JSON.stringify(created));
    assert.equal(created.status, 'working');
    let task = created;
    while (task.status === 'working') {
      task = await send(stack, token, 'tasks/get', { taskId: created.taskId });
    }
    assert.equal(task.status, 'completed', JSON.stringify(task));
    assert.equal(task.result?.content[0]?.text, 'walk: computed for 0.5 s');

    // The work is exported before its process asks for the next invocation, which nothing here can see.
    const traced = (name: string) =>
      exports.find((bytes) => bytes.includes(name) && bytes.includes(Buffer.from(traceId, 'hex')));
    const names = [
      'tools/call slow_compute',
      'tasks/work slow_compute',
      'tasks/get',
      'Invoke ',
      'PutItem ',
      'GetItem ',
    ];
    while (names.some((name) => traced(name) === undefined)) {
      await once(receiver, 'export', { signal: AbortSignal.timeout(patience) });
    }
    assert.ok(
      !exports.some((bytes) => bytes.includes('walk') || bytes.includes(created.taskId)),
      'no argument and no id of a task is in a span',
    );
  });

  test('is not begun by a function that IAM does not let invoke itself', async () => {
    const template = JSON.parse(readFileSync(join(cdkOut, 'Tasks.template.json'), 'utf8')) as {
      Resources: Record<
        string,
        { Properties?: { PolicyDocument?: { Statement: { Action: unknown; Resource: unknown }[] } } }
      >;
    };
    const permissions = Object.values(template.Resources)
      .flatMap(({ Properties }) => Properties?.PolicyDocument?.Statement ?? [])
      .filter(({ Action }) => Action === 'lambda:InvokeFunction');
    assert.equal(permissions.length, 1, 'the function may invoke one function');
    permissions[0]!.Resource = 'arn:aws:lambda:us-east-1:000000000000:function:another';
    const stripped = join(work, 'stripped.template.json');
    writeFileSync(stripped, JSON.stringify(template));
    const denied = deploy('--template', stripped);
    const { error } = await answerOf(denied, await machineToken(denied), 'tools/call', compute);
    assert.match(error?.message ?? '', /AccessDenied: lambda:InvokeFunction/);
  });
});
