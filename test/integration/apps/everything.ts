// An MCP server with everything chosen that can be chosen together, and MCP endpoints that exist already with the rest.
// ../properties.ts fails when a property of the library is neither here nor in its list of what cannot be.
import { createHash } from 'node:crypto';
import { App, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as codedeploy from 'aws-cdk-lib/aws-codedeploy';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as wafv2 from 'aws-cdk-lib/aws-wafv2';
import {
  McpAudit,
  McpAuthorization,
  McpAwsResource,
  McpBedrockModel,
  McpClientAssertion,
  McpCode,
  McpContract,
  McpFront,
  McpHost,
  McpMonitoring,
  McpPage,
  McpPlayground,
  McpPlaygroundMonitoring,
  McpRemoteServer,
  McpScope,
  McpServer,
  McpUserPool,
} from 'mcp-lambda-cdk';

const app = new App();
const context = (name: string): string => app.node.getContext(name);
const built = (program: string) => McpCode.fromAsset(`${context('lambdaDir')}/${program}`);
const emulator = context('signInBaseUrl');
const removalPolicy = RemovalPolicy.DESTROY;

const stack = new Stack(app, 'Everything', { description: 'everything that can be chosen together' });
const vpc = new ec2.Vpc(stack, 'Network', {
  maxAzs: 2,
  natGateways: 0,
  restrictDefaultSecurityGroup: false,
  subnetConfiguration: [{ name: 'Inside', subnetType: ec2.SubnetType.PRIVATE_ISOLATED }],
  gatewayEndpoints: { DynamoDb: { service: ec2.GatewayVpcEndpointAwsService.DYNAMODB } },
});
const table = new dynamodb.TableV2(stack, 'Table', {
  partitionKey: { name: 'pk', type: dynamodb.AttributeType.STRING },
  timeToLiveAttribute: 'expires',
  removalPolicy,
});
const auditKey = new kms.Key(stack, 'AuditKey', { enableKeyRotation: true, removalPolicy });
auditKey.grantEncryptDecrypt(new iam.ServicePrincipal(`logs.${stack.region}.amazonaws.com`));
const visibilityConfig = { sampledRequestsEnabled: true, cloudWatchMetricsEnabled: true, metricName: 'mcp' };
const webAcl = new wafv2.CfnWebACL(stack, 'WebAcl', {
  scope: 'REGIONAL',
  defaultAction: { allow: {} },
  visibilityConfig,
});
const people = new McpUserPool(stack, 'People', {
  displayName: 'Everything',
  selfSignUpEnabled: false,
  mfa: cognito.Mfa.REQUIRED,
  removalPolicy,
});

const contract = McpContract.fromFile(app.node.tryGetContext('contract') ?? 'lambda/servers/counter/contract.json');
const server = new McpServer(stack, 'Counter', {
  code: built('counter'),
  contract,
  enforceDirectoryRules: true,
  settings: { MCP_LOG_CLIENTS: ['integration'] },
  awsResources: { state: McpAwsResource.dynamodbTable(table) },
  audit: McpAudit.logGroup({
    retention: logs.RetentionDays.TWO_YEARS,
    encryptionKey: auditKey,
    removalPolicy,
  }),
  callerLimits: { requestsPerMinute: 600, toolCallsPerDay: { incrementCounter: 5_000 } },
  lambdaAuthorizer: { code: built('authorizer') },
  front: McpFront.external({
    publicBaseUrl: context('publicBaseUrl'),
    signInBaseUrl: emulator,
    cognitoIdpUrl: emulator,
  }),
  authorization: McpAuthorization.server({
    code: built('authorization'),
    clients: [
      {
        clientId: 'ci',
        clientName: 'Continuous integration',
        redirectUris: ['https://ci.example.com/callback'],
        oauthScopes: [McpScope.fromContract(contract, 'counter.read')],
        secretSha256: [createHash('sha256').update('a secret of the tests').digest('hex')],
      },
    ],
    brandColor: '#7a1f1f',
    brandLogoUrl: 'https://example.com/logo.svg',
    clientDocumentsEnabled: true,
    codeLifetime: Duration.seconds(60),
    customSchemes: ['cursor'],
    displayName: 'Everything',
    redirectHosts: ['https://example.com/callback'],
    refreshTokenLifetime: Duration.days(7),
    registrationEnabled: true,
    refusedClients: ['clients.example.org'],
    registrationLifetime: Duration.days(14),
  }),
  userPool: people,
  page: McpPage.standard({
    brandColor: '#7a1f1f',
    brandLogoUrl: 'https://example.com/logo.svg',
    links: [{ title: 'Status', url: 'https://status.example.com/' }],
  }),
  callbackPort: 8799,
  callbackUrls: ['https://claude.ai/api/mcp/auth_callback'],
  allowedOrigins: ['http://localhost:6274'],
  throttlingRateLimit: 40,
  throttlingBurstLimit: 80,
  throttle: { rateLimit: 20, burstLimit: 40 },
  quota: { limit: 1_000_000, period: apigateway.Period.MONTH },
  webAcl,
  memorySize: 512,
  timeout: Duration.seconds(20),
  logRetention: logs.RetentionDays.ONE_WEEK,
  tracing: true,
  vpc,
  vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
  securityGroups: [new ec2.SecurityGroup(stack, 'SecurityGroup', { vpc })],
  reservedConcurrency: 20,
  provisionedConcurrency: 2,
  trafficShifting: codedeploy.LambdaDeploymentConfig.LINEAR_10PERCENT_EVERY_1MINUTE,
  removalPolicy,
  // What an update chooses otherwise.
  ...JSON.parse(app.node.tryGetContext('chosen') ?? '{}'),
});
const machineClient = server.addMachineClient('MachineClient', {
  oauthScopes: (app.node.tryGetContext('scopeNames') ?? 'counter.read,counter.write')
    .split(',')
    .map((name: string) => McpScope.fromContract(contract, name)),
  throttle: { rateLimit: 10, burstLimit: 20 },
  quota: { limit: 10_000, period: apigateway.Period.DAY },
});
server.addMachineClient('Job', {
  assertion: McpClientAssertion.gitHubActions({
    repository: 'octo-org/octo-repo',
    repositoryId: '74',
    ownerId: '65',
    gitRef: 'refs/heads/main',
    environment: 'production',
    workflowRef: 'octo-org/octo-repo/.github/workflows/deploy.yml@refs/heads/main',
    subject: 'repo:octo-org/octo-repo:environment:production',
    issuer: 'https://token.actions.githubusercontent.com/octo-enterprise',
  }),
});
server.addOutputs({ prefix: 'Chosen', machineClient });
const alarmTopic = new sns.Topic(stack, 'Alarms');
new McpMonitoring(stack, 'Monitoring', {
  server,
  alarmTopic,
  failurePercentage: 2,
  slowAfter: Duration.seconds(5),
});

// On AWS the certificate waits for a record in a zone that exists already: context zoneName and zoneId.
const zoneName: string = app.node.tryGetContext('zoneName') ?? 'example.com';
const zoneId: string | undefined = app.node.tryGetContext('zoneId');
const zone =
  zoneId === undefined
    ? new route53.PublicHostedZone(stack, 'Zone', { zoneName })
    : route53.PublicHostedZone.fromPublicHostedZoneAttributes(stack, 'Zone', { zoneName, hostedZoneId: zoneId });
const domainName = `mcp.${zoneName}`;
const validation = zoneId === undefined ? undefined : acm.CertificateValidation.fromDns(zone);
const remote = new McpRemoteServer(stack, 'Remote', {
  endpointUrl: 'https://gateway.example.com/mcp',
  endpointMethods: ['GET', 'DELETE'],
  serverName: 'remote',
  serverTitle: 'Remote',
  scopes: [{ name: 'use', description: 'Use it' }],
  front: McpFront.customDomain({
    domainName,
    certificate: new acm.Certificate(stack, 'Certificate', { domainName, validation }),
    hostedZone: zone,
  }),
  authorization: McpAuthorization.cognito({ registrationEnabled: true }),
  userPool: McpUserPool.fromUserPool(stack, 'Existing', {
    userPool: people.userPool,
    domain: people.domain,
    identityProviders: [cognito.UserPoolClientIdentityProvider.COGNITO],
  }),
  timeout: Duration.seconds(60),
  tracing: true,
});

const host = new McpHost(stack, 'Host', {
  front: McpFront.cloudFront({ readTimeout: Duration.seconds(90) }),
  authorization: McpAuthorization.server({ code: built('authorization') }),
  userPool: people,
  page: McpPage.none(),
  displayName: 'Several',
  callbackPort: 8798,
  callbackUrls: ['https://claude.ai/api/mcp/auth_callback'],
  throttlingRateLimit: 30,
  throttlingBurstLimit: 60,
  webAcl,
  tracing: true,
  removalPolicy,
});
const hosted = new McpRemoteServer(stack, 'Hosted', {
  host,
  path: '/hosted',
  endpointUrl: 'https://gateway.example.com/hosted',
  serverName: 'hosted',
  scopes: [{ name: 'use', description: 'Use it' }],
});

// A server of another app, of which this one defines nothing.
const imported = McpServer.fromMcpServerAttributes(stack, 'Imported', {
  mcpServerUrl: 'https://counter.example.com/mcp',
  contract,
  userPool: people,
});

const playground = new McpPlayground(stack, 'Playground', {
  code: built('playground'),
  models: [
    McpBedrockModel.inferenceProfile('eu.amazon.nova-lite-v1:0', {
      displayName: 'Nova Lite',
      regions: ['eu-central-1', 'eu-north-1', 'eu-west-1', 'eu-west-3'],
    }),
    McpBedrockModel.foundationModel('amazon.nova-pro-v1:0', { displayName: 'Nova Pro' }),
  ],
  servers: [imported],
  serverUrls: { Hosted: hosted.mcpServerUrl },
  title: 'Everything',
  systemPrompt: 'You count.',
  turnsPerMinute: 10,
  tokensPerDay: 100_000,
  retention: Duration.days(7),
  front: McpFront.external({ publicBaseUrl: 'https://chat.example.com' }),
  webAcl,
  throttlingRateLimit: 30,
  throttlingBurstLimit: 60,
  memorySize: 512,
  timeout: Duration.minutes(3),
  reservedConcurrency: 5,
  logRetention: logs.RetentionDays.ONE_WEEK,
  tracing: true,
  removalPolicy,
});
new McpPlaygroundMonitoring(stack, 'PlaygroundMonitoring', {
  playground,
  alarmTopic,
  failurePercentage: 2,
  slowAfter: Duration.seconds(100),
  dollarsPerDay: 5,
});

for (const [name, value] of Object.entries({
  McpServerUrl: server.mcpServerUrl,
  TokenUrl: server.tokenUrl,
  MachineClientId: machineClient.clientId,
  MachineClientSecretArn: machineClient.clientSecret.secretArn,
  RemoteUrl: remote.mcpServerUrl,
  HostedUrl: hosted.mcpServerUrl,
})) {
  new CfnOutput(stack, name, { value });
}
app.synth();
