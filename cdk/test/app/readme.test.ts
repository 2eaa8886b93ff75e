import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { CognitoUserPoolsAuthorizer, LambdaIntegration, Period, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { LambdaDeploymentConfig } from 'aws-cdk-lib/aws-codedeploy';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import { Peer, Port, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Role } from 'aws-cdk-lib/aws-iam';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { HostedZone } from 'aws-cdk-lib/aws-route53';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import { ModuleKind, transpileModule } from 'typescript';
import * as library from '../../lib';
import { certificate, emptyApp } from '../synthesis';

const root = join(__dirname, '..', '..', '..');
/** The README, and the pages that continue it. */
const pages: string[] = JSON.parse(readFileSync(join(root, 'cdk', 'rosetta', 'pages.json'), 'utf8'));
/** Their examples by the headings that they are under. */
const examples = pages
  .map((page) => readFileSync(join(root, page), 'utf8'))
  .flatMap((page) => page.split(/^#+ /m))
  .flatMap((section) => {
    const heading = section.slice(0, section.indexOf('\n'));
    return [...section.matchAll(/```ts\n(.*?)```/gs)].map((match) => ({ heading, example: match[1] }));
  });

/** Runs an example inside a stack; the library's names and the resources that its text speaks of are there. */
function run(example: string): Template {
  process.chdir(root);
  // Nothing is built: the app is told that no stack needs its assets.
  const env = { account: '111122223333', region: 'eu-west-1' };
  const stack = new Stack(emptyApp({ 'aws:cdk:bundling-stacks': [] }), 'Readme', { env });
  const given: Record<string, unknown> = {
    CfnOutput,
    CognitoUserPoolsAuthorizer,
    Duration,
    LambdaIntegration,
    Mfa: cognito.Mfa,
    OAuthScope: cognito.OAuthScope,
    Peer,
    Port,
    ResourceServerScope: cognito.ResourceServerScope,
    RestApi,
    certificate: certificate(),
    hostedZone: HostedZone.fromHostedZoneAttributes(stack, 'Zone', { hostedZoneId: 'Z1', zoneName: 'example.com' }),
    pipelineRole: Role.fromRoleArn(stack, 'Pipeline', 'arn:aws:iam::111122223333:role/pipeline'),
    LambdaDeploymentConfig,
    Period,
    RetentionDays,
    topic: new Topic(stack, 'Topic'),
    vpc: new Vpc(stack, 'Vpc'),
    webAcl: new CfnWebACL(stack, 'Acl', {
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      visibilityConfig: { cloudWatchMetricsEnabled: false, metricName: 'acl', sampledRequestsEnabled: false },
    }),
    userPool: cognito.UserPool.fromUserPoolId(stack, 'UserPool', 'eu-west-1_Mine'),
    table: new dynamodb.TableV2(stack, 'Table', { partitionKey: { name: 'pk', type: dynamodb.AttributeType.STRING } }),
    require: (name: string) => {
      assert.equal(name, 'mcp-lambda-cdk');
      return library;
    },
  };
  const { outputText } = transpileModule(example, { compilerOptions: { module: ModuleKind.CommonJS } });
  new Function('exports', ...Object.keys(given), outputText).call(stack, {}, ...Object.values(given));
  return Template.fromStack(stack);
}

/** A host has an API of its own beside those of its servers, tools as plain REST one beside the server's; a server of another app has its API there. */
function apisOf(example: string): number {
  if (example.includes('new McpHost')) {
    return 3;
  }
  if (example.includes('new McpToolsApi')) {
    return 2;
  }
  return /fromMcpServerAttributes|new McpService\(/.test(example) ? 0 : 1;
}

describe('the README', () => {
  for (const { heading, example } of examples) {
    test(`defines a server: ${heading}: ${/(?:new |authorization: )Mcp[\w.]+|McpServer\.from\w+/.exec(example)?.[0]}`, () => {
      run(example).resourceCountIs('AWS::ApiGateway::RestApi', apisOf(example));
    });
  }

  test('shows every part of the library', () => {
    const shown = examples.map(({ example }) => example).join('\n');
    const parts = Object.entries(library)
      .filter(([, value]) => typeof value === 'function' && value.prototype instanceof Construct)
      .map(([name]) => name);
    assert.deepEqual(
      parts.filter((name) => !shown.includes(`new ${name}(`)),
      [],
    );
  });
});
