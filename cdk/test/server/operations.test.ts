import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Duration, type Stack } from 'aws-cdk-lib';
import { LambdaDeploymentConfig } from 'aws-cdk-lib/aws-codedeploy';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as wafv2 from 'aws-cdk-lib/aws-wafv2';
import type { Template } from 'aws-cdk-lib/assertions';
import { McpServer, type McpServerProps } from '../../lib';
import { code, cognito, facts, only, synthesize, synthesizeServer } from '../synthesis';

/** A server with properties that need the stack they are defined in. */
const withStack = (props: (stack: Stack) => Partial<McpServerProps>) =>
  synthesize(
    (stack) =>
      new McpServer(stack, 'Server', { code: code(), contract: facts(), authorization: cognito(), ...props(stack) }),
  );

const integrationOf = (template: Template) =>
  JSON.stringify(only(template, 'AWS::ApiGateway::Method', { HttpMethod: 'POST' }).properties.Integration.Uri);
const vpcOf = (stack: Stack) => new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 });
const statements = (template: Template) => only(template, 'AWS::IAM::Policy').properties.PolicyDocument.Statement;

describe('timeout', () => {
  test('of 15 minutes holds for the function and for the streamed answer', () => {
    const template = synthesizeServer({ timeout: Duration.minutes(15) });
    assert.equal(only(template, 'AWS::Lambda::Function').properties.Timeout, 900);
    const { Integration: integration } = only(template, 'AWS::ApiGateway::Method', { HttpMethod: 'POST' }).properties;
    assert.deepEqual([integration.TimeoutInMillis, integration.ResponseTransferMode], [900_000, 'STREAM']);
  });
});

describe('vpc', () => {
  const template = withStack((stack) => ({ vpc: vpcOf(stack) }));
  const { properties } = only(template, 'AWS::Lambda::Function');

  test('puts the function into the private subnets, with a security group of its own', () => {
    assert.equal(properties.VpcConfig.SubnetIds.length, 2);
    assert.ok(JSON.stringify(properties.VpcConfig.SubnetIds).includes('PrivateSubnet'));
    assert.deepEqual(properties.VpcConfig.SecurityGroupIds, [
      { 'Fn::GetAtt': [only(template, 'AWS::EC2::SecurityGroup').logicalId, 'GroupId'] },
    ]);
  });

  test('permits what Lambda does to network interfaces, on the wildcard that AWS forces, and no managed policy', () => {
    const wildcards = statements(template).filter((each: any) => each.Resource === '*');
    assert.deepEqual(
      wildcards.map((each: any) => each.Action),
      [
        [
          'ec2:AssignPrivateIpAddresses',
          'ec2:CreateNetworkInterface',
          'ec2:DeleteNetworkInterface',
          'ec2:DescribeNetworkInterfaces',
          'ec2:DescribeSubnets',
          'ec2:UnassignPrivateIpAddresses',
        ],
      ],
    );
    assert.equal(only(template, 'AWS::IAM::Role').properties.ManagedPolicyArns, undefined);
  });

  test('takes other subnets and security groups', () => {
    const told = withStack((stack) => {
      const vpc = vpcOf(stack);
      return {
        vpc,
        vpcSubnets: { subnets: [vpc.privateSubnets[0]] },
        securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Mine', 'sg-1')],
      };
    });
    const { VpcConfig: config } = only(told, 'AWS::Lambda::Function').properties;
    assert.equal(config.SubnetIds.length, 1);
    assert.deepEqual(config.SecurityGroupIds, ['sg-1']);
  });

  test('is absent unless it is given', () => {
    assert.equal(only(synthesizeServer(), 'AWS::Lambda::Function').properties.VpcConfig, undefined);
    assert.ok(!JSON.stringify(statements(synthesizeServer())).includes('ec2:'));
  });

  for (const [name, value] of [
    ['vpcSubnets', { subnetType: ec2.SubnetType.PUBLIC }],
    ['securityGroups', []],
  ] as const) {
    test(`fails when it is missing and ${name} is given`, () => {
      assert.throws(() => synthesizeServer({ [name]: value }), {
        message: `${name} is given without a network to be of: set vpc, or remove ${name} (NetworkMissing)`,
      });
    });
  }

  test('fails without any security group', () => {
    assert.throws(() => withStack((stack) => ({ vpc: vpcOf(stack), securityGroups: [] })), {
      message:
        'securityGroups is empty, and Lambda needs one: name one, or leave it out for one of its own (SecurityGroupsEmpty)',
    });
  });
});

describe("the wildcards of the function's role", () => {
  test("are X-Ray's and the network interfaces', each only when it is asked for", () => {
    const template = withStack((stack) => ({ vpc: vpcOf(stack), tracing: true }));
    const actions = statements(template)
      .filter((each: any) => each.Resource === '*')
      .map((each: any) => each.Action[0]);
    assert.deepEqual(actions.sort(), ['ec2:AssignPrivateIpAddresses', 'xray:PutTraceSegments']);
    assert.deepEqual(
      statements(synthesizeServer()).filter((each: any) => each.Resource === '*'),
      [],
    );
  });
});

describe('concurrency', () => {
  test("that is reserved is the function's, and requests still go to the function itself", () => {
    const template = synthesizeServer({ reservedConcurrency: 20 });
    assert.equal(only(template, 'AWS::Lambda::Function').properties.ReservedConcurrentExecutions, 20);
    template.resourceCountIs('AWS::Lambda::Alias', 0);
  });

  test("that is provisioned is an alias's, and requests go to that", () => {
    const template = synthesizeServer({ provisionedConcurrency: 2, reservedConcurrency: 2 });
    const { logicalId, properties } = only(template, 'AWS::Lambda::Alias');
    assert.deepEqual(properties.ProvisionedConcurrencyConfig, { ProvisionedConcurrentExecutions: 2 });
    assert.equal(properties.Name, 'live');
    assert.deepEqual(properties.FunctionVersion, {
      'Fn::GetAtt': [only(template, 'AWS::Lambda::Version').logicalId, 'Version'],
    });
    assert.ok(integrationOf(template).includes(`{"Ref":"${logicalId}"}`), integrationOf(template));
    assert.equal(only(template, 'AWS::Lambda::Permission').properties.FunctionName.Ref, logicalId);
    template.resourceCountIs('AWS::CodeDeploy::DeploymentGroup', 0);
  });

  test("is nobody's unless it is given", () => {
    const template = synthesizeServer();
    assert.equal(only(template, 'AWS::Lambda::Function').properties.ReservedConcurrentExecutions, undefined);
    template.resourceCountIs('AWS::Lambda::Version', 0);
    template.resourceCountIs('AWS::Lambda::Alias', 0);
  });

  test('of 0 stops the server', () => {
    assert.equal(
      only(synthesizeServer({ reservedConcurrency: 0 }), 'AWS::Lambda::Function').properties
        .ReservedConcurrentExecutions,
      0,
    );
  });

  for (const [name, value, least] of [
    ['reservedConcurrency', -1, 0],
    ['reservedConcurrency', 1.5, 0],
    ['provisionedConcurrency', 0, 1],
  ] as const) {
    test(`fails when ${name} is ${value}`, () => {
      assert.throws(() => synthesizeServer({ [name]: value }), {
        message: `${name} is ${value} and needs a whole number from ${least}: correct it, or leave it out (ConcurrencyInvalid)`,
      });
    });
  }

  test('fails when more is provisioned than reserved', () => {
    assert.throws(() => synthesizeServer({ provisionedConcurrency: 3, reservedConcurrency: 2 }), {
      message:
        'provisionedConcurrency is 3 and reservedConcurrency 2, and no more may run than are reserved: raise reservedConcurrency to 3 at least (ConcurrencyTooSmall)',
    });
  });
});

describe('trafficShifting', () => {
  const template = synthesizeServer({ trafficShifting: LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES });
  const alias = only(template, 'AWS::Lambda::Alias').logicalId;

  test('moves the alias that requests go to by CodeDeploy', () => {
    assert.ok(integrationOf(template).includes(`{"Ref":"${alias}"}`));
    const policy = template.toJSON().Resources[alias].UpdatePolicy.CodeDeployLambdaAliasUpdate;
    assert.deepEqual(policy.DeploymentGroupName, { Ref: only(template, 'AWS::CodeDeploy::DeploymentGroup').logicalId });
    assert.match(
      JSON.stringify(only(template, 'AWS::CodeDeploy::DeploymentGroup').properties.DeploymentConfigName),
      /LambdaCanary10Percent5Minutes/,
    );
  });

  test('goes back when the new version fails a request', () => {
    const alarm = only(template, 'AWS::CloudWatch::Alarm');
    assert.deepEqual(only(template, 'AWS::CodeDeploy::DeploymentGroup').properties.AlarmConfiguration, {
      Alarms: [{ Name: { Ref: alarm.logicalId } }],
      Enabled: true,
    });
    assert.deepEqual(only(template, 'AWS::CodeDeploy::DeploymentGroup').properties.AutoRollbackConfiguration.Events, [
      'DEPLOYMENT_FAILURE',
      'DEPLOYMENT_STOP_ON_ALARM',
    ]);
    const { MetricName: metric, Threshold: threshold, Period: period, TreatMissingData: missing } = alarm.properties;
    assert.deepEqual([metric, threshold, period, missing], ['Errors', 1, 60, 'notBreaching']);
  });

  test('is absent unless it is given', () => {
    synthesizeServer().resourceCountIs('AWS::CodeDeploy::Application', 0);
  });
});

describe('webAcl', () => {
  const acl = (stack: Stack, scope: string) =>
    new wafv2.CfnWebACL(stack, 'Acl', {
      scope,
      defaultAction: { allow: {} },
      visibilityConfig: { cloudWatchMetricsEnabled: true, metricName: 'acl', sampledRequestsEnabled: false },
    });

  test('stands in front of the API stage', () => {
    const template = withStack((stack) => ({ webAcl: acl(stack, 'REGIONAL') }));
    const { properties } = only(template, 'AWS::WAFv2::WebACLAssociation');
    assert.deepEqual(properties.WebACLArn, { 'Fn::GetAtt': ['Acl', 'Arn'] });
    assert.ok(JSON.stringify(properties.ResourceArn).includes(only(template, 'AWS::ApiGateway::Stage').logicalId));
  });

  test('is absent unless it is given', () => {
    synthesizeServer().resourceCountIs('AWS::WAFv2::WebACLAssociation', 0);
  });

  test('fails when it is one for CloudFront', () => {
    assert.throws(() => withStack((stack) => ({ webAcl: acl(stack, 'CLOUDFRONT') })), {
      message:
        'webAcl is of scope CLOUDFRONT and goes in front of the API, which is regional: give one of scope REGIONAL (WebAclNotRegional)',
    });
  });
});
