import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import type { Stack } from 'aws-cdk-lib';
import type { Template } from 'aws-cdk-lib/assertions';
import { Peer, Vpc } from 'aws-cdk-lib/aws-ec2';
import {
  McpAudit,
  McpBedrockModel,
  McpClientAssertion,
  McpCompute,
  McpDeployment,
  McpFront,
  type McpGitHubActionsJobs,
  McpHost,
  type McpHostProps,
  McpMonitoring,
  McpPlayground,
  McpPlaygroundMonitoring,
  McpRemoteServer,
  McpScope,
  McpServer,
  type McpServerProps,
  McpService,
  McpToolsApi,
  McpUserPool,
} from '../lib';
import { deployed } from './deployed';
import {
  certificate,
  code,
  cognito,
  counterServer,
  facts,
  only,
  restContract,
  staticCode,
  synthesize,
  refusedByDirectories,
  synthesizeServer,
  type TemplateJson,
  twoScopes,
} from './synthesis';

const bare = synthesizeServer({}, (server) => server.addMachineClient('Ci'));
const json = bare.toJSON() as TemplateJson;
const properties = (type: string, wanted: object = {}) => only(bare, type, wanted).properties;
const variables = () => deployed(json, properties('AWS::Lambda::Function').Environment.Variables);
const pool = only(
  synthesize((stack) => new McpUserPool(stack, 'Pool')),
  'AWS::Cognito::UserPool',
).properties;
const own = synthesizeServer({ authorization: undefined });
/** Whether a template has the function of the authorization server. */
const isBehindServer = (template: Template) =>
  Object.values(template.findResources('AWS::Lambda::Function')).some(
    (each) => 'AUTHORIZATION_ISSUER' in each.Properties.Environment.Variables,
  );
const authorization = () =>
  Object.values(own.findResources('AWS::Lambda::Function'))
    .map((each) => deployed(own.toJSON() as TemplateJson, each.Properties.Environment.Variables))
    .find((each) => each.AUTHORIZATION_ISSUER !== undefined);
/** The page for people of a template. */
const pageOf = (template: TemplateJson): string | undefined =>
  Object.values(template.Resources)
    .map((each) => each.Properties?.Integration?.IntegrationResponses?.[0]?.ResponseTemplates?.['text/html'])
    .filter((html) => html !== undefined)
    .map((html) => deployed(template, html))[0];
/** The jobs of GitHub Actions as the authorization server gets them. */
const jobs = (given: Partial<McpGitHubActionsJobs>): Record<string, unknown> =>
  JSON.parse(JSON.stringify(McpClientAssertion.gitHubActions({ repository: 'octo-org/octo-repo', ...given })._trust))
    .gitHubActions;
const choices = readFileSync(join(__dirname, '../../lambda/authorization/src/settings/choices.rs'), 'utf8');
/** The default that the authorization server's crate declares for a variable that is not set. */
const fromCrate = (name: string) => {
  const [declaration, value] = new RegExp(`= "${name}"(?: or "([^"]*)")?,`).exec(choices) ?? [];
  return declaration && (value ?? 'none');
};
const tools = synthesize(
  (stack) =>
    new McpToolsApi(stack, 'Tools', {
      server: new McpServer(stack, 'Server', { code: code(), contract: restContract(), authorization: cognito() }),
      keys: [{ name: 'reports', oauthScopes: [McpScope.named('dog-facts')] }],
    }),
);
const ofTools = (type: string) =>
  Object.entries(tools.findResources(type)).find(([id]) => id.startsWith('Tools'))?.[1].Properties;
const toolsVariables = () =>
  Object.values(tools.findResources('AWS::Lambda::Function'))
    .map((each) => deployed(tools.toJSON() as TemplateJson, each.Properties.Environment.Variables))
    .find((each) => each.MCP_TOOLS_URL !== undefined)!;
/** The log group of the audit trail of a server. */
const audited = (audit: McpAudit | undefined) =>
  Object.entries(synthesizeServer({ contract: counterServer(), audit }).findResources('AWS::Logs::LogGroup')).find(
    ([id]) => id.includes('AuditLog'),
  )?.[1];
/** The settings with the limits of single callers. */
const limitedCallers = (props: Partial<McpServerProps>) => {
  const functions = synthesizeServer({ contract: counterServer(), ...props }).findResources('AWS::Lambda::Function');
  const variables = Object.values(functions)[0].Properties.Environment.Variables;
  return [variables.MCP_CALLER_REQUESTS_PER_MINUTE, variables.MCP_CALLER_TOOL_CALLS_PER_DAY];
};
const inVpc = () =>
  only(
    synthesize(
      (stack) =>
        new McpServer(stack, 'Server', {
          code: code(),
          contract: facts(),
          authorization: cognito(),
          vpc: new Vpc(stack, 'Vpc', { maxAzs: 2 }),
        }),
    ),
    'AWS::Lambda::Function',
  ).properties;
const monitored = (index: number) =>
  Object.values(
    synthesizeServer({}, (server, stack) => new McpMonitoring(stack, 'Monitoring', { server })).findResources(
      'AWS::CloudWatch::Alarm',
    ),
  )[index].Properties;
const remote = synthesize(
  (stack) =>
    new McpRemoteServer(stack, 'Remote', {
      endpointUrl: 'https://tickets.example.com/mcp',
      serverName: 'tickets',
      scopes: [{ name: 'use', description: 'Use it' }],
    }),
);
const imported = (stack: Stack) =>
  McpServer.fromMcpServerAttributes(stack, 'Imported', {
    mcpServerUrl: 'https://mcp.example.com/mcp',
    contract: facts(),
  });
const hosted = (props?: McpHostProps) =>
  synthesize(
    (stack) =>
      void new McpServer(stack, 'Server', {
        code: code(),
        contract: facts(),
        host: new McpHost(stack, 'Host', props),
        path: '/facts',
      }),
  );
const host = hosted({ authorization: cognito() });
const ofHost = (type: string) => only(host, type).properties;
const hostStage = () =>
  Object.entries(host.findResources('AWS::ApiGateway::Stage')).find(([logicalId]) => logicalId.startsWith('Host'))![1]
    .Properties;
const onFargate = (deployment?: McpDeployment) =>
  synthesize((stack) => {
    new McpServer(stack, 'Server', {
      code: staticCode(),
      contract: counterServer(),
      compute: McpCompute.fargate({
        vpc: new Vpc(stack, 'Vpc', { maxAzs: 2 }),
        loadBalancerPeers: [Peer.prefixList('pl-1')],
        deployment,
      }),
    });
  });
const fargate = onFargate();
const ofFargate = (type: string) => only(fargate, type).properties;
const deploymentBy = (deployment: McpDeployment) =>
  only(onFargate(deployment), 'AWS::ECS::Service').properties.DeploymentConfiguration;
const scalable = () => ofFargate('AWS::ApplicationAutoScaling::ScalableTarget');
const attribute = (list: { Key: string; Value: string }[], key: string) => list.find((each) => each.Key === key)?.Value;
const service = synthesize((stack) => {
  const vpc = new Vpc(stack, 'Vpc', { maxAzs: 2 });
  new McpService(stack, 'Service', { vpc, code: staticCode(), contract: counterServer(), mcpPath: '/mcp' });
});
const ofService = () => only(service, 'AWS::ECS::TaskDefinition').properties.ContainerDefinitions[0];
const playground = synthesize((stack) => {
  const made = new McpPlayground(stack, 'Playground', {
    models: [McpBedrockModel.inferenceProfile('eu.amazon.nova-lite-v1:0')],
    serverUrls: { Shop: 'https://shop.example.com/mcp' },
  });
  new McpPlaygroundMonitoring(stack, 'Monitoring', { playground: made });
});
const ofPlayground = (type: string) => only(playground, type).properties;
const playgroundVariables = () =>
  deployed(playground.toJSON() as TemplateJson, ofPlayground('AWS::Lambda::Function').Environment.Variables);
const playgroundSettings = readFileSync(join(__dirname, '../../lambda/playground/src/settings.rs'), 'utf8');
/** The default that the playground's crate declares for a variable that is not set. */
const fromPlayground = (name: string) =>
  playgroundVariables()[name] ?? new RegExp(`= "${name}"(?: or "([^"]*)")?,`).exec(playgroundSettings)?.[1];
const playgroundAlarms = () =>
  Object.values(playground.findResources('AWS::CloudWatch::Alarm')).map((each) => each.Properties);
const deletionPolicy = (type: string) => json.Resources[only(bare, type).logicalId].DeletionPolicy;

/** Every optional property: the `@default` that its documentation states, and what a server without it shows. */
const defaults: Record<string, [stated: string, shown: () => unknown, expected: unknown]> = {
  'McpCloudFrontOptions.readTimeout': [
    'Duration.seconds(60)',
    () =>
      properties('AWS::CloudFront::Distribution').DistributionConfig.Origins[0].CustomOriginConfig.OriginReadTimeout,
    60,
  ],
  'McpCustomDomainOptions.hostedZone': [
    '- none: create a record at your DNS provider that points to `server.customDomain.domainNameAliasDomainName`',
    () =>
      synthesizeServer({
        front: McpFront.customDomain({ domainName: 'mcp.example.com', certificate: certificate() }),
      }).findResources('AWS::Route53::RecordSet'),
    {},
  ],
  'McpFunctionOptions.memorySize': ['256', () => properties('AWS::Lambda::Function').MemorySize, 256],
  'McpFunctionOptions.timeout': ['Duration.seconds(30)', () => properties('AWS::Lambda::Function').Timeout, 30],
  'McpFunctionOptions.logRetention': [
    'RetentionDays.ONE_MONTH',
    () => properties('AWS::Logs::LogGroup').RetentionInDays,
    30,
  ],
  'McpFunctionOptions.tracing': [
    'false',
    () => [properties('AWS::Lambda::Function').TracingConfig, properties('AWS::ApiGateway::Stage').TracingEnabled],
    [undefined, false],
  ],
  'McpFunctionOptions.vpc': [
    '- the function is not in a VPC',
    () => properties('AWS::Lambda::Function').VpcConfig,
    undefined,
  ],
  'McpFunctionOptions.vpcSubnets': [
    '- the private ones',
    () => JSON.stringify(inVpc().VpcConfig.SubnetIds).match(/Subnet\dSubnet|PrivateSubnet/g),
    ['PrivateSubnet', 'PrivateSubnet'],
  ],
  'McpFunctionOptions.securityGroups': [
    '- a new one that allows all outbound traffic',
    () => inVpc().VpcConfig.SecurityGroupIds.length,
    1,
  ],
  'McpFunctionOptions.reservedConcurrency': [
    "- the unreserved part of the account's quota",
    () => properties('AWS::Lambda::Function').ReservedConcurrentExecutions,
    undefined,
  ],
  'McpFunctionOptions.provisionedConcurrency': [
    '- none: instances start on demand',
    () => bare.findResources('AWS::Lambda::Alias'),
    {},
  ],
  'McpFunctionOptions.trafficShifting': [
    '- all at once, without CodeDeploy',
    () => bare.findResources('AWS::CodeDeploy::DeploymentGroup'),
    {},
  ],
  'McpFunctionProps.removalPolicy': ['RemovalPolicy.RETAIN', () => deletionPolicy('AWS::Logs::LogGroup'), 'Retain'],
  'McpOutputsOptions.prefix': [
    '- nothing: the outputs are called McpServerUrl, UserPoolId and so on',
    () => 'McpServerUrl' in synthesizeServer({}, (server) => server.addOutputs()).toJSON().Outputs,
    true,
  ],
  'McpOutputsOptions.machineClient': [
    '- none',
    () => 'AutomatedOAuthClientId' in synthesizeServer({}, (server) => server.addOutputs()).toJSON().Outputs,
    false,
  ],
  'McpPlaygroundProps.serverUrls': [
    '- those of `servers` only',
    () => {
      const template = synthesizeServer({}, (server, stack) => {
        const models = [McpBedrockModel.foundationModel('amazon.nova-lite-v1:0')];
        new McpPlayground(stack, 'Playground', { models, servers: [server] });
      });
      const { PLAYGROUND_SERVERS: servers } = Object.values(template.findResources('AWS::Lambda::Function'))
        .map((each) => deployed(template.toJSON() as TemplateJson, each.Properties.Environment.Variables))
        .find((each) => 'PLAYGROUND_SERVERS' in each)!;
      return JSON.parse(servers).map((each: any) => each.name);
    },
    ['Dog facts'],
  ],
  'McpMachineClientOptions.assertion': [
    '- the client secret',
    () =>
      JSON.stringify(
        synthesizeServer({ authorization: undefined }, (server) => server.addMachineClient('Ci')).toJSON(),
      ).includes('AUTHORIZATION_MACHINE_CLIENTS'),
    false,
  ],
  'McpGitHubActionsJobs.gitRef': [
    '- every branch and tag that may use `environment`',
    () => jobs({ environment: 'production' }).ref,
    undefined,
  ],
  'McpGitHubActionsJobs.environment': [
    '- with or without an environment',
    () => jobs({ gitRef: 'refs/heads/main' }).environment,
    undefined,
  ],
  'McpGitHubActionsJobs.repositoryId': [
    '- not compared',
    () => jobs({ gitRef: 'refs/heads/main' }).repositoryId,
    undefined,
  ],
  'McpGitHubActionsJobs.ownerId': ['- not compared', () => jobs({ gitRef: 'refs/heads/main' }).ownerId, undefined],
  'McpGitHubActionsJobs.workflowRef': [
    '- every workflow of the repository',
    () => jobs({ gitRef: 'refs/heads/main' }).workflowRef,
    undefined,
  ],
  'McpGitHubActionsJobs.subject': ['- not compared', () => jobs({ gitRef: 'refs/heads/main' }).subject, undefined],
  'McpGitHubActionsJobs.issuer': ['- that of github.com', () => jobs({ gitRef: 'refs/heads/main' }).issuer, undefined],
  'McpMachineClientOptions.oauthScopes': [
    '- all scopes of the contract',
    () =>
      only(
        synthesizeServer({ contract: twoScopes() }, (server) => server.addMachineClient('Ci')),
        'AWS::Cognito::UserPoolClient',
        { GenerateSecret: true },
      ).properties.AllowedOAuthScopes.length,
    2,
  ],
  'McpAuthorizationServerOptions.clients': [
    '- none',
    () => JSON.parse(authorization().AUTHORIZATION_CLIENTS).map((each: any) => each.clientId),
    ['dog-facts'],
  ],
  'McpAuthorizationServerSettings.registrationEnabled': [
    'true',
    () => authorization().AUTHORIZATION_REGISTRATION ?? fromCrate('AUTHORIZATION_REGISTRATION'),
    'true',
  ],
  'McpAuthorizationServerSettings.clientDocumentsEnabled': [
    'true',
    () => authorization().AUTHORIZATION_CLIENT_DOCUMENTS ?? fromCrate('AUTHORIZATION_CLIENT_DOCUMENTS'),
    'true',
  ],
  'McpAuthorizationServerSettings.redirectHosts': [
    '- the callbacks of claude.ai, ChatGPT, VS Code and Cursor',
    () =>
      authorization().AUTHORIZATION_REDIRECT_HOSTS ?? [
        fromCrate('AUTHORIZATION_REDIRECT_HOSTS'),
        /"redirect_hosts",\s*Some\(\(\s*"x-default",\s*"(.*)"/.exec(choices)?.[1],
      ],
    ['none', 'the callbacks of claude.ai, ChatGPT, VS Code and Cursor'],
  ],
  'McpAuthorizationServerSettings.refusedClients': [
    '- none',
    () => authorization().AUTHORIZATION_REFUSED_CLIENTS ?? fromCrate('AUTHORIZATION_REFUSED_CLIENTS'),
    'none',
  ],
  'McpAuthorizationServerSettings.customSchemes': [
    '- none',
    () => authorization().AUTHORIZATION_CUSTOM_SCHEMES ?? fromCrate('AUTHORIZATION_CUSTOM_SCHEMES'),
    'none',
  ],
  'McpAuthorizationServerSettings.brandColor': [
    '"#1a4f8b"',
    () => authorization().AUTHORIZATION_BRAND_COLOR ?? fromCrate('AUTHORIZATION_BRAND_COLOR'),
    '#1a4f8b',
  ],
  'McpAuthorizationServerSettings.brandLogoUrl': [
    '- none',
    () => authorization().AUTHORIZATION_BRAND_LOGO_URL ?? fromCrate('AUTHORIZATION_BRAND_LOGO_URL'),
    'none',
  ],
  'McpAuthorizationServerSettings.codeLifetime': [
    'Duration.seconds(300)',
    () => authorization().AUTHORIZATION_CODE_SECONDS ?? fromCrate('AUTHORIZATION_CODE_SECONDS'),
    '300',
  ],
  'McpAuthorizationServerSettings.refreshTokenLifetime': [
    'Duration.days(30)',
    () => authorization().AUTHORIZATION_REFRESH_TOKEN_DAYS ?? fromCrate('AUTHORIZATION_REFRESH_TOKEN_DAYS'),
    '30',
  ],
  'McpAuthorizationServerSettings.registrationLifetime': [
    'Duration.days(90)',
    () => authorization().AUTHORIZATION_REGISTRATION_DAYS ?? fromCrate('AUTHORIZATION_REGISTRATION_DAYS'),
    '90',
  ],
  'McpCognitoAuthorizationOptions.registrationEnabled': [
    'false',
    () => JSON.stringify(bare.toJSON()).includes('/oauth2/register'),
    false,
  ],
  'McpAuthorizationServerSettings.displayName': [
    "- the contract's title, or the `displayName` of an `McpHost`",
    () => authorization().AUTHORIZATION_BRAND_NAME,
    'Dog facts',
  ],
  'McpAuthorizationServerProps.allowedOrigins': ['- none', () => authorization().MCP_ALLOWED_ORIGINS, undefined],
  'McpAuthorizationServerProps.tracing': [
    'false',
    () => Object.values(own.findResources('AWS::Lambda::Function')).map((each) => each.Properties.TracingConfig),
    [undefined, undefined],
  ],
  'McpAuthorizationServerProps.removalPolicy': [
    'RemovalPolicy.RETAIN',
    () => Object.values(own.findResources('AWS::Logs::LogGroup')).map((each) => each.DeletionPolicy),
    ['Retain', 'Retain'],
  ],
  'McpHostProps.front': [
    'McpFront.cloudFront()',
    () => Object.keys(host.findResources('AWS::CloudFront::Distribution')).length,
    1,
  ],
  'McpHostProps.authorization': ['McpAuthorization.server()', () => isBehindServer(hosted()), true],
  'McpHostProps.userPool': [
    "- a user pool of the host's own, open for self sign-up",
    () => ofHost('AWS::Cognito::UserPool').AdminCreateUserConfig.AllowAdminCreateUserOnly,
    false,
  ],
  'McpHostProps.displayName': [
    "'MCP servers'",
    () => ofHost('AWS::Cognito::UserPool').VerificationMessageTemplate.EmailSubject,
    'Your code for MCP servers',
  ],
  'McpHostProps.callbackPort': [
    '8765',
    () => ofHost('AWS::Cognito::UserPoolClient').CallbackURLs,
    ['http://localhost:8765/callback', 'http://127.0.0.1:8765/callback'],
  ],
  'McpHostProps.callbackUrls': [
    '- none besides those of `callbackPort`',
    () => ofHost('AWS::Cognito::UserPoolClient').CallbackURLs.length,
    2,
  ],
  'McpHostProps.throttlingRateLimit': ['50', () => hostStage().MethodSettings[0].ThrottlingRateLimit, 50],
  'McpHostProps.throttlingBurstLimit': ['100', () => hostStage().MethodSettings[0].ThrottlingBurstLimit, 100],
  'McpHostProps.webAcl': ['- none', () => host.findResources('AWS::WAFv2::WebACLAssociation'), {}],
  'McpHostProps.tracing': ['false', () => hostStage().TracingEnabled, false],
  'McpHostProps.removalPolicy': [
    'RemovalPolicy.RETAIN',
    () => Object.values(host.findResources('AWS::Cognito::UserPool')).map((each) => each.DeletionPolicy),
    ['Retain'],
  ],
  'McpEndpointOptions.host': [
    '- none: the server has a front, a user pool and an authorization of its own',
    () => Object.keys(bare.findResources('AWS::ApiGateway::RestApi')).length,
    1,
  ],
  'McpEndpointOptions.path': [
    "- the MCP URL is `/mcp` below the server's own front",
    () => variables().MCP_RESOURCE,
    'https://d111.cloudfront.net/mcp',
  ],
  'McpMonitoringProps.alarmTopic': [
    '- none: the alarms only change their state',
    () => monitored(0).AlarmActions,
    undefined,
  ],
  'McpMonitoringProps.failurePercentage': ['5', () => monitored(0).Threshold, 5],
  'McpMonitoringProps.slowAfter': ["- 80 % of the server's timeout", () => monitored(2).Threshold, 24_000],
  'McpPreRegisteredClient.oauthScopes': [
    '- all scopes of the contract',
    () => JSON.parse(authorization().AUTHORIZATION_CLIENTS)[0].scopes,
    undefined,
  ],
  'McpPreRegisteredClient.secretSha256': [
    '- a public client, without a secret',
    () => JSON.parse(authorization().AUTHORIZATION_CLIENTS)[0].secretSha256,
    undefined,
  ],
  'McpServerAttributes.userPool': [
    '- none: `addMachineClient` is refused',
    () => synthesize((stack) => void imported(stack)).toJSON().Resources,
    undefined,
  ],
  'McpEndpointOptions.authorization': [
    'McpAuthorization.server()',
    () => [own, remote].map(isBehindServer),
    [true, true],
  ],
  'McpEndpointOptions.front': [
    'McpFront.cloudFront()',
    () => variables().MCP_RESOURCE,
    'https://d111.cloudfront.net/mcp',
  ],
  'McpEndpointOptions.userPool': [
    "- a user pool of the server's own, open for self sign-up",
    () => properties('AWS::Cognito::UserPool').AdminCreateUserConfig.AllowAdminCreateUserOnly,
    false,
  ],
  'McpRemoteServerProps.endpointMethods': [
    '- none: API Gateway responds to every other method with 405',
    () =>
      Object.keys(
        remote.findResources('AWS::ApiGateway::Method', { Properties: { Integration: { Type: 'HTTP_PROXY' } } }),
      ).length,
    1,
  ],
  'McpRemoteServerProps.serverTitle': [
    '- serverName',
    () =>
      [...new Set(JSON.stringify(remote.findResources('AWS::ApiGateway::Method')).match(/resource_name\W+tickets\b/g))]
        .length,
    1,
  ],
  'McpRemoteServerProps.timeout': [
    'Duration.seconds(30)',
    () =>
      only(remote, 'AWS::ApiGateway::Method', { HttpMethod: 'POST', Integration: { Type: 'HTTP_PROXY' } }).properties
        .Integration.TimeoutInMillis,
    30_000,
  ],
  'McpRemoteServerProps.tracing': [
    'false',
    () => only(remote, 'AWS::ApiGateway::Stage').properties.TracingEnabled,
    false,
  ],
  'McpServerProps.compute': ['McpCompute.lambda()', () => bare.findResources('AWS::ECS::Service'), {}],
  'McpDeploymentOptions.alarms': [
    '- none of your own',
    () => ofFargate('AWS::ECS::Service').DeploymentConfiguration.Alarms.AlarmNames,
    [],
  ],
  'McpBlueGreenOptions.bakeTime': [
    'Duration.minutes(5)',
    () => deploymentBy(McpDeployment.blueGreen()).BakeTimeInMinutes,
    5,
  ],
  'McpTrafficShiftOptions.stepPercent': [
    '- 10 for linear, 5 for canary',
    () => [
      deploymentBy(McpDeployment.linear()).LinearConfiguration.StepPercent,
      deploymentBy(McpDeployment.canary()).CanaryConfiguration.CanaryPercent,
    ],
    [10, 5],
  ],
  'McpTrafficShiftOptions.stepBakeTime': [
    '- 6 minutes for linear, 10 minutes for canary',
    () => [
      deploymentBy(McpDeployment.linear()).LinearConfiguration.StepBakeTimeInMinutes,
      deploymentBy(McpDeployment.canary()).CanaryConfiguration.CanaryBakeTimeInMinutes,
    ],
    [6, 10],
  ],
  'McpFargateOptions.vpcSubnets': [
    '- the private ones',
    () => ofFargate('AWS::ECS::Service').NetworkConfiguration.AwsvpcConfiguration.Subnets.length,
    2,
  ],
  'McpFargateOptions.securityGroups': [
    '- a new one that allows all outbound traffic',
    () => ofFargate('AWS::ECS::Service').NetworkConfiguration.AwsvpcConfiguration.SecurityGroups.length,
    1,
  ],
  'McpFargateOptions.vpcEndpointsEnabled': ['false', () => fargate.findResources('AWS::EC2::VPCEndpoint'), {}],
  'McpFargateOptions.cpu': ['256', () => ofFargate('AWS::ECS::TaskDefinition').Cpu, '256'],
  'McpFargateOptions.memoryLimitMiB': ['512', () => ofFargate('AWS::ECS::TaskDefinition').Memory, '512'],
  'McpFargateOptions.minCapacity': ['2', () => scalable().MinCapacity, 2],
  'McpFargateOptions.maxCapacity': ['10', () => scalable().MaxCapacity, 10],
  'McpFargateOptions.targetCpuPercent': [
    '60',
    () => ofFargate('AWS::ApplicationAutoScaling::ScalingPolicy').TargetTrackingScalingPolicyConfiguration.TargetValue,
    60,
  ],
  'McpFargateOptions.requestsPerTarget': [
    '- the use of CPU alone',
    () => Object.keys(fargate.findResources('AWS::ApplicationAutoScaling::ScalingPolicy')).length,
    1,
  ],
  'McpFargateOptions.capacityProviderStrategies': [
    '- FARGATE',
    () => ofFargate('AWS::ECS::Service').LaunchType,
    'FARGATE',
  ],
  'McpFargateOptions.deployment': [
    'McpDeployment.rolling()',
    () => ofFargate('AWS::ECS::Service').DeploymentConfiguration.Strategy,
    'ROLLING',
  ],
  'McpFargateOptions.shutdownTimeout': [
    '- the default of the setting, 25 seconds',
    () =>
      attribute(
        ofFargate('AWS::ElasticLoadBalancingV2::TargetGroup').TargetGroupAttributes,
        'deregistration_delay.timeout_seconds',
      ),
    '25',
  ],
  'McpFargateOptions.idleTimeout': [
    'Duration.seconds(60)',
    () =>
      attribute(
        ofFargate('AWS::ElasticLoadBalancingV2::LoadBalancer').LoadBalancerAttributes,
        'idle_timeout.timeout_seconds',
      ),
    '60',
  ],
  'McpFargateOptions.cluster': [
    "- one of the server's own, with Container Insights",
    () => ofFargate('AWS::ECS::Cluster').ClusterSettings,
    [{ Name: 'containerInsights', Value: 'enabled' }],
  ],
  'McpFargateOptions.listener': [
    "- an internal load balancer of the server's own",
    () => ofFargate('AWS::ElasticLoadBalancingV2::LoadBalancer').Scheme,
    'internal',
  ],
  'McpFargateOptions.listenerPriority': ['1', () => ofFargate('AWS::ElasticLoadBalancingV2::ListenerRule').Priority, 1],
  'McpFargateOptions.loadBalancerSubnets': [
    '- the private ones',
    () => ofFargate('AWS::ElasticLoadBalancingV2::LoadBalancer').Subnets,
    ofFargate('AWS::ECS::Service').NetworkConfiguration.AwsvpcConfiguration.Subnets,
  ],
  'McpServiceProps.environment': [
    '- none',
    () => ofService().Environment.map((each: { Name: string }) => each.Name),
    ['MCP_LISTEN', 'MCP_TRUSTED_PROXIES', 'MCP_HTTP_KEEP_ALIVE_MS', 'MCP_HTTP_CALL_MS', 'MCP_HTTP_SHUTDOWN_MS'],
  ],
  'McpServiceProps.secrets': ['- none', () => ofService().Secrets, undefined],
  'McpServiceProps.timeout': [
    'Duration.seconds(30)',
    () => ofService().Environment.find((each: { Name: string }) => each.Name === 'MCP_HTTP_CALL_MS').Value,
    '30000',
  ],
  'McpServiceProps.logRetention': [
    'RetentionDays.ONE_MONTH',
    () => only(service, 'AWS::Logs::LogGroup').properties.RetentionInDays,
    30,
  ],
  'McpServiceProps.removalPolicy': [
    'RemovalPolicy.RETAIN',
    () => Object.values(service.findResources('AWS::Logs::LogGroup'))[0].DeletionPolicy,
    'Retain',
  ],
  'McpServerProps.settings': [
    '- the defaults of the Rust server',
    () => Object.keys(variables()).filter((name) => !name.startsWith('MCP_')),
    [],
  ],
  'McpServerProps.enforceDirectoryRules': [
    'false',
    () =>
      Object.keys(synthesizeServer({ contract: refusedByDirectories() }).findResources('AWS::Lambda::Function')).length,
    1,
  ],
  'McpServerProps.awsResources': [
    '- none, for a contract that asks for none',
    () => properties('AWS::IAM::Policy').PolicyDocument.Statement.length,
    1,
  ],
  'McpServerProps.audit': ['- none', () => audited(undefined), undefined],
  'McpAuditLogGroupOptions.retention': [
    'RetentionDays.ONE_YEAR',
    () => audited(McpAudit.logGroup())!.Properties.RetentionInDays,
    365,
  ],
  'McpAuditLogGroupOptions.encryptionKey': [
    '- a key of CloudWatch Logs',
    () => audited(McpAudit.logGroup())!.Properties.KmsKeyId,
    undefined,
  ],
  'McpAuditLogGroupOptions.removalPolicy': [
    'RemovalPolicy.RETAIN',
    () => audited(McpAudit.logGroup())!.DeletionPolicy,
    'Retain',
  ],
  'McpServerProps.callerLimits': ['- none', () => limitedCallers({}), [undefined, undefined]],
  'McpCallerLimits.requestsPerMinute': [
    '- no limit',
    () => limitedCallers({ callerLimits: { toolCallsPerDay: { getCounter: 1 } } })[0],
    undefined,
  ],
  'McpCallerLimits.toolCallsPerDay': [
    '- no limit',
    () => limitedCallers({ callerLimits: { requestsPerMinute: 1 } })[1],
    undefined,
  ],
  'McpEndpointOptions.callbackPort': [
    '8765',
    () => properties('AWS::Cognito::UserPoolClient', { GenerateSecret: false }).CallbackURLs,
    ['http://localhost:8765/callback', 'http://127.0.0.1:8765/callback'],
  ],
  'McpEndpointOptions.callbackUrls': [
    '- none besides those of `callbackPort`',
    () => properties('AWS::Cognito::UserPoolClient', { GenerateSecret: false }).CallbackURLs.length,
    2,
  ],
  'McpEndpointOptions.allowedOrigins': [
    "- the front's own origin only",
    () => variables().MCP_ALLOWED_ORIGINS,
    'https://d111.cloudfront.net',
  ],
  'McpEndpointOptions.throttlingRateLimit': [
    '50',
    () => properties('AWS::ApiGateway::Stage').MethodSettings[0].ThrottlingRateLimit,
    50,
  ],
  'McpEndpointOptions.throttlingBurstLimit': [
    '100',
    () => properties('AWS::ApiGateway::Stage').MethodSettings[0].ThrottlingBurstLimit,
    100,
  ],
  'McpEndpointOptions.removalPolicy': [
    'RemovalPolicy.RETAIN',
    () => [deletionPolicy('AWS::Cognito::UserPool'), deletionPolicy('AWS::Logs::LogGroup')],
    ['Retain', 'Retain'],
  ],
  'McpEndpointOptions.throttle': [
    '- none for single app clients',
    () => bare.findResources('AWS::ApiGateway::UsagePlan'),
    {},
  ],
  'McpEndpointOptions.quota': ['- none', () => bare.findResources('AWS::ApiGateway::UsagePlan'), {}],
  'McpEndpointOptions.lambdaAuthorizer': [
    "- none: API Gateway checks that an access token has one of the server's OAuth scopes, the function the tool's",
    () => properties('AWS::ApiGateway::Authorizer').Type,
    'COGNITO_USER_POOLS',
  ],
  'McpEndpointOptions.page': ['McpPage.standard()', () => pageOf(json)?.includes('<h1>'), true],
  'McpHostProps.page': ['McpPage.standard()', () => pageOf(host.toJSON() as TemplateJson)?.includes('<h1>'), true],
  'McpPageOptions.brandLogoUrl': [
    '- that of `McpAuthorization.server`, else none',
    () => pageOf(json)?.includes('<img'),
    false,
  ],
  'McpPageOptions.brandColor': [
    '- that of `McpAuthorization.server`, else `#1a4f8b`',
    () => pageOf(json)?.match(/--brand:rgb\(([^)]+)\)/)?.[1],
    // The default of the authorization server's pages.
    [1, 3, 5].map((at) => Number.parseInt(fromCrate('AUTHORIZATION_BRAND_COLOR')!.slice(at, at + 2), 16)).join(),
  ],
  'McpPageOptions.links': ['- none', () => pageOf(json)?.split('<footer').at(-1)?.match(/<a /g)?.length, 1],
  'McpEndpointOptions.webAcl': ['- none', () => bare.findResources('AWS::WAFv2::WebACLAssociation'), {}],
  'McpFoundationModelOptions.displayName': [
    '- the id',
    () => playgroundVariables().PLAYGROUND_MODELS,
    '[{"id":"eu.amazon.nova-lite-v1:0"}]',
  ],
  'McpInferenceProfileOptions.regions': [
    '- every Region, as far as the profile itself goes there',
    () => JSON.stringify(ofPlayground('AWS::IAM::Policy')).includes(':bedrock:*::foundation-model/amazon.nova-lite'),
    true,
  ],
  'McpPlaygroundProps.servers': [
    '- those of `serverUrls` only',
    () => JSON.parse(playgroundVariables().PLAYGROUND_SERVERS).map((each: any) => each.name),
    ['Shop'],
  ],
  'McpPlaygroundProps.title': ["'Playground'", () => fromPlayground('PLAYGROUND_TITLE'), 'Playground'],
  'McpPlaygroundProps.systemPrompt': ['- nothing', () => fromPlayground('PLAYGROUND_SYSTEM_PROMPT'), undefined],
  'McpPlaygroundProps.turnsPerMinute': ['20', () => fromPlayground('PLAYGROUND_TURNS_PER_MINUTE'), '20'],
  'McpPlaygroundProps.tokensPerDay': ['500000', () => fromPlayground('PLAYGROUND_TOKENS_PER_DAY'), '500000'],
  'McpPlaygroundProps.retention': ['Duration.days(30)', () => fromPlayground('PLAYGROUND_RETENTION_DAYS'), '30'],
  'McpPlaygroundProps.front': [
    'McpFront.cloudFront()',
    () => playgroundVariables().PLAYGROUND_ORIGIN,
    'https://d111.cloudfront.net',
  ],
  'McpPlaygroundProps.webAcl': ['- none', () => playground.findResources('AWS::WAFv2::WebACLAssociation'), {}],
  'McpPlaygroundProps.throttlingRateLimit': [
    '50',
    () => ofPlayground('AWS::ApiGateway::Stage').MethodSettings[0].ThrottlingRateLimit,
    50,
  ],
  'McpPlaygroundProps.throttlingBurstLimit': [
    '100',
    () => ofPlayground('AWS::ApiGateway::Stage').MethodSettings[0].ThrottlingBurstLimit,
    100,
  ],
  'McpPlaygroundProps.memorySize': ['256', () => ofPlayground('AWS::Lambda::Function').MemorySize, 256],
  'McpPlaygroundProps.timeout': ['Duration.minutes(5)', () => ofPlayground('AWS::Lambda::Function').Timeout, 300],
  'McpPlaygroundProps.reservedConcurrency': [
    "- the unreserved part of the account's quota",
    () => ofPlayground('AWS::Lambda::Function').ReservedConcurrentExecutions,
    undefined,
  ],
  'McpPlaygroundProps.logRetention': [
    'RetentionDays.ONE_MONTH',
    () => ofPlayground('AWS::Logs::LogGroup').RetentionInDays,
    30,
  ],
  'McpPlaygroundProps.tracing': [
    'false',
    () => [ofPlayground('AWS::Lambda::Function').TracingConfig, ofPlayground('AWS::ApiGateway::Stage').TracingEnabled],
    [undefined, false],
  ],
  'McpPlaygroundProps.removalPolicy': [
    'RemovalPolicy.RETAIN',
    () =>
      ['AWS::DynamoDB::GlobalTable', 'AWS::Logs::LogGroup'].flatMap((type) =>
        Object.values(playground.findResources(type)).map((each) => each.DeletionPolicy),
      ),
    ['Retain', 'Retain'],
  ],
  'McpPlaygroundMonitoringProps.alarmTopic': [
    '- none: the alarms only change their state',
    () => playgroundAlarms().map((each) => each.AlarmActions),
    [undefined, undefined, undefined],
  ],
  'McpPlaygroundMonitoringProps.failurePercentage': ['5', () => playgroundAlarms()[0].Threshold, 5],
  'McpPlaygroundMonitoringProps.slowAfter': [
    "- 80 % of the function's timeout",
    () => playgroundAlarms()[2].Threshold,
    240_000,
  ],
  'McpPlaygroundMonitoringProps.dollarsPerDay': ['- no alarm about the cost', () => playgroundAlarms().length, 3],
  'McpToolsApiKeyOptions.throttle': [
    '- 10 requests per second, in bursts of 20',
    () => ofTools('AWS::ApiGateway::UsagePlan')!.Throttle,
    { RateLimit: 10, BurstLimit: 20 },
  ],
  'McpToolsApiKeyOptions.quota': ['- none', () => ofTools('AWS::ApiGateway::UsagePlan')!.Quota, undefined],
  'McpToolsApiKeyOptions.enabled': ['true', () => ofTools('AWS::ApiGateway::ApiKey')!.Enabled, true],
  'McpToolsApiProps.accessTokens': ['false', () => toolsVariables().MCP_TOOLS_ACCESS_TOKENS, 'false'],
  'McpToolsApiProps.publicDocuments': ['false', () => ofTools('AWS::ApiGateway::Method')!.ApiKeyRequired, true],
  'McpToolsApiProps.front': [
    'McpFront.stage()',
    () => toolsVariables().MCP_TOOLS_URL,
    'https://api123.execute-api.eu-west-1.amazonaws.com/prod',
  ],
  'McpToolsApiProps.throttlingRateLimit': [
    '50',
    () => ofTools('AWS::ApiGateway::Stage')!.MethodSettings[0].ThrottlingRateLimit,
    50,
  ],
  'McpToolsApiProps.throttlingBurstLimit': [
    '100',
    () => ofTools('AWS::ApiGateway::Stage')!.MethodSettings[0].ThrottlingBurstLimit,
    100,
  ],
  'McpToolsApiProps.tracing': ['false', () => ofTools('AWS::ApiGateway::Stage')!.TracingEnabled, false],
  'McpToolsApiProps.webAcl': ['- none', () => tools.findResources('AWS::WAFv2::WebACLAssociation'), {}],
  'McpUserPoolProps.displayName': [
    "'MCP server'",
    () => pool.VerificationMessageTemplate.EmailSubject,
    'Your code for MCP server',
  ],
  'McpUserPoolProps.selfSignUpEnabled': ['true', () => pool.AdminCreateUserConfig.AllowAdminCreateUserOnly, false],
  'McpUserPoolProps.mfa': ['cognito.Mfa.OFF', () => pool.MfaConfiguration, undefined],
  'McpUserPoolProps.removalPolicy': ['RemovalPolicy.RETAIN', () => pool.DeletionProtection, 'ACTIVE'],
};

/** Options whose absence means that something else applies; front.test.ts, function.test.ts existing-user-pool.test.ts, lambda-authorizer.test.ts, playground.test.ts, app-client-limits.test.ts, host.test.ts, tools-api.test.ts and fargate.test.ts show what. */
const absent = [
  'McpAppClientLimits.throttle',
  'McpAppClientLimits.quota',
  'McpAuthorizationServerOptions.code',
  'McpAuthorizationServerProps.resourceIdentifier',
  'McpAuthorizationServerProps.scopes',
  'McpAuthorizedServer.allowedOrigins',
  'McpBearerTokenOptions.code',
  'McpLambdaAuthorizerOptions.code',
  'McpPlaygroundProps.code',
  'McpToolsApiProps.keys',
  'McpJwtOptions.code',
  'McpJwtOptions.clientId',
  'McpJwtOptions.scopePrefix',
  'IMcpUserPool.identityProviders',
  'McpExistingUserPoolAttributes.domain',
  'McpExistingUserPoolAttributes.identityProviders',
  'McpExistingUserPoolAttributes.signInBaseUrl',
  'McpCargoOptions.binaryName',
  'McpCodeConfig.existingFunction',
  'McpCodeConfig.lambdaCode',
  'McpExternalFrontOptions.cognitoIdpUrl',
  'McpExternalFrontOptions.signInBaseUrl',
  'McpFargateOptions.loadBalancerPeers',
  'McpFrontListenerConfig.prefixListName',
  'McpFrontOptions.hasPage',
  'McpFrontConfig.cognitoIdpUrl',
  'McpFrontConfig.customDomain',
  'McpFrontConfig.signInBaseUrl',
];

/** The optional properties in the library's sources, with the text of their `@default`. */
function documented(): Record<string, string | undefined> {
  const library = join(__dirname, '..', 'lib');
  const found: Record<string, string | undefined> = {};
  const files = readdirSync(library, { recursive: true, encoding: 'utf8' });
  for (const file of [
    ...files.filter((name) => basename(name).startsWith('mcp-')),
    'generated/authorization-settings.ts',
  ]) {
    for (const [, name, body] of readFileSync(join(library, file), 'utf8').matchAll(
      /^export interface (\w+)[^{]*\{\n(.*?)^\}/gms,
    )) {
      for (const [, comment, property] of body.matchAll(/(\/\*\*(?:(?!\*\/).)*\*\/)\s+readonly (\w+)\?:/gs)) {
        found[`${name}.${property}`] = /@default (.*?)(?:\n| \*\/)/.exec(comment)?.[1];
      }
      const optional = [...body.matchAll(/readonly \w+\?:/g)].length;
      const commented = Object.keys(found).filter((key) => key.startsWith(`${name}.`)).length;
      assert.equal(commented, optional, `${name} has an optional property without a comment`);
    }
  }
  return found;
}

describe('defaults', () => {
  const stated = documented();

  test('are documented for every optional property, and listed here', () => {
    assert.deepEqual(
      Object.entries(stated).filter(([, text]) => text === undefined),
      [],
    );
    assert.deepEqual(Object.keys(stated).sort(), [...Object.keys(defaults), ...absent].sort());
  });

  for (const [name, [text, shown, expected]] of Object.entries(defaults)) {
    test(`${name} is ${text}`, () => {
      assert.equal(stated[name], text);
      assert.deepEqual(shown(), expected);
    });
  }
});
