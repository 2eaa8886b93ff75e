import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CfnParameter, Duration, RemovalPolicy, type Stack } from 'aws-cdk-lib';
import * as wafv2 from 'aws-cdk-lib/aws-wafv2';
import { McpAuthorization, McpFront, McpRemoteServer, type McpRemoteServerProps, McpUserPool } from '../lib';
import { deployed } from './deployed';
import { code, cognito, only, synthesize, synthesizeServer, type TemplateJson } from './synthesis';

const endpointUrl = 'https://tickets-abc.gateway.bedrock-agentcore.eu-west-1.amazonaws.com/mcp';
const front = () => McpFront.external({ publicBaseUrl: 'https://mcp.example.com' });
const scopes = [{ name: 'use', description: 'Use the tickets' }];

const remote = (props: Partial<McpRemoteServerProps> = {}, then: (server: McpRemoteServer) => void = () => {}) =>
  synthesize((stack) => then(new McpRemoteServer(stack, 'Server', { endpointUrl, serverName: 'tickets', scopes, front: front(), ...props })));

describe('McpRemoteServer', () => {
  const template = remote({ serverTitle: 'Tickets' }, (server) => server.addMachineClient('Ci'));
  const json = template.toJSON() as TemplateJson;
  const methods = Object.values(template.findResources('AWS::ApiGateway::Method')).map((each) => each.Properties);

  test('passes messages on as they are, and streams the answer back', () => {
    const { Integration: integration } = only(template, 'AWS::ApiGateway::Method', { HttpMethod: 'POST', Integration: { Type: 'HTTP_PROXY' } }).properties;
    assert.deepEqual(
      [integration.Uri, integration.IntegrationHttpMethod, integration.ResponseTransferMode, integration.TimeoutInMillis, integration.RequestParameters],
      [endpointUrl, 'POST', 'STREAM', 30_000, undefined],
    );
  });

  test('lets nobody through without an access token of its OAuth scopes', () => {
    const guarded = methods.filter((each) => each.AuthorizationType === 'COGNITO_USER_POOLS');
    assert.deepEqual(guarded.map((each) => each.HttpMethod).sort(), ['ANY', 'POST']);
    assert.deepEqual(guarded.map((each) => deployed(json, each.AuthorizationScopes)), [['https://mcp.example.com/mcp/use'], ['https://mcp.example.com/mcp/use']]);
  });

  test('has the challenge, the documents and the authorization server that a server of ours has', () => {
    const ofOurs = synthesizeServer({ front: front(), authorization: McpAuthorization.server({ code: code() }) });
    const paths = (each: typeof template) => Object.values(each.findResources('AWS::ApiGateway::Resource')).map(({ Properties: { PathPart: part } }) => part).sort();
    assert.deepEqual(paths(template), paths(ofOurs));
    for (const type of ['AWS::ApiGateway::GatewayResponse', 'AWS::Cognito::UserPool', 'AWS::Cognito::UserPoolDomain', 'AWS::Cognito::ManagedLoginBranding']) {
      assert.equal(Object.keys(template.findResources(type)).length, Object.keys(ofOurs.findResources(type)).length, type);
    }
    const documents = methods.filter((each) => each.HttpMethod === 'GET' && each.Integration.Type === 'MOCK').map((each) => JSON.parse(deployed(json, each.Integration.IntegrationResponses[0].ResponseTemplates['application/json'])));
    assert.deepEqual(documents.find((each) => each.resource !== undefined), {
      resource: 'https://mcp.example.com/mcp',
      authorization_servers: ['https://mcp.example.com'],
      scopes_supported: ['https://mcp.example.com/mcp/use'],
      bearer_methods_supported: ['header'],
      resource_name: 'Tickets',
    });
    const challenge = only(template, 'AWS::ApiGateway::GatewayResponse', { ResponseType: 'UNAUTHORIZED' }).properties.ResponseParameters['gatewayresponse.header.WWW-Authenticate'];
    assert.match(deployed(json, challenge), /resource_metadata="https:\/\/mcp\.example\.com\/\.well-known\/oauth-protected-resource\/mcp", scope="https:\/\/mcp\.example\.com\/mcp\/use"/);
  });

  test('defines one function, the authorization server\'s, and shows the scope on its consent page', () => {
    const { Environment: environment } = only(template, 'AWS::Lambda::Function').properties;
    assert.deepEqual(JSON.parse(deployed(json, environment.Variables.AUTHORIZATION_SCOPES)), [{ name: 'https://mcp.example.com/mcp/use', description: 'Use the tickets' }]);
    assert.equal(environment.Variables.AUTHORIZATION_BRAND_NAME, 'Tickets');
    remote().resourceCountIs('AWS::Lambda::Function', 1);
    remote({ authorization: cognito() }).resourceCountIs('AWS::Lambda::Function', 0);
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
      const webAcl = new wafv2.CfnWebACL(stack, 'Acl', { scope: 'REGIONAL', defaultAction: { allow: {} }, visibilityConfig: { cloudWatchMetricsEnabled: true, metricName: 'acl', sampledRequestsEnabled: false } });
      new McpRemoteServer(stack, 'Server', { endpointUrl, serverName: 'tickets', scopes, timeout: Duration.minutes(15), tracing: true, webAcl });
    });
    assert.equal(only(told, 'AWS::ApiGateway::Method', { HttpMethod: 'POST', Integration: { Type: 'HTTP_PROXY' } }).properties.Integration.TimeoutInMillis, 900_000);
    assert.equal(only(told, 'AWS::ApiGateway::Stage').properties.TracingEnabled, true);
    told.resourceCountIs('AWS::WAFv2::WebACLAssociation', 1);
  });

  test('does not fail for an endpoint that is an unresolved token', () => {
    const parameters = synthesize((stack) => new McpRemoteServer(stack, 'Server', { endpointUrl: new CfnParameter(stack, 'Url').valueAsString, serverName: 'tickets', scopes }));
    assert.deepEqual(only(parameters, 'AWS::ApiGateway::Method', { HttpMethod: 'POST', Integration: { Type: 'HTTP_PROXY' } }).properties.Integration.Uri, { Ref: 'Url' });
  });

  const refusals: [props: Partial<McpRemoteServerProps>, message: string][] = [
    [{ endpointUrl: 'http://tickets.example.com/mcp' }, 'endpointUrl is "http://tickets.example.com/mcp" and access tokens go there: give an https URL without a fragment and without credentials (EndpointUrlInvalid)'],
    [{ endpointUrl: 'https://me@tickets.example.com/mcp' }, 'endpointUrl is "https://me@tickets.example.com/mcp" and access tokens go there: give an https URL without a fragment and without credentials (EndpointUrlInvalid)'],
    [{ endpointUrl: 'tickets' }, 'endpointUrl is "tickets" and access tokens go there: give an https URL without a fragment and without credentials (EndpointUrlInvalid)'],
    [{ serverName: 'my tickets' }, 'serverName is "my tickets" and takes 1 to 64 letters, digits, - and _: correct it (ServerNameInvalid)'],
    [{ scopes: [] }, 'scopes is empty, and API Gateway would take ID tokens then: name one OAuth scope at least (ScopesMissing)'],
    [{ scopes: [{ name: 'a/b', description: 'x' }] }, 'scopes has "a/b" and takes visible ASCII without /, " and \\: correct it (ScopeNameInvalid)'],
    [{ timeout: Duration.minutes(16) }, 'timeout is 960 seconds and API Gateway streams for at most 900: give a shorter timeout (TimeoutTooLong)'],
    [
      { authorization: McpAuthorization.bearerToken({ code: code(), tokenSha256: ['0'.repeat(64)] }) },
      'authorization is McpAuthorization.bearerToken, whose tokens the endpoint can take itself: use McpAuthorization.cognito() or server(), or the endpoint without McpRemoteServer (NotForRemoteServer)',
    ],
  ];
  test('fails with a removalPolicy that has nothing to apply to', () => {
    const message = 'removalPolicy applies to a user pool of the server\'s own and to the logs of gate and McpAuthorization.server, and there is none of them: set it on the userPool or host and remove it here (RemovalPolicyNotApplied)';
    const existing = (stack: Stack, props: Partial<McpRemoteServerProps>) => new McpRemoteServer(stack, 'Server', { endpointUrl, serverName: 'tickets', scopes, front: front(), userPool: new McpUserPool(stack, 'People'), removalPolicy: RemovalPolicy.DESTROY, ...props });
    assert.throws(() => synthesize((stack) => existing(stack, { authorization: cognito() })), { message });
    synthesize((stack) => existing(stack, { authorization: cognito(), gate: { code: code() } }));
    synthesize((stack) => existing(stack, {}));
  });

  for (const [props, message] of refusals) {
    test(`fails with ${Object.keys(props)[0]}: ${message.split(' and ')[0]}`, () => {
      assert.throws(() => remote(props), { message });
    });
  }
});
