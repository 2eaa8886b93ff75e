import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CfnParameter, Stack } from 'aws-cdk-lib';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import { Template } from 'aws-cdk-lib/assertions';
import { McpAuthorization, type McpExistingUserPoolAttributes, McpFront, McpServer, McpUserPool } from '../../lib';
import { deployed } from '../deployed';
import { code, emptyApp, facts, only, synthesize, type TemplateJson } from '../synthesis';

const front = () => McpFront.external({ publicBaseUrl: 'https://mcp.example.com' });
const signInBaseUrl = 'https://login.example.com';

/** A server over what the function defines or imports. */
const serverOver = (
  attributes: (stack: Stack) => McpExistingUserPoolAttributes,
  stack = new Stack(emptyApp(), 'Test'),
  authorization = McpAuthorization.cognito(),
) => {
  new McpServer(stack, 'Server', {
    code: code(),
    contract: facts(),
    front: front(),
    authorization,
    userPool: McpUserPool.fromUserPool(stack, 'People', attributes(stack)),
  });
  return Template.fromStack(stack);
};

const imported = (stack: Stack) => cognito.UserPool.fromUserPoolId(stack, 'Imported', 'eu-west-1_Mine');
const inIreland = () => new Stack(emptyApp(), 'Test', { env: { account: '111122223333', region: 'eu-west-1' } });

/** A pool and a domain of the app itself. */
const defined = (
  stack: Stack,
  props: cognito.UserPoolProps = {},
  managedLoginVersion = cognito.ManagedLoginVersion.NEWER_MANAGED_LOGIN,
) => {
  const userPool = new cognito.UserPool(stack, 'Pool', props);
  return {
    userPool,
    domain: userPool.addDomain('Domain', { cognitoDomain: { domainPrefix: 'people' }, managedLoginVersion }),
  };
};

describe('McpUserPool.fromUserPool with an imported pool', () => {
  const template = serverOver((stack) => ({ userPool: imported(stack), signInBaseUrl }), inIreland());
  const json = template.toJSON() as TemplateJson;

  test('defines no pool and no domain', () => {
    template.resourceCountIs('AWS::Cognito::UserPool', 0);
    template.resourceCountIs('AWS::Cognito::UserPoolDomain', 0);
  });

  test('registers the server and its app client with the pool, and gives the client a style', () => {
    for (const type of ['ResourceServer', 'Client']) {
      assert.equal(only(template, `AWS::Cognito::UserPool${type}`).properties.UserPoolId, 'eu-west-1_Mine');
    }
    assert.equal(only(template, 'AWS::Cognito::ManagedLoginBranding').properties.UserPoolId, 'eu-west-1_Mine');
  });

  test('accepts the tokens of the pool, at the gateway and in the function', () => {
    assert.match(
      JSON.stringify(only(template, 'AWS::ApiGateway::Authorizer').properties.ProviderARNs),
      /:cognito-idp:eu-west-1:111122223333:userpool\/eu-west-1_Mine/,
    );
    assert.equal(
      deployed(json, only(template, 'AWS::Lambda::Function').properties.Environment.Variables.MCP_ISSUER),
      'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Mine',
    );
  });

  test('sends people to its own pages', () => {
    assert.ok(JSON.stringify(json).includes('https://login.example.com/oauth2/authorize'));
  });

  test('works behind the authorization server too', () => {
    const own = serverOver(
      (stack) => ({ userPool: imported(stack), signInBaseUrl }),
      inIreland(),
      McpAuthorization.server({ code: code() }),
    );
    const { properties } = only(own, 'AWS::Lambda::Function', {
      Environment: { Variables: { AUTHORIZATION_SIGN_IN_URL: signInBaseUrl } },
    });
    assert.equal(
      deployed(own.toJSON() as TemplateJson, properties.Environment.Variables.MCP_ISSUER),
      'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Mine',
    );
    own.resourceCountIs('AWS::Cognito::UserPool', 0);
  });

  test('lets people sign in with the pool itself, or with the identity providers that are named', () => {
    assert.deepEqual(only(template, 'AWS::Cognito::UserPoolClient').properties.SupportedIdentityProviders, ['COGNITO']);
    const federated = serverOver((stack) => ({
      userPool: imported(stack),
      signInBaseUrl,
      identityProviders: [cognito.UserPoolClientIdentityProvider.custom('Okta')],
    }));
    assert.deepEqual(only(federated, 'AWS::Cognito::UserPoolClient').properties.SupportedIdentityProviders, ['Okta']);
  });

  test('does not fail for an id that is an unresolved token', () => {
    const parameters = serverOver((stack) => ({
      userPool: cognito.UserPool.fromUserPoolId(stack, 'Imported', new CfnParameter(stack, 'PoolId').valueAsString),
      signInBaseUrl,
    }));
    assert.deepEqual(only(parameters, 'AWS::Cognito::UserPoolClient').properties.UserPoolId, { Ref: 'PoolId' });
  });
});

describe('McpUserPool.fromUserPool with a pool of the app', () => {
  test('sends people to the given domain', () => {
    const json = serverOver((stack) => defined(stack)).toJSON() as TemplateJson;
    assert.ok(
      JSON.stringify(deployed(json, json.Resources)).includes(
        'https://people.auth.eu-west-1.amazoncognito.com/oauth2/authorize',
      ),
    );
  });

  test('takes a pool with custom authentication, which no app client of the server permits', () => {
    const template = serverOver((stack) => {
      const pool = defined(stack);
      (pool.userPool.node.defaultChild as cognito.CfnUserPool).lambdaConfig = {
        defineAuthChallenge: 'arn:aws:lambda:eu-west-1:111122223333:function:challenge',
      };
      return pool;
    });
    assert.ok(
      !only(template, 'AWS::Cognito::UserPoolClient').properties.ExplicitAuthFlows.includes('ALLOW_CUSTOM_AUTH'),
    );
  });

  test('lets people sign in with the identity providers that the app registers, and waits for them', () => {
    const template = serverOver((stack) => {
      const pool = defined(stack);
      new cognito.UserPoolIdentityProviderAmazon(stack, 'Amazon', {
        userPool: pool.userPool,
        clientId: 'id',
        clientSecret: 'secret',
      });
      return pool;
    });
    const { logicalId, properties } = only(template, 'AWS::Cognito::UserPoolClient');
    const provider = only(template, 'AWS::Cognito::UserPoolIdentityProvider').logicalId;
    assert.deepEqual(properties.SupportedIdentityProviders, [{ Ref: provider }, 'COGNITO']);
    assert.ok([(template.toJSON() as TemplateJson).Resources[logicalId].DependsOn].flat().includes(provider));
  });
});

describe('McpUserPool.fromUserPool fails', () => {
  const refusals: [
    when: string,
    attributes: (stack: Stack) => McpExistingUserPoolAttributes,
    message: string,
    stack?: () => Stack,
  ][] = [
    [
      'without its sign-in pages',
      (stack) => ({ userPool: imported(stack) }),
      'domain and signInBaseUrl are both missing, and exactly one says where the sign-in pages are: give domain for one of this app, signInBaseUrl for another (SignInPagesUnclear)',
    ],
    [
      'with two places for them',
      (stack) => ({ ...defined(stack), signInBaseUrl }),
      'domain and signInBaseUrl are both given, and exactly one says where the sign-in pages are: give domain for one of this app, signInBaseUrl for another (SignInPagesUnclear)',
    ],
    [
      'with a path in the sign-in URL',
      (stack) => ({ userPool: imported(stack), signInBaseUrl: 'https://login.example.com/' }),
      'signInBaseUrl is "https://login.example.com/" and needs an origin without a path or a trailing slash, for example https://mcp.example.com (FrontUrlNotOrigin)',
    ],
    [
      'without any identity provider',
      (stack) => ({ userPool: imported(stack), signInBaseUrl, identityProviders: [] }),
      'identityProviders is empty, and nobody could sign in: name one, or leave it out (IdentityProvidersEmpty)',
    ],
    [
      'for a pool of another region',
      (stack) => ({
        userPool: cognito.UserPool.fromUserPoolArn(
          stack,
          'Imported',
          'arn:aws:cognito-idp:us-east-1:111122223333:userpool/us-east-1_Mine',
        ),
        signInBaseUrl,
      }),
      'userPool is of the region us-east-1 and the stack of eu-west-1, and app clients are defined where the pool is: put the MCP server into a stack there (UserPoolElsewhere)',
      inIreland,
    ],
    [
      'for a pool of another account',
      (stack) => ({
        userPool: cognito.UserPool.fromUserPoolArn(
          stack,
          'Imported',
          'arn:aws:cognito-idp:eu-west-1:444455556666:userpool/eu-west-1_Mine',
        ),
        signInBaseUrl,
      }),
      'userPool is of the account 444455556666 and the stack of 111122223333, and app clients are defined where the pool is: put the MCP server into a stack there (UserPoolElsewhere)',
      inIreland,
    ],
    [
      'for a pool of the plan Lite',
      (stack) => defined(stack, { featurePlan: cognito.FeaturePlan.LITE }),
      'userPool is of the feature plan Lite, which binds no access token to an MCP server: set featurePlan to cognito.FeaturePlan.ESSENTIALS (UserPoolLite)',
    ],
    [
      'for the domain of another pool',
      (stack) => ({ userPool: imported(stack), domain: defined(stack).domain }),
      'domain Test/Pool/Domain belongs to another user pool than the one given: give the domain of this pool (UserPoolDomainMismatch)',
    ],
    [
      'for the classic sign-in pages',
      (stack) => defined(stack, {}, cognito.ManagedLoginVersion.CLASSIC_HOSTED_UI),
      'domain Test/Pool/Domain has the classic sign-in pages, which bind no access token to an MCP server: set managedLoginVersion to cognito.ManagedLoginVersion.NEWER_MANAGED_LOGIN (ManagedLoginMissing)',
    ],
  ];
  for (const [when, attributes, message, stack] of refusals) {
    test(when, () => {
      assert.throws(() => serverOver(attributes, stack?.()), { message });
    });
  }
});

describe('servers that share a pool of the app', () => {
  test('define one pool', () => {
    const template = synthesize((stack) => {
      const userPool = McpUserPool.fromUserPool(stack, 'People', defined(stack));
      for (const [id, host] of [
        ['A', 'a.example.com'],
        ['B', 'b.example.com'],
      ]) {
        new McpServer(stack, id, {
          code: code(),
          contract: facts(),
          userPool,
          front: McpFront.external({ publicBaseUrl: `https://${host}` }),
        });
      }
    });
    template.resourceCountIs('AWS::Cognito::UserPool', 1);
    template.resourceCountIs('AWS::Cognito::UserPoolClient', 2);
  });
});
