import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import { McpAuthorization, McpHost, McpRemoteServer, McpServer, McpUserPool } from '../../lib';
import { code, facts, only, type TemplateJson } from '../synthesis';

const scopes = [{ name: 'use', description: 'Use it' }];

/** Whatever has a user pool of its own, and the pool. */
const owners: { [name: string]: (stack: Stack) => cognito.IUserPool } = {
  'McpServer with McpAuthorization.cognito': (stack) =>
    new McpServer(stack, 'Server', { code: code(), contract: facts(), authorization: McpAuthorization.cognito() })
      .userPool.userPool,
  'McpServer with McpAuthorization.server': (stack) =>
    new McpServer(stack, 'Server', {
      code: code(),
      contract: facts(),
      authorization: McpAuthorization.server({ code: code() }),
    }).userPool.userPool,
  McpRemoteServer: (stack) =>
    new McpRemoteServer(stack, 'Remote', {
      endpointUrl: 'https://gateway.example.com/mcp',
      serverName: 'remote',
      scopes,
      authorization: McpAuthorization.cognito(),
    }).userPool.userPool,
  'McpHost with a server': (stack) => {
    const host = new McpHost(stack, 'Host', { authorization: McpAuthorization.server({ code: code() }) });
    new McpServer(stack, 'Server', { code: code(), contract: facts(), host, path: '/facts' });
    return host.userPool.userPool;
  },
  'McpServer over a pool of the app': (stack) => {
    const userPool = new cognito.UserPool(stack, 'Pool');
    const domain = userPool.addDomain('Domain', {
      cognitoDomain: { domainPrefix: 'people' },
      managedLoginVersion: cognito.ManagedLoginVersion.NEWER_MANAGED_LOGIN,
    });
    new McpServer(stack, 'Server', {
      code: code(),
      contract: facts(),
      authorization: McpAuthorization.cognito(),
      userPool: McpUserPool.fromUserPool(stack, 'People', { userPool, domain }),
    });
    return userPool;
  },
};

const register = (stack: Stack, userPool: cognito.IUserPool) =>
  new cognito.UserPoolIdentityProviderOidc(stack, 'Okta', {
    userPool,
    issuerUrl: 'https://example.okta.com',
    clientId: 'id',
    clientSecret: 'secret',
  });

describe('an identity provider that is registered after', () => {
  for (const [name, define] of Object.entries(owners)) {
    test(`${name} is offered for sign-in, and defined before the app client`, () => {
      const stack = new Stack(new App(), 'Test');
      register(stack, define(stack));
      const template = Template.fromStack(stack);
      const { logicalId, properties } = only(template, 'AWS::Cognito::UserPoolClient', { AllowedOAuthFlows: ['code'] });
      const provider = only(template, 'AWS::Cognito::UserPoolIdentityProvider').logicalId;
      assert.deepEqual(properties.SupportedIdentityProviders, [{ Ref: provider }, 'COGNITO']);
      assert.ok([(template.toJSON() as TemplateJson).Resources[logicalId].DependsOn].flat().includes(provider));
    });
  }

  test('a server that names its identity providers itself is left out', () => {
    const stack = new Stack(new App(), 'Test');
    const userPool = cognito.UserPool.fromUserPoolId(stack, 'Imported', 'eu-west-1_Mine');
    const people = McpUserPool.fromUserPool(stack, 'People', {
      userPool,
      signInBaseUrl: 'https://login.example.com',
      identityProviders: [cognito.UserPoolClientIdentityProvider.COGNITO],
    });
    new McpServer(stack, 'Server', {
      code: code(),
      contract: facts(),
      authorization: McpAuthorization.cognito(),
      userPool: people,
    });
    register(stack, userPool);
    assert.deepEqual(
      only(Template.fromStack(stack), 'AWS::Cognito::UserPoolClient').properties.SupportedIdentityProviders,
      ['COGNITO'],
    );
  });
});
