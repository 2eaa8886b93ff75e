import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CfnParameter } from 'aws-cdk-lib';
import { Period } from 'aws-cdk-lib/aws-apigateway';
import type { Template } from 'aws-cdk-lib/assertions';
import {
  McpAuthorization,
  McpFront,
  McpHost,
  type McpQuota,
  McpRemoteServer,
  McpServer,
  type McpServerProps,
  type McpThrottle,
  McpUserPool,
} from '../../lib';
import { deployed } from '../deployed';
import { code, cognito, facts, only, synthesize, synthesizeServer, type TemplateJson, twoScopes } from '../synthesis';

const front = () => McpFront.external({ publicBaseUrl: 'https://mcp.example.com' });
const lambdaAuthorizer = () => ({ code: code() });
const throttle: McpThrottle = { rateLimit: 5, burstLimit: 10 };
const quota: McpQuota = { limit: 1000, period: Period.DAY };
const jwt = () =>
  McpAuthorization.jwt({
    code: code(),
    issuer: 'https://login.example.com',
    jwksUrl: 'https://login.example.com/keys',
    audience: ['dogs'],
  });
const limited = (props: Partial<McpServerProps> = {}, then?: (server: McpServer) => void) =>
  synthesizeServer({ front: front(), lambdaAuthorizer: lambdaAuthorizer(), throttle, ...props }, then);

interface Plan {
  readonly key: string;
  readonly throttle?: object;
  readonly quota?: object;
  readonly stages: object[];
}

/** The usage plans by the place of their constructs, each with the value of its one API key. */
function plans(template: Template): Record<string, Plan> {
  const { Resources: resources } = template.toJSON() as TemplateJson;
  const json = template.toJSON() as TemplateJson;
  return Object.fromEntries(
    Object.values(template.findResources('AWS::ApiGateway::UsagePlanKey')).map(
      ({ Properties: { KeyId: key, KeyType: type, UsagePlanId: plan } }) => {
        assert.equal(type, 'API_KEY');
        const { Throttle, Quota, ApiStages } = resources[plan.Ref].Properties!;
        const name = /AppClientLimits(.*?)Plan[0-9A-F]{8}$/.exec(plan.Ref)![1];
        return [
          name,
          {
            key: deployed(json, resources[key.Ref].Properties!.Value),
            throttle: Throttle,
            quota: Quota,
            stages: ApiStages,
          },
        ];
      },
    ),
  );
}

const lambdaAuthorizerEnvironment = (template: Template) => {
  const json = template.toJSON() as TemplateJson;
  const variables = Object.values(template.findResources('AWS::Lambda::Function')).map(
    (each) => each.Properties.Environment.Variables,
  );
  return deployed(
    json,
    variables.find((each) => each.MCP_RESPONSE_MODE === undefined && each.MCP_RESOURCE !== undefined),
  ) as Record<string, string>;
};

const guarded = (template: Template) =>
  Object.values(template.findResources('AWS::ApiGateway::Method'))
    .map((each) => each.Properties)
    .filter((each) => each.AuthorizationType === 'CUSTOM');

const gatewayResponse = (template: Template, type: string) =>
  only(template, 'AWS::ApiGateway::GatewayResponse', { ResponseType: type }).properties;

describe('throttle and quota', () => {
  test('give each app client of the server a usage plan with the limits, and one to everybody else', () => {
    const template = limited({ quota }, (server) => server.addMachineClient('Ci'));
    const { logicalId: api } = only(template, 'AWS::ApiGateway::RestApi');
    const { logicalId: stage } = only(template, 'AWS::ApiGateway::Stage');
    const all = plans(template);
    assert.deepEqual(Object.keys(all).sort(), ['Ci', 'EveryOther', 'People']);
    for (const plan of Object.values(all)) {
      assert.deepEqual(plan.throttle, { RateLimit: 5, BurstLimit: 10 });
      assert.deepEqual(plan.quota, { Limit: 1000, Period: 'DAY' });
      assert.deepEqual(plan.stages, [{ ApiId: { Ref: api }, Stage: { Ref: stage }, Throttle: {} }]);
    }
    assert.equal(new Set(Object.values(all).map(({ key }) => key)).size, 3);
  });

  test('tell the Lambda authorizer which key counts whose requests, as the Lambda authorizer derives it', () => {
    const template = limited({}, (server) => server.addMachineClient('Ci'));
    const { AUTHORIZER_USAGE_KEY: shared, AUTHORIZER_USAGE_CLIENTS: clients } = lambdaAuthorizerEnvironment(template);
    const all = plans(template);
    assert.equal(all.EveryOther.key, shared);
    assert.match(shared, /[0-9a-f]{12}$/);
    const [people, ci] = clients.split(',');
    const letters = (id: string) => id.replace(/[^0-9A-Za-z]/g, '');
    assert.equal(letters(all.People.key), letters(`${shared}${people}`));
    assert.equal(letters(all.Ci.key), letters(`${shared}${ci}`));
  });

  test('make the server refuse batches, which would count as one request', () => {
    const allowed = (template: Template) =>
      Object.values(template.findResources('AWS::Lambda::Function'))
        .map((each) => each.Properties.Environment.Variables)
        .filter((each) => each.MCP_RESPONSE_MODE !== undefined)
        .map((each) => each.MCP_BATCHES_ALLOWED);
    assert.deepEqual(allowed(limited()), ['false']);
    assert.deepEqual(allowed(limited({ throttle: undefined, quota })), ['false']);
    assert.deepEqual(allowed(limited({ authorization: jwt(), lambdaAuthorizer: undefined })), ['false']);
    assert.deepEqual(allowed(limited({ throttle: undefined })), [undefined]);
  });

  test('are held where a request goes to the function and where it is answered 405, and the caller cannot choose the key', () => {
    const template = limited();
    assert.deepEqual(
      guarded(template)
        .map((each) => [each.HttpMethod, each.ApiKeyRequired])
        .sort(),
      [
        ['ANY', true],
        ['POST', true],
      ],
    );
    assert.equal(only(template, 'AWS::ApiGateway::RestApi').properties.ApiKeySourceType, 'AUTHORIZER');
    const unguarded = Object.values(template.findResources('AWS::ApiGateway::Method')).filter(
      (each) => each.Properties.AuthorizationType === 'NONE',
    );
    assert.deepEqual(
      unguarded.filter((each) => each.Properties.ApiKeyRequired),
      [],
    );
  });

  test('may be only one of the two', () => {
    assert.deepEqual(
      Object.values(plans(limited())).map((plan) => [plan.throttle, plan.quota]),
      Array(2).fill([{ RateLimit: 5, BurstLimit: 10 }, undefined]),
    );
    const byQuota = limited({ throttle: undefined, quota: { limit: 1, period: Period.MONTH } });
    assert.deepEqual(
      Object.values(plans(byQuota)).map((plan) => [plan.throttle, plan.quota]),
      Array(2).fill([undefined, { Limit: 1, Period: 'MONTH' }]),
    );
  });

  test('are absent unless they are given', () => {
    const template = synthesizeServer({ lambdaAuthorizer: lambdaAuthorizer() });
    for (const type of ['ApiKey', 'UsagePlan', 'UsagePlanKey']) {
      template.resourceCountIs(`AWS::ApiGateway::${type}`, 0);
    }
    assert.equal(only(template, 'AWS::ApiGateway::RestApi').properties.ApiKeySourceType, undefined);
    assert.deepEqual(
      guarded(template).filter((each) => each.ApiKeyRequired),
      [],
    );
    assert.deepEqual(
      Object.keys(lambdaAuthorizerEnvironment(template)).filter((name) => name.startsWith('AUTHORIZER_USAGE')),
      [],
    );
    assert.equal(
      Object.values(template.findResources('AWS::ApiGateway::GatewayResponse')).some(
        (each) => each.Properties.ResponseType === 'QUOTA_EXCEEDED',
      ),
      false,
    );
  });

  test('are deployed with the API when they are added to one', () => {
    const deployment = (template: Template) => only(template, 'AWS::ApiGateway::Deployment').logicalId;
    assert.notEqual(
      deployment(limited()),
      deployment(synthesizeServer({ front: front(), lambdaAuthorizer: lambdaAuthorizer() })),
    );
  });

  test('count people by the one app client of the authorization server', () => {
    const template = limited({ authorization: McpAuthorization.server({ code: code() }) });
    const { logicalId } = only(template, 'AWS::Cognito::UserPoolClient');
    const { Value: value } = only(template, 'AWS::ApiGateway::ApiKey', {
      Description: 'Counts requests of one app client; not a credential, the Lambda authorizer names it',
    }).properties;
    assert.deepEqual(value['Fn::Join'][1].at(-1), { Ref: logicalId });
  });

  test('are answered in words, and a key that is not there yet as a fault of the server', () => {
    const template = limited();
    const exceeded = gatewayResponse(template, 'QUOTA_EXCEEDED');
    assert.equal(exceeded.StatusCode, '429');
    assert.deepEqual(JSON.parse(exceeded.ResponseTemplates['application/json']), {
      error: 'quota_exceeded',
      error_description:
        'this app client has used up its quota, requests are taken again when the day, week or month of the quota ends',
    });
    assert.equal(exceeded.ResponseParameters['gatewayresponse.header.Retry-After'], undefined);
    assert.equal(
      gatewayResponse(template, 'THROTTLED').ResponseParameters['gatewayresponse.header.Retry-After'],
      "'1'",
    );
    const unknown = gatewayResponse(template, 'INVALID_API_KEY');
    assert.deepEqual(
      [unknown.StatusCode, unknown.ResponseParameters['gatewayresponse.header.Retry-After']],
      ['503', "'10'"],
    );
    assert.equal(JSON.parse(unknown.ResponseTemplates['application/json']).error, 'temporarily_unavailable');
  });

  test('leave tools that do not fit into the Lambda authorizer to the function', () => {
    const contract = twoScopes();
    Object.assign(contract._document.tools[0], { name: 'x'.repeat(3000) });
    assert.equal(lambdaAuthorizerEnvironment(limited({ contract })).AUTHORIZER_TOOLS, undefined);
  });

  test('work where a Lambda authorizer takes external tokens, and count everybody together there', () => {
    for (const authorization of [
      jwt(),
      McpAuthorization.bearerToken({ code: code(), tokenSha256: ['0'.repeat(64)] }),
    ]) {
      const template = limited({ lambdaAuthorizer: undefined, authorization });
      assert.deepEqual(Object.keys(plans(template)), ['EveryOther']);
      assert.equal(lambdaAuthorizerEnvironment(template).AUTHORIZER_USAGE_CLIENTS, undefined);
    }
  });

  test('work in front of an endpoint that is not ours', () => {
    const template = synthesize((stack) => {
      const server = new McpRemoteServer(stack, 'Server', {
        endpointUrl: 'https://tickets.example.com/mcp',
        serverName: 'tickets',
        scopes: [{ name: 'use', description: 'Use them' }],
        front: front(),
        lambdaAuthorizer: lambdaAuthorizer(),
        throttle,
      });
      server.addMachineClient('Ci', { throttle: { rateLimit: 1, burstLimit: 1 } });
      server.limitAppClient('elsewhere', { quota });
      assert.notEqual(server.lambdaAuthorizerFunction, undefined);
    });
    const all = plans(template);
    assert.deepEqual(Object.keys(all).sort(), ['Ci', 'EveryOther', 'Foreignelsewhere', 'People']);
    assert.deepEqual(all.Ci.throttle, { RateLimit: 1, BurstLimit: 1 });
    assert.equal(
      lambdaAuthorizerEnvironment(template).AUTHORIZER_TOOLS,
      undefined,
      'which tools there are is not known',
    );
    assert.equal(guarded(template).length, 2);
  });
});

describe('the limits of two servers on one host', () => {
  test('count the app client that people share for each server by itself', () => {
    const template = synthesize((stack) => {
      const host = new McpHost(stack, 'Host', {
        front: front(),
        authorization: McpAuthorization.server({ code: code() }),
      });
      for (const name of ['One', 'Two']) {
        new McpServer(stack, name, {
          code: code(),
          contract: name === 'One' ? facts() : twoScopes(),
          host,
          path: `/${name.toLowerCase()}`,
          lambdaAuthorizer: lambdaAuthorizer(),
          throttle,
        });
      }
    });
    const values = Object.values(template.findResources('AWS::ApiGateway::ApiKey')).map((each) =>
      JSON.stringify(each.Properties.Value),
    );
    assert.equal(new Set(values).size, 4, values.join('\n'));
    const { logicalId } = only(template, 'AWS::Cognito::UserPoolClient');
    assert.equal(values.filter((value) => value.includes(logicalId)).length, 2);
  });
});

describe('limits of one app client', () => {
  test('replace those of the server, each of the two by itself', () => {
    const template = limited({ quota }, (server) => {
      server.addMachineClient('Ci', { throttle: { rateLimit: 50, burstLimit: 100 } });
      server.addMachineClient('Report', { quota: { limit: 10, period: Period.WEEK } });
    });
    const all = plans(template);
    assert.deepEqual(
      [all.Ci.throttle, all.Ci.quota],
      [
        { RateLimit: 50, BurstLimit: 100 },
        { Limit: 1000, Period: 'DAY' },
      ],
    );
    assert.deepEqual(
      [all.Report.throttle, all.Report.quota],
      [
        { RateLimit: 5, BurstLimit: 10 },
        { Limit: 10, Period: 'WEEK' },
      ],
    );
    assert.deepEqual(all.People.throttle, { RateLimit: 5, BurstLimit: 10 });
  });

  test('can be given to an app client of another provider, by the letters and digits of its id', () => {
    const template = limited({ lambdaAuthorizer: undefined, authorization: jwt() }, (server) =>
      server.limitAppClient('3f2504e0-4f89-41d3', { quota }),
    );
    const { AUTHORIZER_USAGE_KEY: shared, AUTHORIZER_USAGE_CLIENTS: clients } = lambdaAuthorizerEnvironment(template);
    assert.equal(clients, '3f2504e0-4f89-41d3');
    assert.equal(plans(template)['Foreign3f2504e04f8941d3'].key, `${shared}3f2504e04f8941d3`);
    assert.deepEqual(plans(template)['Foreign3f2504e04f8941d3'].quota, { Limit: 1000, Period: 'DAY' });
  });

  test('can be given to an app client whose id is known at deployment only', () => {
    const template = synthesize((stack) => {
      const userPool = new McpUserPool(stack, 'People');
      const server = new McpServer(stack, 'Server', {
        code: code(),
        contract: facts(),
        front: front(),
        authorization: cognito(),
        userPool,
        lambdaAuthorizer: lambdaAuthorizer(),
        throttle,
      });
      server.limitAppClient(userPool.userPool.addClient('Other').userPoolClientId, { quota });
    });
    const [, other] = lambdaAuthorizerEnvironment(template).AUTHORIZER_USAGE_CLIENTS.split(',');
    const { key, ...limits } = Object.entries(plans(template)).find(([name]) => name.startsWith('Foreign'))![1];
    assert.ok(key.endsWith(other), `${key} ${other}`);
    assert.deepEqual(limits.quota, { Limit: 1000, Period: 'DAY' });
  });
});

describe('limits fail', () => {
  const refusals: [title: string, define: () => unknown, message: string][] = [
    [
      'a throttle without the Lambda authorizer',
      () => limited({ lambdaAuthorizer: undefined }),
      'throttle needs the Lambda authorizer, which tells API Gateway whose request it is: add lambdaAuthorizer: {} (LambdaAuthorizerMissing)',
    ],
    [
      'a quota without the Lambda authorizer',
      () => limited({ lambdaAuthorizer: undefined, throttle: undefined, quota }),
      'quota needs the Lambda authorizer, which tells API Gateway whose request it is: add lambdaAuthorizer: {} (LambdaAuthorizerMissing)',
    ],
    [
      'a rate of nothing',
      () => limited({ throttle: { rateLimit: 0, burstLimit: 1 } }),
      'throttle.rateLimit is 0 and needs a number above 0: correct it (LimitInvalid)',
    ],
    [
      'an endless rate',
      () => limited({ throttle: { rateLimit: Infinity, burstLimit: 1 } }),
      'throttle.rateLimit is Infinity and needs a number above 0: correct it (LimitInvalid)',
    ],
    [
      'half a request',
      () => limited({ throttle: { rateLimit: 1, burstLimit: 0.5 } }),
      'throttle.burstLimit is 0.5 and needs a whole number of 1 or more: correct it (LimitInvalid)',
    ],
    [
      'no request',
      () => limited({ quota: { limit: 0, period: Period.DAY } }),
      'quota.limit is 0 and needs a whole number of 1 or more: correct it (LimitInvalid)',
    ],
    [
      'a rate above that of all',
      () => limited({ throttle: { rateLimit: 51, burstLimit: 1 } }),
      'throttle.rateLimit is 51 and throttlingRateLimit, for all callers together, is 50: lower the first or raise the second (LimitNeverReached)',
    ],
    [
      'a burst above that of all',
      () => limited({ throttle: { rateLimit: 1, burstLimit: 9 }, throttlingBurstLimit: 8 }),
      'throttle.burstLimit is 9 and throttlingBurstLimit, for all callers together, is 8: lower the first or raise the second (LimitNeverReached)',
    ],
    [
      'a machine client above all',
      () => limited({}, (server) => server.addMachineClient('Ci', { throttle: { rateLimit: 60, burstLimit: 1 } })),
      'throttle.rateLimit is 60 and throttlingRateLimit, for all callers together, is 50: lower the first or raise the second (LimitNeverReached)',
    ],
    [
      'a machine client with limits where the server has none',
      () =>
        synthesizeServer({ lambdaAuthorizer: lambdaAuthorizer() }, (server) =>
          server.addMachineClient('Ci', { quota }),
        ),
      'the app client Ci has limits of its own and the server has none for everybody else: set throttle or quota of the server too (ServerLimitsMissing)',
    ],
    [
      'an app client of others where the server has none',
      () =>
        synthesizeServer({ lambdaAuthorizer: lambdaAuthorizer() }, (server) => server.limitAppClient('abc', { quota })),
      'the app client abc has limits of its own and the server has none for everybody else: set throttle or quota of the server too (ServerLimitsMissing)',
    ],
    [
      'limits that say nothing',
      () => limited({}, (server) => server.limitAppClient('abc', {})),
      'limitAppClient has neither throttle nor quota for abc: give one (AppClientLimitMissing)',
    ],
    [
      'an id that a list cannot hold',
      () => limited({}, (server) => server.limitAppClient('a,b', { quota })),
      'limitAppClient has the app client "a,b" and takes visible ASCII without a comma, with 1 to 100 letters and digits: give the client_id of its access tokens (AppClientIdInvalid)',
    ],
    [
      'an id without a letter',
      () => limited({}, (server) => server.limitAppClient('--', { quota })),
      'limitAppClient has the app client "--" and takes visible ASCII without a comma, with 1 to 100 letters and digits: give the client_id of its access tokens (AppClientIdInvalid)',
    ],
    [
      'an id that an API key cannot hold',
      () => limited({}, (server) => server.limitAppClient('a'.repeat(101), { quota })),
      `limitAppClient has the app client "${'a'.repeat(101)}" and takes visible ASCII without a comma, with 1 to 100 letters and digits: give the client_id of its access tokens (AppClientIdInvalid)`,
    ],
    [
      'two ids with one key',
      () =>
        limited({}, (server) => {
          server.limitAppClient('ab', { quota });
          server.limitAppClient('a-b', { quota });
        }),
      'the app client a-b has limits already, or another one does whose id has the same letters and digits: limit it once (AppClientLimitedTwice)',
    ],
  ];
  for (const [title, define, message] of refusals) {
    test(`with ${title}`, () => assert.throws(define, { message }));
  }

  test('with an app client that the server counts already', () => {
    assert.throws(
      () => limited({}, (server) => server.limitAppClient(server.interactiveClientId, { quota })),
      /has limits already.*\(AppClientLimitedTwice\)$/,
    );
  });

  test("with more app clients than the Lambda authorizer's environment holds", () => {
    const many = (server: McpServer) => {
      for (let index = 0; index < 200; index += 1) server.addMachineClient(`Ci${index}`);
    };
    assert.throws(
      () => limited({}, many),
      /^Error: the settings of the function have \d+ bytes and Lambda takes 4096; the largest are AUTHORIZER_USAGE_CLIENTS \(\d+\).*\(EnvironmentTooLarge\)$/,
    );
  });

  test('with nothing, for numbers that are known at deployment only', () => {
    synthesize((stack) => {
      const rateLimit = new CfnParameter(stack, 'Rate', { type: 'Number' }).valueAsNumber;
      new McpServer(stack, 'Server', {
        code: code(),
        contract: facts(),
        front: front(),
        lambdaAuthorizer: lambdaAuthorizer(),
        throttle: { rateLimit, burstLimit: rateLimit },
        quota: { limit: rateLimit, period: Period.DAY },
      });
    });
  });
});
