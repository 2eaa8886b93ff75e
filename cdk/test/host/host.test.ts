import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as wafv2 from 'aws-cdk-lib/aws-wafv2';
import {
  McpAuthorization,
  McpAuthorizationServer,
  McpContract,
  McpFront,
  McpHost,
  type McpHostProps,
  McpMonitoring,
  McpRemoteServer,
  McpScope,
  McpServer,
  type McpServerProps,
  McpUserPool,
} from '../../lib';
import { deployed } from '../deployed';
import { documentOf, methodsOf, reach } from '../routes';
import {
  certificate,
  code,
  cognito,
  emptyApp,
  facts,
  fixture,
  only,
  synthesize,
  type TemplateJson,
  twoScopes,
} from '../synthesis';

const directory = mkdtempSync(join(tmpdir(), 'host-test-'));
after(() => rmSync(directory, { recursive: true }));

const withServer = () => McpAuthorization.server({ code: code() });
const customDomain = () => McpFront.customDomain({ domainName: 'mcp.example.com', certificate: certificate() });

/** A host with two servers: `dog-facts` with one OAuth scope, and `notes` with two. */
function two(
  host: McpHostProps = {},
  more: (stack: Stack, host: McpHost, facts: McpServer, notes: McpServer) => void = () => {},
  notes: Partial<McpServerProps> = {},
): Template {
  return synthesize((stack) => {
    const shared = new McpHost(stack, 'Tools', host);
    const first = new McpServer(stack, 'Facts', { code: code(), contract: facts(), host: shared, path: '/facts' });
    const second = new McpServer(stack, 'Notes', {
      code: code(),
      contract: twoScopes(),
      host: shared,
      path: '/team/notes',
      ...notes,
    });
    more(stack, shared, first, second);
  });
}

const typed = (template: Template, type: string) =>
  Object.entries(template.findResources(type)).map(([logicalId, each]) => ({
    logicalId,
    properties: each.Properties as Record<string, any>,
  }));
const variablesOf = (template: Template, name: string) =>
  typed(template, 'AWS::Lambda::Function')
    .map(({ properties }) => deployed(template.toJSON() as TemplateJson, properties.Environment.Variables))
    .filter((each) => each[name] !== undefined);
const apiNamed = (template: Template, name: string) =>
  only(template, 'AWS::ApiGateway::RestApi', { Name: name }).logicalId;

const servers = [
  { name: 'dog-facts', title: 'Dog facts', path: '/facts', scopes: ['dog-facts'] },
  { name: 'notes', title: 'Notes', path: '/team/notes', scopes: ['read', 'write'] },
];

for (const [frontName, front, base] of [
  ['cloudFront', () => McpFront.cloudFront(), 'https://d111.cloudfront.net'],
  ['customDomain', customDomain, 'https://mcp.example.com'],
] as const) {
  for (const [authorizationName, authorization] of [
    ['cognito', () => McpAuthorization.cognito()],
    ['server', withServer],
  ] as const) {
    describe(`two servers of a host behind ${frontName}, with ${authorizationName}`, () => {
      const template = two({ front: front(), authorization: authorization() });
      const json = template.toJSON() as TemplateJson;
      const hostApi = apiNamed(template, 'Tools');

      for (const { name, title, path, scopes } of servers) {
        const mcpUrl = `${base}${path}/mcp`;
        const oauthScopes = scopes.map((scope) => `${mcpUrl}/${scope}`);
        const api = apiNamed(template, name);

        test(`${name} is reached at its own path, and takes access tokens of its own OAuth scopes alone`, () => {
          for (const verb of ['POST', 'GET', 'DELETE']) {
            const reached = reach(json, verb, `${path}/mcp`);
            assert.equal(reached.api, api, verb);
            assert.equal(reached.method!.AuthorizationType, 'COGNITO_USER_POOLS', verb);
            assert.deepEqual(deployed(json, reached.method!.AuthorizationScopes), oauthScopes, verb);
          }
          assert.equal(reach(json, 'OPTIONS', `${path}/mcp`).method!.AuthorizationType, 'NONE');
        });

        test(`${name} has a challenge that names its own document, which names its own MCP URL`, () => {
          const metadataPath = `/.well-known/oauth-protected-resource${path}/mcp`;
          const challenges = typed(template, 'AWS::ApiGateway::GatewayResponse').filter(
            ({ properties }) =>
              properties.RestApiId.Ref === api &&
              /^(UNAUTHORIZED|EXPIRED_TOKEN|ACCESS_DENIED)$/.test(properties.ResponseType),
          );
          assert.equal(challenges.length, 3);
          for (const { properties } of challenges) {
            const challenge: string = deployed(
              json,
              properties.ResponseParameters['gatewayresponse.header.WWW-Authenticate'],
            );
            assert.ok(
              challenge.includes(`resource_metadata="${base}${metadataPath}"`) &&
                challenge.includes(`scope="${oauthScopes.join(' ')}"`),
              challenge,
            );
          }
          const reached = reach(json, 'GET', metadataPath);
          assert.equal(reached.method!.AuthorizationType, 'NONE');
          assert.deepEqual(documentOf(json, reached), {
            resource: mcpUrl,
            authorization_servers: [base],
            scopes_supported: oauthScopes,
            bearer_methods_supported: ['header'],
            resource_name: title,
          });
        });

        test(`${name} knows its own MCP URL, and the user pool knows its OAuth scopes by it`, () => {
          const variables = variablesOf(template, 'MCP_RESOURCE_METADATA_URL').find(
            (each) => each.MCP_RESOURCE === mcpUrl,
          )!;
          assert.equal(variables.MCP_RESOURCE_METADATA_URL, `${base}/.well-known/oauth-protected-resource${path}/mcp`);
          assert.equal(variables.MCP_ALLOWED_ORIGINS, base);
          const registered = typed(template, 'AWS::Cognito::UserPoolResourceServer')
            .map(({ properties }) => properties)
            .find((each) => deployed(json, each.Identifier) === mcpUrl)!;
          assert.equal(registered.Name, name);
          assert.deepEqual(
            registered.Scopes.map((each: any) => each.ScopeName),
            scopes,
          );
        });
      }

      test('share one user pool, one front and one set of documents about the authorization server', () => {
        template.resourceCountIs('AWS::Cognito::UserPool', 1);
        template.resourceCountIs('AWS::ApiGateway::RestApi', 3);
        template.resourceCountIs(
          frontName === 'cloudFront' ? 'AWS::CloudFront::Distribution' : 'AWS::ApiGateway::DomainName',
          1,
        );
        for (const path of ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration']) {
          const reached = reach(json, 'GET', path);
          assert.equal(reached.api, hostApi);
          const document = documentOf(json, reached);
          assert.equal(document.issuer, base);
          assert.deepEqual(document.scopes_supported, [
            `${base}/facts/mcp/dog-facts`,
            `${base}/team/notes/mcp/read`,
            `${base}/team/notes/mcp/write`,
          ]);
          assert.deepEqual(
            document.protected_resources,
            authorizationName === 'server' ? [`${base}/facts/mcp`, `${base}/team/notes/mcp`] : undefined,
          );
        }
      });

      test('leave nothing of any API that no request reaches, and nothing at another path', () => {
        const prefixes = {
          [hostApi]: '',
          [apiNamed(template, 'dog-facts')]: '/facts',
          [apiNamed(template, 'notes')]: '/team/notes',
        };
        for (const [api, prefix] of Object.entries(prefixes)) {
          for (const name of Object.keys(methodsOf(json, api))) {
            const [verb, path] = name.split(' ');
            const publicPath = frontName === 'customDomain' ? `${prefix}${path}` : path;
            assert.equal(reach(json, verb, publicPath).api, api, publicPath);
          }
        }
        for (const path of [
          '/mcp',
          '/facts',
          '/facts/mcp/x',
          '/notes/mcp',
          '/team/mcp',
          '/.well-known/oauth-protected-resource',
          '/.well-known/oauth-protected-resource/mcp',
        ]) {
          assert.equal(reach(json, 'GET', path).method, undefined, path);
        }
      });
    });
  }
}

describe('the authorization server of a host', () => {
  const template = two({ authorization: withServer(), displayName: 'Kennel' });
  const json = template.toJSON() as TemplateJson;
  const [variables] = variablesOf(template, 'AUTHORIZATION_ISSUER');

  test('is told every server with its name and its OAuth scopes, and none as the only one', () => {
    assert.deepEqual(JSON.parse(variables.AUTHORIZATION_RESOURCES), [
      {
        resource: '/facts/mcp',
        name: 'Dog facts',
        scopes: [{ name: 'dog-facts', description: 'Read facts about dogs' }],
      },
      {
        resource: '/team/notes/mcp',
        name: 'Notes',
        scopes: [
          { name: 'read', description: 'Read notes' },
          { name: 'write', description: 'Write notes' },
        ],
      },
    ]);
    assert.deepEqual(
      [variables.MCP_RESOURCE, variables.AUTHORIZATION_SCOPES, variables.MCP_ALLOWED_ORIGINS],
      [undefined, undefined, undefined],
    );
    assert.equal(variables.AUTHORIZATION_BRAND_NAME, 'Kennel');
  });

  test('has one app client, which may ask for every OAuth scope once Cognito knows it', () => {
    const { properties } = only(template, 'AWS::Cognito::UserPoolClient');
    assert.deepEqual(deployed(json, properties.AllowedOAuthScopes), [
      'https://d111.cloudfront.net/facts/mcp/dog-facts',
      'https://d111.cloudfront.net/team/notes/mcp/read',
      'https://d111.cloudfront.net/team/notes/mcp/write',
    ]);
    assert.match(JSON.stringify(properties.AllowedOAuthScopes), /"Ref":"Tools\w*ResourceServer/);
    assert.deepEqual(deployed(json, properties.CallbackURLs), ['https://d111.cloudfront.net/callback']);
  });

  test("answers at the root of the host, on the host's own API", () => {
    const hostApi = apiNamed(template, 'Tools');
    for (const [verb, path] of [
      ['GET', '/authorize'],
      ['POST', '/consent'],
      ['GET', '/callback'],
      ['GET', '/sign-in'],
      ['POST', '/token'],
      ['POST', '/register'],
      ['POST', '/revoke'],
    ]) {
      const { api, method } = reach(json, verb, path);
      assert.equal(api, hostApi);
      assert.equal(method!.Integration.Type, 'AWS_PROXY', path);
    }
  });

  test("knows one client for manual configuration, which is every server's", () => {
    two(
      { authorization: withServer(), callbackPort: 9000, callbackUrls: ['https://app.example.com/cb'] },
      (_stack, host, first, second) => {
        assert.deepEqual([first.interactiveClientId, second.interactiveClientId], ['by-hand', 'by-hand']);
        assert.equal(first.authorizationServer, host.authorizationServer);
      },
    );
    const chosen = two({
      authorization: withServer(),
      callbackPort: 9000,
      callbackUrls: ['https://app.example.com/cb'],
    });
    assert.deepEqual(JSON.parse(variablesOf(chosen, 'AUTHORIZATION_CLIENTS')[0].AUTHORIZATION_CLIENTS), [
      {
        clientId: 'by-hand',
        clientName: 'A client configured manually',
        redirectUris: [
          'http://localhost:9000/callback',
          'http://127.0.0.1:9000/callback',
          'https://app.example.com/cb',
        ],
      },
    ]);
  });

  test('lets the pages read its answers that may call any of the servers', () => {
    const asked = two(
      { authorization: withServer() },
      (stack, host) => {
        new McpRemoteServer(stack, 'Tickets', {
          endpointUrl: 'https://tickets.example.com/mcp',
          serverName: 'tickets',
          scopes: [{ name: 'use', description: 'Use it' }],
          host,
          path: '/tickets',
          allowedOrigins: ['https://a.example', 'https://b.example'],
        });
      },
      { allowedOrigins: ['https://a.example'] },
    );
    assert.equal(
      variablesOf(asked, 'AUTHORIZATION_ISSUER')[0].MCP_ALLOWED_ORIGINS,
      'https://a.example,https://b.example',
    );
    const functions = variablesOf(asked, 'MCP_RESPONSE_MODE').map((each) => [
      each.MCP_RESOURCE,
      each.MCP_ALLOWED_ORIGINS,
    ]);
    assert.deepEqual(functions, [
      ['https://d111.cloudfront.net/facts/mcp', 'https://d111.cloudfront.net'],
      ['https://d111.cloudfront.net/team/notes/mcp', 'https://d111.cloudfront.net,https://a.example'],
    ]);
  });

  test('fails without a host when it is not said whether it is for one server or for several', () => {
    const define = (props: object, then: (server: McpAuthorizationServer) => void = () => {}) =>
      synthesize((stack) => {
        const host = new McpHost(stack, 'Tools', { authorization: cognito() });
        new McpServer(stack, 'Facts', { code: code(), contract: facts(), host, path: '/facts' });
        then(
          new McpAuthorizationServer(stack, 'Own', {
            api: host.api,
            issuer: 'https://mcp.example.com',
            userPool: host.userPool,
            signInBaseUrl: 'https://login.example.com',
            code: code(),
            ...props,
          }),
        );
      });
    const one = { resourceIdentifier: 'https://mcp.example.com/mcp', scopes: [] };
    const server = { ...one, displayName: 'Mine' };
    assert.throws(() => define(one, (own) => own.addServer(server)), {
      message:
        'the authorization server was defined for one MCP server and takes no other: leave its resourceIdentifier and scopes out and add every server with addServer (AuthorizationServerOfOne)',
    });
    assert.throws(() => define({ scopes: [] }), {
      message:
        'resourceIdentifier and scopes belong to one MCP server, and one of them is missing: give both, or neither and each server with addServer (ScopesWithoutServer)',
    });
  });

  /** The contract of two OAuth scopes under another server name. */
  const named = (serverName: string) => {
    const contract = JSON.parse(readFileSync(fixture('two-scopes.contract.json'), 'utf8'));
    const path = join(directory, `${serverName}.json`);
    writeFileSync(path, JSON.stringify({ ...contract, server: { ...contract.server, name: serverName } }));
    return McpContract.fromFile(path);
  };

  test('fits into one stack with fifteen servers, and not with sixteen', () => {
    const stackOf = (servers: number) =>
      synthesize((stack) => {
        const host = new McpHost(stack, 'Tools', { authorization: withServer() });
        for (let index = 0; index < servers; index += 1) {
          new McpServer(stack, `Server${index}`, {
            code: code(),
            contract: named(`notes-${index}`),
            host,
            path: `/notes-${index}`,
          });
        }
      });
    stackOf(15);
    assert.throws(() => stackOf(16), { message: /is greater than allowed maximum of 500/ });
  });

  test('fails when its environment cannot hold all servers', () => {
    const many = () =>
      synthesize((stack) => {
        const host = new McpHost(stack, 'Tools', { authorization: withServer() });
        for (let index = 0; index < 40; index += 1) {
          new McpRemoteServer(stack, `Server${index}`, {
            endpointUrl: 'https://tickets.example.com/mcp',
            serverName: `tickets-${index}`,
            scopes: [{ name: 'use', description: 'Use the tickets of this team' }],
            host,
            path: `/tickets-${index}`,
          });
        }
      });
    assert.throws(many, {
      message:
        /^the settings of the function have \d+ bytes and Lambda takes 4096; the largest are AUTHORIZATION_RESOURCES \(\d+\), .+ \(EnvironmentTooLarge\)$/,
    });
  });
});

describe('a host with McpAuthorization.cognito', () => {
  test("has a public app client for each server, with its OAuth scopes alone and the host's redirect URIs", () => {
    const template = two({ authorization: cognito(), callbackPort: 9000 }, (_stack, _host, first) =>
      assert.match(first.claudeCodeCommand, / --callback-port 9000$/),
    );
    const clients = typed(template, 'AWS::Cognito::UserPoolClient').map(({ properties }) => properties);
    assert.deepEqual(
      clients.map((each) => deployed(template.toJSON() as TemplateJson, each.AllowedOAuthScopes)),
      [
        ['https://d111.cloudfront.net/facts/mcp/dog-facts'],
        ['https://d111.cloudfront.net/team/notes/mcp/read', 'https://d111.cloudfront.net/team/notes/mcp/write'],
      ],
    );
    assert.deepEqual(
      clients.map((each) => each.CallbackURLs),
      Array(2).fill(['http://localhost:9000/callback', 'http://127.0.0.1:9000/callback']),
    );
  });

  test('says that Cognito registers clients where that is said of it', () => {
    const template = two(
      { authorization: McpAuthorization.cognito({ registrationEnabled: true }) },
      (_stack, _host, first) => assert.doesNotMatch(first.claudeCodeCommand, /--client-id/),
    );
    const document = documentOf(
      template.toJSON() as TemplateJson,
      reach(template.toJSON() as TemplateJson, 'GET', '/.well-known/oauth-authorization-server'),
    );
    assert.equal(document.registration_endpoint, document.token_endpoint.replace('/oauth2/token', '/oauth2/register'));
  });
});

describe('a server of a host', () => {
  test('has machine clients with its own OAuth scopes alone', () => {
    const template = two({ authorization: cognito() }, (_stack, _host, first) => first.addMachineClient('Ci'));
    const { properties } = only(template, 'AWS::Cognito::UserPoolClient', { GenerateSecret: true });
    assert.deepEqual(deployed(template.toJSON() as TemplateJson, properties.AllowedOAuthScopes), [
      'https://d111.cloudfront.net/facts/mcp/dog-facts',
    ]);
  });

  test('can have a Lambda authorizer, a firewall, limits and a dashboard of its own', () => {
    const template = synthesize((stack) => {
      const host = new McpHost(stack, 'Tools', {
        authorization: withServer(),
        throttlingRateLimit: 10,
        throttlingBurstLimit: 20,
      });
      const webAcl = new wafv2.CfnWebACL(stack, 'Acl', {
        scope: 'REGIONAL',
        defaultAction: { allow: {} },
        visibilityConfig: { cloudWatchMetricsEnabled: false, metricName: 'acl', sampledRequestsEnabled: false },
      });
      const server = new McpServer(stack, 'Facts', {
        code: code(),
        contract: facts(),
        host,
        path: '/facts',
        lambdaAuthorizer: { code: code() },
        webAcl,
        throttlingRateLimit: 5,
      });
      const other = new McpServer(stack, 'Notes', { code: code(), contract: twoScopes(), host, path: '/notes' });
      for (const [id, each] of Object.entries({ One: server, Other: other })) {
        new McpMonitoring(stack, id, { server: each });
      }
    });
    const rates = typed(template, 'AWS::ApiGateway::Stage').map(
      ({ properties }) => properties.MethodSettings[0].ThrottlingRateLimit,
    );
    assert.deepEqual(rates, [10, 5, 50]);
    const authorizers = typed(template, 'AWS::ApiGateway::Authorizer').map(({ properties }) => [
      properties.Type,
      properties.RestApiId.Ref,
    ]);
    assert.deepEqual(authorizers, [
      ['REQUEST', apiNamed(template, 'dog-facts')],
      ['COGNITO_USER_POOLS', apiNamed(template, 'notes')],
    ]);
    assert.match(
      JSON.stringify(only(template, 'AWS::WAFv2::WebACLAssociation').properties.ResourceArn),
      new RegExp(apiNamed(template, 'dog-facts').slice(0, 8)),
    );
    template.resourceCountIs('AWS::CloudWatch::Dashboard', 2);
  });

  test('may be an endpoint that is not ours', () => {
    const template = two({ authorization: withServer() }, (stack, host) => {
      const tickets = new McpRemoteServer(stack, 'Tickets', {
        endpointUrl: 'https://tickets.example.com/mcp',
        serverName: 'tickets',
        scopes: [{ name: 'use', description: 'Use the tickets' }],
        host,
        path: '/tickets',
      });
      assert.equal(tickets.cognitoClientId, host.authorizationServer!.cognitoClientId);
    });
    const json = template.toJSON() as TemplateJson;
    const { method } = reach(json, 'POST', '/tickets/mcp');
    assert.equal(method!.Integration.Uri, 'https://tickets.example.com/mcp');
    assert.deepEqual(deployed(json, method!.AuthorizationScopes), ['https://d111.cloudfront.net/tickets/mcp/use']);
    assert.equal(
      documentOf(json, reach(json, 'GET', '/.well-known/oauth-protected-resource/tickets/mcp')).resource_name,
      'tickets',
    );
  });

  test("closes its API's own host name behind a custom domain, as the host does", () => {
    for (const { properties } of typed(two({ front: customDomain() }), 'AWS::ApiGateway::RestApi')) {
      assert.equal(properties.DisableExecuteApiEndpoint, true, properties.Name);
    }
  });

  test('gets its path whole from an external front', () => {
    const template = two({ front: McpFront.external({ publicBaseUrl: 'https://mcp.example.com' }) });
    assert.ok('POST /team/notes/mcp' in methodsOf(template.toJSON() as TemplateJson, apiNamed(template, 'notes')));
  });
});

describe('a host', () => {
  test('takes the user pool that it is given', () => {
    const template = synthesize((stack) => {
      const userPool = new McpUserPool(stack, 'People');
      const host = new McpHost(stack, 'Tools', { userPool });
      new McpServer(stack, 'Facts', { code: code(), contract: facts(), host, path: '/facts' });
      assert.equal(host.userPool, userPool);
    });
    template.resourceCountIs('AWS::Cognito::UserPool', 1);
  });

  test('puts its firewall before its own API', () => {
    const template = two({
      webAcl: {
        webAclRef: {
          webAclArn: 'arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/x/y',
          webAclId: 'y',
          webAclName: 'x',
          webAclScope: 'REGIONAL',
        },
      } as unknown as wafv2.IWebACLRef,
    });
    assert.match(
      JSON.stringify(only(template, 'AWS::WAFv2::WebACLAssociation').properties.ResourceArn),
      new RegExp(apiNamed(template, 'Tools').slice(0, 8)),
    );
  });

  const host = (stack: Stack, props: McpHostProps = {}) => new McpHost(stack, 'Tools', props);
  const server = (stack: Stack, props: Partial<McpServerProps>, id = 'Facts') =>
    new McpServer(stack, id, { code: code(), contract: facts(), ...props });
  const mistakes: [title: string, define: (stack: Stack) => void, message: string][] = [
    [
      'a server has a path and no host',
      (stack) => server(stack, { path: '/facts' }),
      'path is "/facts" and only servers of one McpHost have paths: give host, or remove path (PathWithoutHost)',
    ],
    [
      'a server has a host and no path',
      (stack) => server(stack, { host: host(stack) }),
      "host is given without a path, which tells its servers apart: add one, for example path: '/orders' (PathMissing)",
    ],
    [
      'two servers have one path',
      (stack) => {
        const shared = host(stack);
        server(stack, { host: shared, path: '/facts' });
        server(stack, { host: shared, path: '/facts', contract: twoScopes() }, 'Notes');
      },
      'path is /facts, and the host has the server dog-facts there: choose another (PathTaken)',
    ],
    [
      'two servers have one name',
      (stack) => {
        const shared = host(stack);
        server(stack, { host: shared, path: '/facts' });
        server(stack, { host: shared, path: '/more' }, 'More');
      },
      'the server at /more is named dog-facts, as the one at /facts is, and they would share their metrics and their command for Claude Code: name one of them otherwise in its contract (ServerNameTaken)',
    ],
    [
      'the front is an API stage',
      (stack) => server(stack, { host: host(stack, { front: McpFront.stage() }), path: '/facts' }),
      'front of the McpHost shows one API and has no place for Test/Facts at /facts: use McpFront.cloudFront(), customDomain() or external() (FrontNotShared)',
    ],
    [
      "access tokens are another provider's",
      (stack) =>
        host(stack, {
          authorization: McpAuthorization.jwt({
            issuer: 'https://login.example.com',
            jwksUrl: 'https://login.example.com/keys',
            audience: ['dogs'],
          }),
        }),
      'authorization is McpAuthorization.jwt, whose tokens say nothing about which of several servers they are for: use McpAuthorization.cognito() or server(), or servers without a host (NotForHost)',
    ],
    [
      'access tokens are agreed on',
      (stack) => host(stack, { authorization: McpAuthorization.bearerToken({ tokenSha256: ['0'.repeat(64)] }) }),
      'authorization is McpAuthorization.bearerToken, whose tokens say nothing about which of several servers they are for: use McpAuthorization.cognito() or server(), or servers without a host (NotForHost)',
    ],
    [
      'a client is limited to scopes of nobody in particular',
      (stack) =>
        host(stack, {
          authorization: McpAuthorization.server({
            clients: [
              {
                clientId: 'ci',
                clientName: 'CI',
                redirectUris: ['https://ci.example.com/'],
                oauthScopes: [McpScope.named('read')],
              },
            ],
          }),
        }),
      'clients has ci with oauthScopes, which are those of one contract, and a host has several: remove oauthScopes, the person sees which server the client asks for (ClientScopesOnHost)',
    ],
    ...(
      [
        ['displayName', 'Dogs'],
        ['removalPolicy', RemovalPolicy.DESTROY],
      ] as const
    ).map(([name, value]): [string, (stack: Stack) => void, string] => [
      `${name} has nothing to apply to`,
      (stack) => host(stack, { authorization: cognito(), userPool: new McpUserPool(stack, 'People'), [name]: value }),
      `${name} is for a user pool of the host's own and for McpAuthorization.server, and there is neither: set it on the userPool and remove it here (HostOptionNotApplied)`,
    ]),
    [
      'a client has the id of the one for manual configuration',
      (stack) =>
        host(stack, {
          authorization: McpAuthorization.server({
            code: code(),
            clients: [{ clientId: 'by-hand', clientName: 'CI', redirectUris: ['https://ci.example.com/'] }],
          }),
        }),
      'clients has the clientId by-hand twice, or it is that of the client for manual configuration: choose another (ClientIdTaken)',
    ],
    ...(
      [
        ['front', McpFront.cloudFront()],
        ['authorization', McpAuthorization.cognito()],
        ['callbackPort', 9000],
        ['callbackUrls', []],
      ] as const
    ).map(([name, value]): [string, (stack: Stack) => void, string] => [
      `a server of it has ${name}`,
      (stack) => server(stack, { host: host(stack), path: '/facts', [name]: value }),
      `${name} is the host's, for all of its servers: set it on the McpHost and remove it here (OptionOfHost)`,
    ]),
    [
      'a server of it has userPool',
      (stack) => server(stack, { host: host(stack), path: '/facts', userPool: new McpUserPool(stack, 'People') }),
      "userPool is the host's, for all of its servers: set it on the McpHost and remove it here (OptionOfHost)",
    ],
    ...[
      'facts',
      '/',
      '/facts/',
      '//facts',
      '/./facts',
      '/facts/../notes',
      '/Facts',
      '/facts--new',
      '/.well-known',
      '/facts%2f',
      '/fa cts',
      '',
    ].map((path): [string, (stack: Stack) => void, string] => [
      `path is ${JSON.stringify(path)}`,
      (stack) => server(stack, { host: host(stack), path }),
      `path is ${JSON.stringify(path)} and needs parts of lower-case letters, digits and single - or _ between them, each after a slash, for example /orders: correct it (PathInvalid)`,
    ]),
    ...[
      ['/token', 'token'],
      ['/ping', 'ping'],
      ['/sping/x', 'sping'],
      ['/authorize/x', 'authorize'],
      ['/sign-in', 'sign-in'],
      ['/mcp', 'mcp'],
      ['/facts/mcp', 'mcp'],
    ].map(([path, part]): [string, (stack: Stack) => void, string] => [
      `path is ${path}`,
      (stack) => server(stack, { host: host(stack), path }),
      `path is ${path}, and ${part} is a path of the host itself or of every MCP endpoint: choose another (PathReserved)`,
    ]),
  ];
  for (const [title, define, message] of mistakes) {
    test(`fails when ${title}`, () => assert.throws(() => synthesize(define), { message }));
  }

  test('does not fail when an inner part of a path has the name of an endpoint', () => {
    synthesize((stack) => void server(stack, { host: host(stack), path: '/team/token' }));
  });

  test('fails when it has no server', () => {
    assert.throws(
      () => synthesize((stack) => void host(stack)),
      /\[Test\/Tools\] the McpHost has no server, and an app client of the user pool must have an OAuth scope: give it to an McpServer as host \(HostWithoutServers\)/,
    );
  });
});

describe('servers in other stacks than their host', () => {
  const env = (region = 'eu-west-1') => ({ env: { account: '111122223333', region } });

  function apart(
    front: McpFront,
    authorization: McpAuthorization,
    region?: string,
  ): { host: Stack; notes: Stack; templates: Template[] } {
    const app = emptyApp();
    const stack = new Stack(app, 'Shared', env());
    const host = new McpHost(stack, 'Tools', { front, authorization });
    new McpServer(stack, 'Facts', { code: code(), contract: facts(), host, path: '/facts' });
    const notes = new Stack(app, 'Notes', env(region));
    const server = new McpServer(notes, 'Notes', { code: code(), contract: twoScopes(), host, path: '/notes' });
    server.addMachineClient('Ci');
    new McpMonitoring(notes, 'Monitoring', { server });
    return { host: stack, notes, templates: [stack, notes].map((each) => Template.fromStack(each)) };
  }

  for (const [name, front] of [
    [
      'customDomain',
      () => McpFront.customDomain({ domainName: 'mcp.example.com', certificate: certificate('eu-west-1') }),
    ],
    ['external', () => McpFront.external({ publicBaseUrl: 'https://mcp.example.com' })],
  ] as const) {
    for (const [authorizationName, authorization] of [
      ['cognito', () => McpAuthorization.cognito()],
      ['server', withServer],
    ] as const) {
      test(`depend on it and it not on them, behind ${name} with ${authorizationName}`, () => {
        const { host, notes, templates } = apart(front(), authorization());
        assert.deepEqual(notes.dependencies, [host]);
        assert.deepEqual(host.dependencies, []);
        const [shared, own] = templates;
        assert.doesNotMatch(JSON.stringify(shared.toJSON()), /Fn::ImportValue":"Notes/);
        shared.resourceCountIs('AWS::Cognito::UserPoolResourceServer', 2);
        own.resourceCountIs('AWS::Cognito::UserPoolResourceServer', 0);
        assert.equal(
          documentOf(shared.toJSON() as TemplateJson, {
            api: '',
            method: methodsOf(shared.toJSON() as TemplateJson, apiNamed(shared, 'Tools'))[
              'GET /.well-known/oauth-protected-resource/notes/mcp'
            ],
          }).resource,
          'https://mcp.example.com/notes/mcp',
        );
        assert.equal(
          only(own, 'AWS::Lambda::Function').properties.Environment.Variables.MCP_RESOURCE,
          'https://mcp.example.com/notes/mcp',
        );
      });
    }
  }

  test('map their paths themselves, in the domain of the host', () => {
    const [, own] = apart(
      McpFront.customDomain({ domainName: 'mcp.example.com', certificate: certificate('eu-west-1') }),
      McpAuthorization.cognito(),
    ).templates;
    const { properties } = only(own, 'AWS::ApiGatewayV2::ApiMapping');
    assert.equal(properties.ApiMappingKey, 'notes');
    assert.match(properties.DomainName['Fn::ImportValue'], /^Shared:ExportsOutputRefToolsDomain/);
  });

  test('fail behind CloudFront, where each would name the other', () => {
    assert.throws(() => apart(McpFront.cloudFront(), McpAuthorization.cognito()), {
      message:
        "the host of /notes is in another stack, and with McpFront.cloudFront() each would name the other, the distribution the server's API and the server its own URL: put both into one stack, or use McpFront.customDomain() (HostInAnotherStack)",
    });
  });

  test('fail in another region', () => {
    assert.throws(
      () =>
        apart(McpFront.external({ publicBaseUrl: 'https://mcp.example.com' }), McpAuthorization.cognito(), 'us-east-1'),
      {
        message:
          "host is in a stack of the region eu-west-1 and the server in one of us-east-1, and the host's user pool is known in its own only: put the server into a stack there (HostElsewhere)",
      },
    );
  });
});
