import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { readContext } from '../../app/context';
import { CounterStack } from '../../app/counter-stack';
import { DogFactsStack } from '../../app/dog-facts-stack';
import { deployed } from '../deployed';
import { fixture, only, type TemplateJson } from '../synthesis';

const root = join(__dirname, '..', '..', '..');
process.chdir(root);
const lambdaDir = fixture('lambda');
const externalFront = {
  front: 'external',
  publicBaseUrl: 'http://127.0.0.1:3030',
  signInBaseUrl: 'http://127.0.0.1:3031',
  cognitoIdpUrl: 'http://127.0.0.1:3031',
};

const cognito = { authorization: 'cognito' };

const dogFacts = (context: Record<string, unknown>) => {
  const app = new App({ context: { lambdaDir, ...context } });
  return Template.fromStack(new DogFactsStack(app, 'DogFacts', readContext(app.node)));
};

const outputsOf = (template: Template) => {
  const json = template.toJSON() as TemplateJson;
  return Object.fromEntries(Object.entries(json.Outputs!).map(([id, output]) => [id, deployed(json, output.Value)]));
};

describe('the example stack', () => {
  test('puts out what a person and a program need to connect', () => {
    assert.deepEqual(outputsOf(dogFacts(externalFront)), {
      McpServerUrl: 'http://127.0.0.1:3030/mcp',
      OAuthMetadataUrl: 'http://127.0.0.1:3030/.well-known/oauth-protected-resource/mcp',
      McpOAuthIssuer: 'http://127.0.0.1:3030',
      McpOAuthAuthorizationUrl: 'http://127.0.0.1:3030/authorize',
      McpOAuthTokenUrl: 'http://127.0.0.1:3030/token',
      McpOAuthScope: 'http://127.0.0.1:3030/mcp/dog-facts',
      McpOAuthClientId: 'dog-facts',
      AutomatedOAuthClientId: 'machineclientid',
      AutomatedOAuthClientSecretArn: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:Secret-abc',
      SignInUrl: 'http://127.0.0.1:3030/sign-in',
      ClaudeCodeCommand: 'claude mcp add --transport http dog-facts http://127.0.0.1:3030/mcp',
      UserPoolId: 'eu-west-1_Pool',
      CodexCommand: 'codex mcp add dog-facts --url http://127.0.0.1:3030/mcp',
      GeminiCommand: 'gemini mcp add --transport http dog-facts http://127.0.0.1:3030/mcp',
      VsCodeCommand: `code --add-mcp '{"name":"dog-facts","type":"http","url":"http://127.0.0.1:3030/mcp"}'`,
      CursorLink: `cursor://anysphere.cursor-deeplink/mcp/install?name=dog-facts&config=${Buffer.from('{"url":"http://127.0.0.1:3030/mcp"}').toString('base64')}`,
    });
  });

  test('lets Cursor sign in, whose link it puts out and whose codes go to a scheme of its own', () => {
    const json = dogFacts(externalFront).toJSON() as TemplateJson;
    const schemes = Object.values(json.Resources).map(
      ({ Properties }) =>
        (Properties as { Environment?: { Variables?: Record<string, unknown> } } | undefined)?.Environment?.Variables?.[
          'AUTHORIZATION_CUSTOM_SCHEMES'
        ],
    );
    assert.deepEqual(
      schemes.filter((value) => value !== undefined),
      ['cursor'],
    );
  });

  test('is behind CloudFront unless told otherwise', () => {
    dogFacts({}).resourceCountIs('AWS::CloudFront::Distribution', 1);
    dogFacts({ front: 'stage' }).resourceCountIs('AWS::CloudFront::Distribution', 0);
  });

  test("passes the Dog API's address and the callback port on", () => {
    const template = dogFacts({ ...cognito, dogApiBaseUrl: 'http://127.0.0.1:3033/api/v2', callbackPort: '9000' });
    assert.equal(
      only(template, 'AWS::Lambda::Function').properties.Environment.Variables.DOG_API_BASE_URL,
      'http://127.0.0.1:3033/api/v2',
    );
    assert.match(outputsOf(template).ClaudeCodeCommand, /--callback-port 9000$/);
  });

  test('leaves nothing behind when it is destroyed', () => {
    const retained = Object.values((dogFacts({}).toJSON() as TemplateJson).Resources).filter(
      (each) => each.DeletionPolicy === 'Retain',
    );
    assert.deepEqual(retained, []);
  });

  test("sets every variable that the server's contract requires, and none that it does not know", () => {
    const settings: any[] = JSON.parse(
      readFileSync(join(root, 'lambda/servers/dog-facts/contract.json'), 'utf8'),
    ).settings;
    const variables = Object.keys(only(dogFacts(cognito), 'AWS::Lambda::Function').properties.Environment.Variables);
    assert.deepEqual(
      variables.filter((name) => !settings.some((each) => each.name === name)),
      [],
    );
    assert.deepEqual(
      settings.filter((each) => each.required && !variables.includes(each.name)),
      [],
    );
  });
});

describe('the example stack with -c lambdaAuthorizer=true', () => {
  test('puts the Lambda authorizer before the MCP endpoint', () => {
    const authorizers = (context: Record<string, string>) =>
      Object.values(dogFacts({ ...externalFront, ...context }).findResources('AWS::ApiGateway::Authorizer')).map(
        (each) => each.Properties.Type,
      );
    assert.deepEqual(
      [authorizers({ lambdaAuthorizer: 'true' }), authorizers({ lambdaAuthorizer: 'false' }), authorizers({})],
      [['REQUEST'], ['COGNITO_USER_POOLS'], ['COGNITO_USER_POOLS']],
    );
  });
});

describe('the example stack with -c toolsApi', () => {
  test('has a second API, with a key or with an authorizer', () => {
    const types = (toolsApi: string) => {
      const template = dogFacts({ ...externalFront, toolsApi });
      return ['RestApi', 'ApiKey', 'Authorizer'].map(
        (type) => Object.keys(template.findResources(`AWS::ApiGateway::${type}`)).length,
      );
    };
    assert.deepEqual(
      [types('none'), types('keys'), types('accessTokens')],
      [
        [1, 0, 1],
        [2, 1, 1],
        [2, 0, 2],
      ],
    );
    assert.ok('ToolsApiKeyIdexample' in outputsOf(dogFacts({ ...externalFront, toolsApi: 'keys' })));
  });
});

describe('the example stack with -c authorization=cognito', () => {
  const template = dogFacts({ ...externalFront, ...cognito });

  test("puts out Cognito's endpoints and a client id to type, and no command that takes the URL alone", () => {
    const [outputs, usual] = [outputsOf(template), outputsOf(dogFacts(externalFront))];
    const added = ['CodexCommand', 'GeminiCommand', 'VsCodeCommand', 'CursorLink'];
    assert.deepEqual(
      Object.keys(outputs),
      Object.keys(usual).filter((name) => !added.includes(name)),
    );
    const different = Object.keys(outputs).filter((name) => outputs[name] !== usual[name]);
    assert.deepEqual(different, [
      'McpOAuthAuthorizationUrl',
      'McpOAuthTokenUrl',
      'McpOAuthClientId',
      'SignInUrl',
      'ClaudeCodeCommand',
    ]);
    assert.equal(outputs.McpOAuthAuthorizationUrl, 'http://127.0.0.1:3031/oauth2/authorize');
    assert.equal(outputs.McpOAuthTokenUrl, 'http://127.0.0.1:3031/oauth2/token');
    assert.equal(outputs.McpOAuthClientId, 'interactiveclientid');
    assert.equal(
      outputs.SignInUrl,
      'http://127.0.0.1:3031/login?client_id=interactiveclientid&response_type=code&scope=http://127.0.0.1:3030/mcp/dog-facts&redirect_uri=http://localhost:8765/callback',
    );
    assert.equal(
      outputs.ClaudeCodeCommand,
      'claude mcp add --transport http dog-facts http://127.0.0.1:3030/mcp --client-id interactiveclientid --callback-port 8765',
    );
  });

  test('leaves nothing behind when it is destroyed', () => {
    const retained = Object.values((template.toJSON() as TemplateJson).Resources).filter(
      (each) => each.DeletionPolicy === 'Retain',
    );
    assert.deepEqual(retained, []);
  });
});

describe('the example stack with -c env', () => {
  /** Users, logs, second factor, throttle, and whether the stack itself may be deleted. */
  const shape = (env?: string) => {
    const app = new App({ context: { lambdaDir, ...(env && { env }) } });
    const stack = new DogFactsStack(app, 'DogFacts', readContext(app.node));
    const template = Template.fromStack(stack);
    const pool = template.findResources('AWS::Cognito::UserPool')[only(template, 'AWS::Cognito::UserPool').logicalId];
    const log = Object.values(template.findResources('AWS::Logs::LogGroup')).map((each) => each.DeletionPolicy);
    const { ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst } = only(template, 'AWS::ApiGateway::Stage')
      .properties.MethodSettings[0];
    return [
      pool.DeletionPolicy,
      pool.Properties.DeletionProtection,
      log,
      pool.Properties.MfaConfiguration,
      [rate, burst],
      stack.terminationProtection,
    ];
  };

  test('=dev, and without it, throws everything away and asks for no second factor', () => {
    assert.deepEqual(shape('dev'), ['Delete', 'INACTIVE', ['Delete', 'Delete'], undefined, [50, 100], false]);
    assert.deepEqual(shape(), shape('dev'));
  });

  test('=staging asks for a second factor, and throws everything away', () => {
    assert.deepEqual(shape('staging'), ['Delete', 'INACTIVE', ['Delete', 'Delete'], 'ON', [50, 100], false]);
  });

  test('=prod keeps users and logs, protects pool and stack, and lets more through', () => {
    assert.deepEqual(shape('prod'), ['Retain', 'ACTIVE', ['Retain', 'Retain'], 'ON', [200, 400], true]);
  });
});

describe('the counter stack', () => {
  test("gives the server a table, and permission for its tools' actions only", () => {
    const app = new App({ context: { lambdaDir, ...externalFront, ...cognito } });
    const template = Template.fromStack(new CounterStack(app, 'Counter', readContext(app.node)));
    const { logicalId, properties } = only(template, 'AWS::DynamoDB::GlobalTable');
    assert.equal(properties.BillingMode, 'PAY_PER_REQUEST');
    assert.deepEqual(properties.KeySchema, [{ AttributeName: 'pk', KeyType: 'HASH' }]);
    const contract = JSON.parse(readFileSync(join(root, 'lambda/servers/counter/contract.json'), 'utf8'));
    const declared = contract.tools.flatMap((tool: any) => tool.awsActions).flatMap((need: any) => need.actions);
    const granted = only(template, 'AWS::IAM::Policy').properties.PolicyDocument.Statement.filter((each: any) =>
      JSON.stringify(each.Resource).includes(logicalId),
    );
    assert.equal(granted.length, 1);
    assert.deepEqual([granted[0].Action].flat().sort(), [...new Set(declared)].sort());
    assert.deepEqual(granted[0].Resource, { 'Fn::GetAtt': [logicalId, 'Arn'] });
    const { Variables } = only(template, 'AWS::Lambda::Function').properties.Environment;
    assert.deepEqual(Variables.MCP_STATE_TABLE, { Ref: logicalId });
  });
});

describe('the context', () => {
  const complaints: [context: Record<string, unknown>, text: string][] = [
    [{ env: 'test' }, 'context env=test needs one of dev, staging, prod'],
    [
      { frnt: 'stage' },
      'context frnt=stage is an unknown context key: use one of env, front, publicBaseUrl, signInBaseUrl, cognitoIdpUrl, lambdaDir, dogApiBaseUrl, serperBaseUrl, models, callbackPort, authorization, lambdaAuthorizer, toolsApi, compute',
    ],
    [
      { environment: 'prod' },
      'context environment=prod is an unknown context key: use one of env, front, publicBaseUrl, signInBaseUrl, cognitoIdpUrl, lambdaDir, dogApiBaseUrl, serperBaseUrl, models, callbackPort, authorization, lambdaAuthorizer, toolsApi, compute',
    ],
    [{ front: 'cdn' }, 'context front=cdn needs one of cloudfront, stage, external'],
    [
      { front: 'external' },
      'context front=external needs the origin of the front: add -c publicBaseUrl=https://mcp.example.com',
    ],
    [
      { publicBaseUrl: 'https://mcp.example.com' },
      'context publicBaseUrl=https://mcp.example.com applies to front=external only, and front is cloudfront: remove it or add -c front=external',
    ],
    [
      { front: 'stage', signInBaseUrl: 'https://a.example' },
      'context signInBaseUrl=https://a.example applies to front=external only, and front is stage: remove it or add -c front=external',
    ],
    [{ lambdaAuthorizer: 'yes' }, 'context lambdaAuthorizer=yes needs true or false'],
    [{ toolsApi: 'true' }, 'context toolsApi=true needs one of none, keys, accessTokens'],
    [{ authorization: 'auth0' }, 'context authorization=auth0 needs one of server, cognito'],
    [{ callbackPort: 'any' }, 'context callbackPort=any needs a port number, for example 8765'],
    [{ dogApiBaseUrl: ['a'] }, 'context dogApiBaseUrl=["a"] needs a string that is not empty'],
    [
      { lambdaDir: 'nowhere' },
      'context lambdaDir=nowhere needs to hold dog-facts/bootstrap: run npm run build:lambda and use target/lambda, or leave the key out to build now',
    ],
  ];
  for (const [context, text] of complaints) {
    test(`fails with ${text.split(' needs')[0]}`, () => {
      assert.throws(() => dogFacts(context), { message: `${text} (ContextInvalid)` });
    });
  }
});

/** Runs a program of cdk/app as the CDK's command line does. */
const synthesized = (
  program: string,
  outputDirectory: string,
  context: Record<string, string>,
  path = process.env.PATH,
) =>
  spawnSync(process.execPath, ['--import', 'tsx', `cdk/app/${program}.ts`], {
    cwd: root,
    encoding: 'utf8',
    env: {
      ...process.env,
      PATH: path,
      CDK_OUTDIR: outputDirectory,
      CDK_CONTEXT_JSON: JSON.stringify(context),
      CDK_VALIDATION: 'false',
    },
  });

describe('the app program', () => {
  const directory = mkdtempSync(join(tmpdir(), 'cdk-out-'));
  after(() => rmSync(directory, { recursive: true }));

  for (const [program, stack] of [
    ['main', 'DogFacts'],
    ['counter', 'Counter'],
  ]) {
    test(`${program}.ts writes the stack ${stack} where CDK_OUTDIR says`, () => {
      const outputDirectory = join(directory, program);
      const run = synthesized(program, outputDirectory, { lambdaDir, ...externalFront });
      assert.equal(run.stderr, '');
      assert.equal(run.status, 0);
      const template = JSON.parse(readFileSync(join(outputDirectory, `${stack}.template.json`), 'utf8'));
      assert.equal(template.Outputs.McpServerUrl.Value, 'http://127.0.0.1:3030/mcp');
    });
  }

  for (const program of ['main', 'counter', 'two-servers', 'template']) {
    test(`${program}.ts says in one line what is wrong`, () => {
      const { status, stdout, stderr } = synthesized(program, join(directory, 'wrong'), { authorization: 'auth0' });
      assert.deepEqual(
        [status, stdout, stderr],
        [1, '', 'error: context authorization=auth0 needs one of server, cognito (ContextInvalid)\n'],
      );
    });
  }

  test('says what is wrong with half a server in one line too', () => {
    const { status, stderr } = synthesized('main', join(directory, 'half'), { lambdaDir, callbackPort: '99999' });
    assert.equal(status, 1);
    assert.match(stderr, /^error: callbackPort is 99999 .+ \(CallbackPortInvalid\)\n$/);
  });
});
