import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import { Template } from 'aws-cdk-lib/assertions';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as wafv2 from 'aws-cdk-lib/aws-wafv2';
import {
  McpAuthorization,
  McpBedrockModel,
  McpCode,
  McpFront,
  McpPlayground,
  type McpPlaygroundProps,
  McpServer,
} from '../../lib';
import { deployed } from '../deployed';
import { certificate, code, emptyApp, facts, fixture, only, synthesize, type TemplateJson } from '../synthesis';

const NOVA = () => McpBedrockModel.inferenceProfile('eu.amazon.nova-lite-v1:0', { displayName: 'Nova Lite' });
const SHOP = { Shop: 'https://shop.example.com/mcp' };

const playground = (props: Partial<McpPlaygroundProps> = {}, more: (made: McpPlayground) => void = () => {}) =>
  synthesize((stack) => {
    const given = { models: [NOVA()], serverUrls: SHOP, ...props };
    more(new McpPlayground(stack, 'Playground', given));
  });

const bare = playground();

function variables(template: Template): Record<string, string> {
  const json = template.toJSON() as TemplateJson;
  return deployed(json, only(template, 'AWS::Lambda::Function').properties.Environment.Variables);
}

/** What the function may do, action by resource, beside writing its log. */
function rights(template: Template): [string, string[], object?][] {
  const json = template.toJSON() as TemplateJson;
  const statements = Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
    ({ Properties }) => Properties.PolicyDocument.Statement,
  );
  return statements
    .filter(({ Resource }) => !JSON.stringify(Resource).includes('Log'))
    .map(({ Action, Resource, Condition }) => [
      [Resource]
        .flat()
        .map((each) => deployed(json, each))
        .join(' '),
      [Action].flat(),
      ...(Condition === undefined ? [] : [deployed(json, Condition)]),
    ]) as [string, string[], object?][];
}

const refuses = (props: Partial<McpPlaygroundProps>, message: string) =>
  assert.throws(() => playground(props), { message });

describe('a playground', () => {
  test('is a function of its own behind a front of its own, and streams every path', () => {
    const methods = Object.values(bare.findResources('AWS::ApiGateway::Method')).map(({ Properties }) => Properties);
    assert.equal(methods.length, 2, 'the root and all below it');
    for (const { HttpMethod, AuthorizationType, Integration } of methods) {
      assert.deepEqual(
        [HttpMethod, AuthorizationType, Integration.Type, Integration.ResponseTransferMode],
        ['ANY', 'NONE', 'AWS_PROXY', 'STREAM'],
      );
      assert.match(JSON.stringify(Integration.Uri), /response-streaming-invocations/);
    }
    assert.equal(only(bare, 'AWS::ApiGateway::Resource').properties.PathPart, '{proxy+}');
    bare.resourceCountIs('AWS::CloudFront::Distribution', 1);
    const { Architectures, Runtime } = only(bare, 'AWS::Lambda::Function').properties;
    assert.deepEqual([Architectures, Runtime], [['arm64'], 'provided.al2023']);
  });

  test('passes its settings on, and leaves out those that have a default in the program', () => {
    const { PLAYGROUND_TABLE: table, PLAYGROUND_SECRET_ARN: secret, ...others } = variables(bare);
    assert.deepEqual(others, {
      PLAYGROUND_ORIGIN: 'https://d111.cloudfront.net',
      PLAYGROUND_SERVERS: '[{"name":"Shop","url":"https://shop.example.com/mcp"}]',
      PLAYGROUND_MODELS: '[{"id":"eu.amazon.nova-lite-v1:0","name":"Nova Lite"}]',
    });
    assert.equal(table, `<${only(bare, 'AWS::DynamoDB::GlobalTable').logicalId}>`);
    assert.match(secret, /^arn:aws:secretsmanager:/);
    const chosen = variables(
      playground({
        title: 'Café "5 o’clock"',
        systemPrompt: 'Prices are in euros.',
        turnsPerMinute: 5,
        tokensPerDay: 100_000,
        retention: Duration.days(7),
      }),
    );
    assert.deepEqual(
      ['TITLE', 'SYSTEM_PROMPT', 'TURNS_PER_MINUTE', 'TOKENS_PER_DAY', 'RETENTION_DAYS'].map(
        (name) => chosen[`PLAYGROUND_${name}`],
      ),
      ['Café "5 o’clock"', 'Prices are in euros.', '5', '100000', '7'],
    );
  });

  test('lists the servers of the app by their titles, then the others by the names that they are given', () => {
    const template = synthesize((stack) => {
      const own = new McpServer(stack, 'Server', {
        code: code(),
        contract: facts(),
        authorization: McpAuthorization.cognito(),
        front: McpFront.external({ publicBaseUrl: 'https://own.example.com' }),
      });
      const imported = McpServer.fromMcpServerAttributes(stack, 'Imported', {
        mcpServerUrl: 'https://imported.example.com/mcp',
        contract: facts(),
      });
      new McpPlayground(stack, 'One', { models: [NOVA()], servers: [own], serverUrls: SHOP });
      new McpPlayground(stack, 'Other', { models: [NOVA()], servers: [imported] });
    });
    const json = template.toJSON() as TemplateJson;
    const lists = Object.values(template.findResources('AWS::Lambda::Function'))
      .map(({ Properties }) => deployed(json, Properties.Environment.Variables).PLAYGROUND_SERVERS)
      .filter((list) => list !== undefined)
      .map((list) => JSON.parse(list));
    assert.deepEqual(lists, [
      [
        { name: 'Dog facts', url: 'https://own.example.com/mcp' },
        { name: 'Shop', url: 'https://shop.example.com/mcp' },
      ],
      [{ name: 'Dog facts', url: 'https://imported.example.com/mcp' }],
    ]);
  });

  test('keeps conversations in a table with two keys, an expiry and recovery, and keeps the table', () => {
    const table = only(bare, 'AWS::DynamoDB::GlobalTable');
    const { KeySchema, TimeToLiveSpecification, BillingMode, Replicas, SSESpecification } = table.properties;
    assert.deepEqual(
      KeySchema.map(({ AttributeName, KeyType }: Record<string, string>) => `${AttributeName} ${KeyType}`),
      ['pk HASH', 'sk RANGE'],
    );
    assert.deepEqual(TimeToLiveSpecification, { AttributeName: 'expires', Enabled: true });
    assert.equal(BillingMode, 'PAY_PER_REQUEST');
    assert.deepEqual(Replicas[0].PointInTimeRecoverySpecification, { PointInTimeRecoveryEnabled: true });
    assert.deepEqual(SSESpecification, { SSEEnabled: false }, "DynamoDB's own key");
    const policies = (template: Template) =>
      ['AWS::DynamoDB::GlobalTable', 'AWS::Logs::LogGroup'].map(
        (type) => Object.values(template.findResources(type))[0]!.DeletionPolicy,
      );
    assert.deepEqual(policies(bare), ['Retain', 'Retain']);
    assert.deepEqual(policies(playground({ removalPolicy: RemovalPolicy.DESTROY })), ['Delete', 'Delete']);
  });

  test('generates a sealing secret of 64 hexadecimal digits', () => {
    const { GenerateSecretString } = only(bare, 'AWS::SecretsManager::Secret').properties;
    const { PasswordLength, ExcludePunctuation, ExcludeUppercase, ExcludeCharacters } = GenerateSecretString;
    const left = [...'abcdefghijklmnopqrstuvwxyz0123456789'].filter((each) => !ExcludeCharacters.includes(each));
    assert.equal(left.join(''), 'abcdef0123456789');
    assert.deepEqual([PasswordLength, ExcludePunctuation, ExcludeUppercase], [64, true, true]);
  });

  test('may use its table, read its secret and call its models, and do nothing else', () => {
    const json = bare.toJSON() as TemplateJson;
    const tableArn = deployed(json, {
      'Fn::GetAtt': [only(bare, 'AWS::DynamoDB::GlobalTable').logicalId, 'Arn'],
    });
    const profile = 'arn:aws:bedrock:eu-west-1:111122223333:inference-profile/eu.amazon.nova-lite-v1:0';
    const actions = ['DeleteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem'];
    assert.deepEqual(rights(bare), [
      [tableArn, actions.map((action) => `dynamodb:${action}`)],
      ['arn:aws:secretsmanager:eu-west-1:111122223333:secret:Secret-abc', ['secretsmanager:GetSecretValue']],
      [profile, ['bedrock:InvokeModelWithResponseStream']],
      [
        'arn:aws:bedrock:*::foundation-model/amazon.nova-lite-v1:0',
        ['bedrock:InvokeModelWithResponseStream'],
        { StringEquals: { 'bedrock:InferenceProfileArn': profile } },
      ],
    ]);
  });

  test('takes the options of its function and of its API', () => {
    const template = playground({
      code: McpCode.fromAsset(fixture('lambda/counter')),
      memorySize: 512,
      timeout: Duration.minutes(10),
      reservedConcurrency: 5,
      logRetention: logs.RetentionDays.ONE_WEEK,
      tracing: true,
      throttlingRateLimit: 7,
      throttlingBurstLimit: 9,
    });
    const { MemorySize, Timeout, ReservedConcurrentExecutions, TracingConfig } = only(
      template,
      'AWS::Lambda::Function',
    ).properties;
    assert.deepEqual(
      [MemorySize, Timeout, ReservedConcurrentExecutions, TracingConfig],
      [512, 600, 5, { Mode: 'Active' }],
    );
    assert.equal(only(template, 'AWS::Logs::LogGroup').properties.RetentionInDays, 7);
    const { TracingEnabled, MethodSettings } = only(template, 'AWS::ApiGateway::Stage').properties;
    assert.deepEqual(
      [TracingEnabled, MethodSettings[0].ThrottlingRateLimit, MethodSettings[0].ThrottlingBurstLimit],
      [true, 7, 9],
    );
    for (const { Properties } of Object.values(template.findResources('AWS::ApiGateway::Method'))) {
      assert.equal(Properties.Integration.TimeoutInMillis, 600_000);
    }
  });

  test('is behind the front and the web ACL that it is given', () => {
    const template = synthesize((stack) => {
      const webAcl = new wafv2.CfnWebACL(stack, 'WebAcl', {
        scope: 'REGIONAL',
        defaultAction: { allow: {} },
        visibilityConfig: { sampledRequestsEnabled: true, cloudWatchMetricsEnabled: true, metricName: 'mcp' },
      });
      const { customDomain, playgroundUrl } = new McpPlayground(stack, 'Playground', {
        models: [NOVA()],
        serverUrls: SHOP,
        front: McpFront.customDomain({ domainName: 'chat.example.com', certificate: certificate() }),
        webAcl,
      });
      assert.ok(customDomain !== undefined);
      assert.equal(playgroundUrl, 'https://chat.example.com');
    });
    template.resourceCountIs('AWS::CloudFront::Distribution', 0);
    template.resourceCountIs('AWS::WAFv2::WebACLAssociation', 1);
    assert.equal(only(template, 'AWS::ApiGateway::DomainName').properties.DomainName, 'chat.example.com');
  });

  test('shows a person a sentence where API Gateway responds itself', () => {
    const pages = Object.values(bare.findResources('AWS::ApiGateway::GatewayResponse')).map(
      ({ Properties }) => Properties,
    );
    assert.deepEqual(pages.map((page) => page.ResponseType).sort(), ['DEFAULT_4XX', 'DEFAULT_5XX', 'THROTTLED']);
    for (const page of pages) {
      assert.match(page.ResponseTemplates['text/html'], /^<!doctype html>.*<p>[A-Z].*\.<\/p>/);
      assert.equal(page.ResponseParameters['gatewayresponse.header.Cache-Control'], "'no-store'");
    }
    const throttled = pages.find((page) => page.ResponseType === 'THROTTLED')!;
    assert.equal(throttled.ResponseParameters['gatewayresponse.header.Retry-After'], "'5'");
  });

  test('has its URL and its function among the outputs, each under a prefix if one is given', () => {
    const outputs = (prefix?: string) => {
      const json = playground({}, (made) => made.addOutputs(prefix)).toJSON() as TemplateJson;
      return deployed(
        json,
        Object.fromEntries(Object.entries(json.Outputs ?? {}).map(([name, { Value }]) => [name, Value])),
      );
    };
    const name = `<${only(bare, 'AWS::Lambda::Function').logicalId}>`;
    assert.deepEqual(outputs(), { PlaygroundUrl: 'https://d111.cloudfront.net', PlaygroundFunctionName: name });
    assert.deepEqual(Object.keys(outputs('Shop')), ['ShopPlaygroundUrl', 'ShopPlaygroundFunctionName']);
  });

  test('permits more to its function where an app wants it', () => {
    const template = synthesize((stack) => {
      const table = new dynamodb.TableV2(stack, 'More', {
        partitionKey: { name: 'pk', type: dynamodb.AttributeType.STRING },
      });
      table.grantReadData(new McpPlayground(stack, 'Playground', { models: [NOVA()], serverUrls: SHOP }));
    });
    assert.ok(rights(template).some(([, actions]) => actions.includes('dynamodb:Scan')));
  });
});

describe('a playground on this machine', () => {
  const LOCAL = {
    fronts: {},
    newFronts: ['http://127.0.0.1:3030'],
    signInUrl: 'http://127.0.0.1:3031',
    programs: '/programs',
    modelUrl: 'http://127.0.0.1:3039',
  };

  test('has the address and the models of this machine, and reaches servers on it', () => {
    const app = emptyApp({ 'mcp-lambda:local': LOCAL });
    const stack = new Stack(app, 'Test');
    const { playgroundUrl } = new McpPlayground(stack, 'Playground', {
      models: [NOVA()],
      serverUrls: { Local: 'http://127.0.0.1:8080/mcp' },
    });
    assert.equal(playgroundUrl, 'http://127.0.0.1:3030');
    const set = variables(Template.fromStack(stack));
    assert.deepEqual(
      [set.PLAYGROUND_ORIGIN, set.AWS_ENDPOINT_URL_BEDROCK_RUNTIME, set.ALLOW_PRIVATE_SERVERS],
      ['http://127.0.0.1:3030', 'http://127.0.0.1:3039', 'true'],
    );
    const recorded = Playground.records(stack);
    assert.deepEqual(recorded, [
      { kind: 'front', origin: 'http://127.0.0.1:3030', hasPage: false },
      { kind: 'playground', url: 'http://127.0.0.1:3030' },
    ]);
  });
});

/** What a stack records for `mcp-lambda dev` about its playground. */
const Playground = {
  records: (stack: Stack) =>
    stack.node
      .findChild('Playground')
      .node.metadata.map(({ data }) => stack.resolve(data))
      .map(({ api: _, ...record }) => record),
};

describe('a playground is refused', () => {
  test('without a server, or with one that is not reached safely or cannot be told apart', () => {
    refuses(
      { serverUrls: {} },
      'neither servers nor serverUrls names a server, and people sign in to the playground at the first one: name one (PlaygroundWithoutServers)',
    );
    for (const url of [
      'http://shop.example.com/mcp',
      'http://127.0.0.1:8080/mcp',
      'shop',
      'https://a.example/mcp#x',
      'https://me:secret@a.example/mcp',
    ]) {
      refuses(
        { serverUrls: { Shop: url } },
        `the URL of the server Shop is "${url}" and needs https without a user name and a fragment, for example https://mcp.example.com/mcp: correct it (PlaygroundServerUrlInvalid)`,
      );
    }
    refuses(
      { serverUrls: { A: 'https://a.example.com/mcp', B: 'https://a.example.com/mcp' } },
      'the servers A and B have the same URL: leave one out, or name it otherwise (PlaygroundServerTwice)',
    );
  });

  test('without a model, or with one twice', () => {
    refuses(
      { models: [] },
      "models is empty, and a conversation needs one: add McpBedrockModel.inferenceProfile('eu.amazon.nova-lite-v1:0') or another (PlaygroundWithoutModels)",
    );
    refuses(
      { models: [NOVA(), NOVA()] },
      'models has eu.amazon.nova-lite-v1:0 twice: remove one (PlaygroundModelTwice)',
    );
  });

  test('below a path, because its pages are at the root of a host', () => {
    refuses(
      { front: McpFront.stage() },
      'front is McpFront.stage(), whose URL has a path, and the pages need the root of a host: use McpFront.cloudFront(), customDomain() or external() (PlaygroundFrontNotRoot)',
    );
  });

  test('with values that mean nothing', () => {
    refuses({ title: ' ' }, 'title is empty: give it words, or leave it out (PlaygroundStringEmpty)');
    refuses({ systemPrompt: '' }, 'systemPrompt is empty: give it words, or leave it out (PlaygroundStringEmpty)');
    for (const turnsPerMinute of [0, 1.5, -1, Number.NaN, 10_001]) {
      refuses(
        { turnsPerMinute },
        `turnsPerMinute is ${turnsPerMinute} and needs a whole number from 1 to 10000: correct it, or leave it out (PlaygroundLimitInvalid)`,
      );
    }
    refuses(
      { tokensPerDay: 0 },
      'tokensPerDay is 0 and needs a whole number from 1 to 1000000000: correct it, or leave it out (PlaygroundLimitInvalid)',
    );
    for (const [retention, days] of [
      [Duration.hours(36), 1.5],
      [Duration.days(0), 0],
      [Duration.days(3651), 3651],
    ] as const) {
      refuses(
        { retention },
        `retention is ${days} days and needs whole days from 1 to 3650: correct it (PlaygroundRetentionInvalid)`,
      );
    }
  });

  test('with settings that are larger than a function takes', () => {
    assert.throws(() => playground({ systemPrompt: 'Be brief. '.repeat(450) }), {
      message: /the largest are PLAYGROUND_SYSTEM_PROMPT \(\d+\).*\(EnvironmentTooLarge\)/,
    });
  });
});
