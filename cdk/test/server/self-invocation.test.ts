import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Template } from 'aws-cdk-lib/assertions';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { McpCode, McpServer } from '../../lib';
import { code, grooming, only, synthesize, synthesizeServer } from '../synthesis';

/** Statements of all policies that let somebody invoke something, as roles have them. */
function invocationsPermitted(template: Template): any[] {
  const policies: any[] = Object.values(template.findResources('AWS::IAM::Policy'));
  const statements = policies.flatMap((item) => item.Properties.PolicyDocument.Statement);
  return statements.filter((item) => [item.Action].flat().some((action: string) => action.startsWith('lambda:')));
}

describe('a server that continues its own work', () => {
  const template = synthesizeServer({ contract: grooming() });
  const { logicalId } = only(template, 'AWS::Lambda::Function');

  test('may invoke itself and nothing else', () => {
    assert.deepEqual(invocationsPermitted(template), [
      { Action: 'lambda:InvokeFunction', Effect: 'Allow', Resource: { 'Fn::GetAtt': [logicalId, 'Arn'] } },
    ]);
  });

  test('has work that waits for five minutes at most, and is tried twice more', () => {
    assert.deepEqual(only(template, 'AWS::Lambda::EventInvokeConfig').properties, {
      FunctionName: { Ref: logicalId },
      Qualifier: '$LATEST',
      MaximumEventAgeInSeconds: 300,
      MaximumRetryAttempts: 2,
    });
  });

  test('may invoke each of its versions when requests go to an alias', () => {
    const shifted = synthesizeServer({ contract: grooming(), provisionedConcurrency: 1 });
    const version = only(shifted, 'AWS::Lambda::Version').logicalId;
    const [statement, ...others] = invocationsPermitted(shifted);
    assert.deepEqual(statement.Resource, {
      'Fn::Join': ['', [{ 'Fn::GetAtt': [only(shifted, 'AWS::Lambda::Function').logicalId, 'Arn'] }, ':*']],
    });
    assert.deepEqual(others, []);
    assert.deepEqual(only(shifted, 'AWS::Lambda::EventInvokeConfig').properties.Qualifier, {
      'Fn::GetAtt': [version, 'Version'],
    });
  });

  test('leaves the limits of a function that is handed over alone', () => {
    const handedOver = synthesize((stack) => {
      const handler = new lambda.Function(stack, 'Mine', {
        code: lambda.Code.fromInline('x'),
        handler: 'index.handler',
        runtime: lambda.Runtime.NODEJS_22_X,
      });
      new McpServer(stack, 'Server', { code: McpCode.fromFunction(handler), contract: grooming() });
    });
    assert.equal(invocationsPermitted(handedOver).length, 1);
    handedOver.resourceCountIs('AWS::Lambda::EventInvokeConfig', 0);
  });

  test('is the only one that may', () => {
    const other = synthesizeServer({ code: code() });
    assert.deepEqual(invocationsPermitted(other), []);
    other.resourceCountIs('AWS::Lambda::EventInvokeConfig', 0);
  });
});
