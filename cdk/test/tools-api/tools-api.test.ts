import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CfnParameter, Stack } from 'aws-cdk-lib';
import { Period } from 'aws-cdk-lib/aws-apigateway';
import type { Template } from 'aws-cdk-lib/assertions';
import * as wafv2 from 'aws-cdk-lib/aws-wafv2';
import {
  McpAuthorization,
  McpFront,
  McpScope,
  McpServer,
  type McpServerProps,
  McpToolsApi,
  type McpToolsApiKeyOptions,
  type McpToolsApiProps,
} from '../../lib';
import { deployed } from '../deployed';
import { methodsOf } from '../routes';
import { code, cognito, emptyApp, facts, only, restContract, synthesize, type TemplateJson } from '../synthesis';

const read = McpScope.named('dog-facts');
const walk = McpScope.named('dogs.walk');
const reports: McpToolsApiKeyOptions = { name: 'reports', oauthScopes: [read] };

const addServer = (stack: Stack, props: Partial<McpServerProps> = {}) =>
  new McpServer(stack, 'Server', { code: code(), contract: restContract(), authorization: cognito(), ...props });

/** A server with a tools API, and what follows. */
function rest(
  props: Partial<McpToolsApiProps> = { keys: [reports] },
  server: Partial<McpServerProps> = {},
  then: (api: McpToolsApi) => void = () => {},
): Template {
  return synthesize((stack) => {
    then(new McpToolsApi(stack, 'Rest', { server: addServer(stack, server), ...props }));
  });
}

const json = (template: Template) => template.toJSON() as TemplateJson;

/** The API with the paths of the tools. */
const toolsApi = (template: Template) => {
  const [api] = Object.keys(template.findResources('AWS::ApiGateway::RestApi')).filter((id) => id.startsWith('Rest'));
  return api!;
};

const methods = (template: Template) => methodsOf(json(template), toolsApi(template));

const environment = (template: Template): Record<string, string> => {
  const variables = Object.values(template.findResources('AWS::Lambda::Function'))
    .map((each) => each.Properties.Environment.Variables)
    .find((each) => each.MCP_RESPONSE_MODE !== undefined);
  return deployed(json(template), variables);
};

const ofRest = (template: Template, type: string) =>
  Object.entries(template.findResources(type)).filter(([id]) => id.startsWith('Rest'));

const DOCUMENTS = ['ANY /openapi.json', 'ANY /docs'];
const TOOLS = ['ANY /functions', 'ANY /functions/{name}', 'ANY /functions/call', 'ANY /tools/call', 'ANY /execute'];

describe('a tools API with keys', () => {
  test('requires a key on every path, streams from the function of the server, and defines no authorizer', () => {
    const template = rest();
    assert.deepEqual(Object.keys(methods(template)).sort(), [...TOOLS, ...DOCUMENTS].sort());
    for (const method of Object.values(methods(template))) {
      assert.equal(method.ApiKeyRequired, true);
      assert.equal(method.AuthorizationType, 'NONE');
      assert.equal(method.Integration.ResponseTransferMode, 'STREAM');
      assert.match(JSON.stringify(method.Integration.Uri), /ServerFunction/);
    }
    assert.equal(json(template).Resources[toolsApi(template)].Properties!.ApiKeySourceType, undefined, 'the header');
  });

  test('gives each key a usage plan of its own, 10 requests per second in bursts of 20 unless it says otherwise', () => {
    const own = { throttle: { rateLimit: 2, burstLimit: 4 }, quota: { limit: 9, period: Period.WEEK } };
    const template = rest({ keys: [reports, { name: 'walker', oauthScopes: [walk], enabled: false, ...own }] });
    const plans = ofRest(template, 'AWS::ApiGateway::UsagePlan').map(([, { Properties }]) => Properties);
    assert.deepEqual(
      plans.map(({ Throttle, Quota }) => ({ Throttle, Quota })),
      [
        { Throttle: { RateLimit: 10, BurstLimit: 20 }, Quota: undefined },
        { Throttle: { RateLimit: 2, BurstLimit: 4 }, Quota: { Limit: 9, Period: 'WEEK' } },
      ],
    );
    for (const { ApiStages } of plans) {
      assert.equal(ApiStages[0].ApiId.Ref, toolsApi(template));
    }
    const keys = ofRest(template, 'AWS::ApiGateway::ApiKey').map(([, { Properties }]) => Properties);
    assert.deepEqual(
      keys.map(({ Enabled, Value, StageKeys }) => ({ Enabled, Value, StageKeys })),
      [
        { Enabled: true, Value: undefined, StageKeys: undefined },
        { Enabled: false, Value: undefined, StageKeys: undefined },
      ],
    );
  });

  test('tells the function the id, the name and the OAuth scopes of each key, and no value of one', () => {
    const template = rest({ keys: [reports, { name: 'all-of-it', oauthScopes: [read, walk] }] });
    const variables = environment(template);
    assert.equal(variables.MCP_TOOLS_URL, 'https://api123.execute-api.eu-west-1.amazonaws.com/prod');
    assert.equal(variables.MCP_TOOLS_ACCESS_TOKENS, 'false');
    const [first, second] = JSON.parse(variables.MCP_TOOLS_KEYS!);
    assert.deepEqual([first.name, first.scopes], ['reports', ['dog-facts']]);
    assert.deepEqual([second.name, second.scopes], ['all-of-it', ['dog-facts', 'dogs.walk']]);
    const keys = ofRest(template, 'AWS::ApiGateway::ApiKey').map(([id]) => `<${id}>`);
    assert.deepEqual([first.id, second.id], keys);
  });

  test('adds outputs with the URL and the ids of the keys', () => {
    const template = rest({ keys: [{ ...reports, name: 'night-reports' }] }, {}, (api) => {
      api.addOutputs();
      api.addOutputs('Other');
      assert.deepEqual(Object.keys(api.apiKeys), ['night-reports']);
    });
    const outputs = deployed(json(template), json(template).Outputs);
    assert.equal(outputs.ToolsApiUrl.Value, 'https://api123.execute-api.eu-west-1.amazonaws.com/prod');
    assert.equal(outputs.OtherToolsApiUrl.Value, outputs.ToolsApiUrl.Value);
    assert.match(outputs.ToolsApiKeyIdnightreports.Value, /^<RestKeysnightreportsKey/);
  });
});

describe('a tools API with access tokens', () => {
  test('has the user pool and the OAuth scopes of the server, and no key', () => {
    const template = rest({ accessTokens: true });
    const pool = only(template, 'AWS::Cognito::UserPool').logicalId;
    const [[id, authorizer]] = ofRest(template, 'AWS::ApiGateway::Authorizer') as [[string, any]];
    assert.equal(authorizer.Properties.Type, 'COGNITO_USER_POOLS');
    assert.equal(authorizer.Properties.ProviderARNs[0]['Fn::GetAtt'][0], pool);
    for (const method of Object.values(methods(template))) {
      assert.equal(method.AuthorizerId.Ref, id);
      assert.equal(method.ApiKeyRequired ?? false, false);
      assert.deepEqual(deployed(json(template), method.AuthorizationScopes), [
        'https://d111.cloudfront.net/mcp/dog-facts',
        'https://d111.cloudfront.net/mcp/dogs.walk',
      ]);
    }
    assert.deepEqual(ofRest(template, 'AWS::ApiGateway::ApiKey'), []);
    const variables = environment(template);
    assert.deepEqual([variables.MCP_TOOLS_ACCESS_TOKENS, variables.MCP_TOOLS_KEYS], ['true', undefined]);
  });

  test('uses the Lambda authorizer of a server that has one, for every request anew', () => {
    const tokens = McpAuthorization.bearerToken({ code: code(), tokenSha256: ['a'.repeat(64)] });
    for (const server of [{ authorization: tokens }, { lambdaAuthorizer: { code: code() } }]) {
      const template = rest({ accessTokens: true }, server);
      const [[, authorizer]] = ofRest(template, 'AWS::ApiGateway::Authorizer') as [[string, any]];
      assert.equal(authorizer.Properties.Type, 'REQUEST');
      assert.equal(authorizer.Properties.AuthorizerResultTtlInSeconds, 0);
      assert.match(JSON.stringify(authorizer.Properties.AuthorizerUri), /ServerLambdaAuthorizer/);
    }
  });
});

describe('a tools API', () => {
  test('opens its documents with publicDocuments alone', () => {
    const open = methods(rest({ keys: [reports], publicDocuments: true }));
    assert.deepEqual(
      DOCUMENTS.map((name) => open[name]!.ApiKeyRequired ?? false),
      [false, false],
    );
    assert.deepEqual(
      TOOLS.map((name) => open[name]!.ApiKeyRequired),
      TOOLS.map(() => true),
    );
    const closed = methods(rest({ keys: [reports], publicDocuments: false }));
    assert.deepEqual(
      DOCUMENTS.map((name) => closed[name]!.ApiKeyRequired),
      [true, true],
    );
  });

  test('responds itself with problem details, whose kinds are those of the function', () => {
    const template = rest();
    const responses = ofRest(template, 'AWS::ApiGateway::GatewayResponse').map(([, { Properties }]) => Properties);
    const shown = Object.fromEntries(
      responses.map((each) => {
        const body = JSON.parse(
          each.ResponseTemplates['application/json'].replace('$context.error.messageString', '"message"'),
        );
        assert.equal(each.ResponseParameters['gatewayresponse.header.Content-Type'], "'application/problem+json'");
        assert.equal(body.status === undefined ? undefined : String(body.status), each.StatusCode);
        return [each.ResponseType, `${each.StatusCode} ${body.type}`];
      }),
    );
    assert.deepEqual(shown, {
      UNAUTHORIZED: '401 urn:mcp-lambda:problem:credential-refused',
      EXPIRED_TOKEN: '401 urn:mcp-lambda:problem:credential-refused',
      ACCESS_DENIED: '403 urn:mcp-lambda:problem:insufficient-scope',
      INVALID_API_KEY: '403 urn:mcp-lambda:problem:key-unknown',
      MISSING_AUTHENTICATION_TOKEN: '404 urn:mcp-lambda:problem:path-unknown',
      INVALID_SIGNATURE: '404 urn:mcp-lambda:problem:path-unknown',
      THROTTLED: '429 urn:mcp-lambda:problem:too-many-requests',
      QUOTA_EXCEEDED: '429 urn:mcp-lambda:problem:quota-exceeded',
      REQUEST_TOO_LARGE: '413 urn:mcp-lambda:problem:body-too-large',
      DEFAULT_4XX: 'undefined about:blank',
      DEFAULT_5XX: 'undefined about:blank',
    });
  });

  test('is reached at the front that it is given, its stage by default', () => {
    let url = '';
    const front = McpFront.external({ publicBaseUrl: 'https://tools.example.com' });
    const template = rest({ keys: [reports], front }, {}, (api) => {
      url = api.toolsUrl;
      assert.equal(api.customDomain, undefined);
    });
    assert.equal(url, 'https://tools.example.com');
    assert.equal(environment(template).MCP_TOOLS_URL, url);
  });

  test('has limits for all callers together, tracing and a web ACL, as a server has', () => {
    const template = synthesize((stack) => {
      const webAcl = new wafv2.CfnWebACL(stack, 'Acl', {
        scope: 'REGIONAL',
        defaultAction: { allow: {} },
        visibilityConfig: { cloudWatchMetricsEnabled: true, metricName: 'acl', sampledRequestsEnabled: true },
      });
      const api = new McpToolsApi(stack, 'Rest', {
        server: addServer(stack),
        keys: [reports],
        throttlingRateLimit: 30,
        throttlingBurstLimit: 60,
        tracing: true,
        webAcl,
      });
      assert.equal(api.node.tryFindChild('Api'), api.api);
    });
    const [[, stage]] = ofRest(template, 'AWS::ApiGateway::Stage') as [[string, any]];
    assert.equal(stage.Properties.TracingEnabled, true);
    const { ThrottlingRateLimit, ThrottlingBurstLimit } = stage.Properties.MethodSettings[0];
    assert.deepEqual([ThrottlingRateLimit, ThrottlingBurstLimit], [30, 60]);
    only(template, 'AWS::WAFv2::WebACLAssociation');
    const [[, plain]] = ofRest(rest(), 'AWS::ApiGateway::Stage') as [[string, any]];
    const defaults = plain.Properties.MethodSettings[0];
    assert.deepEqual([defaults.ThrottlingRateLimit, defaults.ThrottlingBurstLimit], [50, 100]);
    assert.equal(plain.Properties.TracingEnabled, false);
  });

  test('changes nothing about the API of the server', () => {
    const without = json(synthesize((stack) => addServer(stack))).Resources;
    const { Resources: withIt } = json(rest());
    for (const [id, resource] of Object.entries(without).filter(([, each]) => each.Type !== 'AWS::Lambda::Function')) {
      assert.deepEqual(withIt[id], resource, id);
    }
  });
});

describe('a tools API is refused', () => {
  const refused = (define: () => void, message: RegExp) => assert.throws(define, { message });

  test('without a credential, and with two that API Gateway would require together', () => {
    refused(
      () => rest({}),
      /^McpToolsApi has neither keys nor accessTokens.*: add keys, or accessTokens: true \(ToolsApiWithoutCredentials\)$/,
    );
    refused(
      () => rest({ keys: [reports], accessTokens: true }),
      /require both of every caller: remove one of the two \(ToolsApiCredentialsCombined\)$/,
    );
  });

  test('for a server of an older crate, of another stack, or that has one already', () => {
    refused(
      () => rest({ keys: [reports] }, { contract: facts() }),
      /^server is dog-facts, whose contract has no setting MCP_TOOLS_URL: .* \(ToolsApiUnsupported\)$/,
    );
    const app = emptyApp();
    const server = addServer(new Stack(app, 'One'));
    refused(
      () => new McpToolsApi(new Stack(app, 'Two'), 'Rest', { server, keys: [reports] }),
      /^server One\/Server is in another stack.* \(ToolsApiInAnotherStack\)$/,
    );
    refused(
      () =>
        rest(
          { keys: [reports] },
          {},
          (api) =>
            new McpToolsApi(api, 'Again', {
              server: api.node.scope!.node.findChild('Server') as McpServer,
              keys: [reports],
            }),
        ),
      /has an McpToolsApi already.* \(ToolsApiTwice\)$/,
    );
  });

  test('with keys that are not callers of their own', () => {
    refused(
      () => rest({ keys: [{ name: 'a b', oauthScopes: [read] }] }),
      /^keys has the name "a b" and takes 1 to 64 letters, digits, - and _.* \(ToolsApiKeyNameInvalid\)$/,
    );
    refused(
      () => rest({ keys: [reports, { ...reports, name: 'rep-orts' }] }),
      /^keys has rep-orts twice, or another name with the same letters and digits.* \(ToolsApiKeyTwice\)$/,
    );
    refused(
      () => rest({ keys: [{ name: 'x', oauthScopes: [McpScope.named('other')] }] }),
      /^oauthScopes of the key x is other and needs at least one.* \(ScopeUnknown\)$/,
    );
    refused(() => rest({ keys: [{ name: 'x', oauthScopes: [] }] }), /\(ScopeUnknown\)$/);
    refused(
      () =>
        synthesize((stack) => {
          const name = new CfnParameter(stack, 'Name').valueAsString;
          new McpToolsApi(stack, 'Rest', { server: addServer(stack), keys: [{ name, oauthScopes: [read] }] });
        }),
      /\(ValueNotKnown\)$/,
    );
  });

  test('with limits that nobody could reach, and more keys than the environment holds', () => {
    refused(
      () => rest({ keys: [{ ...reports, throttle: { rateLimit: 60, burstLimit: 20 } }] }),
      /^throttle\.rateLimit is 60 and throttlingRateLimit.* \(LimitNeverReached\)$/,
    );
    refused(() => rest({ keys: [reports], throttlingRateLimit: 5 }), /\(LimitNeverReached\)$/);
    const many = Array.from({ length: 80 }, (_, index) => ({ name: `program${index}`, oauthScopes: [read] }));
    refused(() => rest({ keys: many }), /the largest are MCP_TOOLS_KEYS .* \(EnvironmentTooLarge\)$/);
  });
});
