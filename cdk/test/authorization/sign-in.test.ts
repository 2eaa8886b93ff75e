import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RemovalPolicy } from 'aws-cdk-lib';
import { Mfa } from 'aws-cdk-lib/aws-cognito';
import { McpFront, McpScope, McpServer, McpUserPool } from '../../lib';
import { code, facts, only, synthesize, synthesizeServer, twoScopes } from '../synthesis';

const front = () => McpFront.external({ publicBaseUrl: 'https://mcp.example.com' });

describe('McpUserPool', () => {
  const template = synthesize((stack) => new McpUserPool(stack, 'Pool'));
  const pool = only(template, 'AWS::Cognito::UserPool').properties;

  test('lets people sign themselves up with a verified e-mail address and a strong password', () => {
    assert.equal(pool.UserPoolTier, 'ESSENTIALS');
    assert.deepEqual(pool.AdminCreateUserConfig, { AllowAdminCreateUserOnly: false });
    assert.deepEqual(pool.UsernameAttributes, ['email']);
    assert.deepEqual(pool.AutoVerifiedAttributes, ['email']);
    assert.deepEqual(pool.UsernameConfiguration, { CaseSensitive: false });
    assert.deepEqual(pool.UserAttributeUpdateSettings, { AttributesRequireVerificationBeforeUpdate: ['email'] });
    assert.deepEqual(pool.AccountRecoverySetting, { RecoveryMechanisms: [{ Name: 'verified_email', Priority: 1 }] });
    assert.deepEqual(pool.Policies.PasswordPolicy, {
      MinimumLength: 12,
      RequireLowercase: true,
      RequireUppercase: true,
      RequireNumbers: true,
      RequireSymbols: true,
      TemporaryPasswordValidityDays: 3,
    });
  });

  test('needs no role and sends no text messages', () => {
    template.resourceCountIs('AWS::IAM::Role', 0);
    assert.equal(pool.SmsConfiguration, undefined);
  });

  test("has a domain with managed login, unique by the stack's id", () => {
    const { properties } = only(template, 'AWS::Cognito::UserPoolDomain');
    assert.equal(properties.ManagedLoginVersion, 2);
    assert.deepEqual(properties.Domain, {
      'Fn::Join': ['', ['mcp-', { 'Fn::Select': [2, { 'Fn::Split': ['/', { Ref: 'AWS::StackId' }] }] }, '-9f5a06']],
    });
  });

  test('keeps two pools of one stack apart', () => {
    const two = synthesize((stack) => {
      new McpUserPool(stack, 'One');
      new McpUserPool(stack, 'Two');
    });
    const domains = Object.values(two.findResources('AWS::Cognito::UserPoolDomain')).map((each) =>
      JSON.stringify(each.Properties.Domain),
    );
    assert.equal(new Set(domains).size, 2);
  });

  test('protects the users from deletion, unless they are to be deleted with the stack', () => {
    assert.equal(pool.DeletionProtection, 'ACTIVE');
    assert.equal(
      template.findResources('AWS::Cognito::UserPool')[only(template, 'AWS::Cognito::UserPool').logicalId]
        .DeletionPolicy,
      'Retain',
    );
    const gone = synthesize((stack) => new McpUserPool(stack, 'Pool', { removalPolicy: RemovalPolicy.DESTROY }));
    gone.hasResource('AWS::Cognito::UserPool', {
      Properties: { DeletionProtection: 'INACTIVE' },
      DeletionPolicy: 'Delete',
    });
  });

  test('leaves signing up to an administrator when told so', () => {
    synthesize((stack) => new McpUserPool(stack, 'Pool', { selfSignUpEnabled: false })).hasResourceProperties(
      'AWS::Cognito::UserPool',
      {
        AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
      },
    );
  });

  test('asks for a code of an authenticator app when told so, and never by text message', () => {
    for (const mfa of [Mfa.REQUIRED, Mfa.OPTIONAL]) {
      const { MfaConfiguration: configuration, EnabledMfas: factors } = only(
        synthesize((stack) => new McpUserPool(stack, 'Pool', { mfa })),
        'AWS::Cognito::UserPool',
      ).properties;
      assert.deepEqual([configuration, factors], [mfa === Mfa.REQUIRED ? 'ON' : 'OPTIONAL', ['SOFTWARE_TOKEN_MFA']]);
    }
    assert.deepEqual([pool.MfaConfiguration, pool.EnabledMfas], [undefined, undefined]);
  });

  test('names the server in its e-mails', () => {
    assert.equal(pool.VerificationMessageTemplate.EmailSubject, 'Your code for MCP server');
    const named = synthesize((stack) => new McpUserPool(stack, 'Pool', { displayName: 'Dog facts' }));
    assert.equal(
      only(named, 'AWS::Cognito::UserPool').properties.VerificationMessageTemplate.EmailMessage,
      'Your verification code for Dog facts is {####}',
    );
  });

  test('is shared by servers that get it handed over', () => {
    const shared = synthesize((stack) => {
      const userPool = new McpUserPool(stack, 'Pool');
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
    shared.resourceCountIs('AWS::Cognito::UserPool', 1);
    const identifiers = Object.values(shared.findResources('AWS::Cognito::UserPoolResourceServer')).map(
      (each) => each.Properties.Identifier,
    );
    assert.deepEqual(identifiers.sort(), ['https://a.example.com/mcp', 'https://b.example.com/mcp']);
  });
});

describe('the resource-server registration', () => {
  test("has the MCP URL as identifier, a legal name and the contract's scopes", () => {
    const { properties } = only(
      synthesizeServer({ front: front(), contract: twoScopes() }),
      'AWS::Cognito::UserPoolResourceServer',
    );
    assert.equal(properties.Identifier, 'https://mcp.example.com/mcp');
    assert.equal(properties.Name, 'notes');
    assert.deepEqual(properties.Scopes, [
      { ScopeName: 'read', ScopeDescription: 'Read notes' },
      { ScopeName: 'write', ScopeDescription: 'Write notes' },
    ]);
  });
});

describe('the interactive app client', () => {
  const template = synthesizeServer({ front: front(), contract: twoScopes() });
  const { logicalId, properties } = only(template, 'AWS::Cognito::UserPoolClient');
  const registration = { Ref: only(template, 'AWS::Cognito::UserPoolResourceServer').logicalId };

  test("is public, with the authorization code grant only and the server's scopes only", () => {
    assert.equal(properties.GenerateSecret, false);
    assert.deepEqual(properties.AllowedOAuthFlows, ['code']);
    assert.equal(properties.AllowedOAuthFlowsUserPoolClient, true);
    assert.deepEqual(properties.AllowedOAuthScopes, [
      { 'Fn::Join': ['', [registration, '/read']] },
      { 'Fn::Join': ['', [registration, '/write']] },
    ]);
    assert.deepEqual(properties.SupportedIdentityProviders, ['COGNITO']);
  });

  test('permits the password that managed login asks for, and no refresh without rotation', () => {
    assert.deepEqual(
      properties.ExplicitAuthFlows,
      ['ALLOW_USER_SRP_AUTH'],
      'Cognito refuses ALLOW_REFRESH_TOKEN_AUTH together with rotation',
    );
  });

  test('rotates refresh tokens with 60 seconds of grace, and revokes them', () => {
    assert.deepEqual(properties.RefreshTokenRotation, { Feature: 'ENABLED', RetryGracePeriodSeconds: 60 });
    assert.equal(properties.EnableTokenRevocation, true);
    assert.equal(properties.PreventUserExistenceErrors, 'ENABLED');
    assert.deepEqual(properties.TokenValidityUnits, {
      AccessToken: 'minutes',
      IdToken: 'minutes',
      RefreshToken: 'minutes',
    });
    assert.deepEqual(
      [properties.AccessTokenValidity, properties.IdTokenValidity, properties.RefreshTokenValidity],
      [60, 60, 30 * 24 * 60],
    );
  });

  test('redirects to the loopback addresses of the callback port and nowhere else', () => {
    assert.deepEqual(properties.CallbackURLs, ['http://localhost:8765/callback', 'http://127.0.0.1:8765/callback']);
    assert.equal(properties.LogoutURLs, undefined);
    assert.equal(properties.DefaultRedirectURI, undefined);
  });

  test('redirects to another port and to further URLs when told so', () => {
    const more = synthesizeServer({
      callbackPort: 9000,
      callbackUrls: ['https://claude.ai/api/mcp/auth_callback', 'http://localhost:6274/oauth/callback'],
    });
    assert.deepEqual(only(more, 'AWS::Cognito::UserPoolClient').properties.CallbackURLs, [
      'http://localhost:9000/callback',
      'http://127.0.0.1:9000/callback',
      'https://claude.ai/api/mcp/auth_callback',
      'http://localhost:6274/oauth/callback',
    ]);
  });

  test('has a style of managed login', () => {
    assert.deepEqual(only(template, 'AWS::Cognito::ManagedLoginBranding').properties, {
      ClientId: { Ref: logicalId },
      UserPoolId: { Ref: only(template, 'AWS::Cognito::UserPool').logicalId },
      UseCognitoProvidedValues: true,
    });
  });

  for (const url of [
    'http://mcp.example.com/callback',
    'https://*.example.com/callback',
    'https://a.example/callback#x',
    'cursor://callback',
    '/callback',
  ]) {
    test(`fails when callbackUrls contains ${url}`, () => {
      assert.throws(() => synthesizeServer({ callbackUrls: [url] }), {
        message: `callbackUrls has "${url}" and takes https URLs, or http ones on localhost, 127.0.0.1 or [::1], without a fragment or a wildcard: correct or remove it (CallbackUrlNotSafe)`,
      });
    });
  }

  for (const port of [0, 65536, 80.5]) {
    test(`fails when callbackPort is ${port}`, () => {
      assert.throws(() => synthesizeServer({ callbackPort: port }), {
        message: `callbackPort is ${port} and needs a whole number from 1 to 65535: use the port of the MCP client's --callback-port (CallbackPortInvalid)`,
      });
    });
  }
});

describe('a machine app client', () => {
  const template = synthesizeServer({ front: front(), contract: twoScopes() }, (server) =>
    server.addMachineClient('Ci'),
  );
  const { logicalId, properties } = only(template, 'AWS::Cognito::UserPoolClient', { GenerateSecret: true });

  test('has the client credentials grant only, and no redirect', () => {
    assert.deepEqual(properties.AllowedOAuthFlows, ['client_credentials']);
    assert.equal(properties.AllowedOAuthScopes.length, 2);
    assert.equal(properties.CallbackURLs, undefined);
    assert.deepEqual(
      properties.ExplicitAuthFlows,
      ['ALLOW_REFRESH_TOKEN_AUTH'],
      'nobody signs in with it, and this grant yields no refresh token',
    );
  });

  test('has its secret in Secrets Manager, put there without a custom resource', () => {
    assert.deepEqual(only(template, 'AWS::SecretsManager::Secret').properties.SecretString, {
      'Fn::GetAtt': [logicalId, 'ClientSecret'],
    });
    const types = Object.values(template.toJSON().Resources).map((each: any) => each.Type);
    assert.deepEqual(
      types.filter((type) => type.startsWith('Custom::') || type === 'AWS::CloudFormation::CustomResource'),
      [],
    );
    template.resourceCountIs('AWS::Lambda::Function', 1);
  });

  test('gets the scopes it is given', () => {
    const less = synthesizeServer({ contract: twoScopes() }, (server) =>
      server.addMachineClient('Ci', { oauthScopes: [McpScope.fromContract(twoScopes(), 'read')] }),
    );
    const registration = { Ref: only(less, 'AWS::Cognito::UserPoolResourceServer').logicalId };
    assert.deepEqual(
      only(less, 'AWS::Cognito::UserPoolClient', { GenerateSecret: true }).properties.AllowedOAuthScopes,
      [{ 'Fn::Join': ['', [registration, '/read']] }],
    );
  });

  test('does not exist unless it is added', () => {
    synthesizeServer().resourceCountIs('AWS::SecretsManager::Secret', 0);
  });

  for (const [names, shown] of [
    [['delete'], 'delete'],
    [[], '(none)'],
  ] as const) {
    test(`fails when oauthScopes is ${shown}`, () => {
      assert.throws(
        () =>
          synthesizeServer({ contract: twoScopes() }, (server) =>
            server.addMachineClient('Ci', { oauthScopes: names.map((name) => McpScope.named(name)) }),
          ),
        {
          message: `oauthScopes is ${shown} and needs at least one of the contract's scopes: use read, write (ScopeUnknown)`,
        },
      );
    });
  }
});

describe('app clients of any kind', () => {
  const clients = synthesizeServer({ contract: twoScopes() }, (each) => each.addMachineClient('Ci')).findResources(
    'AWS::Cognito::UserPoolClient',
  );

  test("never get the implicit grant, a flow that sends passwords to Cognito's API, custom authentication or Cognito's own scopes", () => {
    const text = JSON.stringify(clients);
    for (const absent of ['implicit', 'PASSWORD', 'CUSTOM', 'aws.cognito', 'openid', 'example.com']) {
      assert.ok(!text.includes(absent), `${absent} in ${text}`);
    }
  });

  test('cannot be signed in to by the API for a token that the server accepts', () => {
    // Such a token has the scope aws.cognito.signin.user.admin alone, whatever the app client may ask for.
    for (const method of Object.values(
      synthesizeServer({ contract: twoScopes() }).findResources('AWS::ApiGateway::Method', {
        Properties: { AuthorizationType: 'COGNITO_USER_POOLS' },
      }),
    )) {
      assert.equal(method.Properties.AuthorizationScopes.length, 2);
      assert.ok(!JSON.stringify(method.Properties.AuthorizationScopes).includes('aws.cognito'));
    }
  });
});
