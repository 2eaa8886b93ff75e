import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type App, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import * as codedeploy from 'aws-cdk-lib/aws-codedeploy';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import {
  McpAuthorization,
  McpCode,
  McpCompute,
  McpDeployment,
  type McpFargateOptions,
  McpFront,
  McpHost,
  McpServer,
  type McpServerProps,
  McpService,
  McpToolsApi,
} from '../../lib';
import { deployed } from '../deployed';
import { methodsOf } from '../routes';
import {
  certificate,
  code,
  counterServer,
  emptyApp,
  facts,
  fixture,
  only,
  restContract,
  staticCode,
  type TemplateJson,
  withSpans,
} from '../synthesis';

const ENV = { account: '111122223333', region: 'eu-west-1' };

type Define = (stack: Stack, vpc: ec2.Vpc) => void;

const inStack = (define: Define, app: App = emptyApp(), env: Partial<typeof ENV> = ENV): Stack => {
  const stack = new Stack(app, 'Test', { env });
  define(stack, new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 }));
  return stack;
};

/** A server that keeps state, with the options of its compute and further properties. */
const server = (
  stack: Stack,
  vpc: ec2.IVpc,
  options: Partial<McpFargateOptions> = {},
  props: Partial<McpServerProps> = {},
): McpServer =>
  new McpServer(stack, 'Server', {
    code: staticCode(),
    contract: counterServer(),
    compute: McpCompute.fargate({ vpc, ...options }),
    ...props,
  });

const templateOf = (options: Partial<McpFargateOptions> = {}, props: Partial<McpServerProps> = {}): Template =>
  Template.fromStack(inStack((stack, vpc) => void server(stack, vpc, options, props)));

const refuses = (reason: string, define: () => unknown): void =>
  assert.throws(define, (error: Error) => error.message.endsWith(reason) || assert.fail(error.message));

const plain = templateOf();
const json = plain.toJSON() as TemplateJson;
const task = only(plain, 'AWS::ECS::TaskDefinition').properties;
const [container] = task.ContainerDefinitions;
const service = only(plain, 'AWS::ECS::Service').properties;
const environmentOf = (template: Template): Record<string, string> => {
  const [{ Environment }] = only(template, 'AWS::ECS::TaskDefinition').properties.ContainerDefinitions;
  return Object.fromEntries(
    deployed(template.toJSON() as TemplateJson, Environment).map((each: any) => [each.Name, each.Value]),
  );
};
const origins = (template: Template) =>
  only(template, 'AWS::CloudFront::Distribution').properties.DistributionConfig.Origins;
const originOf = (template: Template, path: string) => {
  const { CacheBehaviors } = only(template, 'AWS::CloudFront::Distribution').properties.DistributionConfig;
  const { TargetOriginId } = CacheBehaviors.find((each: any) => each.PathPattern === path);
  return origins(template).find((each: any) => each.Id === TargetOriginId);
};

describe('a server with McpCompute.fargate', () => {
  test('has the same URL, scopes and documents as with a function, and no function of its own', () => {
    const lambda = Template.fromStack(
      inStack((stack) => void new McpServer(stack, 'Server', { code: code(), contract: counterServer() })),
    );
    const documents = (template: Template) => {
      const { logicalId } = only(template, 'AWS::ApiGateway::RestApi');
      const methods = Object.entries(methodsOf(template.toJSON() as TemplateJson, logicalId));
      return Object.fromEntries(methods.filter(([name]) => name.includes('.well-known')));
    };
    assert.deepEqual(documents(plain), documents(lambda));
    for (const type of ['AWS::Cognito::UserPoolResourceServer', 'AWS::Cognito::UserPoolClient']) {
      assert.deepEqual(plain.findResources(type), lambda.findResources(type));
    }
    const { properties } = only(plain, 'AWS::Lambda::Function');
    assert.ok('AUTHORIZATION_ISSUER' in properties.Environment.Variables);
  });

  test('leads the path of the MCP endpoint alone to the load balancer, in its VPC and by exactly that path', () => {
    const { VpcOriginConfig } = originOf(plain, '/mcp');
    const { logicalId, properties } = only(plain, 'AWS::CloudFront::VpcOrigin');
    assert.deepEqual(VpcOriginConfig, {
      OriginReadTimeout: 60,
      VpcOriginId: { 'Fn::GetAtt': [logicalId, 'Id'] },
    });
    assert.equal(properties.VpcOriginEndpointConfig.OriginProtocolPolicy, 'http-only');
    assert.ok(!('VpcOriginConfig' in originOf(plain, '/.well-known/*')));
    const rule = only(plain, 'AWS::ElasticLoadBalancingV2::ListenerRule').properties;
    assert.deepEqual(rule.Conditions, [{ Field: 'path-pattern', PathPatternConfig: { Values: ['/mcp'] } }]);
    const [otherwise] = only(plain, 'AWS::ElasticLoadBalancingV2::Listener').properties.DefaultActions;
    assert.equal(otherwise.FixedResponseConfig.StatusCode, '404');
  });

  test('has no method of the MCP endpoint in the API, no authorizer, and no challenge of API Gateway', () => {
    const { logicalId } = only(plain, 'AWS::ApiGateway::RestApi');
    const methods = Object.keys(methodsOf(json, logicalId));
    assert.deepEqual(
      methods.filter((name) => name.endsWith(' /mcp')),
      [],
    );
    plain.resourceCountIs('AWS::ApiGateway::Authorizer', 0);
    const responses = Object.values(plain.findResources('AWS::ApiGateway::GatewayResponse'));
    assert.ok(!JSON.stringify(responses).includes('header.WWW-Authenticate'));
  });

  test('tells the process where it is, whose tokens it takes, and which proxy it may believe', () => {
    assert.deepEqual(environmentOf(plain), {
      MCP_RESOURCE: 'https://d111.cloudfront.net/mcp',
      MCP_RESOURCE_METADATA_URL: 'https://d111.cloudfront.net/.well-known/oauth-protected-resource/mcp',
      MCP_ISSUER: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Pool',
      MCP_ALLOWED_HOSTS: `d111.cloudfront.net,${deployed(json, originOf(plain, '/mcp').DomainName)}`,
      MCP_ALLOWED_ORIGINS: 'https://d111.cloudfront.net',
      MCP_AUDIENCE_REQUIRED: 'true',
      MCP_STATE_TABLE: deployed(json, { Ref: only(plain, 'AWS::DynamoDB::GlobalTable').logicalId }),
      MCP_LISTEN: '0.0.0.0:3000',
      MCP_TRUSTED_PROXIES: '10.0.128.0/18,10.0.192.0/18',
      MCP_HTTP_KEEP_ALIVE_MS: '75000',
      MCP_HTTP_CALL_MS: '30000',
      MCP_HTTP_SHUTDOWN_MS: '25000',
    });
  });

  test('gets the secret that seals session ids from Secrets Manager when a task starts, and none in its definition', () => {
    const { logicalId } = only(plain, 'AWS::SecretsManager::Secret', {
      Description: 'What the MCP server seals session ids and tasks with',
    });
    assert.deepEqual(container.Secrets, [{ Name: 'MCP_STATE_KEYS', ValueFrom: { Ref: logicalId } }]);
    assert.ok(!JSON.stringify(task).includes('resolve:secretsmanager'));
    const own = templateOf({}, { settings: { MCP_STATE_KEYS: 'mine:x' } });
    assert.equal(environmentOf(own).MCP_STATE_KEYS, 'mine:x');
    assert.equal(only(own, 'AWS::ECS::TaskDefinition').properties.ContainerDefinitions[0].Secrets, undefined);
  });

  test('runs on arm64 without the root user, without capabilities and with a file system that it cannot write', () => {
    assert.deepEqual(task.RuntimePlatform, { CpuArchitecture: 'ARM64', OperatingSystemFamily: 'LINUX' });
    assert.deepEqual([task.Cpu, task.Memory], ['256', '512']);
    assert.equal(container.User, '65532:65532');
    assert.equal(container.ReadonlyRootFilesystem, true);
    assert.deepEqual(container.LinuxParameters, { Capabilities: { Drop: ['ALL'] } });
    assert.notEqual(container.Privileged, true);
    assert.equal(service.EnableExecuteCommand, false);
  });

  test('gives the tasks permission for what the tools declare and nothing else', () => {
    const role = task.TaskRoleArn['Fn::GetAtt'][0];
    const policies = Object.values(plain.findResources('AWS::IAM::Policy')).filter((each) =>
      each.Properties.Roles.some((each: any) => each.Ref === role),
    );
    const { logicalId: table } = only(plain, 'AWS::DynamoDB::GlobalTable');
    assert.deepEqual(
      policies.flatMap((each) => each.Properties.PolicyDocument.Statement),
      [
        {
          Action: ['dynamodb:GetItem', 'dynamodb:PutItem'],
          Effect: 'Allow',
          Resource: { 'Fn::GetAtt': [table, 'Arn'] },
        },
      ],
    );
  });

  test('lets in CloudFront at the load balancer, and the load balancer at the tasks', () => {
    const ingress = Object.values(plain.findResources('AWS::EC2::SecurityGroupIngress')).map((each) => each.Properties);
    const groups = Object.entries(plain.findResources('AWS::EC2::SecurityGroup'));
    const inline = groups.flatMap(([, each]) => each.Properties.SecurityGroupIngress ?? []);
    assert.deepEqual(inline, []);
    const [ofBalancer, ofTasks] = [80, 3000].map((port) => ingress.filter((each) => each.FromPort === port));
    assert.equal(ingress.length, 2);
    assert.ok('SourcePrefixListId' in ofBalancer[0]);
    assert.deepEqual(ofTasks[0].SourceSecurityGroupId, ofBalancer[0].GroupId);
    const { Scheme, SecurityGroups } = only(plain, 'AWS::ElasticLoadBalancingV2::LoadBalancer').properties;
    assert.equal(Scheme, 'internal');
    assert.deepEqual(SecurityGroups, [ofBalancer[0].GroupId]);
    assert.equal(service.NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp, 'DISABLED');
  });

  test('is asked for its health, and ends in an order in which no call is lost', () => {
    const { properties } = only(plain, 'AWS::ElasticLoadBalancingV2::TargetGroup');
    assert.deepEqual([properties.HealthCheckPath, properties.TargetType, properties.Port], ['/health', 'ip', 3000]);
    const attribute = (list: any[], key: string) => list.find((each) => each.Key === key).Value;
    assert.equal(attribute(properties.TargetGroupAttributes, 'deregistration_delay.timeout_seconds'), '25');
    assert.equal(container.StopTimeout, 30);
    const balancer = only(plain, 'AWS::ElasticLoadBalancingV2::LoadBalancer').properties;
    assert.equal(attribute(balancer.LoadBalancerAttributes, 'idle_timeout.timeout_seconds'), '60');

    const longer = templateOf({ shutdownTimeout: Duration.seconds(90), idleTimeout: Duration.seconds(120) });
    const { TargetGroupAttributes } = only(longer, 'AWS::ElasticLoadBalancingV2::TargetGroup').properties;
    assert.equal(attribute(TargetGroupAttributes, 'deregistration_delay.timeout_seconds'), '90');
    const [{ StopTimeout }] = only(longer, 'AWS::ECS::TaskDefinition').properties.ContainerDefinitions;
    assert.equal(StopTimeout, 95);
    const { MCP_HTTP_SHUTDOWN_MS, MCP_HTTP_KEEP_ALIVE_MS } = environmentOf(longer);
    assert.deepEqual([MCP_HTTP_SHUTDOWN_MS, MCP_HTTP_KEEP_ALIVE_MS], ['90000', '135000']);
  });

  test('goes back to the tasks from before when new ones do not become healthy', () => {
    const { DeploymentConfiguration } = service;
    assert.deepEqual(DeploymentConfiguration.DeploymentCircuitBreaker, { Enable: true, Rollback: true });
    assert.deepEqual(
      [DeploymentConfiguration.MinimumHealthyPercent, DeploymentConfiguration.Strategy],
      [100, 'ROLLING'],
    );
  });

  test('has between 2 and 10 tasks, by their use of CPU, and no number that a deployment would restore', () => {
    assert.equal(service.DesiredCount, undefined);
    const target = only(plain, 'AWS::ApplicationAutoScaling::ScalableTarget').properties;
    assert.deepEqual([target.MinCapacity, target.MaxCapacity], [2, 10]);
    const policy = only(plain, 'AWS::ApplicationAutoScaling::ScalingPolicy').properties;
    assert.deepEqual(policy.TargetTrackingScalingPolicyConfiguration, {
      PredefinedMetricSpecification: { PredefinedMetricType: 'ECSServiceAverageCPUUtilization' },
      TargetValue: 60,
    });
  });

  test('scales on requests as well, or not at all', () => {
    const both = templateOf({ minCapacity: 1, maxCapacity: 4, targetCpuPercent: 50, requestsPerTarget: 1000 });
    const values = Object.values(both.findResources('AWS::ApplicationAutoScaling::ScalingPolicy')).map(
      (each) => each.Properties.TargetTrackingScalingPolicyConfiguration.TargetValue,
    );
    assert.deepEqual(
      values.sort((a, b) => a - b),
      [50, 1000],
    );
    const fixed = templateOf({ minCapacity: 3, maxCapacity: 3 });
    fixed.resourceCountIs('AWS::ApplicationAutoScaling::ScalableTarget', 0);
    assert.equal(only(fixed, 'AWS::ECS::Service').properties.DesiredCount, 3);
  });

  test('takes the settings of the HTTP service, but not those that the deployment decides', () => {
    assert.equal(environmentOf(templateOf({}, { settings: { MCP_HTTP_REQUESTS: 50 } })).MCP_HTTP_REQUESTS, '50');
    refuses('(SettingOwnedByMcpServer)', () =>
      templateOf({}, { settings: { MCP_HTTP_SHUTDOWN_MS: Duration.seconds(5) } }),
    );
  });

  test('applies timeout at any length, logRetention, removalPolicy and webAcl, the latter to the load balancer too', () => {
    const template = Template.fromStack(
      inStack((stack, vpc) => {
        const webAcl = new CfnWebACL(stack, 'Acl', {
          scope: 'REGIONAL',
          defaultAction: { allow: {} },
          visibilityConfig: { cloudWatchMetricsEnabled: false, metricName: 'acl', sampledRequestsEnabled: false },
        });
        server(
          stack,
          vpc,
          {},
          {
            timeout: Duration.hours(1),
            logRetention: RetentionDays.ONE_WEEK,
            removalPolicy: RemovalPolicy.DESTROY,
            webAcl,
          },
        );
      }),
    );
    assert.equal(environmentOf(template).MCP_HTTP_CALL_MS, '3600000');
    const log = template.findResources('AWS::Logs::LogGroup', { Properties: { RetentionInDays: 7 } });
    assert.deepEqual(
      Object.values(log).map((each) => each.DeletionPolicy),
      ['Delete'],
    );
    const { logicalId } = only(template, 'AWS::ElasticLoadBalancingV2::LoadBalancer');
    template.resourceCountIs('AWS::WAFv2::WebACLAssociation', 2);
    template.hasResourceProperties('AWS::WAFv2::WebACLAssociation', { ResourceArn: { Ref: logicalId } });
  });

  test('permits actions to the role of the tasks, opens connections of the tasks, and has no mcpFunction', () => {
    inStack((stack, vpc) => {
      const one = server(stack, vpc);
      assert.equal(one.grantPrincipal, one.service!.grantPrincipal);
      one.service!.connections.allowTo(ec2.Peer.ipv4('10.1.0.0/16'), ec2.Port.tcp(5432));
      refuses('(NotOfThisCompute)', () => one.mcpFunction);
    });
    inStack((stack) => {
      const compute = McpCompute.lambda();
      const other = new McpServer(stack, 'Other', { code: code(), contract: facts(), compute });
      assert.equal(other.service, undefined);
      assert.ok(other.mcpFunction);
    });
  });
});

describe('the network of the tasks', () => {
  const isolated = (stack: Stack) =>
    new ec2.Vpc(stack, 'Isolated', {
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [{ name: 'Inside', subnetType: ec2.SubnetType.PRIVATE_ISOLATED }],
    });

  test('has endpoints of what the tasks need from AWS where it is asked for, once for all servers of the VPC', () => {
    const stack = inStack((stack) => {
      const vpc = isolated(stack);
      const host = new McpHost(stack, 'Host');
      for (const path of ['/a', '/b']) {
        new McpServer(stack, path.slice(1), {
          code: staticCode(),
          contract: path === '/a' ? counterServer() : withSpans(),
          compute: McpCompute.fargate({ vpc, vpcEndpointsEnabled: true }),
          host,
          path,
        });
      }
    });
    const services = Object.values(Template.fromStack(stack).findResources('AWS::EC2::VPCEndpoint')).map((each) =>
      JSON.stringify(each.Properties.ServiceName),
    );
    for (const name of ['s3', 'dynamodb', 'ecr.api', 'ecr.dkr', 'logs', 'secretsmanager', 'cognito-idp']) {
      assert.equal(services.filter((each) => each.includes(`.${name}"`)).length, 1, name);
    }
    assert.equal(services.length, 7);
  });

  test('is warned about where nothing leads out of it', () => {
    const stack = inStack((stack) => void server(stack, isolated(stack)));
    Annotations.fromStack(stack).hasWarning('*', Match.stringLikeRegexp('set vpcEndpointsEnabled unless'));
  });

  test('gives tasks in public subnets addresses of their own', () => {
    const vpcSubnets = { subnetType: ec2.SubnetType.PUBLIC };
    const { NetworkConfiguration } = only(templateOf({ vpcSubnets }), 'AWS::ECS::Service').properties;
    assert.equal(NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp, 'ENABLED');
  });

  test('takes security groups, a cluster, Spot capacity and subnets of the load balancer that are given', () => {
    const stack = inStack((stack, vpc) => {
      const cluster = new ecs.Cluster(stack, 'Cluster', { vpc, enableFargateCapacityProviders: true });
      server(stack, vpc, {
        cluster,
        securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-1')],
        capacityProviderStrategies: [{ capacityProvider: 'FARGATE_SPOT', weight: 1 }],
        loadBalancerSubnets: { subnetType: ec2.SubnetType.PUBLIC },
        loadBalancerPeers: [ec2.Peer.prefixList('pl-1')],
      });
    });
    const template = Template.fromStack(stack);
    const { Cluster, CapacityProviderStrategy, NetworkConfiguration } = only(template, 'AWS::ECS::Service').properties;
    assert.deepEqual(Cluster, { Ref: Object.keys(template.findResources('AWS::ECS::Cluster'))[0] });
    assert.deepEqual(CapacityProviderStrategy, [{ CapacityProvider: 'FARGATE_SPOT', Weight: 1 }]);
    assert.deepEqual(NetworkConfiguration.AwsvpcConfiguration.SecurityGroups, ['sg-1']);
    assert.equal(environmentOf(template).MCP_TRUSTED_PROXIES, '10.0.0.0/18,10.0.64.0/18');
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', { SourcePrefixListId: 'pl-1' });
  });

  test('needs the Region for the addresses of CloudFront, unless they are given', () => {
    const without = (options: Partial<McpFargateOptions>) =>
      inStack((stack, vpc) => void server(stack, vpc, options), emptyApp(), {});
    refuses('(StackEnvironmentMissing)', () => without({}));
    without({ loadBalancerPeers: [ec2.Peer.prefixList('pl-1')] });
  });
});

describe('a deployment of new tasks', () => {
  const deployedBy = (deployment: McpDeployment) => {
    const template = templateOf({ deployment });
    return { template, ...only(template, 'AWS::ECS::Service').properties.DeploymentConfiguration };
  };

  test('moves requests to a second target group at once, in steps or in two parts, and back when they fail', () => {
    const shapes = [
      [McpDeployment.blueGreen(), 'BLUE_GREEN', {}],
      [
        McpDeployment.linear({ stepPercent: 20, bakeTime: Duration.minutes(1) }),
        'LINEAR',
        { BakeTimeInMinutes: 1, LinearConfiguration: { StepPercent: 20, StepBakeTimeInMinutes: 6 } },
      ],
      [
        McpDeployment.canary({ stepBakeTime: Duration.minutes(3) }),
        'CANARY',
        { CanaryConfiguration: { CanaryPercent: 5, CanaryBakeTimeInMinutes: 3 } },
      ],
    ] as const;
    for (const [deployment, strategy, more] of shapes) {
      const { template, ...configuration } = deployedBy(deployment);
      assert.equal(configuration.Strategy, strategy);
      for (const [name, value] of Object.entries({ BakeTimeInMinutes: 5, ...more })) {
        assert.deepEqual(configuration[name], value, `${strategy} ${name}`);
      }
      const alarm = only(template, 'AWS::CloudWatch::Alarm');
      assert.deepEqual(configuration.Alarms, {
        AlarmNames: [{ Ref: alarm.logicalId }],
        Enable: true,
        Rollback: true,
      });
      assert.equal(alarm.properties.Threshold, 5);
      template.resourceCountIs('AWS::ElasticLoadBalancingV2::TargetGroup', 2);
      const [{ AdvancedConfiguration }] = only(template, 'AWS::ECS::Service').properties.LoadBalancers;
      assert.ok(AdvancedConfiguration.AlternateTargetGroupArn);
    }
  });

  test('ends at alarms of the app', () => {
    const stack = inStack((stack, vpc) => {
      const metric = new cloudwatch.Metric({ namespace: 'Orders', metricName: 'Refused' });
      const alarm = new cloudwatch.Alarm(stack, 'Alarm', { metric, threshold: 1, evaluationPeriods: 1 });
      server(stack, vpc, { deployment: McpDeployment.rolling({ alarms: [alarm] }) });
    });
    const template = Template.fromStack(stack);
    const { Alarms } = only(template, 'AWS::ECS::Service').properties.DeploymentConfiguration;
    assert.deepEqual(Alarms.AlarmNames, [{ Ref: only(template, 'AWS::CloudWatch::Alarm').logicalId }]);
  });

  test('refuses steps that Amazon ECS does not have, and scaling that counts in one target group', () => {
    refuses('(StepPercentInvalid)', () => McpDeployment.linear({ stepPercent: 2 }));
    refuses('(StepPercentInvalid)', () => McpDeployment.canary({ stepPercent: 101 }));
    refuses('(BakeTimeInvalid)', () => McpDeployment.blueGreen({ bakeTime: Duration.seconds(90) }));
    refuses('(BakeTimeInvalid)', () => McpDeployment.canary({ stepBakeTime: Duration.days(2) }));
    refuses('(RequestScalingNotApplied)', () =>
      templateOf({ deployment: McpDeployment.blueGreen(), requestsPerTarget: 100 }),
    );
  });
});

describe('servers of one host', () => {
  const shared = (front: McpFront, define: (host: McpHost, stack: Stack, vpc: ec2.Vpc) => void) =>
    inStack((stack, vpc) => define(new McpHost(stack, 'Host', { front }), stack, vpc));

  test('may run on Fargate beside a function, without an API of their own', () => {
    const template = Template.fromStack(
      shared(McpFront.cloudFront(), (host, stack, vpc) => {
        const service = server(stack, vpc, {}, { host, path: '/counter' });
        assert.equal(service.api, host.api);
        new McpServer(stack, 'Facts', { code: code(), contract: facts(), host, path: '/facts' });
      }),
    );
    template.resourceCountIs('AWS::ApiGateway::RestApi', 2);
    assert.ok('VpcOriginConfig' in originOf(template, '/counter/mcp'));
    assert.ok('CustomOriginConfig' in originOf(template, '/facts/mcp'));
    assert.equal(environmentOf(template).MCP_RESOURCE, 'https://d111.cloudfront.net/counter/mcp');
  });

  test('share a cluster, a listener and one origin of it, with a rule for each path', () => {
    const template = Template.fromStack(
      shared(McpFront.cloudFront(), (host, stack, vpc) => {
        const cluster = new ecs.Cluster(stack, 'Cluster', { vpc });
        const loadBalancer = new elbv2.ApplicationLoadBalancer(stack, 'LoadBalancer', { vpc });
        const listener = loadBalancer.addListener('Listener', {
          port: 8080,
          protocol: elbv2.ApplicationProtocol.HTTP,
          open: false,
          defaultAction: elbv2.ListenerAction.fixedResponse(404),
        });
        ['/a', '/b'].forEach((path, index) => {
          new McpServer(stack, path.slice(1), {
            code: staticCode(),
            contract: index === 0 ? counterServer() : withSpans(),
            compute: McpCompute.fargate({ vpc, cluster, listener, listenerPriority: index + 1 }),
            host,
            path,
          });
        });
      }),
    );
    template.resourceCountIs('AWS::ElasticLoadBalancingV2::LoadBalancer', 1);
    const { VpcOriginEndpointConfig } = only(template, 'AWS::CloudFront::VpcOrigin').properties;
    assert.equal(VpcOriginEndpointConfig.HTTPPort, 8080);
    const rules = Object.values(template.findResources('AWS::ElasticLoadBalancingV2::ListenerRule'));
    assert.deepEqual(
      rules.map(({ Properties }) => [Properties.Priority, Properties.Conditions[0].PathPatternConfig.Values[0]]).sort(),
      [
        [1, '/a/mcp'],
        [2, '/b/mcp'],
      ],
    );
  });

  test('are not behind a listener that speaks TLS under the name of a load balancer', () => {
    refuses('(ListenerNotHttp)', () =>
      shared(McpFront.cloudFront(), (host, stack, vpc) => {
        const listener = new elbv2.ApplicationLoadBalancer(stack, 'LoadBalancer', { vpc }).addListener('Listener', {
          port: 443,
          certificates: [certificate('eu-west-1')],
          defaultAction: elbv2.ListenerAction.fixedResponse(404),
        });
        server(stack, vpc, { listener }, { host, path: '/counter' });
      }),
    );
  });

  test('are in the stack of a distribution', () => {
    const app = emptyApp();
    const host = new McpHost(new Stack(app, 'Other', { env: ENV }), 'Host');
    refuses('(HostInAnotherStack)', () =>
      inStack((stack, vpc) => void server(stack, vpc, {}, { host, path: '/counter' }), app),
    );
  });
});

describe('a front before a load balancer', () => {
  test('may exist already; the app then says what may connect', () => {
    const front = McpFront.external({ publicBaseUrl: 'https://mcp.example.com' });
    const template = templateOf({}, { front });
    template.resourceCountIs('AWS::CloudFront::VpcOrigin', 0);
    const ports = Object.values(template.findResources('AWS::EC2::SecurityGroupIngress')).map(
      (each) => each.Properties.FromPort,
    );
    assert.deepEqual(ports, [3000]);
    assert.match(environmentOf(template).MCP_ALLOWED_HOSTS, /^mcp\.example\.com,/);
    const keys = McpFront.external({ publicBaseUrl: 'https://mcp.example.com', cognitoIdpUrl: 'https://keys.example' });
    assert.equal(
      environmentOf(templateOf({}, { front: keys })).MCP_JWKS_URL,
      'https://keys.example/eu-west-1_Pool/.well-known/jwks.json',
    );
  });

  test('is not the API itself, under its own name or another', () => {
    refuses('(FrontNotForFargate)', () => templateOf({}, { front: McpFront.stage() }));
    const domain = { domainName: 'mcp.example.com', certificate: certificate('eu-west-1') };
    refuses('(FrontNotForFargate)', () => templateOf({}, { front: McpFront.customDomain(domain) }));
  });
});

describe('McpCompute.fargate refuses', () => {
  test('every option of a function or of API Gateway, and names what to write instead', () => {
    const options: Record<string, [Partial<McpServerProps>, instead: RegExp]> = {
      memorySize: [{ memorySize: 512 }, /memoryLimitMiB and cpu of McpCompute\.fargate/],
      vpc: [{ vpc: new ec2.Vpc(new Stack(), 'V') }, /vpc of/],
      vpcSubnets: [{ vpcSubnets: {} }, /vpcSubnets of/],
      securityGroups: [{ securityGroups: [] }, /securityGroups of/],
      reservedConcurrency: [{ reservedConcurrency: 5 }, /maxCapacity/],
      provisionedConcurrency: [{ provisionedConcurrency: 1 }, /minCapacity/],
      trafficShifting: [
        { trafficShifting: codedeploy.LambdaDeploymentConfig.ALL_AT_ONCE },
        /deployment of McpCompute\.fargate/,
      ],
      tracing: [{ tracing: true }, /spans/],
      lambdaAuthorizer: [{ lambdaAuthorizer: {} }, /verify access tokens/],
      throttle: [{ throttle: { rateLimit: 1, burstLimit: 1 } }, /webAcl/],
      quota: [{ quota: { limit: 1, period: 'DAY' as never } }, /no limits of their own/],
      throttlingRateLimit: [{ throttlingRateLimit: 5 }, /MCP_HTTP_REQUESTS/],
      throttlingBurstLimit: [{ throttlingBurstLimit: 5 }, /MCP_HTTP_REQUESTS/],
    };
    for (const [name, [props, instead]] of Object.entries(options)) {
      assert.throws(
        () => templateOf({}, props),
        (error: Error) =>
          error.message.startsWith(`${name} is for a Lambda function`) &&
          instead.test(error.message) &&
          error.message.endsWith('(OptionNotOnFargate)'),
        name,
      );
    }
  });

  test('tokens that only a Lambda authorizer verifies', () => {
    const authorizations = [
      McpAuthorization.bearerToken({ tokenSha256: ['0'.repeat(64)] }),
      McpAuthorization.jwt({ issuer: 'https://i.example', jwksUrl: 'https://i.example/keys', audience: ['a'] }),
    ];
    for (const authorization of authorizations) {
      refuses('(AuthorizationNotOnFargate)', () => templateOf({}, { authorization }));
    }
  });

  test('tools as plain REST, and a contract of an older crate', () => {
    refuses('(ToolsApiNotOnFargate)', () =>
      inStack((stack, vpc) => {
        const contract = restContract();
        const shutdownTimeout = Duration.seconds(10);
        new McpToolsApi(stack, 'Tools', {
          server: server(stack, vpc, { shutdownTimeout }, { contract }),
          accessTokens: true,
        });
      }),
    );
    refuses('(FargateUnsupported)', () => templateOf({}, { contract: facts() }));
  });

  test('sizes and numbers that AWS does not have', () => {
    const vpc = new ec2.Vpc(new Stack(), 'V');
    const cases: [reason: string, Partial<McpFargateOptions>][] = [
      ['(CpuInvalid)', { cpu: 300 }],
      ['(MemoryInvalid)', { memoryLimitMiB: 1536 }],
      ['(MemoryInvalid)', { cpu: 512 }],
      ['(MemoryInvalid)', { cpu: 8192, memoryLimitMiB: 17408 }],
      ['(CapacityInvalid)', { minCapacity: 0 }],
      ['(CapacityInvalid)', { minCapacity: 11 }],
      ['(TargetCpuInvalid)', { targetCpuPercent: 100 }],
      ['(ScalingNotApplied)', { minCapacity: 2, maxCapacity: 2, targetCpuPercent: 50 }],
      ['(FargateDurationInvalid)', { shutdownTimeout: Duration.seconds(111) }],
      ['(FargateDurationInvalid)', { idleTimeout: Duration.millis(1500) }],
      ['(SecurityGroupsEmpty)', { securityGroups: [] }],
      ['(ListenerMissing)', { listenerPriority: 2 }],
      [
        '(ClusterInAnotherVpc)',
        { cluster: new ecs.Cluster(new Stack(), 'C', { vpc: new ec2.Vpc(new Stack(), 'Elsewhere') }) },
      ],
    ];
    for (const [reason, options] of cases) {
      refuses(reason, () => McpCompute.fargate({ vpc, ...options }));
    }
  });

  test('subnets of the load balancer in one zone, and without their addresses', () => {
    refuses('(LoadBalancerZones)', () =>
      inStack((stack) => void server(stack, new ec2.Vpc(stack, 'One', { maxAzs: 1 }))),
    );
    const attributes = { vpcId: 'vpc-1', availabilityZones: ['a', 'b'], privateSubnetIds: ['subnet-1', 'subnet-2'] };
    refuses('(SubnetCidrMissing)', () =>
      inStack((stack) => void server(stack, ec2.Vpc.fromVpcAttributes(stack, 'Imported', attributes))),
    );
  });
});

describe('fronts and code of an app', () => {
  test('say by bindListener and bindImage that they are for a service', () => {
    class OwnFront extends McpFront {
      public bind() {
        return { publicBaseUrl: 'https://own.example', publicOrigin: 'https://own.example', publicHost: 'own.example' };
      }
      public override bindListener() {
        return { prefixListName: 'own' };
      }
    }
    class OwnCode extends McpCode {
      public bind() {
        return {};
      }
      public override bindImage() {
        return ecs.ContainerImage.fromRegistry('own/image');
      }
    }
    inStack((stack, vpc) => {
      const { service } = server(stack, vpc, {}, { front: new OwnFront(), code: new OwnCode() });
      assert.equal(service!.taskDefinition.defaultContainer!.imageName, 'own/image');
    });
  });
});

describe('McpService alone', () => {
  test('takes the settings of its server', () => {
    const stack = inStack((stack, vpc) => {
      const made = new McpService(stack, 'Service', {
        vpc,
        code: staticCode(),
        contract: counterServer(),
        mcpPath: '/mcp',
        environment: { MCP_RESOURCE: 'https://mcp.example.com/mcp' },
        secrets: {
          MCP_STATE_KEYS: ecs.Secret.fromSecretsManager({
            secretArn: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:x',
            grantRead: () => undefined,
          } as never),
        },
      });
      assert.equal(made.targetGroups.length, 1);
      assert.equal(made.timeout.toSeconds(), 30);
    });
    const environment = environmentOf(Template.fromStack(stack));
    assert.deepEqual(
      [environment.MCP_RESOURCE, environment.MCP_LISTEN],
      ['https://mcp.example.com/mcp', '0.0.0.0:3000'],
    );
  });
});

describe('the image', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'image-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  const imageOf = (made: McpCode, app?: App) =>
    only(
      Template.fromStack(inStack((stack, vpc) => void server(stack, vpc, {}, { code: made }), app)),
      'AWS::ECS::TaskDefinition',
    ).properties.ContainerDefinitions[0].Image;

  /** The files that Docker gets. */
  const contextOf = (made: McpCode): { readonly directory: string; readonly platform: string } => {
    const app = emptyApp();
    const image = imageOf(made, app)['Fn::Sub'];
    const assembly = app.synth();
    const assets = JSON.parse(readFileSync(join(assembly.directory, 'Test.assets.json'), 'utf8')).dockerImages;
    const [{ source }] = Object.values(assets) as { source: { directory: string; platform: string } }[];
    assert.match(image, /:[0-9a-f]{64}$/);
    return { directory: join(assembly.directory, source.directory), platform: source.platform };
  };

  /** A directory with a program of this ELF header. */
  const withProgram = (name: string, change: (header: Buffer) => Buffer): McpCode => {
    const path = join(directory, name);
    mkdirSync(path);
    writeFileSync(join(path, 'bootstrap'), change(readFileSync(fixture('static/bootstrap'))));
    return McpCode.fromAsset(path);
  };

  test('has the program, a user without rights, and nothing else; four lines make it, without a network', () => {
    const { directory: context, platform } = contextOf(staticCode());
    assert.equal(platform, 'linux/arm64');
    assert.deepEqual(readdirSync(context).sort(), ['Dockerfile', 'bootstrap']);
    assert.equal(
      readFileSync(join(context, 'Dockerfile'), 'utf8'),
      'FROM scratch\nCOPY bootstrap /bootstrap\nUSER 65532:65532\nENTRYPOINT ["/bootstrap"]\n',
    );
    assert.equal(statSync(join(context, 'bootstrap')).mode & 0o111, 0o111);
  });

  test('has a program that cargo lambda links statically', () => {
    const path = join(directory, 'cargo');
    mkdirSync(path);
    writeFileSync(join(path, 'Cargo.toml'), '');
    const cargoLambda = join(path, 'cargo-lambda');
    writeFileSync(
      cargoLambda,
      `#!/bin/sh
printf '%s ' "$@" > "${path}/called"
for last in "$@"; do
  if [ "$previous" = --lambda-dir ]; then printf built > "$last/bootstrap"; fi
  previous=$last
done
`,
    );
    chmodSync(cargoLambda, 0o755);
    const searchPath = process.env.PATH;
    process.env.PATH = `${path}:${searchPath}`;
    try {
      const { directory: context } = contextOf(McpCode.fromCargo(path, { packageName: 'shop' }));
      assert.equal(readFileSync(join(context, 'bootstrap'), 'utf8'), 'built');
    } finally {
      process.env.PATH = searchPath;
    }
    const called = readFileSync(join(path, 'called'), 'utf8');
    assert.match(called, /--release --target aarch64-unknown-linux-musl /);
    assert.doesNotMatch(called, /--arm64/);
  });

  test('is not built where no stack is deployed', () => {
    const app = emptyApp({ 'aws:cdk:bundling-stacks': [] });
    assert.equal(imageOf(staticCode(), app), 'mcp-lambda-cdk-is-not-bundled');
  });

  test('does not have a program for another machine, one that needs a C library, or a zip file', () => {
    refuses('(ProgramNotArm64)', () => imageOf(code()));
    const intel = withProgram('intel', (header) => {
      header.writeUInt16LE(62, 18);
      return header;
    });
    refuses('(ProgramNotArm64)', () => imageOf(intel));
    const linked = withProgram('linked', (header) => {
      header.writeUInt32LE(3, 64);
      return header;
    });
    refuses('(ProgramNotStatic)', () => imageOf(linked));
    writeFileSync(join(directory, 'code.zip'), '');
    refuses('(ImageFromZip)', () => imageOf(McpCode.fromAsset(join(directory, 'code.zip'))));
  });

  test('is not made of a function', () => {
    refuses('(CodeNotForFargate)', () =>
      inStack((stack, vpc) => {
        const existing = new lambda.Function(stack, 'Function', {
          code: lambda.Code.fromInline('x'),
          handler: 'x',
          runtime: lambda.Runtime.PYTHON_3_13,
        });
        server(stack, vpc, {}, { code: McpCode.fromFunction(existing) });
      }),
    );
  });

  test('needs Docker when it is deployed, and says what else is possible where there is none', () => {
    const warned = (program: string) => {
      process.env.CDK_DOCKER = program;
      try {
        return Annotations.fromStack(inStack((stack, vpc) => void server(stack, vpc))).findWarning(
          '*',
          Match.stringLikeRegexp('deployment builds the image'),
        );
      } finally {
        delete process.env.CDK_DOCKER;
      }
    };
    assert.deepEqual(warned(process.execPath), []);
    const [{ entry }] = warned('/nowhere/docker');
    assert.match(String(entry.data), /install Docker, set CDK_DOCKER .* McpCode\.fromImage/);
  });

  test('may exist already, and is then not for a function', () => {
    assert.equal(imageOf(McpCode.fromImage(ecs.ContainerImage.fromRegistry('example/mcp:1'))), 'example/mcp:1');
    refuses('(ImageNotOnLambda)', () =>
      inStack((stack) => {
        const image = McpCode.fromImage(ecs.ContainerImage.fromRegistry('example/mcp:1'));
        new McpServer(stack, 'Server', { code: image, contract: facts() });
      }),
    );
  });
});
