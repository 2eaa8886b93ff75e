import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { App, CfnOutput, Duration, Fn, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { PRIVATE_DOMAINS } from '../../lib/generated/facts';
import { bundledProgram } from '../../lib/function/private/bundled-program';
import {
  McpAuthorization,
  type McpAuthorizationServerOptions,
  McpCode,
  McpFront,
  McpFunction,
  McpHost,
  type McpPreRegisteredClient,
  McpRemoteServer,
  McpScope,
  McpServer,
  type McpServerProps,
} from '../../lib';
import { deployed } from '../deployed';
import { code, facts, only, synthesize, synthesizeServer, type TemplateJson, twoScopes } from '../synthesis';

const root = join(__dirname, '..', '..', '..');
const options = (more: Partial<McpAuthorizationServerOptions> = {}) =>
  McpAuthorization.server({ code: code(), ...more });
const external = () => McpFront.external({ publicBaseUrl: 'https://mcp.example.com' });
const withServer = (more: Partial<McpAuthorizationServerOptions> = {}, props: Partial<McpServerProps> = {}) =>
  synthesizeServer({ front: external(), authorization: options(more), ...props }, (server, stack) => {
    for (const attribute of [
      'authorizationUrl',
      'tokenUrl',
      'signInUrl',
      'claudeCodeCommand',
      'interactiveClientId',
    ] as const) {
      new CfnOutput(stack, attribute, { value: server[attribute] });
    }
  });
const template = withServer();
const json = (from: Template = template) => from.toJSON() as TemplateJson;

const isAuthorization = ({ properties }: { properties: Record<string, any> }) =>
  'AUTHORIZATION_ISSUER' in properties.Environment.Variables;
const functions = (from: Template) =>
  Object.entries(from.findResources('AWS::Lambda::Function')).map(([logicalId, each]) => ({
    logicalId,
    properties: each.Properties as Record<string, any>,
  }));
const authorizationFunction = (from: Template = template) => functions(from).filter(isAuthorization)[0];
const variables = (from: Template = template): Record<string, string> =>
  deployed(json(from), authorizationFunction(from).properties.Environment.Variables);

/** The methods of the API by path and name. */
function methods(from: Template): Record<string, Record<string, any>> {
  const resources = json(from).Resources;
  const pathOf = (reference: any): string => {
    const properties = resources[reference.Ref]?.Properties;
    return properties === undefined ? '' : `${pathOf(properties.ParentId)}/${properties.PathPart}`;
  };
  const found = Object.values(resources).filter(({ Type: type }) => type === 'AWS::ApiGateway::Method');
  return Object.fromEntries(
    found.map(({ Properties: method }) => [`${method!.HttpMethod} ${pathOf(method!.ResourceId)}`, method!]),
  );
}

const document = (from: Template, path: string) =>
  JSON.parse(
    deployed(
      json(from),
      methods(from)[`GET ${path}`].Integration.IntegrationResponses[0].ResponseTemplates['application/json'],
    ),
  );

const ENDPOINTS = [
  'GET /authorize',
  'HEAD /authorize',
  'POST /consent',
  'GET /callback',
  'GET /sign-in',
  'HEAD /sign-in',
  'POST /token',
  'OPTIONS /token',
  'POST /register',
  'OPTIONS /register',
  'POST /revoke',
  'OPTIONS /revoke',
];

/** The settings about audiences of each function that verifies access tokens: `[MCP URL, MCP_AUDIENCE_REQUIRED]`. */
const audiences = (from: Template) =>
  Object.values(from.findResources('AWS::Lambda::Function'))
    .map((each) => deployed(json(from), each.Properties.Environment.Variables) as Record<string, string>)
    .filter((each) => each.AUTHORIZATION_ISSUER === undefined)
    .map((each) => [new URL(each.MCP_RESOURCE).pathname, each.MCP_AUDIENCE_REQUIRED]);

describe("a person's access token without an audience", () => {
  const lambdaAuthorizer = () => ({ code: code() });

  test('is refused by the server and the Lambda authorizer behind the authorization server, whatever the front is', () => {
    for (const front of [McpFront.cloudFront(), external()]) {
      assert.deepEqual(audiences(synthesizeServer({ front, authorization: options() })), [['/mcp', 'true']]);
      assert.deepEqual(
        audiences(synthesizeServer({ front, authorization: options(), lambdaAuthorizer: lambdaAuthorizer() })),
        [
          ['/mcp', 'true'],
          ['/mcp', 'true'],
        ],
      );
    }
  });

  test('is refused by every server of a host with one, and by the Lambda authorizer of an endpoint that is not ours', () => {
    const template = synthesize((stack) => {
      const host = new McpHost(stack, 'Host', { authorization: options() });
      new McpServer(stack, 'One', { code: code(), contract: facts(), host, path: '/one' });
      new McpRemoteServer(stack, 'Two', {
        endpointUrl: 'https://two.example.com/mcp',
        serverName: 'two',
        scopes: [{ name: 'use', description: 'Use it' }],
        host,
        path: '/two',
        lambdaAuthorizer: lambdaAuthorizer(),
      });
    });
    assert.deepEqual(audiences(template).sort(), [
      ['/one/mcp', 'true'],
      ['/two/mcp', 'true'],
    ]);
  });

  test('is accepted where MCP clients ask Cognito themselves, which may leave `resource` out', () => {
    assert.deepEqual(
      audiences(synthesizeServer({ authorization: McpAuthorization.cognito(), lambdaAuthorizer: lambdaAuthorizer() })),
      [
        ['/mcp', undefined],
        ['/mcp', undefined],
      ],
    );
  });
});

describe('McpAuthorization.server', () => {
  test('is what a server without the property has, with the program that the package brings', () => {
    const [named, left] = [{ authorization: McpAuthorization.server() }, { authorization: undefined }].map((props) =>
      synthesizeServer(props),
    );
    assert.deepEqual(left.toJSON().Resources, named.toJSON().Resources);
    assert.ok(authorizationFunction(left));
  });
});

describe('McpAuthorization.cognito', () => {
  test("names Cognito's own registration endpoint where it is said that it is open, and then no client id", () => {
    const registering = withServer({}, { authorization: McpAuthorization.cognito({ registrationEnabled: true }) });
    const { registration_endpoint: endpoint, token_endpoint: token } = document(
      registering,
      '/.well-known/oauth-authorization-server',
    );
    assert.equal(endpoint, token.replace('/oauth2/token', '/oauth2/register'));
    const command = (from: Template) => deployed(json(from), json(from).Outputs!.claudeCodeCommand.Value);
    assert.doesNotMatch(command(registering), /--client-id/);
    const closed = withServer({}, { authorization: McpAuthorization.cognito({ registrationEnabled: false }) });
    assert.equal(document(closed, '/.well-known/oauth-authorization-server').registration_endpoint, undefined);
    assert.match(command(closed), /--client-id/);
  });

  test('adds no function, no secret and no endpoint', () => {
    const bare = synthesizeServer();
    bare.resourceCountIs('AWS::Lambda::Function', 1);
    bare.resourceCountIs('AWS::SecretsManager::Secret', 0);
    assert.deepEqual(
      Object.keys(methods(bare)).filter((name) => ENDPOINTS.includes(name)),
      [],
    );
  });
});

describe('the endpoints of the authorization server', () => {
  test('go to its function, whole answers at a time and without an authorizer; no other path of the API does', () => {
    const { logicalId } = authorizationFunction();
    const ours = Object.entries(methods(template)).filter(([, method]) =>
      JSON.stringify(method.Integration.Uri ?? '').includes(logicalId),
    );
    assert.deepEqual(ours.map(([name]) => name).sort(), [...ENDPOINTS].sort());
    for (const [name, method] of ours) {
      assert.equal(method.AuthorizationType, 'NONE', name);
      assert.equal(method.AuthorizerId, undefined, name);
      assert.equal(method.Integration.Type, 'AWS_PROXY', name);
      assert.equal(method.Integration.ResponseTransferMode, undefined, name);
    }
  });

  test('leave the authorizer on the MCP endpoint', () => {
    for (const name of ['POST /mcp', 'ANY /mcp']) {
      assert.equal(methods(template)[name].AuthorizationType, 'COGNITO_USER_POOLS');
      assert.deepEqual(methods(template)[name].AuthorizationScopes, ['https://mcp.example.com/mcp/dog-facts']);
    }
  });

  const throttles = (from: Template) =>
    Object.fromEntries(
      only(from, 'AWS::ApiGateway::Stage').properties.MethodSettings.map((each: any) => [
        `${each.HttpMethod} ${each.ResourcePath}`,
        [each.ThrottlingRateLimit, each.ThrottlingBurstLimit],
      ]),
    );

  test('are throttled where a request costs work and nobody is known', () => {
    assert.deepEqual(throttles(template), {
      '* /*': [50, 100],
      'GET /~1authorize': [20, 40],
      'HEAD /~1authorize': [20, 40],
      'POST /~1register': [5, 10],
    });
  });

  test('are never throttled less than the whole API', () => {
    const less = withServer({}, { throttlingRateLimit: 2, throttlingBurstLimit: 7 });
    assert.deepEqual(throttles(less), {
      '* /*': [2, 7],
      'GET /~1authorize': [2, 7],
      'HEAD /~1authorize': [2, 7],
      'POST /~1register': [2, 7],
    });
  });

  test('get every cookie, header and query through CloudFront, and nothing of them is cached', () => {
    const { DefaultCacheBehavior: behavior, CacheBehaviors: others } = only(
      withServer({}, { front: McpFront.cloudFront() }),
      'AWS::CloudFront::Distribution',
    ).properties.DistributionConfig;
    assert.equal(behavior.CachePolicyId, '4135ea2d-6df8-44a3-9df3-4b5a84be39ad', 'Managed-CachingDisabled');
    assert.equal(
      behavior.OriginRequestPolicyId,
      'b689b0a8-53d0-40ab-baf2-68738e2966ac',
      'Managed-AllViewerExceptHostHeader',
    );
    assert.deepEqual(
      others.map((each: any) => each.PathPattern),
      ['/.well-known/*'],
    );
  });
});

for (const [name, front, issuer] of [
  ['cloudFront', () => McpFront.cloudFront(), 'https://d111.cloudfront.net'],
  ['stage', () => McpFront.stage(), 'https://api123.execute-api.eu-west-1.amazonaws.com/prod'],
  ['external', external, 'https://mcp.example.com'],
] as const) {
  describe(`the authorization server behind front ${name}`, () => {
    const own = withServer({}, { front: front() });

    test('has the metadata that its crate builds, and no other', () => {
      const crate = readFileSync(join(root, 'lambda/authorization/metadata.template.json'), 'utf8')
        .replaceAll('${issuer}', issuer)
        .replaceAll('${resource}', `${issuer}/mcp`)
        .replaceAll('${scope}', `${issuer}/mcp/dog-facts`)
        .replaceAll('${jwksUri}', 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Pool/.well-known/jwks.json');
      const { 'oauth-authorization-server': oauth, 'openid-configuration': openid } = JSON.parse(crate);
      for (const suffix of ['', '/mcp']) {
        assert.deepEqual(document(own, `/.well-known/oauth-authorization-server${suffix}`), oauth);
        assert.deepEqual(document(own, `/.well-known/openid-configuration${suffix}`), openid);
      }
      assert.deepEqual(document(own, '/mcp/.well-known/openid-configuration'), openid);
      assert.deepEqual(document(own, '/.well-known/oauth-protected-resource/mcp').authorization_servers, [issuer]);
    });

    test('has its issuer, callback and endpoints below the public base URL', () => {
      assert.equal(variables(own).AUTHORIZATION_ISSUER, issuer);
      const client = only(own, 'AWS::Cognito::UserPoolClient').properties;
      assert.deepEqual(deployed(json(own), client.CallbackURLs), [`${issuer}/callback`]);
      const outputs = Object.fromEntries(
        Object.entries(json(own).Outputs!).map(([id, output]) => [id, deployed(json(own), output.Value)]),
      );
      assert.equal(outputs.authorizationUrl, `${issuer}/authorize`);
      assert.equal(outputs.tokenUrl, `${issuer}/token`);
      assert.equal(outputs.claudeCodeCommand, `claude mcp add --transport http dog-facts ${issuer}/mcp`);
      assert.equal(outputs.interactiveClientId, 'dog-facts');
      assert.equal(outputs.signInUrl, `${issuer}/sign-in`, 'a sign-in without a client does not begin at Cognito');
    });
  });
}

describe('its app client in the user pool', () => {
  const { logicalId, properties } = only(template, 'AWS::Cognito::UserPoolClient');

  test("is confidential, the only one for people, with the code grant and the server's scopes only", () => {
    assert.equal(properties.GenerateSecret, true);
    assert.deepEqual(properties.AllowedOAuthFlows, ['code']);
    assert.equal(properties.AllowedOAuthScopes.length, 1);
    assert.deepEqual(properties.ExplicitAuthFlows, ['ALLOW_USER_SRP_AUTH']);
    assert.deepEqual(properties.RefreshTokenRotation, { Feature: 'ENABLED', RetryGracePeriodSeconds: 60 });
    assert.equal(only(template, 'AWS::Cognito::ManagedLoginBranding').properties.ClientId.Ref, logicalId);
  });

  test('leaves machine clients as they are', () => {
    const both = synthesizeServer({ front: external(), authorization: options() }, (server) =>
      server.addMachineClient('Ci'),
    );
    const machine = (from: Template) =>
      only(from, 'AWS::Cognito::UserPoolClient', { AllowedOAuthFlows: ['client_credentials'] }).properties;
    assert.deepEqual(
      machine(both),
      machine(synthesizeServer({ front: external() }, (server) => server.addMachineClient('Ci'))),
    );
  });
});

describe('its secrets', () => {
  test("are the app client's and a generated one, without a custom resource", () => {
    const [client, sealing] = ['CognitoClientSecret', 'SealingSecret'].map(
      (id) =>
        Object.entries(json().Resources).find(([logicalId]) => logicalId.includes(`AuthorizationServer${id}`))![1]
          .Properties!,
    );
    assert.deepEqual(client.SecretString, {
      'Fn::GetAtt': [only(template, 'AWS::Cognito::UserPoolClient').logicalId, 'ClientSecret'],
    });
    assert.deepEqual(sealing.GenerateSecretString, { ExcludePunctuation: true, PasswordLength: 64 });
    template.resourceCountIs('AWS::SecretsManager::Secret', 2);
    assert.deepEqual(
      Object.values(json().Resources).filter(({ Type: type }) => /^Custom::|CustomResource/.test(type)),
      [],
    );
  });

  test('may be read by its function, which may do nothing else but write its log', () => {
    const policies = Object.values(template.findResources('AWS::IAM::Policy')).map(
      (each) => each.Properties.PolicyDocument.Statement,
    );
    const statements = policies.find((each) => JSON.stringify(each).includes('secretsmanager'))!;
    assert.deepEqual(
      statements.map((each: any) => [each.Action].flat()),
      [['logs:CreateLogStream', 'logs:PutLogEvents'], ['secretsmanager:GetSecretValue']],
    );
    assert.deepEqual(
      statements[1].Resource.map((each: any) => each.Ref).sort(),
      Object.keys(template.findResources('AWS::SecretsManager::Secret')).sort(),
    );
    assert.equal(
      policies.filter((each) => JSON.stringify(each).includes('secretsmanager')).length,
      1,
      'the MCP server reads no secret',
    );
    assert.ok(!JSON.stringify(policies).includes('"*"'), JSON.stringify(policies));
  });

  test('are in no environment', () => {
    assert.ok(!JSON.stringify(functions(template)).includes('ClientSecret"]'), 'Fn::GetAtt of the secret itself');
  });
});

describe('the settings of the authorization server', () => {
  const EVERYTHING: Partial<McpAuthorizationServerOptions> = {
    redirectHosts: ['app.example.com'],
    customSchemes: ['cursor', 'com.example.app'],
    brandColor: '#7a1f5c',
    brandLogoUrl: 'https://example.com/logo.svg',
    codeLifetime: Duration.minutes(1),
    refreshTokenLifetime: Duration.days(7),
    registrationLifetime: Duration.days(365),
  };
  const BY_HAND = {
    clientId: 'dog-facts',
    clientName: 'A client configured manually',
    redirectUris: ['http://localhost:8765/callback', 'http://127.0.0.1:8765/callback'],
  };

  test('are those that its crate reads', () => {
    assert.deepEqual(variables(), {
      MCP_RESOURCE: 'https://mcp.example.com/mcp',
      MCP_ISSUER: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Pool',
      AUTHORIZATION_ISSUER: 'https://mcp.example.com',
      AUTHORIZATION_SIGN_IN_URL: variables().AUTHORIZATION_SIGN_IN_URL,
      AUTHORIZATION_COGNITO_CLIENT_ID: 'machineclientid',
      AUTHORIZATION_COGNITO_CLIENT_SECRET_ARN: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:Secret-abc',
      AUTHORIZATION_SEALING_SECRET_ARN: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:Secret-abc',
      AUTHORIZATION_SCOPES: '[{"name":"https://mcp.example.com/mcp/dog-facts","description":"Read facts about dogs"}]',
      AUTHORIZATION_CLIENTS: JSON.stringify([BY_HAND]),
      AUTHORIZATION_BRAND_NAME: 'Dog facts',
    });
    const settings = [
      'settings.rs',
      ...readdirSync(join(root, 'lambda/authorization/src/settings')).map((name) => `settings/${name}`),
    ];
    const known = settings.map((name) => readFileSync(join(root, 'lambda/authorization/src', name), 'utf8')).join('');
    const every = withServer(
      { ...EVERYTHING, registrationEnabled: true, clientDocumentsEnabled: false },
      { allowedOrigins: ['http://localhost:6274'] },
    );
    assert.deepEqual(
      Object.keys(variables(every)).filter((name) => !new RegExp(`: .+ = "${name}"`).test(known)),
      [],
    );
  });

  test('refuse a metadata document in every domain that the crate takes for private', () => {
    assert.ok(PRIVATE_DOMAINS.length >= 11, `${PRIVATE_DOMAINS.length} domains were found in the crate`);
    for (const domain of PRIVATE_DOMAINS) {
      assert.throws(
        () => withServer({ refusedClients: [`https://client.${domain}/x`] }),
        { message: /\(RefusedClientUnknown\)$/ },
        domain,
      );
    }
  });

  test('take looks, lifetimes and schemes as told, and leave those that are not told to the crate', () => {
    const told = variables(withServer(EVERYTHING));
    assert.deepEqual(
      Object.fromEntries(
        [
          'BRAND_COLOR',
          'BRAND_LOGO_URL',
          'CODE_SECONDS',
          'REFRESH_TOKEN_DAYS',
          'REGISTRATION_DAYS',
          'CUSTOM_SCHEMES',
          'REDIRECT_HOSTS',
        ].map((name) => [name, told[`AUTHORIZATION_${name}`]]),
      ),
      {
        BRAND_COLOR: '#7a1f5c',
        BRAND_LOGO_URL: 'https://example.com/logo.svg',
        CODE_SECONDS: '60',
        REFRESH_TOKEN_DAYS: '7',
        REGISTRATION_DAYS: '365',
        CUSTOM_SCHEMES: 'cursor,com.example.app',
        REDIRECT_HOSTS: 'app.example.com',
      },
    );
    assert.deepEqual(
      Object.keys(variables()).filter((name) => /BRAND_COLOR|LOGO|SECONDS|DAYS|SCHEMES|HOSTS/.test(name)),
      [],
    );
  });

  test("end a person's refresh tokens in the user pool when they end at the server", () => {
    const days = (from: Template) =>
      only(from, 'AWS::Cognito::UserPoolClient').properties.RefreshTokenValidity / 24 / 60;
    assert.equal(days(withServer(EVERYTHING)), 7);
    assert.equal(days(template), 30);
  });

  test('close the two registrations, in the metadata as well', () => {
    const closed = withServer({ registrationEnabled: false, clientDocumentsEnabled: false });
    assert.deepEqual(
      [variables(closed).AUTHORIZATION_REGISTRATION, variables(closed).AUTHORIZATION_CLIENT_DOCUMENTS],
      ['false', 'false'],
    );
    const metadata = document(closed, '/.well-known/oauth-authorization-server');
    assert.equal(metadata.registration_endpoint, undefined);
    assert.equal(metadata.client_id_metadata_document_supported, false);
  });

  test('take clients, redirect hosts, origins, name and callbacks as told', () => {
    const client = {
      clientId: 'portal',
      clientName: 'Portal',
      redirectUris: ['https://portal.example.com/callback'],
      oauthScopes: [McpScope.named('read')],
      secretSha256: ['a'.repeat(64)],
    };
    const told = withServer(
      { clients: [client], redirectHosts: ['app.example.com', 'https://b.example.com/*'], displayName: 'Kennel' },
      {
        contract: twoScopes(),
        allowedOrigins: ['http://localhost:6274'],
        callbackUrls: ['https://claude.ai/api/mcp/auth_callback'],
      },
    );
    const [byHand, portal] = JSON.parse(variables(told).AUTHORIZATION_CLIENTS);
    assert.equal(byHand.redirectUris[2], 'https://claude.ai/api/mcp/auth_callback');
    assert.deepEqual(portal, {
      clientId: 'portal',
      clientName: 'Portal',
      redirectUris: client.redirectUris,
      secretSha256: client.secretSha256,
      scopes: ['https://mcp.example.com/mcp/read'],
    });
    assert.equal(variables(told).AUTHORIZATION_REDIRECT_HOSTS, 'app.example.com,https://b.example.com/*');
    assert.equal(variables(told).AUTHORIZATION_BRAND_NAME, 'Kennel');
    assert.equal(variables(told).MCP_ALLOWED_ORIGINS, 'http://localhost:6274');
  });

  test('take redirect URIs without a path, and with port 80 of loopback', () => {
    const redirectUris = [
      'https://portal.example.com',
      'https://portal.example.com/callback?a=b',
      'http://localhost:80/callback',
      'http://127.0.0.1:8080/callback',
      'http://[::1]:80',
    ];
    const [, portal] = JSON.parse(
      variables(withServer({ clients: [{ ...client, redirectUris }] })).AUTHORIZATION_CLIENTS,
    );
    assert.deepEqual(portal.redirectUris, redirectUris);
    assert.throws(
      () => withServer({}, { callbackUrls: ['https://App.example.com/callback'] }),
      /callbackUrls has "https:\/\/App.example.com\/callback" and takes URIs in canonical spelling/,
    );
  });

  test('refuse clients by id, document, host, registration and digest', () => {
    const refusedClients = [
      'portal',
      'dog-facts',
      'https://claude.ai/oauth/client',
      'claude.ai',
      'mcp-client-AbC_-9',
      '0'.repeat(64),
    ];
    const told = withServer({ clients: [client], refusedClients });
    assert.equal(variables(told).AUTHORIZATION_REFUSED_CLIENTS, refusedClients.join(','));
    const later = withServer({ refusedClients: [Fn.importValue('RefusedClient')] });
    assert.notEqual(variables(later).AUTHORIZATION_REFUSED_CLIENTS, undefined);
  });

  const client: McpPreRegisteredClient = {
    clientId: 'portal',
    clientName: 'Portal',
    redirectUris: ['https://portal.example.com/callback'],
  };
  const complaints: [wrong: Partial<McpAuthorizationServerOptions>, message: string | RegExp][] = [
    [
      { clients: [{ ...client, clientId: 'https://portal.example.com' }] },
      'clients has the clientId "https://portal.example.com" and takes one that is neither empty nor a URL and does not begin with mcp-: choose another (ClientIdNotAllowed)',
    ],
    [
      { clients: [{ ...client, clientId: 'mcp-client-x' }] },
      'clients has the clientId "mcp-client-x" and takes one that is neither empty nor a URL and does not begin with mcp-: choose another (ClientIdNotAllowed)',
    ],
    [
      { clients: [{ ...client, clientName: ' ' }] },
      'clients has portal without a name, and the consent page would show none: set clientName (ClientNameMissing)',
    ],
    [
      { clients: [{ ...client, redirectUris: [] }] },
      'clients has portal without redirect URIs: add one to redirectUris (ClientRedirectMissing)',
    ],
    [
      { clients: [{ ...client, redirectUris: ['http://portal.example.com/'] }] },
      'redirectUris of the client portal has "http://portal.example.com/" and takes https URLs, or http ones on localhost, 127.0.0.1 or [::1], without a fragment or a wildcard: correct or remove it (CallbackUrlNotSafe)',
    ],
    // The server does not start with these: it reads a redirect URI in its canonical spelling only.
    ...[
      'https://Portal.example.com/callback',
      'https://portal.example.com:443/callback',
      'https://portal.example.com./callback',
      'https://a@portal.example.com/callback',
      'https://portal.example.com/a/../callback',
      'https://portal.example.com/%2e%2e/callback',
      'https://portal.example.com?a=b',
      `https://portal.example.com/${'x'.repeat(500)}`,
    ].flatMap((uri): [Partial<McpAuthorizationServerOptions>, RegExp | string][] => [
      [
        { clients: [{ ...client, redirectUris: [uri] }] },
        /^redirectUris of the client portal has "https:.+" and takes URIs in canonical spelling .+ \(CallbackUrlNotCanonical\)$/,
      ],
      [
        { redirectHosts: [uri] },
        `redirectHosts has ${JSON.stringify(uri)} and takes https URIs, ones that end in /*, or host names: correct or remove it (RedirectHostInvalid)`,
      ],
    ]),
    [
      { clients: [{ ...client, secretSha256: ['swordfish'] }] },
      'secretSha256 of the client portal needs 64 lower-case hexadecimal characters each: give the SHA-256 of the secret, never the secret (ClientSecretNotDigest)',
    ],
    [
      { clients: [{ ...client, oauthScopes: [McpScope.named('delete')] }] },
      "oauthScopes of the client portal is delete and needs at least one of the contract's scopes: use dog-facts (ScopeUnknown)",
    ],
    [
      { clients: [client, client] },
      'clients has the clientId portal twice, or it is that of the client for manual configuration: choose another (ClientIdTaken)',
    ],
    [
      { clients: [{ ...client, clientId: 'dog-facts' }] },
      'clients has the clientId dog-facts twice, or it is that of the client for manual configuration: choose another (ClientIdTaken)',
    ],
    [
      { redirectHosts: ['http://app.example.com/'] },
      'redirectHosts has "http://app.example.com/" and takes https URIs, ones that end in /*, or host names: correct or remove it (RedirectHostInvalid)',
    ],
    [
      { redirectHosts: ['*.example.com'] },
      'redirectHosts has "*.example.com" and takes https URIs, ones that end in /*, or host names: correct or remove it (RedirectHostInvalid)',
    ],
    [
      { customSchemes: ['javascript'] },
      'customSchemes has "javascript" and takes schemes that an application can claim, in lower case and without a colon: correct or remove it (CustomSchemeInvalid)',
    ],
    [
      { customSchemes: ['cursor:'] },
      'customSchemes has "cursor:" and takes schemes that an application can claim, in lower case and without a colon: correct or remove it (CustomSchemeInvalid)',
    ],
    [
      { brandColor: 'red' },
      'brandColor is "red" and needs #rrggbb with a contrast of at least 4.5 to white text: take a darker one (BrandColorInvalid)',
    ],
    [
      { brandColor: '#ffcc00' },
      'brandColor is "#ffcc00" and needs #rrggbb with a contrast of at least 4.5 to white text, not 1.5: take a darker one (BrandColorInvalid)',
    ],
    [
      { brandLogoUrl: 'http://example.com/logo.png' },
      'brandLogoUrl is "http://example.com/logo.png" and needs an https URL: correct or remove it (BrandLogoNotHttps)',
    ],
    [
      { codeLifetime: Duration.minutes(6) },
      "codeLifetime is 6 minutes and takes 5 seconds to 5 minutes, which is how long Cognito's code inside it lives: choose one of those (LifetimeInvalid)",
    ],
    [
      { codeLifetime: Duration.millis(5500) },
      "codeLifetime is 5 seconds 500 millis and takes 5 seconds to 5 minutes, which is how long Cognito's code inside it lives: choose one of those (LifetimeInvalid)",
    ],
    [
      { refreshTokenLifetime: Duration.hours(36) },
      'refreshTokenLifetime is 1 day 12 hours and takes whole days from 1 to 3650: choose one of those (LifetimeInvalid)',
    ],
    [
      { registrationLifetime: Duration.days(4000) },
      'registrationLifetime is 4000 days and takes whole days from 1 to 3650: choose one of those (LifetimeInvalid)',
    ],
    [
      { registrationLifetime: Duration.days(1), registrationEnabled: false },
      'registrationLifetime is for clients that register themselves, and registrationEnabled is false: remove it (RegistrationOptionNotApplied)',
    ],
    [
      { customSchemes: ['cursor'], registrationEnabled: false, clientDocumentsEnabled: false },
      'customSchemes is for clients that nobody registered, and registrationEnabled and clientDocumentsEnabled are false: remove it (RegistrationOptionNotApplied)',
    ],
    [
      { clients: Array.from({ length: 60 }, (_, index) => ({ ...client, clientId: `portal-${index}` })) },
      /^the settings of the function have \d+ bytes and Lambda takes 4096; the largest are AUTHORIZATION_CLIENTS \(\d+\), .+ \(EnvironmentTooLarge\)$/,
    ],
    ...[
      'portal',
      'Claude.ai',
      'http://claude.ai/client',
      'https://claude.ai/',
      'https://claude.ai/a,b',
      'abcdef0123456789',
      '',
      'phisher.example',
      '10.0.0.1',
      'claude.ai.',
      'https://claude.ai/client?v=1',
      'https://claude.ai:8443/client',
      'https://[2001:db8::1]/client',
    ].map((entry): [Partial<McpAuthorizationServerOptions>, string] => [
      { refusedClients: [entry] },
      `refusedClients has ${JSON.stringify(entry)}, which matches no client: give the clientId of one of clients, the https URL or the host of a metadata document, a client_id that begins with mcp-client-, or the 64 hexadecimal characters of client_digest in the authorization server's log (RefusedClientUnknown)`,
    ]),
    [
      { redirectHosts: [] },
      'redirectHosts is empty, which would mean the known clients: leave it out for those, or set registrationEnabled and clientDocumentsEnabled to false (RedirectHostsEmpty)',
    ],
  ];
  for (const [wrong, message] of complaints) {
    test(`fails when ${String(message).split(/ and takes|,|:/)[0]}: ${JSON.stringify(wrong).slice(0, 60)}`, () => {
      assert.throws(() => withServer(wrong), { message });
    });
  }
});

for (const program of ['authorization', 'authorizer'] as const) {
  describe(`the program ${program} that the package brings`, () => {
    const within = (context: Record<string, unknown>) => bundledProgram(new Stack(new App({ context })), program);
    const at = (programs?: string) => within(programs === undefined ? {} : { 'mcp-lambda-cdk:programs': programs });

    test('is looked for beside the library, or the error says how to build it in a checkout', () => {
      const brought = join(root, 'cdk', 'assets', program, 'bootstrap');
      if (existsSync(brought)) {
        assert.ok(at() instanceof McpCode);
      } else {
        assert.throws(at, {
          message: `${brought} does not exist: the npm package of a release brings it; in a checkout of the library build it with \`node scripts/build-lambda.mjs ${program}\`, or set code (ProgramNotBuilt)`,
        });
      }
    });

    test('is not needed where nothing is bundled, as in a test of a template', () => {
      const app = new App({ context: { 'aws:cdk:bundling-stacks': [] } });
      const stack = new Stack(app, 'Test');
      new McpFunction(stack, 'Program', { code: bundledProgram(stack, program), environment: {} });
      const { Code } = only(Template.fromStack(stack), 'AWS::Lambda::Function').properties;
      assert.match(Code.S3Key, /^[0-9a-f]{64}\.zip$/);
    });

    test('is looked for where the context key says, or the error names the key', () => {
      const programs = mkdtempSync(join(tmpdir(), 'programs-'));
      assert.throws(() => within({ 'mcp-lambda-cdk:programs': programs, 'aws:cdk:bundling-stacks': [] }), {
        message: `context mcp-lambda-cdk:programs=${programs} needs to hold ${program}/bootstrap: correct or remove it (ProgramNotBuilt)`,
      });
      mkdirSync(join(programs, program));
      writeFileSync(join(programs, program, 'bootstrap'), '#!/bin/sh\n');
      assert.ok(at(programs) instanceof McpCode);
      rmSync(programs, { recursive: true });
    });
  });
}

describe('the settings of the authorization server that Rust declares', () => {
  test('reach its environment under the names of Rust, and only when they are set', () => {
    const settings: Record<string, [value: McpAuthorizationServerOptions, text: string]> = {
      AUTHORIZATION_BRAND_COLOR: [{ brandColor: '#123456' }, '#123456'],
      AUTHORIZATION_BRAND_LOGO_URL: [{ brandLogoUrl: 'https://example.com/logo.svg' }, 'https://example.com/logo.svg'],
      AUTHORIZATION_BRAND_NAME: [{ displayName: 'Dogs' }, 'Dogs'],
      AUTHORIZATION_CLIENT_DOCUMENTS: [{ clientDocumentsEnabled: false }, 'false'],
      AUTHORIZATION_CODE_SECONDS: [{ codeLifetime: Duration.minutes(1) }, '60'],
      AUTHORIZATION_CUSTOM_SCHEMES: [{ customSchemes: ['cursor', 'vscode'] }, 'cursor,vscode'],
      AUTHORIZATION_REDIRECT_HOSTS: [{ redirectHosts: ['claude.ai'] }, 'claude.ai'],
      AUTHORIZATION_REFRESH_TOKEN_DAYS: [{ refreshTokenLifetime: Duration.days(7) }, '7'],
      AUTHORIZATION_REFUSED_CLIENTS: [{ refusedClients: ['claude.ai', 'a'.repeat(64)] }, `claude.ai,${'a'.repeat(64)}`],
      AUTHORIZATION_REGISTRATION: [{ registrationEnabled: false }, 'false'],
      AUTHORIZATION_REGISTRATION_DAYS: [{ registrationLifetime: Duration.days(14) }, '14'],
    };
    for (const [name, [value, text]] of Object.entries(settings)) {
      assert.equal(variables(withServer(value))[name], text, name);
      // McpServer gives the title of the contract as the name.
      if (name !== 'AUTHORIZATION_BRAND_NAME') assert.equal(variables()[name], undefined, name);
    }
  });
});
