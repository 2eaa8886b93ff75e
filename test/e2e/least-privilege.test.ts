/**
 * The function may do what its contract declares, and nothing else: without the permissions that the constructs derive
 * from the contract, the same call is denied by IAM.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, describe, test } from 'node:test';

// @ts-expect-error a script without types
import { layDown } from '../../scripts/lib/cargo.mjs';
import { reserveOrigin } from './reserved-origin.ts';
import { cognitoDomain, machineToken, runningStack, type Stack } from './stack.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const local = runningStack();
const front = await reserveOrigin();
after(() => front.release());

interface Template {
  readonly Resources: Record<
    string,
    {
      readonly Type: string;
      readonly Properties: {
        readonly PolicyDocument?: { readonly Statement: readonly { readonly Action: string | readonly string[] }[] };
      };
      DependsOn?: string | string[];
    }
  >;
}

interface ToolResult {
  readonly isError?: boolean;
  readonly content: readonly { readonly text: string }[];
  readonly structuredContent?: { readonly count: number; readonly conversation?: string };
}

/** The template without the policies that permit anything in DynamoDB. */
function withoutTableGrants(template: Template): Template {
  const grants = Object.entries(template.Resources).filter(
    ([, { Type, Properties }]) =>
      Type === 'AWS::IAM::Policy' &&
      Properties.PolicyDocument?.Statement.some(({ Action }) =>
        [Action].flat().some((action) => action.startsWith('dynamodb:')),
      ),
  );
  assert.notEqual(grants.length, 0, 'the template grants nothing that could be removed');
  const removed = new Set(grants.map(([id]) => id));
  const kept = Object.entries(template.Resources)
    .filter(([id]) => !removed.has(id))
    .map(([id, resource]) => [
      id,
      resource.DependsOn === undefined
        ? resource
        : { ...resource, DependsOn: [resource.DependsOn].flat().filter((other) => !removed.has(other)) },
    ]);
  return { ...template, Resources: Object.fromEntries(kept) as Template['Resources'] };
}

describe('a server that keeps something in DynamoDB', () => {
  const work = mkdtempSync(join(tmpdir(), 'least-privilege-'));
  const cdkOut = join(work, 'cdk.out');

  before(() => {
    layDown(work, ['counter']);
    const signIn = cognitoDomain(local);
    const { context } = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8')) as { context: object };
    execFileSync('node', ['--import', 'tsx', 'cdk/app/counter.ts'], {
      cwd: root,
      env: {
        ...process.env,
        CDK_OUTDIR: cdkOut,
        CDK_VALIDATION: 'false',
        // No front leads to an authorization server at that URL.
        CDK_CONTEXT_JSON: JSON.stringify({
          ...context,
          authorization: 'cognito',
          front: 'external',
          publicBaseUrl: front.origin,
          signInBaseUrl: signIn,
          cognitoIdpUrl: signIn,
          lambdaDir: work,
        }),
      },
    });
  });
  after(() => rmSync(work, { recursive: true, force: true }));

  function deploy(...options: readonly string[]): Stack & { readonly RestApiId: string } {
    const outputs = execFileSync(
      join(root, '.local/venv/bin/python'),
      [
        join(root, 'cli/emulator/deploy.py'),
        '--endpoint',
        local.AwsEndpointUrl,
        '--cdk-out',
        cdkOut,
        '--stack',
        'Counter',
        '--rest-api-id',
        ...options,
      ],
      { encoding: 'utf8' },
    );
    return { ...local, ...(JSON.parse(outputs) as Stack & { RestApiId: string }) };
  }

  /** Calls a tool through the stack's own gateway, as a front would. */
  async function call(
    stack: Stack & { readonly RestApiId: string },
    tool: string,
    conversation?: string,
  ): Promise<ToolResult> {
    const token = await machineToken(stack);
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: tool, arguments: { conversation } },
    });
    const answer = await new Promise<string>((resolve, reject) => {
      const asked = request(
        `${stack.AwsEndpointUrl}/_aws/execute-api/${stack.RestApiId}/prod/mcp`,
        {
          method: 'POST',
          headers: {
            host: `${stack.RestApiId}.execute-api.${stack.AwsRegion}.amazonaws.com`,
            authorization: `Bearer ${token}`,
            'content-type': 'application/json',
            accept: 'application/json, text/event-stream',
            'mcp-protocol-version': '2025-11-25',
          },
        },
        (response) => {
          let text = '';
          response
            .setEncoding('utf8')
            .on('data', (chunk: string) => (text += chunk))
            .on('end', () => resolve(text));
        },
      );
      asked.on('error', reject).end(body);
    });
    const { result } = JSON.parse(answer) as { result?: ToolResult };
    assert.ok(result !== undefined, answer);
    return result;
  }

  test('works with the permissions that its contract declares, and is denied by IAM without them', async () => {
    const granted = deploy();
    const begun = await call(granted, 'incrementCounter');
    assert.equal(begun.structuredContent?.count, 1, JSON.stringify(begun));
    const conversation = begun.structuredContent?.conversation;
    assert.equal((await call(granted, 'incrementCounter', conversation)).structuredContent?.count, 2);
    assert.equal((await call(granted, 'getCounter', conversation)).structuredContent?.count, 2);

    const stripped = join(work, 'stripped.template.json');
    writeFileSync(
      stripped,
      JSON.stringify(
        withoutTableGrants(JSON.parse(readFileSync(join(cdkOut, 'Counter.template.json'), 'utf8')) as Template),
      ),
    );
    const denied = deploy('--template', stripped);
    for (const tool of ['incrementCounter', 'getCounter']) {
      const result = await call(denied, tool, conversation);
      assert.equal(result.isError, true, JSON.stringify(result));
      assert.match(result.content[0]?.text ?? '', /AccessDenied/, JSON.stringify(result));
    }
  });
});
