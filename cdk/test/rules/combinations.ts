import { App, Stack } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as route53 from 'aws-cdk-lib/aws-route53';
import type { Construct } from 'constructs';
import { acknowledgeRules } from '../../app/acknowledgements';
import { McpAuthorization, McpCode, McpContract, McpFront, McpServer, type McpServerProps } from '../../lib';

/** What may be chosen, by name; code belongs to one stack. */
type Choice<T> = Record<string, (scope: Construct, code: McpCode) => T>;

const fronts: Choice<McpFront> = {
  CloudFront: () => McpFront.cloudFront(),
  Stage: () => McpFront.stage(),
  External: () => McpFront.external({ publicBaseUrl: 'https://mcp.example.com' }),
  CustomDomain: (scope) =>
    McpFront.customDomain({
      domainName: 'mcp.example.com',
      certificate: acm.Certificate.fromCertificateArn(scope, 'Certificate', 'arn:aws:acm:eu-west-1:111122223333:certificate/00000000-0000-0000-0000-000000000000'),
      hostedZone: route53.HostedZone.fromHostedZoneAttributes(scope, 'Zone', { hostedZoneId: 'Z0123456789', zoneName: 'example.com' }),
    }),
};

/** Every authorization, and every way in which the authorization server lets MCP clients become known. */
const authorizations: Choice<Partial<McpServerProps>> = {
  Cognito: () => ({}),
  CognitoGate: (_scope, code) => ({ gate: { code } }),
  Server: (_scope, code) => ({ authorization: McpAuthorization.server({ code }) }),
  ServerGate: (_scope, code) => ({ authorization: McpAuthorization.server({ code }), gate: { code } }),
  ServerRegistration: (_scope, code) => ({ authorization: McpAuthorization.server({ code, clientDocumentsEnabled: false }) }),
  ServerDocuments: (_scope, code) => ({ authorization: McpAuthorization.server({ code, registrationEnabled: false }) }),
  ServerByHand: (_scope, code) => ({ authorization: McpAuthorization.server({ code, registrationEnabled: false, clientDocumentsEnabled: false }) }),
  Jwt: (_scope, code) => ({ authorization: McpAuthorization.jwt({ code, issuer: 'https://login.example.com', jwksUrl: 'https://login.example.com/keys', audience: ['dogs'] }) }),
  BearerToken: (_scope, code) => ({ authorization: McpAuthorization.bearerToken({ code, tokenSha256: ['0'.repeat(64)] }) }),
};

/** A stack for each front with each authorization and registration; gives their names. */
export function addCombinations(app: App, lambdaDirectory: string): string[] {
  const contract = McpContract.fromFile('lambda/dog-facts/contract.json');
  return Object.entries(fronts).flatMap(([frontName, front]) =>
    Object.entries(authorizations).map(([authorizationName, properties]) => {
      const stack = new Stack(app, `${frontName}${authorizationName}`);
      const code = McpCode.fromAsset(`${lambdaDirectory}/dog-facts`);
      const server = new McpServer(stack, 'Server', { code, contract, front: front(stack, code), ...properties(stack, code) });
      const machineClient = /^(Jwt|BearerToken)$/.test(authorizationName) ? undefined : server.addMachineClient('MachineClient');
      acknowledgeRules(server, machineClient);
      return stack.stackName;
    }),
  );
}
