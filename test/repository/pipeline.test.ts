/** What the documents say about deploying: the pipeline, run as its runner would, and what was deployed without effect. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const text = (path: string) => readFileSync(join(fileURLToPath(new URL('../..', import.meta.url)), path), 'utf8');
/** The pipelines, with the action of each that passes CloudFormation by. */
const PIPELINES = { 'docs/examples/deploy.yml': 'code', '.github/workflows/workshop.yml': 'playground' };

for (const [path, past] of Object.entries(PIPELINES)) {
  const workflow = text(path);
  const check = /run: \|\n((?: {10}.*\n)+)/.exec(workflow)?.[1] ?? '';

  const run = (ENVIRONMENT: string, ACTION: string, CONFIRM = '') =>
    spawnSync('bash', ['-e', '-c', check], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], ENVIRONMENT, ACTION, CONFIRM },
    });

  describe(`the pipeline ${path}`, () => {
    test('destroys an environment only when its name is written once more', () => {
      for (const confirm of ['', 'yes', 'dev', 'prod ']) {
        const { status, stdout } = run('prod', 'destroy', confirm);
        assert.equal(status, 1);
        assert.equal(stdout, 'to destroy prod, write prod into the field confirm\n');
      }
      assert.equal(run('prod', 'destroy', 'prod').status, 0);
    });

    test(`updates ${past} alone in dev only`, () => {
      assert.equal(run('dev', past).status, 0);
      assert.equal(
        run('prod', past).stdout,
        `${past} alone leaves CloudFormation behind, so it is for dev: deploy prod instead\n`,
      );
      assert.equal(run('prod', past).status, 1);
      assert.equal(run('prod', 'deploy').status, 0);
    });

    test('may read the repository and ask for an identity, and nothing else', () => {
      assert.deepEqual(
        [...workflow.matchAll(/permissions: (\{.*\})/g)].map(([, permissions]) => permissions),
        ['{}', '{ contents: read, id-token: write }'],
      );
      assert.ok(!/secrets\.|AWS_ACCESS_KEY/.test(workflow), 'no stored key');
    });

    test('puts no input into a command by itself', () => {
      const commands = workflow.split('\n').filter((line) => /run:|^ {10}/.test(line) && line.includes('${{'));
      assert.deepEqual(
        commands.filter((line) => !/role-to-assume|aws-region/.test(line)),
        [],
      );
    });
  });
}

describe('the pipeline of the workshop', () => {
  const workflow = text('.github/workflows/workshop.yml');

  test('uses every action by the commit that was read', () => {
    const actions = [...workflow.matchAll(/uses: (\S+)/g)].map(([, action]) => action!);
    assert.ok(actions.length > 3);
    assert.deepEqual(
      actions.filter((action) => !/@[0-9a-f]{40}$/.test(action)),
      [],
    );
  });

  test('updates the function that the stack names among its outputs', () => {
    const [, output] = /OutputKey=='(\w+)'/.exec(workflow) ?? [];
    assert.equal(output, 'PlaygroundFunctionName');
    assert.match(text('cdk/lib/playground/mcp-playground.ts'), new RegExp(`^      ${output}: \\[`, 'm'));
    assert.match(text('cdk/app/workshop-stack.ts'), /playground\.addOutputs\(\)/);
  });
});

describe('the list of what only a live account can show', () => {
  const standIns = /^STAND_INS = \{\n([^}]*)\}/m.exec(text('cli/emulator/cloudformation_patches.py'))?.[1] ?? '';

  test('names every type that the emulator accepts without effect', () => {
    const types = [...standIns.matchAll(/^ {4}"(AWS::[\w:]+)"/gm)].map(([, type]) => type!);
    assert.ok(types.length > 0, 'no stand-in is found');
    assert.deepEqual(
      types.filter((type) => !text('docs/live-checks.md').includes(`\`${type}\``)),
      [],
    );
  });
});
