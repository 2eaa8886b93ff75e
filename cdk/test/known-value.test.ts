import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { App, CfnOutput, CfnParameter, Duration, Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import { Template } from 'aws-cdk-lib/assertions';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import ts from 'typescript';
import {
  McpAuthorization,
  McpAuthorizationServer,
  type McpAuthorizationServerOptions,
  type McpAuthorizationServerProps,
  type McpAuthorizedServer,
  McpBedrockModel,
  McpClientAssertion,
  McpCode,
  McpCompute,
  type McpConsentScope,
  McpContract,
  McpDeployment,
  type McpFargateOptions,
  McpFront,
  McpFunction,
  type McpGitHubActionsJobs,
  McpHost,
  type McpHostProps,
  McpInteractiveClient,
  type McpJwtOptions,
  McpMonitoring,
  McpPage,
  type McpPageOptions,
  McpPlayground,
  McpPlaygroundMonitoring,
  type McpPlaygroundMonitoringProps,
  type McpPlaygroundProps,
  type McpPreRegisteredClient,
  McpRemoteServer,
  type McpRemoteServerProps,
  McpScope,
  McpServer,
  type McpServerProps,
  McpService,
  type McpServiceProps,
  McpToolsApi,
  type McpToolsApiKeyOptions,
  type McpToolsApiProps,
  McpUserPool,
} from '../lib';
import { certificate, code, counterServer, everySetting, facts, fixture, restContract, staticCode } from './synthesis';

/** CDK tokens of every kind: parameters of the template, whose values are known at deployment. */
interface Tokens {
  readonly text: string;
  readonly number: number;
  readonly list: string[];
}

type Define = (stack: Stack, tokens: Tokens) => void;

/** A property that takes CDK tokens of its type, or one that is needed at synth and refuses them under a name. */
type Case = { readonly passes: Define } | { readonly refused: string; readonly define: Define };

const passes = (define: Define): Case => ({ passes: define });
const refused = (name: string, define: Define): Case => ({ refused: name, define });

const server = (stack: Stack, props: Partial<McpServerProps> = {}) =>
  new McpServer(stack, 'Server', {
    code: code(),
    contract: facts(),
    authorization: McpAuthorization.cognito(),
    ...props,
  });
const behindServer = (stack: Stack, options: McpAuthorizationServerOptions) =>
  server(stack, { authorization: McpAuthorization.server({ code: code(), ...options }) });
const withClient = (stack: Stack, client: Partial<McpPreRegisteredClient>) =>
  behindServer(stack, {
    clients: [{ clientId: 'ci', clientName: 'CI', redirectUris: ['https://ci.example.com/callback'], ...client }],
  });
const withJobs = (stack: Stack, jobs: Partial<McpGitHubActionsJobs>) => {
  const limited = { repository: 'octo-org/octo-repo', gitRef: 'refs/heads/main', ...jobs };
  behindServer(stack, {}).addMachineClient('Ci', { assertion: McpClientAssertion.gitHubActions(limited) });
};
const behindJwt = (stack: Stack, options: Partial<McpJwtOptions>) =>
  new McpServer(stack, 'Server', {
    code: code(),
    contract: facts(),
    authorization: McpAuthorization.jwt({
      code: code(),
      issuer: 'https://issuer.example.com',
      jwksUrl: 'https://issuer.example.com/keys',
      audience: ['dogs'],
      ...options,
    }),
  });
const remote = (stack: Stack, props: Partial<McpRemoteServerProps>) =>
  new McpRemoteServer(stack, 'Remote', {
    endpointUrl: 'https://gateway.example.com/mcp',
    serverName: 'remote',
    scopes: [{ name: 'use', description: 'Use it' }],
    authorization: McpAuthorization.cognito(),
    ...props,
  });
const host = (stack: Stack, props: McpHostProps) => {
  const shared = new McpHost(stack, 'Host', { authorization: McpAuthorization.server({ code: code() }), ...props });
  new McpServer(stack, 'Server', { code: code(), contract: facts(), host: shared, path: '/facts' });
};
const limited = (stack: Stack, props: Partial<McpServerProps>) =>
  server(stack, { lambdaAuthorizer: { code: code() }, ...props });
const tools = (stack: Stack, props: Partial<McpToolsApiProps>, key: Partial<McpToolsApiKeyOptions> = {}) =>
  new McpToolsApi(stack, 'Tools', {
    server: server(stack, { contract: restContract() }),
    keys: [{ name: 'reports', oauthScopes: [McpScope.named('dog-facts')], ...key }],
    ...props,
  });
const monitored = (stack: Stack, props: { failurePercentage?: number; slowAfter?: Duration }) =>
  new McpMonitoring(stack, 'Monitoring', { server: server(stack), ...props });
const onFargate = (stack: Stack, options: Partial<McpFargateOptions>) =>
  server(stack, {
    code: staticCode(),
    contract: counterServer(),
    compute: McpCompute.fargate({
      loadBalancerPeers: [ec2.Peer.prefixList('pl-1')],
      ...options,
      vpc: options.vpc ?? new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 }),
    }),
  });
const service = (stack: Stack, props: Partial<McpServiceProps>) =>
  new McpService(stack, 'Service', {
    vpc: new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 }),
    code: staticCode(),
    contract: counterServer(),
    mcpPath: '/mcp',
    ...props,
  });
const playground = (stack: Stack, props: Partial<McpPlaygroundProps> = {}) =>
  new McpPlayground(stack, 'Playground', {
    code: code(),
    models: [McpBedrockModel.foundationModel('amazon.nova-lite-v1:0')],
    serverUrls: { Shop: 'https://shop.example.com/mcp' },
    ...props,
  });
const monitoredPlayground = (stack: Stack, props: Partial<McpPlaygroundMonitoringProps>) =>
  new McpPlaygroundMonitoring(stack, 'Monitoring', { playground: playground(stack), ...props });
const STANDALONE = { issuer: 'https://mcp.example.com', signInBaseUrl: 'https://login.example.com' };
const standalone = (stack: Stack, props: Partial<McpAuthorizationServerProps>) =>
  new McpAuthorizationServer(stack, 'AuthorizationServer', {
    ...STANDALONE,
    api: new apigateway.RestApi(stack, 'Api'),
    code: code(),
    userPool: new McpUserPool(stack, 'People'),
    ...props,
  });
const consentScope = (scope: Partial<McpConsentScope> = {}): McpConsentScope => ({
  oauthScope: 'https://mcp.example.com/mcp/use',
  scopeName: 'use',
  description: 'Use it',
  cognitoScope: cognito.OAuthScope.custom('x/use'),
  ...scope,
});
const ofOne = (stack: Stack, props: Partial<McpAuthorizationServerProps>, scope?: Partial<McpConsentScope>) =>
  standalone(stack, { resourceIdentifier: 'https://mcp.example.com/mcp', scopes: [consentScope(scope)], ...props });
const added = (stack: Stack, props: Partial<McpAuthorizedServer>, scope?: Partial<McpConsentScope>) =>
  standalone(stack, {}).addServer({
    resourceIdentifier: 'https://mcp.example.com/mcp',
    displayName: 'One',
    scopes: [consentScope(scope)],
    ...props,
  });

/** Every property of the library that is a string, a number, a duration or a list of strings, and some parameters of methods. */
const CASES: { [property: string]: Case } = {
  'McpToolsApiKeyOptions.name': refused('name of a key', (stack, { text }) => tools(stack, {}, { name: text })),
  'McpToolsApiProps.throttlingRateLimit': passes((stack, { number }) => tools(stack, { throttlingRateLimit: number })),
  'McpToolsApiProps.throttlingBurstLimit': passes((stack, { number }) =>
    tools(stack, { throttlingBurstLimit: number }),
  ),
  'McpAuthorizationServerSettings.brandColor': passes((stack, { text }) => behindServer(stack, { brandColor: text })),
  'McpAuthorizationServerSettings.brandLogoUrl': passes((stack, { text }) =>
    behindServer(stack, { brandLogoUrl: text }),
  ),
  'McpAuthorizationServerSettings.codeLifetime': passes((stack, { number }) =>
    behindServer(stack, { codeLifetime: Duration.seconds(number) }),
  ),
  'McpAuthorizationServerSettings.codeLifetime in minutes': refused('codeLifetime', (stack, { number }) =>
    behindServer(stack, { codeLifetime: Duration.minutes(number) }),
  ),
  'McpAuthorizationServerSettings.customSchemes': passes((stack, { list }) =>
    behindServer(stack, { customSchemes: list }),
  ),
  'McpAuthorizationServerSettings.displayName': passes((stack, { text }) => behindServer(stack, { displayName: text })),
  'McpAuthorizationServerSettings.redirectHosts': passes((stack, { list }) =>
    behindServer(stack, { redirectHosts: list }),
  ),
  'McpAuthorizationServerSettings.refreshTokenLifetime': passes((stack, { number }) =>
    behindServer(stack, { refreshTokenLifetime: Duration.days(number) }),
  ),
  'McpAuthorizationServerSettings.refreshTokenLifetime in hours': refused('refreshTokenLifetime', (stack, { number }) =>
    behindServer(stack, { refreshTokenLifetime: Duration.hours(number) }),
  ),
  'McpAuthorizationServerSettings.refusedClients': passes((stack, { list }) =>
    behindServer(stack, { refusedClients: list }),
  ),
  'McpAuthorizationServerSettings.registrationLifetime': passes((stack, { number }) =>
    behindServer(stack, { registrationLifetime: Duration.days(number) }),
  ),
  'McpAuthorizationServerSettings.registrationLifetime in hours': refused('registrationLifetime', (stack, { number }) =>
    behindServer(stack, { registrationLifetime: Duration.hours(number) }),
  ),
  'McpPreRegisteredClient.clientId': passes((stack, { text }) => withClient(stack, { clientId: text })),
  'McpPreRegisteredClient.clientName': passes((stack, { text }) => withClient(stack, { clientName: text })),
  'McpPreRegisteredClient.redirectUris': passes((stack, { text }) => withClient(stack, { redirectUris: [text] })),
  'McpPreRegisteredClient.redirectUris as a list': refused('redirectUris of the client ci', (stack, { list }) =>
    withClient(stack, { redirectUris: list }),
  ),
  'McpPreRegisteredClient.secretSha256': passes((stack, { text }) => withClient(stack, { secretSha256: [text] })),
  'McpPreRegisteredClient.secretSha256 as a list': refused('secretSha256 of the client ci', (stack, { list }) =>
    withClient(stack, { secretSha256: list }),
  ),
  'McpAuthorizationServerProps.issuer': passes((stack, { text }) => ofOne(stack, { issuer: text })),
  'McpAuthorizationServerProps.resourceIdentifier': passes((stack, { text }) =>
    ofOne(stack, { resourceIdentifier: text }),
  ),
  'McpAuthorizationServerProps.signInBaseUrl': passes((stack, { text }) => ofOne(stack, { signInBaseUrl: text })),
  'McpAuthorizationServerProps.allowedOrigins': passes((stack, { list }) => ofOne(stack, { allowedOrigins: list })),
  'McpRemoteServerProps.endpointMethods': refused('endpointMethods', (stack, { list }) =>
    remote(stack, { endpointMethods: list }),
  ),
  'McpConsentScope.oauthScope': passes((stack, { text }) => ofOne(stack, {}, { oauthScope: text })),
  'McpConsentScope.scopeName': passes((stack, { text }) => added(stack, {}, { scopeName: text })),
  'McpConsentScope.description': passes((stack, { text }) => ofOne(stack, {}, { description: text })),
  'McpAuthorizedServer.resourceIdentifier': passes((stack, { text }) => added(stack, { resourceIdentifier: text })),
  'McpAuthorizedServer.displayName': passes((stack, { text }) => added(stack, { displayName: text })),
  'McpAuthorizedServer.allowedOrigins': passes((stack, { list }) => added(stack, { allowedOrigins: list })),
  'McpThrottle.rateLimit': passes((stack, { number }) =>
    limited(stack, { throttle: { rateLimit: number, burstLimit: 5 } }),
  ),
  'McpThrottle.burstLimit': passes((stack, { number }) =>
    limited(stack, { throttle: { rateLimit: 5, burstLimit: number } }),
  ),
  'McpQuota.limit': passes((stack, { number }) =>
    limited(stack, { quota: { limit: number, period: apigateway.Period.DAY } }),
  ),
  'McpInteractiveClientProps.callbackUrls': passes(
    (stack, { list }) =>
      new McpInteractiveClient(stack, 'Client', {
        userPool: new McpUserPool(stack, 'People'),
        oauthScopes: [cognito.OAuthScope.custom('x/use')],
        callbackUrls: list,
      }),
  ),
  'McpCargoOptions.packageName': refused('packageName', (_, { text }) => McpCode.fromCargo('.', { packageName: text })),
  'McpCargoOptions.binaryName': refused('binaryName', (_, { text }) =>
    McpCode.fromCargo('.', { packageName: 'dog-facts', binaryName: text }),
  ),
  'McpCode.fromCargo manifestDirectory': refused('manifestDirectory', (_, { text }) =>
    McpCode.fromCargo(text, { packageName: 'dog-facts' }),
  ),
  'McpCode.fromAsset path': refused('path of McpCode.fromAsset', (_, { text }) => McpCode.fromAsset(text)),
  'McpContract.fromFile path': refused('path of the contract file', (_, { text }) => McpContract.fromFile(text)),
  'McpCloudFrontOptions.readTimeout': refused('readTimeout', (stack, { number }) =>
    server(stack, { front: McpFront.cloudFront({ readTimeout: Duration.seconds(number) }) }),
  ),
  'McpExternalFrontOptions.publicBaseUrl': passes((stack, { text }) =>
    server(stack, { front: McpFront.external({ publicBaseUrl: text }) }),
  ),
  'McpExternalFrontOptions.publicBaseUrl with a port': passes((stack, { number }) =>
    server(stack, { front: McpFront.external({ publicBaseUrl: `https://mcp.example.com:${number}` }) }),
  ),
  'McpExternalFrontOptions.signInBaseUrl': passes((stack, { text }) =>
    server(stack, { front: McpFront.external({ publicBaseUrl: 'https://mcp.example.com', signInBaseUrl: text }) }),
  ),
  'McpExternalFrontOptions.cognitoIdpUrl': passes((stack, { text }) =>
    server(stack, { front: McpFront.external({ publicBaseUrl: 'https://mcp.example.com', cognitoIdpUrl: text }) }),
  ),
  'McpCustomDomainOptions.domainName': passes((stack, { text }) =>
    server(stack, { front: McpFront.customDomain({ domainName: text, certificate: certificate() }) }),
  ),
  'McpFunctionOptions.memorySize': passes((stack, { number }) => server(stack, { memorySize: number })),
  'McpFunctionOptions.timeout': refused('timeout', (stack, { number }) =>
    server(stack, { timeout: Duration.seconds(number) }),
  ),
  'McpFunctionOptions.timeout in minutes': refused('timeout', (stack, { number }) =>
    server(stack, { timeout: Duration.minutes(number) }),
  ),
  'McpFunctionOptions.timeout of a function alone': passes(
    (stack, { number }) =>
      new McpFunction(stack, 'Function', { code: code(), environment: {}, timeout: Duration.seconds(number) }),
  ),
  'McpFunctionOptions.timeout of a function that exists already': refused('timeout', (stack, { number }) =>
    server(stack, {
      code: McpCode.fromFunction(
        new lambda.Function(stack, 'Function', {
          code: lambda.Code.fromAsset(fixture('lambda/dog-facts')),
          handler: 'bootstrap',
          runtime: lambda.Runtime.PROVIDED_AL2023,
          timeout: Duration.seconds(number),
        }),
      ),
    }),
  ),
  'McpFunctionOptions.reservedConcurrency': passes((stack, { number }) =>
    server(stack, { reservedConcurrency: number }),
  ),
  'McpFunctionOptions.provisionedConcurrency': passes((stack, { number }) =>
    server(stack, { provisionedConcurrency: number, reservedConcurrency: 5 }),
  ),
  'McpFunctionProps.environment': passes(
    (stack, { text }) => new McpFunction(stack, 'Function', { code: code(), environment: { NAME: text } }),
  ),
  'McpJwtOptions.issuer': passes((stack, { text }) => behindJwt(stack, { issuer: text })),
  'McpJwtOptions.jwksUrl': passes((stack, { text }) => behindJwt(stack, { jwksUrl: text })),
  'McpJwtOptions.audience': passes((stack, { list }) => behindJwt(stack, { audience: list })),
  'McpJwtOptions.scopePrefix': passes((stack, { text }) => behindJwt(stack, { scopePrefix: text })),
  'McpJwtOptions.clientId': passes(
    (stack, { text }) =>
      new CfnOutput(stack, 'ClientId', { value: behindJwt(stack, { clientId: text }).interactiveClientId }),
  ),
  'McpBearerTokenOptions.tokenSha256': passes((stack, { list }) =>
    server(stack, { authorization: McpAuthorization.bearerToken({ code: code(), tokenSha256: list }) }),
  ),
  'McpHostProps.displayName': passes((stack, { text }) => host(stack, { displayName: text })),
  'McpHostProps.callbackPort': passes((stack, { number }) => host(stack, { callbackPort: number })),
  'McpHostProps.callbackUrls': passes((stack, { text }) => host(stack, { callbackUrls: [text] })),
  'McpHostProps.callbackUrls as a list behind the authorization server': refused('callbackUrls', (stack, { list }) =>
    host(stack, { callbackUrls: list }),
  ),
  'McpHostProps.callbackUrls as a list': passes((stack, { list }) =>
    host(stack, { callbackUrls: list, authorization: McpAuthorization.cognito() }),
  ),
  'McpHostProps.throttlingRateLimit': passes((stack, { number }) => host(stack, { throttlingRateLimit: number })),
  'McpHostProps.throttlingBurstLimit': passes((stack, { number }) => host(stack, { throttlingBurstLimit: number })),
  'McpMonitoringProps.failurePercentage': passes((stack, { number }) =>
    monitored(stack, { failurePercentage: number }),
  ),
  'McpMonitoringProps.slowAfter': passes((stack, { number }) =>
    monitored(stack, { slowAfter: Duration.millis(number) }),
  ),
  'McpMonitoringProps.slowAfter in seconds': refused('slowAfter', (stack, { number }) =>
    monitored(stack, { slowAfter: Duration.seconds(number) }),
  ),
  'McpFoundationModelOptions.displayName': passes((stack, { text }) =>
    playground(stack, { models: [McpBedrockModel.foundationModel('amazon.nova-lite-v1:0', { displayName: text })] }),
  ),
  'McpInferenceProfileOptions.regions': passes((stack, { text }) =>
    playground(stack, {
      models: [McpBedrockModel.inferenceProfile('eu.amazon.nova-lite-v1:0', { regions: [text] })],
    }),
  ),
  'McpInferenceProfileOptions.regions as a list': refused(
    'regions of McpBedrockModel.inferenceProfile',
    (_, { list }) => McpBedrockModel.inferenceProfile('eu.amazon.nova-lite-v1:0', { regions: list }),
  ),
  'McpBedrockModel.fromId id': refused('id of McpBedrockModel.fromId', (_, { text }) => McpBedrockModel.fromId(text)),
  'McpBedrockModel.foundationModel modelId': refused('modelId of McpBedrockModel.foundationModel', (_, { text }) =>
    McpBedrockModel.foundationModel(text),
  ),
  'McpBedrockModel.inferenceProfile profileId': refused(
    'profileId of McpBedrockModel.inferenceProfile',
    (_, { text }) => McpBedrockModel.inferenceProfile(text),
  ),
  'McpPlaygroundProps.serverUrls': passes((stack, { text }) => playground(stack, { serverUrls: { Shop: text } })),
  'McpPlaygroundProps.title': passes((stack, { text }) => playground(stack, { title: text })),
  'McpPlaygroundProps.systemPrompt': passes((stack, { text }) => playground(stack, { systemPrompt: text })),
  'McpPlaygroundProps.turnsPerMinute': passes((stack, { number }) => playground(stack, { turnsPerMinute: number })),
  'McpPlaygroundProps.tokensPerDay': passes((stack, { number }) => playground(stack, { tokensPerDay: number })),
  'McpPlaygroundProps.retention': passes((stack, { number }) =>
    playground(stack, { retention: Duration.days(number) }),
  ),
  'McpPlaygroundProps.retention in hours': refused('retention', (stack, { number }) =>
    playground(stack, { retention: Duration.hours(number) }),
  ),
  'McpPlaygroundProps.throttlingRateLimit': passes((stack, { number }) =>
    playground(stack, { throttlingRateLimit: number }),
  ),
  'McpPlaygroundProps.throttlingBurstLimit': passes((stack, { number }) =>
    playground(stack, { throttlingBurstLimit: number }),
  ),
  'McpPlaygroundProps.memorySize': passes((stack, { number }) => playground(stack, { memorySize: number })),
  'McpPlaygroundProps.timeout': refused('timeout', (stack, { number }) =>
    playground(stack, { timeout: Duration.seconds(number) }),
  ),
  'McpPlaygroundProps.reservedConcurrency': passes((stack, { number }) =>
    playground(stack, { reservedConcurrency: number }),
  ),
  'McpPlayground.addOutputs prefix': refused('prefix of addOutputs', (stack, { text }) =>
    playground(stack).addOutputs(text),
  ),
  'McpPlaygroundMonitoringProps.failurePercentage': passes((stack, { number }) =>
    monitoredPlayground(stack, { failurePercentage: number }),
  ),
  'McpPlaygroundMonitoringProps.slowAfter': passes((stack, { number }) =>
    monitoredPlayground(stack, { slowAfter: Duration.millis(number) }),
  ),
  'McpPlaygroundMonitoringProps.slowAfter in seconds': refused('slowAfter', (stack, { number }) =>
    monitoredPlayground(stack, { slowAfter: Duration.seconds(number) }),
  ),
  'McpPlaygroundMonitoringProps.dollarsPerDay': passes((stack, { number }) =>
    monitoredPlayground(stack, { dollarsPerDay: number }),
  ),
  'McpRemoteScope.name': passes((stack, { text }) =>
    remote(stack, { scopes: [{ name: text, description: 'Use it' }] }),
  ),
  'McpRemoteScope.description': passes((stack, { text }) =>
    remote(stack, { scopes: [{ name: 'use', description: text }] }),
  ),
  'McpRemoteServerProps.endpointUrl': passes((stack, { text }) => remote(stack, { endpointUrl: text })),
  'McpRemoteServerProps.serverName': passes((stack, { text }) => remote(stack, { serverName: text })),
  'McpRemoteServerProps.serverTitle': passes((stack, { text }) => remote(stack, { serverTitle: text })),
  'McpRemoteServerProps.timeout': passes((stack, { number }) => remote(stack, { timeout: Duration.millis(number) })),
  'McpRemoteServerProps.timeout in seconds': refused('timeout', (stack, { number }) =>
    remote(stack, { timeout: Duration.seconds(number) }),
  ),
  'McpCallerLimits.requestsPerMinute': passes((stack, { number }) =>
    server(stack, { contract: counterServer(), callerLimits: { requestsPerMinute: number } }),
  ),
  'McpCallerLimits.toolCallsPerDay': passes((stack, { number }) =>
    server(stack, { contract: counterServer(), callerLimits: { toolCallsPerDay: { getCounter: number } } }),
  ),
  'McpEndpointOptions.path': refused('path', (stack, { text }) =>
    server(stack, {
      authorization: undefined,
      host: new McpHost(stack, 'Host', { authorization: McpAuthorization.cognito() }),
      path: text,
    }),
  ),
  'McpEndpointOptions.callbackPort': passes((stack, { number }) => server(stack, { callbackPort: number })),
  'McpEndpointOptions.callbackUrls': passes((stack, { list }) => server(stack, { callbackUrls: list })),
  'McpEndpointOptions.callbackUrls in part': passes((stack, { list }) =>
    server(stack, { callbackUrls: ['https://a.example.com/callback', ...list] }),
  ),
  'McpEndpointOptions.callbackUrls behind the authorization server': passes((stack, { text }) =>
    server(stack, { authorization: McpAuthorization.server({ code: code() }), callbackUrls: [text] }),
  ),
  'McpEndpointOptions.callbackUrls as a list behind the authorization server': refused(
    'callbackUrls',
    (stack, { list }) =>
      server(stack, { authorization: McpAuthorization.server({ code: code() }), callbackUrls: list }),
  ),
  'McpEndpointOptions.allowedOrigins': passes((stack, { list }) => server(stack, { allowedOrigins: list })),
  'McpEndpointOptions.allowedOrigins with a port': passes((stack, { number }) =>
    server(stack, { allowedOrigins: [`http://localhost:${number}`] }),
  ),
  'McpEndpointOptions.allowedOrigins behind the authorization server of a host': passes((stack, { list }) => {
    const shared = new McpHost(stack, 'Host', { authorization: McpAuthorization.server({ code: code() }) });
    remote(stack, { authorization: undefined, host: shared, path: '/remote', allowedOrigins: list });
  }),
  'McpEndpointOptions.throttlingRateLimit': passes((stack, { number }) =>
    server(stack, { throttlingRateLimit: number }),
  ),
  'McpEndpointOptions.throttlingRateLimit beside a throttle': passes((stack, { number }) =>
    limited(stack, { throttlingRateLimit: number, throttle: { rateLimit: 500, burstLimit: 5 } }),
  ),
  'McpEndpointOptions.throttlingBurstLimit': passes((stack, { number }) =>
    server(stack, { throttlingBurstLimit: number }),
  ),
  'McpServerProps.settings': passes((stack, { text }) => withSetting(stack, 'A_STRING', text)),
  'McpServerProps.settings with a URL in which a number is a CDK token': passes((stack, { number }) =>
    withSetting(stack, 'A_URL', `https://a.example:${number}`),
  ),
  'McpServerProps.settings with a whole number': passes((stack, { number }) =>
    withSetting(stack, 'AN_INTEGER', number),
  ),
  'McpServerProps.settings with a list': passes((stack, { list }) => withSetting(stack, 'A_LIST', ['first', ...list])),
  'McpServerProps.settings with seconds': passes((stack, { number }) =>
    withSetting(stack, 'A_DURATION_S', Duration.seconds(number)),
  ),
  'McpServerProps.settings with hours': refused('settings.A_DURATION_MS', (stack, { number }) =>
    withSetting(stack, 'A_DURATION_MS', Duration.hours(number)),
  ),
  'McpScope.named scopeName': refused('scopeName', (_, { text }) => McpScope.named(text)),
  'McpScope.fromContract scopeName': refused('scopeName', (_, { text }) => McpScope.fromContract(facts(), text)),
  'McpServerAttributes.mcpServerUrl': passes((stack, { text }) =>
    McpServer.fromMcpServerAttributes(stack, 'Imported', {
      mcpServerUrl: text,
      contract: facts(),
      userPool: new McpUserPool(stack, 'People'),
    }).addMachineClient('Ci'),
  ),
  'McpGitHubActionsJobs.repository': passes((stack, { text }) => withJobs(stack, { repository: text })),
  'McpGitHubActionsJobs.gitRef': passes((stack, { text }) => withJobs(stack, { gitRef: text })),
  'McpGitHubActionsJobs.environment': passes((stack, { text }) => withJobs(stack, { environment: text })),
  'McpGitHubActionsJobs.repositoryId': passes((stack, { text }) => withJobs(stack, { repositoryId: text })),
  'McpGitHubActionsJobs.ownerId': passes((stack, { text }) => withJobs(stack, { ownerId: text })),
  'McpGitHubActionsJobs.workflowRef': passes((stack, { text }) => withJobs(stack, { workflowRef: text })),
  'McpGitHubActionsJobs.subject': passes((stack, { text }) => withJobs(stack, { subject: text })),
  'McpGitHubActionsJobs.issuer': passes((stack, { text }) => withJobs(stack, { issuer: text })),
  'McpClientAssertion.jwksUri jwksUri': passes((stack, { text }) =>
    behindServer(stack, {}).addMachineClient('Ci', { assertion: McpClientAssertion.jwksUri(text) }),
  ),
  'McpClientAssertion.jwks jwks': refused('the keys of jwks', (_, { text }) =>
    McpClientAssertion.jwks({ keys: [{ kty: 'RSA', n: text, e: 'AQAB' }] }),
  ),
  'McpClientAssertion.publicKeys publicKeys': refused('key 1 of publicKeys', (_, { text }) =>
    McpClientAssertion.publicKeys([text]),
  ),
  'McpServer.limitAppClient clientId': passes((stack, { text }) =>
    limited(stack, { throttle: { rateLimit: 5, burstLimit: 5 } }).limitAppClient(text, {
      throttle: { rateLimit: 1, burstLimit: 1 },
    }),
  ),
  'McpServer.connectCommand client': refused('client', (stack, { text }) => server(stack).connectCommand(text)),
  'McpOutputsOptions.prefix': refused('prefix of addOutputs', (stack, { text }) =>
    server(stack).addOutputs({ prefix: text }),
  ),
  'McpHost.addOutputs prefix': refused('prefix of addOutputs', (stack, { text }) =>
    new McpHost(stack, 'Host', { authorization: McpAuthorization.cognito() }).addOutputs(text),
  ),
  'McpServer.metricCalls toolName': refused('toolName', (stack, { text }) => server(stack).metricCalls(text)),
  'McpExistingUserPoolAttributes.signInBaseUrl': passes((stack, { text }) =>
    server(stack, {
      userPool: McpUserPool.fromUserPool(stack, 'People', {
        userPool: cognito.UserPool.fromUserPoolId(stack, 'Imported', 'eu-west-1_Mine'),
        signInBaseUrl: text,
      }),
    }),
  ),
  'McpPageOptions.brandLogoUrl': passes((stack, { text }) => withPage(stack, { brandLogoUrl: text })),
  'McpPageOptions.brandColor': refused('brandColor', (stack, { text }) => withPage(stack, { brandColor: text })),
  'McpPageLink.title': passes((stack, { text }) =>
    withPage(stack, { links: [{ title: text, url: 'https://example.com/' }] }),
  ),
  'McpPageLink.url': passes((stack, { text }) => withPage(stack, { links: [{ title: 'Status', url: text }] })),
  'McpFargateOptions.cpu': passes((stack, { number }) => onFargate(stack, { cpu: number })),
  'McpFargateOptions.memoryLimitMiB': passes((stack, { number }) => onFargate(stack, { memoryLimitMiB: number })),
  'McpFargateOptions.minCapacity': passes((stack, { number }) => onFargate(stack, { minCapacity: number })),
  'McpFargateOptions.maxCapacity': passes((stack, { number }) => onFargate(stack, { maxCapacity: number })),
  'McpFargateOptions.targetCpuPercent': passes((stack, { number }) => onFargate(stack, { targetCpuPercent: number })),
  'McpFargateOptions.requestsPerTarget': passes((stack, { number }) => onFargate(stack, { requestsPerTarget: number })),
  'McpFargateOptions.listenerPriority': passes((stack, { number }) => {
    const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 });
    const loadBalancer = new elbv2.ApplicationLoadBalancer(stack, 'LoadBalancer', { vpc });
    const listener = loadBalancer.addListener('Listener', {
      port: 80,
      defaultAction: elbv2.ListenerAction.fixedResponse(404),
    });
    onFargate(stack, { vpc, listener, listenerPriority: number });
  }),
  'McpFargateOptions.shutdownTimeout': refused('shutdownTimeout', (stack, { number }) =>
    onFargate(stack, { shutdownTimeout: Duration.seconds(number) }),
  ),
  'McpFargateOptions.idleTimeout': refused('idleTimeout', (stack, { number }) =>
    onFargate(stack, { idleTimeout: Duration.seconds(number) }),
  ),
  'McpBlueGreenOptions.bakeTime': refused('bakeTime', (_stack, { number }) =>
    McpDeployment.blueGreen({ bakeTime: Duration.minutes(number) }),
  ),
  'McpTrafficShiftOptions.stepPercent': refused('stepPercent', (_stack, { number }) =>
    McpDeployment.canary({ stepPercent: number }),
  ),
  'McpTrafficShiftOptions.stepBakeTime': refused('stepBakeTime', (_stack, { number }) =>
    McpDeployment.canary({ stepBakeTime: Duration.minutes(number) }),
  ),
  'McpServiceProps.mcpPath': passes((stack, { text }) => service(stack, { mcpPath: text })),
  'McpServiceProps.environment': passes((stack, { text }) => service(stack, { environment: { A_SETTING: text } })),
  'McpServiceProps.secrets': passes((stack, { text }) =>
    service(stack, {
      secrets: {
        A_SETTING: ecs.Secret.fromSecretsManager(secretsmanager.Secret.fromSecretNameV2(stack, 'Secret', text)),
      },
    }),
  ),
  'McpServiceProps.timeout': refused('timeout', (stack, { number }) =>
    service(stack, { timeout: Duration.seconds(number) }),
  ),
  'McpUserPoolProps.displayName': passes((stack, { text }) => new McpUserPool(stack, 'People', { displayName: text })),
};

const withPage = (stack: Stack, options: McpPageOptions) => server(stack, { page: McpPage.standard(options) });

const withSetting = (stack: Stack, name: string, value: unknown) =>
  server(stack, { contract: everySetting(), settings: { A_STRING: 'x', [name]: value } });

/** What is no property of an app's: what a front and a code say to the constructs, and resources themselves. */
const NOT_OF_AN_APP =
  /^(IMcp\w+|McpFrontOptions|McpFrontConfig|McpFrontPathOptions|McpFrontPathConfig|McpFrontListenerOptions|McpFrontListenerConfig|McpServerProps\.awsResources)\b/;

/** The properties of the exported interfaces whose type a CDK token can have. */
function propertiesThatTakeTokens(): string[] {
  const lib = join(__dirname, '..', 'lib');
  const exportsOf = (folder: string): string[] =>
    [...readFileSync(join(lib, folder, 'index.ts'), 'utf8').matchAll(/'\.\/(.+)'/g)].flatMap(([, name]) =>
      existsSync(join(lib, folder, `${name}.ts`)) ? [join(folder, `${name}.ts`)] : exportsOf(join(folder, name!)),
    );
  const exported = exportsOf('.');
  return exported.flatMap((name) => {
    const source = ts.createSourceFile(name, readFileSync(join(lib, name), 'utf8'), ts.ScriptTarget.ES2022);
    return source.statements
      .filter(ts.isInterfaceDeclaration)
      .flatMap((each) =>
        each.members
          .filter(
            (member): member is ts.PropertySignature =>
              ts.isPropertySignature(member) && /\b(string|number|Duration|any)\b/.test(member.type!.getText(source)),
          )
          .map((member) => `${each.name.text}.${member.name.getText(source)}`),
      );
  });
}

function define(of: Define): Template {
  const stack = new Stack(new App(), 'Test');
  const parameter = (type?: string) =>
    new CfnParameter(stack, type === undefined ? 'Text' : type, type === undefined ? {} : { type });
  of(stack, {
    text: parameter().valueAsString,
    number: parameter('Number').valueAsNumber,
    list: parameter('CommaDelimitedList').valueAsList,
  });
  return Template.fromStack(stack);
}

describe('a CDK token', () => {
  for (const [property, each] of Object.entries(CASES)) {
    if ('refused' in each) {
      test(`as ${property} is refused by name`, () => {
        assert.throws(
          () => define(each.define),
          (error: Error) => {
            assert.ok(error.message.startsWith(`${each.refused} must be known at synth`), error.message);
            assert.match(error.message, /^[^:]+ CDK token[^:]*: .+ \(ValueNotKnown\)$/);
            return assertReadable(error.message);
          },
        );
      });
    } else {
      test(`as ${property} reaches the template`, () => {
        const { Resources: resources, Outputs: outputs } = define(each.passes).toJSON();
        const text = JSON.stringify({ resources, outputs });
        assert.match(text, /\{"Ref":"(Text|Number|CommaDelimitedList)"\}/);
        assertReadable(text);
      });
    }
  }

  test('is tried as every property that can be one', () => {
    assert.deepEqual(
      propertiesThatTakeTokens().filter((name) => !NOT_OF_AN_APP.test(name) && !(name in CASES)),
      [],
    );
  });

  test('is readable in a message about something else', () => {
    const stack = new Stack(new App(), 'Test');
    const parameter = new CfnParameter(stack, 'Text').valueAsString;
    assert.throws(() => server(stack).limitAppClient(parameter, {}), {
      message: 'limitAppClient has neither throttle nor quota for <CDK token>: give one (AppClientLimitMissing)',
    });
  });

  test('in a list of redirect URIs leaves the others what they are', () => {
    const template = define((stack, { list }) =>
      server(stack, { callbackUrls: ['https://a.example.com/callback', ...list] }),
    );
    template.hasResourceProperties('AWS::Cognito::UserPoolClient', {
      CallbackURLs: {
        'Fn::Split': [
          ' ',
          {
            'Fn::Join': [
              '',
              [
                'http://localhost:8765/callback http://127.0.0.1:8765/callback https://a.example.com/callback ',
                { 'Fn::Join': [' ', { Ref: 'CommaDelimitedList' }] },
              ],
            ],
          },
        ],
      },
    });
  });

  test('as throttlingRateLimit leaves the endpoints of the authorization server their own limits', () => {
    const template = define((stack, { number }) =>
      server(stack, { authorization: McpAuthorization.server({ code: code() }), throttlingRateLimit: number }),
    );
    const [stage] = Object.values(template.findResources('AWS::ApiGateway::Stage'));
    const settings = stage.Properties.MethodSettings as { ResourcePath: string; ThrottlingRateLimit: unknown }[];
    assert.deepEqual(Object.fromEntries(settings.map((each) => [each.ResourcePath, each.ThrottlingRateLimit])), {
      '/*': { Ref: 'Number' },
      '/~1authorize': 20,
      '/~1register': 5,
    });
  });

  test('as refreshTokenLifetime keeps its unit', () => {
    const template = define((stack, { number }) =>
      behindServer(stack, { refreshTokenLifetime: Duration.days(number) }),
    );
    template.hasResourceProperties('AWS::Cognito::UserPoolClient', {
      RefreshTokenValidity: { Ref: 'Number' },
      TokenValidityUnits: { AccessToken: 'minutes', IdToken: 'minutes', RefreshToken: 'days' },
    });
  });
});

/** No encoded token: neither the text, the number nor the list item of one. */
function assertReadable(text: string): true {
  assert.doesNotMatch(text, /Token\[|e\+289/);
  return true;
}
