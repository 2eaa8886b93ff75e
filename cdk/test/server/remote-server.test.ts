import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CfnParameter, Duration, RemovalPolicy, type Stack } from 'aws-cdk-lib';
import * as wafv2 from 'aws-cdk-lib/aws-wafv2';
import { McpAuthorization, McpFront, McpRemoteServer, type McpRemoteServerProps, McpUserPool } from '../../lib';
import { deployed } from '../deployed';
import { code, cognito, only, synthesize, synthesizeServer, type TemplateJson } from '../synthesis';

const endpointUrl = 'https://tickets-abc.gateway.bedrock-agentcore.eu-west-1.amazonaws.com/mcp';
const front = () => McpFront.external({ publicBaseUrl: 'https://mcp.example.com' });
const scopes = [{ name: 'use', description: 'Use the tickets' }];

const remote = (props: Partial<McpRemoteServerProps> = {}, then: (server: McpRemoteServer) => void = () => {}) =>
  synthesize((stack) =>
    then(
      new McpRemoteServer(stack, 'Server', { endpointUrl, serverName: 'tickets', scopes, front: front(), ...props }),
    ),
  );

describe('McpRemoteServer', () => {
  const template = remote({ serverTitle: 'Tickets' }, (server) => server.addMachineClient('Ci'));
  const json = template.toJSON() as TemplateJson;
  const methods = Object.values(template.findResources('AWS::ApiGateway::Method')).map((each) => each.Properties);

  test('passes messages on as they are, and streams the answer back', () => {
    const { Integration: integration } = only(template, 'AWS::ApiGateway::Method', {
      HttpMethod: 'POST',
      Integration: { Type: 'HTTP_PROXY' },
    }).properties;
    assert.deepEqual(
      [
        integration.Uri,
        integration.IntegrationHttpMethod,
        integration.ResponseTransferMode,
        integration.TimeoutInMillis,
        integration.RequestParameters,
      ],
      [endpointUrl, 'POST', 'STREAM', 30_000, undefined],
    );
  });

  test('allows any request header in the preflight, because the tools are not known', () => {
    const post = only(template, 'AWS::ApiGateway::Method', {
      HttpMethod: 'POST',
      Integration: { Type: 'HTTP_PROXY' },
    }).properties;
    const preflight = only(template, 'AWS::ApiGateway::Method', {
      HttpMethod: 'OPTIONS',
      ResourceId: post.ResourceId,
    }).properties;
    const allowed =
      preflight.Integration.IntegrationResponses[0].ResponseParameters[
        'method.response.header.Access-Control-Allow-Headers'
      ];
    // The asterisk does not stand for Authorization (Fetch standard, CORS protocol).
    assert.match(allowed, /^'Authorization,.*,\*'$/);
  });

  test('lets nobody through without an access token of its OAuth scopes', () => {
    const guarded = methods.filter((each) => each.AuthorizationType === 'COGNITO_USER_POOLS');
    assert.deepEqual(guarded.map((each) => each.HttpMethod).sort(), ['ANY', 'POST']);
    assert.deepEqual(
      guarded.map((each) => deployed(json, each.AuthorizationScopes)),
      [['https://mcp.example.com/mcp/use'], ['https://mcp.example.com/mcp/use']],
    );
  });

  test('has the challenge, the documents and the authorization server that a server of ours has', () => {
    const ofOurs = synthesizeServer({ front: front(), authorization: McpAuthorization.server({ code: code() }) });
    const paths = (each: typeof template) =>
      Object.values(each.findResources('AWS::ApiGateway::Resource'))
        .map(({ Properties: { PathPart: part } }) => part)
        .sort();
    assert.deepEqual(paths(template), paths(ofOurs));
    const responses = (each: typeof template) =>
      Object.values(each.findResources('AWS::ApiGateway::GatewayResponse'))
        .map(({ Properties: { ResponseType: type } }) => type)
        .filter((type) => !/^INTEGRATION|^API_CONF/.test(type))
        .sort();
    assert.deepEqual(responses(template), responses(ofOurs));
    for (const type of [
      'AWS::Cognito::UserPool',
      'AWS::Cognito::UserPoolDomain',
      'AWS::Cognito::ManagedLoginBranding',
    ]) {
      assert.equal(
        Object.keys(template.findResources(type)).length,
        Object.keys(ofOurs.findResources(type)).length,
        type,
      );
    }
    const documents = methods
      .filter((each) => each.HttpMethod === 'GET' && each.Integration.Type === 'MOCK')
      .map((each) => each.Integration.IntegrationResponses[0].ResponseTemplates['application/json'])
      .filter((document) => document !== undefined)
      .map((document) => JSON.parse(deployed(json, document)));
    assert.deepEqual(
      documents.find((each) => each.resource !== undefined),
      {
        resource: 'https://mcp.example.com/mcp',
        authorization_servers: ['https://mcp.example.com'],
        scopes_supported: ['https://mcp.example.com/mcp/use'],
        bearer_methods_supported: ['header'],
        resource_name: 'Tickets',
      },
    );
    const challenge = only(template, 'AWS::ApiGateway::GatewayResponse', { ResponseType: 'UNAUTHORIZED' }).properties
      .ResponseParameters['gatewayresponse.header.WWW-Authenticate'];
    assert.match(
      deployed(json, challenge),
      /resource_metadata="https:\/\/mcp\.example\.com\/\.well-known\/oauth-protected-resource\/mcp", scope="https:\/\/mcp\.example\.com\/mcp\/use"/,
    );
  });

  test("defines one function, the authorization server's, and shows the scope on its consent page", () => {
    const { Environment: environment } = only(template, 'AWS::Lambda::Function').properties;
    assert.deepEqual(JSON.parse(deployed(json, environment.Variables.AUTHORIZATION_SCOPES)), [
      { name: 'https://mcp.example.com/mcp/use', description: 'Use the tickets' },
    ]);
    assert.equal(environment.Variables.AUTHORIZATION_BRAND_NAME, 'Tickets');
    remote().resourceCountIs('AWS::Lambda::Function', 1);
    remote({ authorization: cognito() }).resourceCountIs('AWS::Lambda::Function', 0);
  });

  test('passes on POST alone, and the methods that the endpoint takes as they are', () => {
    const passedOn = (props: Partial<McpRemoteServerProps>) =>
      Object.values(
        remote(props).findResources('AWS::ApiGateway::Method', { Properties: { Integration: { Type: 'HTTP_PROXY' } } }),
      )
        .map(({ Properties: { HttpMethod: method, AuthorizationType: type, Integration: integration } }) => [
          method,
          integration.IntegrationHttpMethod,
          type,
        ])
        .sort();
    const [post, remove, get] = ['POST', 'DELETE', 'GET'].map((method) => [method, method, 'COGNITO_USER_POOLS']);
    assert.deepEqual(passedOn({}), [post]);
    assert.deepEqual(passedOn({ endpointMethods: ['DELETE', 'GET'] }), [remove, get, post]);
    const allowed = only(remote({ endpointMethods: ['DELETE'] }), 'AWS::ApiGateway::Method', { HttpMethod: 'ANY' })
      .properties.Integration.IntegrationResponses[0];
    assert.equal(allowed.ResponseParameters['method.response.header.Allow'], "'POST, DELETE'");
  });

  test('answers with a JSON-RPC error while the endpoint cannot be reached', () => {
    for (const [type, status, message] of [
      ['INTEGRATION_FAILURE', '502', 'the server behind this URL cannot be reached, try again later'],
      ['API_CONFIGURATION_ERROR', '502', 'the server behind this URL cannot be reached, try again later'],
      ['INTEGRATION_TIMEOUT', '504', 'the server behind this URL did not respond in time'],
    ]) {
      const { properties } = only(template, 'AWS::ApiGateway::GatewayResponse', { ResponseType: type });
      assert.equal(properties.StatusCode, status, type);
      assert.deepEqual(JSON.parse(properties.ResponseTemplates['application/json']), {
        jsonrpc: '2.0',
        id: null,
        error: { code: -32603, message },
      });
    }
  });

  test('says which client the endpoint must let in', () => {
    remote({ authorization: cognito() }, (server) => assert.equal(server.cognitoClientId, server.interactiveClientId));
    remote({}, (server) => {
      assert.equal(server.cognitoClientId, server.authorizationServer!.cognitoClientId);
      assert.equal(server.interactiveClientId, 'tickets');
    });
  });

  test('takes timeout, tracing and a firewall', () => {
    const told = synthesize((stack) => {
      const webAcl = new wafv2.CfnWebACL(stack, 'Acl', {
        scope: 'REGIONAL',
        defaultAction: { allow: {} },
        visibilityConfig: { cloudWatchMetricsEnabled: true, metricName: 'acl', sampledRequestsEnabled: false },
      });
      new McpRemoteServer(stack, 'Server', {
        endpointUrl,
        serverName: 'tickets',
        scopes,
        timeout: Duration.minutes(15),
        tracing: true,
        webAcl,
      });
    });
    assert.equal(
      only(told, 'AWS::ApiGateway::Method', { HttpMethod: 'POST', Integration: { Type: 'HTTP_PROXY' } }).properties
        .Integration.TimeoutInMillis,
      900_000,
    );
    assert.equal(only(told, 'AWS::ApiGateway::Stage').properties.TracingEnabled, true);
    told.resourceCountIs('AWS::WAFv2::WebACLAssociation', 1);
  });

  test('does not fail for an endpoint that is an unresolved token', () => {
    const parameters = synthesize(
      (stack) =>
        new McpRemoteServer(stack, 'Server', {
          endpointUrl: new CfnParameter(stack, 'Url').valueAsString,
          serverName: 'tickets',
          scopes,
        }),
    );
    assert.deepEqual(
      only(parameters, 'AWS::ApiGateway::Method', { HttpMethod: 'POST', Integration: { Type: 'HTTP_PROXY' } })
        .properties.Integration.Uri,
      { Ref: 'Url' },
    );
  });

  const refusals: [props: Partial<McpRemoteServerProps>, message: string][] = [
    [
      { endpointUrl: 'http://tickets.example.com/mcp' },
      'endpointUrl is "http://tickets.example.com/mcp" and access tokens go there: give an https URL without a fragment and without credentials (EndpointUrlInvalid)',
    ],
    [
      { endpointUrl: 'https://me@tickets.example.com/mcp' },
      'endpointUrl is "https://me@tickets.example.com/mcp" and access tokens go there: give an https URL without a fragment and without credentials (EndpointUrlInvalid)',
    ],
    [
      { endpointUrl: 'tickets' },
      'endpointUrl is "tickets" and access tokens go there: give an https URL without a fragment and without credentials (EndpointUrlInvalid)',
    ],
    [
      { endpointMethods: ['PUT'] },
      'endpointMethods is ["PUT"] and takes GET and DELETE, each once at most: correct it (EndpointMethodInvalid)',
    ],
    [
      { endpointMethods: ['GET', 'GET'] },
      'endpointMethods is ["GET","GET"] and takes GET and DELETE, each once at most: correct it (EndpointMethodInvalid)',
    ],
    [
      { serverName: 'my tickets' },
      'serverName is "my tickets" and takes 1 to 64 letters, digits, - and _: correct it (ServerNameInvalid)',
    ],
    [
      { scopes: [] },
      'scopes is empty, and API Gateway would take ID tokens then: name one OAuth scope at least (ScopesMissing)',
    ],
    [
      { scopes: [{ name: 'a/b', description: 'x' }] },
      'scopes has "a/b" and takes visible ASCII without /, " and \\: correct it (ScopeNameInvalid)',
    ],
    [
      { scopes: [{ name: 'use', description: '' }] },
      'the description of the OAuth scope use has 0 characters and Cognito takes 1 to 256: add one (ScopeDescriptionInvalid)',
    ],
    [
      { scopes: [{ name: 'use', description: 'x'.repeat(257) }] },
      'the description of the OAuth scope use has 257 characters and Cognito takes 1 to 256: shorten it (ScopeDescriptionInvalid)',
    ],
    [
      {
        scopes: [{ name: 'x'.repeat(230), description: 'x' }],
        front: McpFront.external({ publicBaseUrl: 'https://mcp.example.com' }),
      },
      `the OAuth scope https://mcp.example.com/mcp/${'x'.repeat(230)} has 258 characters and Cognito takes 256, resource identifier included: shorten its name, or the path or host name of the server (ScopeTooLong)`,
    ],
    [
      { scopes: [{ name: 'x'.repeat(244), description: 'x' }], front: McpFront.cloudFront() },
      `the OAuth scope https://<CDK token>/mcp/${'x'.repeat(244)} has 257 characters and Cognito takes 256, resource identifier included: shorten its name, or the path or host name of the server (ScopeTooLong)`,
    ],
    [
      { timeout: Duration.minutes(16) },
      'timeout is 960 seconds and API Gateway streams for at most 900: give a shorter timeout (TimeoutTooLong)',
    ],
    [
      { authorization: McpAuthorization.bearerToken({ code: code(), tokenSha256: ['0'.repeat(64)] }) },
      'authorization is McpAuthorization.bearerToken, whose tokens the endpoint can take itself: use McpAuthorization.cognito() or server(), or the endpoint without McpRemoteServer (NotForRemoteServer)',
    ],
  ];
  test('fails with a removalPolicy that has nothing to apply to', () => {
    const message =
      "removalPolicy applies to a user pool of the server's own and to the logs of lambdaAuthorizer and McpAuthorization.server, and there is none of them: set it on the userPool or host and remove it here (RemovalPolicyNotApplied)";
    const existing = (stack: Stack, props: Partial<McpRemoteServerProps>) =>
      new McpRemoteServer(stack, 'Server', {
        endpointUrl,
        serverName: 'tickets',
        scopes,
        front: front(),
        userPool: new McpUserPool(stack, 'People'),
        removalPolicy: RemovalPolicy.DESTROY,
        ...props,
      });
    assert.throws(() => synthesize((stack) => existing(stack, { authorization: cognito() })), { message });
    synthesize((stack) => existing(stack, { authorization: cognito(), lambdaAuthorizer: { code: code() } }));
    synthesize((stack) => existing(stack, {}));
  });

  test('fails with allowedOrigins that nothing would read', () => {
    const message =
      'allowedOrigins says which pages may read the endpoints of McpAuthorization.server, and there is none; the endpoint itself decides about Origin: use McpAuthorization.server() or remove it here (AllowedOriginsNotApplied)';
    const allowedOrigins = ['http://localhost:6274'];
    assert.throws(() => remote({ allowedOrigins, authorization: cognito() }), { message });
    remote({ allowedOrigins, authorization: undefined });
  });

  for (const [props, message] of refusals) {
    test(`fails with ${Object.keys(props)[0]}: ${message.split(' and ')[0]}`, () => {
      assert.throws(() => remote(props), { message });
    });
  }
});
