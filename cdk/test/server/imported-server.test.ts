import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import { type IMcpServer, McpScope, McpServer, type McpServerAttributes, McpUserPool } from '../../lib';
import { only, synthesize, synthesizeServer, twoScopes } from '../synthesis';

const mcpServerUrl = 'https://mcp.example.com/notes/mcp';
const imported = (stack: Stack, attributes: Partial<McpServerAttributes> = {}): IMcpServer =>
  McpServer.fromMcpServerAttributes(stack, 'Notes', { mcpServerUrl, contract: twoScopes(), ...attributes });
const people = (stack: Stack) =>
  McpUserPool.fromUserPool(stack, 'People', {
    userPool: cognito.UserPool.fromUserPoolId(stack, 'Pool', 'eu-west-1_Mine'),
    signInBaseUrl: 'https://login.example.com',
  });

describe('McpServer.fromMcpServerAttributes', () => {
  test('defines nothing, and has what its contract says', () => {
    const template = synthesize((stack) => {
      const server = imported(stack);
      assert.equal(server.mcpServerUrl, mcpServerUrl);
      assert.deepEqual(server.oauthScopes, [`${mcpServerUrl}/read`, `${mcpServerUrl}/write`]);
      assert.deepEqual(server.toolNames, ['readNote', 'writeNote']);
    });
    assert.equal(template.toJSON().Resources, undefined);
  });

  test('has the metrics of the server itself', () => {
    const metrics = (server: IMcpServer) =>
      [
        server.metricCalls('readNote'),
        server.metricErrors('readNote'),
        server.metricLatency('readNote'),
        server.metricColdStarts('readNote'),
        server.metricThrottles('readNote'),
        server.metricCacheHitRate('readNote'),
      ].map((metric) => metric.toMetricConfig());
    synthesizeServer({ contract: twoScopes() }, (server) =>
      synthesize((stack) => assert.deepEqual(metrics(imported(stack)), metrics(server))),
    );
  });

  test('lets another app define a machine client, with OAuth scopes of the server alone', () => {
    const template = synthesize(
      (stack) =>
        void imported(stack, { userPool: people(stack) }).addMachineClient('Ci', {
          oauthScopes: [McpScope.named('read')],
        }),
    );
    const { AllowedOAuthFlows, AllowedOAuthScopes, GenerateSecret, UserPoolId } = only(
      template,
      'AWS::Cognito::UserPoolClient',
    ).properties;
    assert.deepEqual(
      { AllowedOAuthFlows, AllowedOAuthScopes, GenerateSecret, UserPoolId },
      {
        AllowedOAuthFlows: ['client_credentials'],
        AllowedOAuthScopes: [`${mcpServerUrl}/read`],
        GenerateSecret: true,
        UserPoolId: 'eu-west-1_Mine',
      },
    );
    const all = synthesize((stack) => void imported(stack, { userPool: people(stack) }).addMachineClient('Ci'));
    assert.deepEqual(only(all, 'AWS::Cognito::UserPoolClient').properties.AllowedOAuthScopes, [
      `${mcpServerUrl}/read`,
      `${mcpServerUrl}/write`,
    ]);
  });

  const refusals: [title: string, define: (stack: Stack) => unknown, message: string][] = [
    ...[
      'https://mcp.example.com',
      'https://mcp.example.com/mcp/',
      'https://mcp.example.com/mcp?x',
      'https://mcp.example.com/mcp#x',
      'https://MCP.example.com/mcp',
      'mcp.example.com/mcp',
    ].map((url): [string, (stack: Stack) => unknown, string] => [
      `the URL ${url}`,
      (stack) => imported(stack, { mcpServerUrl: url }),
      `mcpServerUrl is "${url}" and needs the URL as the server's own app outputs it, with its path and without a slash at the end, for example https://mcp.example.com/mcp: correct it (McpServerUrlInvalid)`,
    ]),
    [
      'a machine client, and no user pool',
      (stack) => imported(stack).addMachineClient('Ci'),
      'addMachineClient of Test/Notes defines an app client, and the server was imported without its user pool: give userPool to fromMcpServerAttributes (UserPoolMissing)',
    ],
    [
      'limits of a machine client',
      (stack) =>
        imported(stack, { userPool: people(stack) }).addMachineClient('Ci', {
          quota: { limit: 5, period: apigateway.Period.DAY },
        }),
      'the machine client Ci has throttle or quota, and Test/Notes is imported, whose usage plans another app defines: call limitAppClient there with its clientId (LimitOfImportedServer)',
    ],
    [
      'an OAuth scope that the contract does not have',
      (stack) =>
        imported(stack, { userPool: people(stack) }).addMachineClient('Ci', {
          oauthScopes: [McpScope.named('delete')],
        }),
      "oauthScopes is delete and needs at least one of the contract's scopes: use read, write (ScopeUnknown)",
    ],
  ];
  for (const [title, define, message] of refusals) {
    test(`fails with ${title}`, () => {
      assert.throws(() => synthesize((stack) => void define(stack)), { message });
    });
  }
});
