import { type App, Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as route53 from 'aws-cdk-lib/aws-route53';
import type { Construct } from 'constructs';
import { acknowledge, acknowledgeHost, acknowledgeRules, acknowledgeToolsApi } from '../../app/acknowledgements';
import {
  McpAuthorization,
  McpClientAssertion,
  McpCode,
  McpContract,
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
