import { join } from 'node:path';
import { type App, Duration, Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as route53 from 'aws-cdk-lib/aws-route53';
import type { Construct } from 'constructs';
import {
  acknowledge,
  acknowledgeHost,
  acknowledgeRules,
  acknowledgeService,
  acknowledgeToolsApi,
} from '../../app/acknowledgements';
import {
  McpAuthorization,
  McpClientAssertion,
  McpCode,
  McpCompute,
  McpContract,
  McpDeployment,
  type McpFargateOptions,
  McpFront,
  McpHost,
  type McpMachineClientOptions,
  type McpQuota,
  McpScope,
  McpServer,
  type McpServerProps,
  McpToolsApi,
  type McpThrottle,
} from '../../lib';

/** What may be chosen, by name; code belongs to one stack. */
type Choice<T> = Record<string, (scope: Construct, code: McpCode) => T>;

const fronts: Choice<McpFront> = {
  CloudFront: () => McpFront.cloudFront(),
  Stage: () => McpFront.stage(),
  External: () => McpFront.external({ publicBaseUrl: 'https://mcp.example.com' }),
  CustomDomain: (scope) =>
    McpFront.customDomain({
      domainName: 'mcp.example.com',
      certificate: acm.Certificate.fromCertificateArn(
        scope,
        'Certificate',
        'arn:aws:acm:eu-west-1:111122223333:certificate/00000000-0000-0000-0000-000000000000',
      ),
      hostedZone: route53.HostedZone.fromHostedZoneAttributes(scope, 'Zone', {
        hostedZoneId: 'Z0123456789',
        zoneName: 'example.com',
      }),
    }),
};

const throttle: McpThrottle = { rateLimit: 5, burstLimit: 10 };
const quota: McpQuota = { limit: 1000, period: apigateway.Period.DAY };

/** Every authorization, with and without limits of single app clients, and every way in which the authorization server lets MCP clients become known. */
const authorizations: Choice<Partial<McpServerProps>> = {
  Cognito: () => ({ authorization: McpAuthorization.cognito() }),
  CognitoAuthorizer: (_scope, code) => ({ authorization: McpAuthorization.cognito(), lambdaAuthorizer: { code } }),
  CognitoLimits: (_scope, code) => ({
    authorization: McpAuthorization.cognito(),
    lambdaAuthorizer: { code },
    throttle,
    quota,
  }),
  Server: (_scope, code) => ({ authorization: McpAuthorization.server({ code }) }),
  ServerLambdaAuthorizer: (_scope, code) => ({
    authorization: McpAuthorization.server({ code }),
    lambdaAuthorizer: { code },
  }),
  ServerLimits: (_scope, code) => ({
    authorization: McpAuthorization.server({ code }),
    lambdaAuthorizer: { code },
    quota,
  }),
  ServerRegistration: (_scope, code) => ({
    authorization: McpAuthorization.server({ code, clientDocumentsEnabled: false }),
  }),
  ServerDocuments: (_scope, code) => ({ authorization: McpAuthorization.server({ code, registrationEnabled: false }) }),
  ServerByHand: (_scope, code) => ({
    authorization: McpAuthorization.server({ code, registrationEnabled: false, clientDocumentsEnabled: false }),
  }),
  Jwt: (_scope, code) => ({
    authorization: McpAuthorization.jwt({
      code,
      issuer: 'https://login.example.com',
      jwksUrl: 'https://login.example.com/keys',
      audience: ['dogs'],
    }),
  }),
  JwtLimits: (_scope, code) => ({
    authorization: McpAuthorization.jwt({
      code,
      issuer: 'https://login.example.com',
      jwksUrl: 'https://login.example.com/keys',
      audience: ['dogs'],
    }),
    throttle,
    quota,
  }),
  BearerToken: (_scope, code) => ({
    authorization: McpAuthorization.bearerToken({ code, tokenSha256: ['0'.repeat(64)] }),
  }),
};

/** The machine clients that are not the usual one, by the authorization. */
const machineClients: Record<string, McpMachineClientOptions> = {
  CognitoLimits: { quota: { limit: 10, period: apigateway.Period.WEEK } },
  ServerByHand: {
    assertion: McpClientAssertion.gitHubActions({ repository: 'octo-org/octo-repo', environment: 'production' }),
  },
  ServerLimits: { assertion: McpClientAssertion.jwksUri('https://keys.example.com/jwks') },
};

/** A stack for each front with each authorization and registration; gives their names. */
export function addCombinations(app: App, lambdaDirectory: string): string[] {
  const contract = McpContract.fromFile('lambda/servers/dog-facts/contract.json');
  return Object.entries(fronts).flatMap(([frontName, front]) =>
    Object.entries(authorizations).map(([authorizationName, properties]) => {
      const stack = new Stack(app, `${frontName}${authorizationName}`);
      const code = McpCode.fromAsset(`${lambdaDirectory}/dog-facts`);
      const server = new McpServer(stack, 'Server', {
        code,
        contract,
        front: front(stack, code),
        ...properties(stack, code),
      });
      const machineClient = /^(Jwt|JwtLimits|BearerToken)$/.test(authorizationName)
        ? undefined
        : server.addMachineClient('MachineClient', machineClients[authorizationName]);
      if (authorizationName === 'JwtLimits') {
        server.limitAppClient('3f2504e0-4f89-41d3-9a0c-0305e82c3301', { throttle });
      }
      acknowledgeRules(server, machineClient);
      const keys = [{ name: 'reports', oauthScopes: [McpScope.fromContract(contract, 'dog-facts')], quota }];
      const withKeys = frontName === 'External';
      const toolsApi = new McpToolsApi(stack, 'Tools', {
        server,
        ...(withKeys ? { keys, publicDocuments: true } : { accessTokens: true }),
      });
      acknowledgeToolsApi(toolsApi);
      return stack.stackName;
    }),
  );
}

/** Stacks with two servers on one host, for each front that can be shared, and a pair of stacks of which one has the host and a server, the other a server; gives their names. */
export function addHosts(app: App, lambdaDirectory: string): string[] {
  const together = (['CloudFront', 'External', 'CustomDomain'] as const).flatMap((frontName) =>
    (['Cognito', 'Server', 'ServerLimits'] as const).map((authorizationName) =>
      addHost(app, `Host${frontName}${authorizationName}`, frontName, authorizationName, lambdaDirectory),
    ),
  );
  return [
    ...together.flat(),
    ...addHost(app, 'HostApart', 'CustomDomain', 'Server', lambdaDirectory, 'HostApartCounter'),
  ];
}

function addHost(
  app: App,
  name: string,
  frontName: string,
  authorizationName: string,
  lambdaDirectory: string,
  other = name,
): string[] {
  // The one of the certificate, so that the pair knows each other.
  const env = { account: '111122223333', region: 'eu-west-1' };
  const stack = new Stack(app, name, { env });
  const code = McpCode.fromAsset(`${lambdaDirectory}/dog-facts`);
  const { authorization, lambdaAuthorizer, quota: ofServer } = authorizations[authorizationName](stack, code);
  const host = new McpHost(stack, 'Host', { front: fronts[frontName](stack, code), authorization });
  acknowledgeHost(host);
  const add = (scope: Stack, server: string) => {
    const added = new McpServer(scope, server, {
      code: McpCode.fromAsset(`${lambdaDirectory}/${server}`),
      contract: McpContract.fromFile(`lambda/servers/${server}/contract.json`),
      host,
      path: `/${server}`,
      lambdaAuthorizer: lambdaAuthorizer && { code: McpCode.fromAsset(`${lambdaDirectory}/dog-facts`) },
      quota: ofServer,
    });
    acknowledgeRules(added, added.addMachineClient('MachineClient', machineClients[authorizationName]));
    if (added.stateSecret !== undefined) {
      acknowledge(added.stateSecret, { SMG4: 'a new value ends every session id, which an operator should decide' });
    }
  };
  add(stack, 'dog-facts');
  const last = other === name ? stack : new Stack(app, other, { env });
  add(last, 'counter');
  return [...new Set([stack.stackName, last.stackName])];
}

/** Options of services, by the name of their stack. */
const SERVICES: Record<string, Partial<McpFargateOptions>> = {
  FargateRolling: { minCapacity: 1, maxCapacity: 4, requestsPerTarget: 1000, vpcEndpointsEnabled: true },
  FargateFixed: {
    cpu: 1024,
    memoryLimitMiB: 2048,
    minCapacity: 3,
    maxCapacity: 3,
    vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC },
    shutdownTimeout: Duration.seconds(60),
    idleTimeout: Duration.seconds(120),
    capacityProviderStrategies: [
      { capacityProvider: 'FARGATE', base: 1, weight: 1 },
      { capacityProvider: 'FARGATE_SPOT', weight: 3 },
    ],
  },
  FargateBlueGreen: { deployment: McpDeployment.blueGreen() },
  FargateLinear: { deployment: McpDeployment.linear() },
  FargateCanary: { deployment: McpDeployment.canary() },
};

/** A stack with a server that keeps state on Fargate for each kind of deployment, and one with two of them on one host, cluster and load balancer. */
export function addServices(app: App, lambdaDirectory: string): void {
  const authorization = () => McpAuthorization.server({ code: McpCode.fromAsset(`${lambdaDirectory}/authorization`) });
  const code = () => McpCode.fromAsset(join(__dirname, '..', 'fixtures', 'static'));
  // The stacks name no Region, in which the list of CloudFront's addresses would have to be looked up.
  const loadBalancerPeers = [ec2.Peer.prefixList('pl-0123456789abcdef0')];
  const contractOf = (name: string) => McpContract.fromFile(`lambda/servers/${name}/contract.json`);
  const inVpc = (name: string) => {
    const stack = new Stack(app, name);
    const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 });
    acknowledge(vpc, { VPC7: 'flow logs are a matter of the VPC, and not of the server in it' });
    return { stack, vpc };
  };
  const accepted = (server: McpServer) => {
    acknowledgeRules(server, server.addMachineClient('MachineClient'));
    acknowledgeService(server.service!);
    if (server.stateSecret !== undefined) {
      acknowledge(server.stateSecret, { SMG4: 'a new value ends every session id, which an operator should decide' });
    }
  };
  for (const [name, options] of Object.entries(SERVICES)) {
    const { stack, vpc } = inVpc(name);
    const compute = McpCompute.fargate({ vpc, loadBalancerPeers, ...options });
    accepted(
      new McpServer(stack, 'Server', {
        code: code(),
        contract: contractOf('counter'),
        authorization: authorization(),
        compute,
      }),
    );
  }
  const { stack, vpc } = inVpc('FargateHost');
  const host = new McpHost(stack, 'Host', { authorization: authorization() });
  acknowledgeHost(host);
  const cluster = new ecs.Cluster(stack, 'Cluster', { vpc, containerInsightsV2: ecs.ContainerInsights.ENABLED });
  const listener = new elbv2.ApplicationLoadBalancer(stack, 'LoadBalancer', { vpc }).addListener('Listener', {
    port: 80,
    open: false,
    defaultAction: elbv2.ListenerAction.fixedResponse(404),
  });
  ['dog-facts', 'counter'].forEach((name, index) => {
    const compute = McpCompute.fargate({ vpc, cluster, listener, listenerPriority: index + 1, loadBalancerPeers });
    const path = `/${name}`;
    accepted(new McpServer(stack, name, { code: code(), contract: contractOf(name), compute, host, path }));
  });
}
