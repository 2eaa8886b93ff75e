import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Aws, Duration } from 'aws-cdk-lib';
import type { Template } from 'aws-cdk-lib/assertions';
import {
  McpAuthorization,
  McpContract,
  McpFront,
  McpHost,
  McpRemoteServer,
  type McpRemoteServerProps,
} from '../../lib';
import { unauthorizedChallenge } from '../../lib/api/challenge';
import { deployed } from '../deployed';
import {
  code,
  fixture,
  includingScopes,
  keeper,
  only,
  synthesize,
  synthesizeServer,
  type TemplateJson,
  twoScopes,
} from '../synthesis';

const front = () => McpFront.external({ publicBaseUrl: 'https://mcp.example.com' });
const template = synthesizeServer({ front: front() });
const CHALLENGE =
  'Bearer resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp", scope="https://mcp.example.com/mcp/dog-facts"';

const method = (httpMethod: string) =>
  only(template, 'AWS::ApiGateway::Method', { HttpMethod: httpMethod, AuthorizationType: 'COGNITO_USER_POOLS' })
    .properties;

describe('the API', () => {
  test('is regional, sets no account-wide role, and its stage is throttled and not traced', () => {
    assert.deepEqual(only(template, 'AWS::ApiGateway::RestApi').properties.EndpointConfiguration, {
      Types: ['REGIONAL'],
    });
    template.resourceCountIs('AWS::ApiGateway::Account', 0);
    const stage = only(template, 'AWS::ApiGateway::Stage').properties;
    assert.equal(stage.StageName, 'prod');
    assert.equal(stage.TracingEnabled, false);
    assert.deepEqual(stage.MethodSettings, [
      {
        DataTraceEnabled: false,
        HttpMethod: '*',
        ResourcePath: '/*',
        ThrottlingBurstLimit: 100,
        ThrottlingRateLimit: 50,
      },
    ]);
  });

  test('is throttled as told', () => {
    const stage = only(
      synthesizeServer({ throttlingRateLimit: 5, throttlingBurstLimit: 7 }),
      'AWS::ApiGateway::Stage',
    ).properties;
    assert.deepEqual(stage.MethodSettings, [
      { DataTraceEnabled: false, HttpMethod: '*', ResourcePath: '/*', ThrottlingBurstLimit: 7, ThrottlingRateLimit: 5 },
    ]);
  });

  test('adds no output of its own', () => {
    assert.deepEqual(template.findOutputs('*'), {});
  });
});

describe('the MCP endpoint', () => {
  test('streams POST through the authorizer to the function, for as long as the function may run', () => {
    const { AuthorizationScopes: scopes, AuthorizerId: authorizer, Integration: integration } = method('POST');
    assert.deepEqual(scopes, ['https://mcp.example.com/mcp/dog-facts']);
    assert.deepEqual(authorizer, {
      Ref: only(template, 'AWS::ApiGateway::Authorizer', { Type: 'COGNITO_USER_POOLS' }).logicalId,
    });
    assert.equal(
      only(template, 'AWS::ApiGateway::Authorizer').properties.AuthorizerResultTtlInSeconds,
      60,
      'a token outlives its expiry for a minute at most',
    );
    assert.equal(integration.Type, 'AWS_PROXY');
    assert.equal(integration.ResponseTransferMode, 'STREAM');
    assert.equal(integration.TimeoutInMillis, 30000);
    assert.match(JSON.stringify(integration.Uri), /response-streaming-invocations/);
  });

  test('waits as long as a longer timeout says', () => {
    const long = synthesizeServer({ front: front(), timeout: Duration.minutes(15) });
    assert.equal(only(long, 'AWS::Lambda::Function').properties.Timeout, 900);
    assert.equal(
      only(long, 'AWS::ApiGateway::Method', { HttpMethod: 'POST' }).properties.Integration.TimeoutInMillis,
      900000,
    );
  });

  test('answers every other method 405 without the function, after authorization', () => {
    const { AuthorizationScopes: scopes, Integration: integration, MethodResponses: responses } = method('ANY');
    assert.deepEqual(scopes, ['https://mcp.example.com/mcp/dog-facts']);
    assert.equal(integration.Type, 'MOCK');
    assert.deepEqual(integration.RequestTemplates, { 'application/json': '{"statusCode":405}' });
    assert.deepEqual(integration.IntegrationResponses, [
      {
        StatusCode: '405',
        ResponseParameters: {
          'method.response.header.Allow': "'POST'",
          'method.response.header.Access-Control-Allow-Origin': "'*'",
        },
        ResponseTemplates: {
          'application/json': '{"error":"method_not_allowed","error_description":"the MCP endpoint takes POST only"}',
        },
      },
    ]);
    assert.deepEqual(responses, [
      {
        StatusCode: '405',
        ResponseParameters: {
          'method.response.header.Allow': true,
          'method.response.header.Access-Control-Allow-Origin': true,
        },
      },
    ]);
  });

  test('lets the methods of a server with conversations through to the function, after authorization', () => {
    const template = synthesizeServer({ front: front(), contract: keeper() });
    const post = only(template, 'AWS::ApiGateway::Method', { HttpMethod: 'POST' }).properties;
    for (const HttpMethod of ['GET', 'DELETE']) {
      assert.deepEqual(
        only(template, 'AWS::ApiGateway::Method', { HttpMethod, ResourceId: post.ResourceId }).properties,
        { ...post, HttpMethod },
      );
    }
    const [answer] = only(template, 'AWS::ApiGateway::Method', { HttpMethod: 'ANY' }).properties.Integration
      .IntegrationResponses;
    assert.equal(answer.ResponseParameters['method.response.header.Allow'], "'POST, DELETE, GET'");
    assert.deepEqual(
      Object.values(template.findResources('AWS::Lambda::Permission')).map(
        (each) => /\/(\w+)\/mcp"/.exec(JSON.stringify(each))![1],
      ),
      ['POST', 'DELETE', 'GET'],
    );
    assert.deepEqual(
      template.findResources('AWS::ApiGateway::Method', {
        Properties: { HttpMethod: 'HEAD', ResourceId: post.ResourceId },
      }),
      {},
    );
  });

  test('takes an access token with any scope of the contract', () => {
    const two = synthesizeServer({ front: front(), contract: twoScopes() });
    assert.deepEqual(only(two, 'AWS::ApiGateway::Method', { HttpMethod: 'POST' }).properties.AuthorizationScopes, [
      'https://mcp.example.com/mcp/read',
      'https://mcp.example.com/mcp/write',
    ]);
  });

  test('takes an access token with a scope that includes the one that a tool declares', () => {
    const template = synthesizeServer({ front: front(), contract: includingScopes() });
    assert.deepEqual(only(template, 'AWS::ApiGateway::Method', { HttpMethod: 'POST' }).properties.AuthorizationScopes, [
      'https://mcp.example.com/mcp/read',
      'https://mcp.example.com/mcp/all',
    ]);
  });

  test('may be invoked by POST of this API stage only', () => {
    const { properties } = only(template, 'AWS::Lambda::Permission');
    assert.equal(properties.Principal, 'apigateway.amazonaws.com');
    const arn = JSON.stringify(properties.SourceArn);
    assert.match(arn, /\/POST\/mcp"/);
    assert.ok(arn.includes(only(template, 'AWS::ApiGateway::Stage').logicalId), arn);
  });
});

describe('metadata documents', () => {
  test('are answered to HEAD as to GET, without a body', () => {
    const documents = (verb: string) =>
      Object.values(
        template.findResources('AWS::ApiGateway::Method', {
          Properties: { HttpMethod: verb, Integration: { Type: 'MOCK' } },
        }),
      )
        .map((each) => each.Properties)
        // The page for people is at the root: cdk/test/page.
        .filter((each) => each.ResourceId.Ref !== undefined);
    const [gets, heads] = [documents('GET'), documents('HEAD')];
    assert.notEqual(gets.length, 0);
    assert.deepEqual(heads.map((each) => each.ResourceId.Ref).sort(), gets.map((each) => each.ResourceId.Ref).sort());
    for (const head of heads) {
      const get = gets.find((each) => each.ResourceId.Ref === head.ResourceId.Ref)!;
      const [asked, answered] = [get, head].map((each) => each.Integration.IntegrationResponses);
      assert.equal(head.AuthorizationType, 'NONE');
      assert.deepEqual([answered.length, answered[0].StatusCode, answered[0].ResponseTemplates], [1, '200', undefined]);
      assert.deepEqual(answered[0].ResponseParameters, {
        ...asked[0].ResponseParameters,
        'method.response.header.Content-Type': "'application/json'",
      });
    }
  });
});

describe('preflight requests', () => {
  const preflights = Object.values(
    template.findResources('AWS::ApiGateway::Method', { Properties: { HttpMethod: 'OPTIONS' } }),
  ).map((each) => each.Properties);

  test('are answered at every path that is served, without a token and without the function', () => {
    const served = Object.values(template.findResources('AWS::ApiGateway::Method'))
      .map((each) => each.Properties.ResourceId.Ref)
      // Scripts of other origins have no use for the page for people, which is at the root.
      .filter((path) => path !== undefined);
    assert.deepEqual(new Set(preflights.map((each) => each.ResourceId.Ref)), new Set(served));
    for (const preflight of preflights) {
      assert.equal(preflight.AuthorizationType, 'NONE');
      assert.equal(preflight.Integration.Type, 'MOCK');
    }
  });

  test('allow what MCP clients in browsers send, statically', () => {
    const endpoint = method('POST').ResourceId.Ref;
    const preflight = preflights.find((each) => each.ResourceId.Ref === endpoint)!;
    assert.deepEqual(preflight.Integration.IntegrationResponses, [
      {
        StatusCode: '204',
        ResponseParameters: {
          'method.response.header.Access-Control-Allow-Origin': "'*'",
          'method.response.header.Access-Control-Allow-Methods': "'POST,GET,DELETE'",
          'method.response.header.Access-Control-Allow-Headers':
            "'Authorization,Content-Type,Accept,Mcp-Protocol-Version,Mcp-Session-Id,Mcp-Method,Mcp-Name,Last-Event-ID,traceparent,tracestate,baggage'",
          'method.response.header.Access-Control-Expose-Headers':
            "'WWW-Authenticate,Mcp-Session-Id,Mcp-Protocol-Version'",
          'method.response.header.Access-Control-Max-Age': "'7200'",
        },
      },
    ]);
  });
});

describe('the preflight of the MCP endpoint', () => {
  const allowed = (contract: McpContract) => {
    const template = synthesizeServer({ contract, front: front() });
    const endpoint = only(template, 'AWS::ApiGateway::Method', { HttpMethod: 'POST' }).properties.ResourceId.Ref;
    const preflight = only(template, 'AWS::ApiGateway::Method', {
      HttpMethod: 'OPTIONS',
      ResourceId: { Ref: endpoint },
    }).properties;
    return preflight.Integration.IntegrationResponses[0].ResponseParameters[
      'method.response.header.Access-Control-Allow-Headers'
    ]
      .slice(1, -1)
      .split(',');
  };

  test('allows the headers that arguments of the tools travel in, as the contract says', () => {
    const ofNone = allowed(twoScopes());
    const ofTwo = allowed(McpContract.fromFile(fixture('regions.contract.json')));
    assert.deepEqual(ofTwo, [...ofNone, 'Mcp-Param-Region', 'Mcp-Param-Tenant']);
    assert.ok(
      ofNone.every((name: string) => !name.startsWith('Mcp-Param-')),
      ofNone.join(),
    );
  });
});

describe('gateway responses', () => {
  const cors = {
    'gatewayresponse.header.Access-Control-Allow-Origin': "'*'",
    'gatewayresponse.header.Access-Control-Expose-Headers': "'WWW-Authenticate,Mcp-Session-Id,Mcp-Protocol-Version'",
  };
  const noStore = { 'gatewayresponse.header.Cache-Control': "'no-store'" };
  const expected: Record<string, { status?: string; headers: Record<string, string>; body: string }> = {
    UNAUTHORIZED: {
      status: '401',
      headers: { ...cors, ...noStore, 'gatewayresponse.header.WWW-Authenticate': `'${CHALLENGE}'` },
      body: '{"error":"invalid_token","error_description":"a valid access token is required, WWW-Authenticate says where to get one"}',
    },
    EXPIRED_TOKEN: {
      status: '401',
      headers: { ...cors, ...noStore, 'gatewayresponse.header.WWW-Authenticate': `'${CHALLENGE}'` },
      body: '{"error":"invalid_token","error_description":"the access token has expired, WWW-Authenticate says where to get one"}',
    },
    ACCESS_DENIED: {
      status: '403',
      headers: {
        ...cors,
        ...noStore,
        'gatewayresponse.header.WWW-Authenticate':
          '\'Bearer error="insufficient_scope", scope="https://mcp.example.com/mcp/dog-facts", resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp"\'',
      },
      body: '{"error":"insufficient_scope","error_description":"the access token lacks a required scope, WWW-Authenticate names the scopes"}',
    },
    MISSING_AUTHENTICATION_TOKEN: {
      status: '404',
      headers: cors,
      body: '{"error":"not_found","error_description":"there is nothing at this path"}',
    },
    INVALID_SIGNATURE: {
      status: '404',
      headers: cors,
      body: '{"error":"not_found","error_description":"there is nothing at this path"}',
    },
    THROTTLED: {
      status: '429',
      headers: { ...cors, 'gatewayresponse.header.Retry-After': "'1'" },
      body: '{"error":"too_many_requests","error_description":"too many requests, try again in a second"}',
    },
    DEFAULT_4XX: { headers: cors, body: '{"message":$context.error.messageString}' },
    DEFAULT_5XX: { headers: cors, body: '{"message":$context.error.messageString}' },
  };

  for (const [type, { status, headers, body }] of Object.entries(expected)) {
    test(`answer ${type} with ${status ?? 'the status of API Gateway'} as JSON that browsers may read`, () => {
      const { properties } = only(template, 'AWS::ApiGateway::GatewayResponse', { ResponseType: type });
      assert.deepEqual(properties.ResponseParameters, headers);
      assert.deepEqual(properties.ResponseTemplates, { 'application/json': body });
      assert.equal(properties.StatusCode, status);
    });
  }

  test('are these and no others', () => {
    template.resourceCountIs('AWS::ApiGateway::GatewayResponse', Object.keys(expected).length);
  });
});

/** What API Gateway answers with a mapping template in which there is nothing that Velocity evaluates: the template itself. */
function evaluated(text: string): any {
  assert.doesNotMatch(text, /[$#]/, 'Velocity: references begin with $, directives and comments with #');
  return JSON.parse(text);
}

/** The bodies of all static responses of a template by the member that tells them apart. */
function bodies(of: Template): any[] {
  const json = of.toJSON() as TemplateJson;
  return Object.values(of.findResources('AWS::ApiGateway::Method', { Properties: { Integration: { Type: 'MOCK' } } }))
    .flatMap((each) => each.Properties.Integration.IntegrationResponses)
    .filter((response) => response.ResponseTemplates?.['application/json'] !== undefined)
    .map((response) => evaluated(deployed(json, response.ResponseTemplates['application/json'])));
}

describe('texts in static documents', () => {
  const remote = (props: Partial<McpRemoteServerProps>) =>
    synthesize((stack) => {
      new McpRemoteServer(stack, 'Remote', {
        endpointUrl: 'https://gateway.example.com/mcp',
        serverName: 'remote',
        scopes: [{ name: 'use', description: 'Use it' }],
        authorization: McpAuthorization.cognito(),
        ...props,
      });
    });

  for (const serverTitle of [
    "Ann's dogs",
    'The "best" dogs',
    'Dogs #1',
    '## not a comment',
    '#if(true)x#end',
    '#[[dogs]]#',
    'Dogs for $5',
    '$context.apiId ${input}',
    '$!x',
    '\\$x and \\#x',
    '$util.escapeJavaScript($x)',
    'two\nlines',
    '100 % dogs',
    'Hunde für Ältere 🐶',
  ]) {
    for (const [where, front] of [
      ['a host name that is known at deployment', undefined],
      ['one that is known at synth', McpFront.external({ publicBaseUrl: 'https://mcp.example.com' })],
    ] as const) {
      test(`arrive as written: the title ${JSON.stringify(serverTitle)} behind ${where}`, () => {
        const titles = bodies(remote({ serverTitle, front })).flatMap((each) => each.resource_name ?? []);
        assert.deepEqual(titles, [serverTitle, serverTitle]);
      });
    }
  }

  test('arrive as written on a host of several servers', () => {
    const template = synthesize((stack) => {
      const host = new McpHost(stack, 'Host', { authorization: McpAuthorization.cognito() });
      for (const serverName of ['one', 'two']) {
        new McpRemoteServer(stack, serverName, {
          host,
          path: `/${serverName}`,
          endpointUrl: 'https://gateway.example.com/mcp',
          serverName,
          serverTitle: `Ann's $${serverName}`,
          scopes: [{ name: 'use', description: 'Use it' }],
        });
      }
    });
    assert.deepEqual(
      bodies(template)
        .flatMap((each) => each.resource_name ?? [])
        .sort(),
      ["Ann's $one", "Ann's $two"],
    );
  });

  test('arrive as written from a contract', () => {
    const titles = bodies(
      synthesizeServer({
        authorization: McpAuthorization.cognito(),
        contract: McpContract.fromFile(fixture('live-title.contract.json')),
      }),
    ).flatMap((each) => each.resource_name ?? []);
    assert.deepEqual(titles, ['Dogs #1', 'Dogs #1']);
  });

  test('arrive as written from an issuer of another provider', () => {
    const authorization = McpAuthorization.jwt({
      code: code(),
      issuer: "https://issuer.example.com/o'$1",
      jwksUrl: 'https://issuer.example.com/keys',
      audience: ['dogs'],
    });
    const issuers = bodies(synthesizeServer({ authorization })).flatMap((each) => each.authorization_servers ?? []);
    assert.deepEqual(new Set(issuers), new Set(["https://issuer.example.com/o'$1"]));
  });
});

describe('values of a challenge', () => {
  for (const character of ['$', '#', '"', "'", '\\', '\n']) {
    test(`fail with ${JSON.stringify(character)}, which no header of API Gateway can hold`, () => {
      assert.throws(
        () => unauthorizedChallenge({ resourceMetadataUrl: `https://a.example/${character}`, oauthScopes: ['s'] }),
        {
          message: `the challenge's resource_metadata is ${JSON.stringify(`https://a.example/${character}`)}, and a header of an API Gateway response cannot hold ${JSON.stringify(character)}: remove the character (TextNotStatic)`,
        },
      );
    });
  }

  test('do not fail for unresolved tokens', () => {
    assert.doesNotThrow(() =>
      unauthorizedChallenge({ resourceMetadataUrl: `https://${Aws.URL_SUFFIX}`, oauthScopes: ['s'] }),
    );
  });
});
