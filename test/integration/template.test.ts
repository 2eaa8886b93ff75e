/** The example without the CDK: the commands of docs/deploy-without-cdk.md, as they stand there, run against the emulator. */

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { tmpdir } from 'node:os';
import { after, before, describe, test } from 'node:test';

import { aws } from '../e2e/stack.ts';
import { added, emulator, idOf, inventory, type Inventory, resourcesOf, run } from './account.ts';
import { machineToken, send } from './gateway.ts';
import { root } from './paths.ts';
// @ts-expect-error a script without types
import { layDown } from '../../scripts/lib/cargo.mjs';

const awsCli = process.env['MCP_LAMBDA_AWS_CLI'];
assert.ok(awsCli !== undefined, 'MCP_LAMBDA_AWS_CLI needs the directory of the program aws: npm test -- integration');

const BUCKET = 'release-of-the-test';
const FACT = 'A fact of the test.';
const work = mkdtempSync(join(tmpdir(), 'template-'));

/** The blocks of shell commands in the document. */
function commands(): string[] {
  const text = readFileSync(join(root, 'docs', 'deploy-without-cdk.md'), 'utf8');
  return [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block!);
}

const shell = (script: string) =>
  run('bash', ['-e', '-c', script.replaceAll('<bucket>', BUCKET).replaceAll('dist/template', work)], {
    PATH: [awsCli, process.env['PATH']].join(delimiter),
  });

describe('the template without the CDK', () => {
  // The test builds and writes the template by other arguments than the first block.
  const [, deploying, deleting] = commands();
  let beforehand: Inventory;
  const dogApi = createServer((_asked, answer) =>
    answer
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ data: [{ attributes: { body: FACT } }] })),
  );

  before(async () => {
    await new Promise<void>((resolve) => dogApi.listen(0, '127.0.0.1', resolve));
    layDown(join(work, 'lambda'), ['dog-facts', 'authorization']);
    await run(
      'node',
      [
        'scripts/template.mjs',
        work,
        `lambdaDir=${join(work, 'lambda')}`,
        `dogApiBaseUrl=http://127.0.0.1:${(dogApi.address() as AddressInfo).port}/api/v2`,
      ],
      { CDK_VALIDATION: 'false' },
    );
    beforehand = await inventory();
    await shell('aws s3 mb s3://<bucket>');
  });
  after(() => {
    dogApi.close();
    rmSync(work, { recursive: true, force: true });
  });

  test('is deployed by the commands of the document, and answers a program', async () => {
    const outputs = Object.fromEntries(
      (
        JSON.parse(/\[[\s\S]*\]\s*$/.exec(await shell(deploying!))![0]) as { OutputKey: string; OutputValue: string }[]
      ).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]),
    );
    const { SecretString } = await aws<{ SecretString: string }>(
      emulator,
      'secretsmanager',
      'secretsmanager.GetSecretValue',
      { SecretId: outputs['AutomatedOAuthClientSecretArn'] },
    );
    const { token, error } = await machineToken(
      `${emulator.AwsEndpointUrl}/oauth2/token`,
      outputs['AutomatedOAuthClientId']!,
      SecretString,
      outputs['McpOAuthScope']!,
    );
    assert.ok(token !== undefined, error);
    const api = idOf(await resourcesOf('dog-facts'), 'AWS::ApiGateway::RestApi');
    const call = { method: 'tools/call', params: { name: 'getDogFacts', arguments: {} } };
    const answer = await send(api, call, { authorization: `Bearer ${token}` });
    assert.ok(answer.status === 200 && answer.body.includes(FACT), answer.body);
    assert.equal((await send(api, call, {})).status, 401);
  });

  test('leaves nothing behind but the bucket when the stack is deleted', async () => {
    await shell(deleting!);
    assert.deepEqual(added(beforehand, await inventory()), { bucket: [BUCKET] });
  });
});
