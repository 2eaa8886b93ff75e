import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { App, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { readContext } from '../../app/context';
import { DogFactsStack } from '../../app/dog-facts-stack';
import { bareStack } from './bare-app';
import { fixture, type TemplateJson } from '../synthesis';

const counts = (stack: Stack) => {
  const types = Object.values((Template.fromStack(stack).toJSON() as TemplateJson).Resources).map((each) => each.Type);
  return Object.fromEntries(
    [...new Set(types)].sort().map((type) => [type, types.filter((each) => each === type).length]),
  );
};

describe('the stack that synthesis is timed against', () => {
  test('has as many resources of each type as the example', () => {
    process.chdir(join(__dirname, '..', '..', '..'));
    const app = new App({ context: { lambdaDir: fixture('lambda') } });
    assert.deepEqual(
      counts(bareStack(new App(), fixture('lambda'))),
      counts(new DogFactsStack(app, 'DogFacts', readContext(app.node))),
    );
  });
});
