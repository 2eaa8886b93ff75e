import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { LambdaDeploymentConfig } from 'aws-cdk-lib/aws-codedeploy';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import { ModuleKind, transpileModule } from 'typescript';
import * as library from '../lib';

const root = dirname(dirname(__dirname));
const examples = [...readFileSync(join(root, 'cdk', 'README.md'), 'utf8').matchAll(/```ts\n(.*?)```/gs)].map((match) => match[1]);

/** Runs an example of the README inside a stack; `table`, `userPool`, `vpc`, `webAcl`, `topic` and the library's names are there, as its text says. */
function run(example: string): Template {
  process.chdir(root);
  // Nothing is built: the app is told that no stack needs its assets.
  const stack = new Stack(new App({ context: { 'aws:cdk:bundling-stacks': [] } }), 'Readme');
  const given: Record<string, unknown> = {
    ...library,
    CfnOutput,
    Duration,
    LambdaDeploymentConfig,
    topic: new Topic(stack, 'Topic'),
    vpc: new Vpc(stack, 'Vpc'),
    webAcl: new CfnWebACL(stack, 'Acl', { scope: 'REGIONAL', defaultAction: { allow: {} }, visibilityConfig: { cloudWatchMetricsEnabled: false, metricName: 'acl', sampledRequestsEnabled: false } }),
    userPool: cognito.UserPool.fromUserPoolId(stack, 'UserPool', 'eu-west-1_Mine'),
    table: new dynamodb.TableV2(stack, 'Table', { partitionKey: { name: 'pk', type: dynamodb.AttributeType.STRING } }),
    require: (name: string) => (assert.equal(name, 'mcp-lambda-cdk'), library),
  };
  const { outputText } = transpileModule(example, { compilerOptions: { module: ModuleKind.CommonJS } });
  new Function('exports', ...Object.keys(given), outputText).call(stack, {}, ...Object.values(given));
  return Template.fromStack(stack);
}

describe('the README', () => {
  test('has examples', () => {
    assert.equal(examples.length, 6);
  });

  for (const [index, example] of examples.entries()) {
    test(`defines a server in example ${index + 1}`, () => {
      run(example).resourceCountIs('AWS::ApiGateway::RestApi', 1);
    });
  }
});
