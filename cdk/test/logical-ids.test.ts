import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Stack } from 'aws-cdk-lib';
import { McpAuthorization, McpFront, McpHost, McpServer } from '../lib';
import { certificate, code, keeper, synthesize, twoScopes } from './synthesis';

/**
 * Resources of which AWS takes no second one with the same name, type or value, or which hold what people would lose. CloudFormation
 * defines a resource with a new logical ID before it deletes the one with the old.
 */
const KEPT = [
  'AWS::ApiGateway::ApiKey',
  'AWS::ApiGateway::BasePathMapping',
  'AWS::ApiGateway::DomainName',
  'AWS::ApiGateway::GatewayResponse',
  'AWS::ApiGateway::RestApi',
  'AWS::ApiGateway::UsagePlan',
  'AWS::ApiGatewayV2::ApiMapping',
  'AWS::CloudFront::Distribution',
  'AWS::Cognito::UserPool',
  'AWS::Cognito::UserPoolClient',
  'AWS::Cognito::UserPoolDomain',
  'AWS::Cognito::UserPoolResourceServer',
  'AWS::DynamoDB::GlobalTable',
  'AWS::Lambda::Alias',
  'AWS::SecretsManager::Secret',
];

const logicalIds = (define: (stack: Stack) => void) =>
  Object.entries(synthesize(define).toJSON().Resources as Record<string, { Type: string }>)
    .filter(([, { Type: type }]) => KEPT.includes(type))
    .map(([logicalId]) => logicalId)
    .sort();

const limits = () => ({ lambdaAuthorizer: { code: code() }, throttle: { rateLimit: 5, burstLimit: 10 } });

describe('logical IDs stay between releases', () => {
  test('of a server with McpAuthorization.cognito, limits, state and an alias', () => {
    const ids = logicalIds((stack) => {
      const server = new McpServer(stack, 'Server', {
        code: code(),
        contract: keeper(),
        authorization: McpAuthorization.cognito(),
        provisionedConcurrency: 1,
        ...limits(),
      });
      server.addMachineClient('Ci');
    });
    assert.deepEqual(ids, [
      'ServerApi12B4C0F1',
      'ServerApiAccessDeniedB2761FDB',
      'ServerApiDefault4xx82DD9652',
      'ServerApiDefault5xx043A9233',
      'ServerApiExpiredToken14C78509',
      'ServerApiQuotaExceeded0EEC1DED',
      'ServerApiThrottledDA12ACF0',
      'ServerApiUnauthorizedF8F941D6',
      'ServerApiUnknownPath9A3D7EE6',
      'ServerApiUnknownPathWithToken2B7D4D0B',
      'ServerApiUnknownUsageKeyABDFEE0F',
      'ServerAppClientLimitsCiKey8CB91104',
      'ServerAppClientLimitsCiPlan974D6C5D',
      'ServerAppClientLimitsEveryOtherKey6F2F1C74',
      'ServerAppClientLimitsEveryOtherPlan66E200D4',
      'ServerAppClientLimitsPeopleKeyE1368103',
      'ServerAppClientLimitsPeoplePlan9016630C',
      'ServerCiAppClientEDFC6E9D',
      'ServerCiSecret240D16DE',
      'ServerDistributionCED7DCD8',
      'ServerFunctionAlias5F1E4096',
      'ServerInteractiveClientAppClient11E1C2E2',
      'ServerResourceServerB01C99BE',
      'ServerStateKeysD5CB9DF4',
      'ServerStateTable6919F380',
      'ServerUserPoolBFC94C10',
      'ServerUserPoolDomain366E6907',
    ]);
  });

  test('of a server with McpAuthorization.server and a custom domain', () => {
    const ids = logicalIds((stack) => {
      const front = McpFront.customDomain({ domainName: 'mcp.example.com', certificate: certificate() });
      new McpServer(stack, 'Server', {
        code: code(),
        contract: twoScopes(),
        authorization: McpAuthorization.server({ code: code() }),
        front,
      });
    });
    assert.deepEqual(ids, [
      'ServerApi12B4C0F1',
      'ServerApiAccessDeniedB2761FDB',
      'ServerApiDefault4xx82DD9652',
      'ServerApiDefault5xx043A9233',
      'ServerApiExpiredToken14C78509',
      'ServerApiThrottledDA12ACF0',
      'ServerApiUnauthorizedF8F941D6',
      'ServerApiUnknownPath9A3D7EE6',
      'ServerApiUnknownPathWithToken2B7D4D0B',
      'ServerAuthorizationServerAppClientF869A639',
      'ServerAuthorizationServerCognitoClientSecretB83CF883',
      'ServerAuthorizationServerSealingSecretCEFE47CF',
      'ServerDomain346C8799',
      'ServerDomainMapping1D86BEE8',
      'ServerResourceServerB01C99BE',
      'ServerUserPoolBFC94C10',
      'ServerUserPoolDomain366E6907',
    ]);
  });

  test('of a host and its server', () => {
    const ids = logicalIds((stack) => {
      const front = McpFront.customDomain({ domainName: 'mcp.example.com', certificate: certificate() });
      const host = new McpHost(stack, 'Host', { authorization: McpAuthorization.server({ code: code() }), front });
      new McpServer(stack, 'Server', { code: code(), contract: twoScopes(), host, path: '/notes' });
    });
    assert.deepEqual(ids, [
      'HostApiC68D4049',
      'HostApiDefault4xx8F51A06F',
      'HostApiDefault5xx8C19ADC6',
      'HostApiThrottledF709C80D',
      'HostApiUnknownPath7A152F84',
      'HostApiUnknownPathWithToken7B4288B6',
      'HostAuthorizationServerAppClientD024461F',
      'HostAuthorizationServerCognitoClientSecret20B98531',
      'HostAuthorizationServerSealingSecretB6B56D25',
      'HostDomain22AB6260',
      'HostDomainMapping0C6EF20B',
      'HostUserPool833F925D',
      'HostUserPoolDomainCAD21A08',
      'HostnotesResourceServer0F02D67D',
      'ServerApi12B4C0F1',
      'ServerApiAccessDeniedB2761FDB',
      'ServerApiDefault4xx82DD9652',
      'ServerApiDefault5xx043A9233',
      'ServerApiExpiredToken14C78509',
      'ServerApiThrottledDA12ACF0',
      'ServerApiUnauthorizedF8F941D6',
      'ServerApiUnknownPath9A3D7EE6',
      'ServerApiUnknownPathWithToken2B7D4D0B',
      'ServerDomainMapping58839167',
    ]);
  });
});
