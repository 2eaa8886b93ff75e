/** The example for the Serverless Framework: deployed by it, called, compared with what the constructs make, and removed. */

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { zipSync } from 'fflate';

import { McpAuthorization } from '../../cdk/lib/authorization/mcp-authorization.js';
import { McpContract } from '../../cdk/lib/contract/mcp-contract.js';
import { McpScope } from '../../cdk/lib/contract/mcp-scope.js';
import { McpFront } from '../../cdk/lib/front/mcp-front.js';
import { McpCode } from '../../cdk/lib/function/mcp-code.js';
import { McpServer } from '../../cdk/lib/server/mcp-server.js';
import { McpToolsApi } from '../../cdk/lib/tools-api/mcp-tools-api.js';
import { aws } from '../e2e/stack.ts';
import { added, emulator, idOf, inventory, type Inventory, resourcesOf, run } from './account.ts';
import { machineToken } from './gateway.ts';
import { root } from './paths.ts';
// @ts-expect-error a script without types
import { layDown } from '../../scripts/lib/cargo.mjs';

const awsCli = process.env['MCP_LAMBDA_AWS_CLI'];
assert.ok(awsCli !== undefined, 'MCP_LAMBDA_AWS_CLI needs the directory of the program aws: npm test -- integration');

const FACT = 'A fact of the test.';
const work = mkdtempSync(join(tmpdir(), 'serverless-'));
const service = join(work, 'service');

interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, any>;
}

const osls = (...args: readonly string[]) => run(join(root, 'test', 'node_modules', '.bin', 'osls'), args, {}, service);

const cli = (...args: readonly string[]) => run(join(awsCli, 'aws'), args);

describe('the example for the Serverless Framework', () => {
  let beforehand: Inventory;
  const dogApi = createServer((_asked, answer) =>
    answer
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ data: [{ attributes: { body: FACT } }] })),
  );

  before(async () => {
    await new Promise<void>((resolve) => dogApi.listen(0, '127.0.0.1', resolve));
    cpSync(join(root, 'docs', 'examples', 'serverless'), service, { recursive: true });
    layDown(work, ['counter', 'dog-facts']);
    for (const server of ['counter', 'dog-facts']) {
      const bootstrap = readFileSync(join(work, server, 'bootstrap'));
      const zip = zipSync({ bootstrap: [bootstrap, { os: 3, attrs: 0o100755 * 0x10000 }] }, { level: 1 });
      writeFileSync(join(service, `${server}.zip`), zip);
    }
    beforehand = await inventory();
  });
  after(() => {
    dogApi.close();
    rmSync(work, { recursive: true, force: true });
  });

  test('is deployed, takes an API key for REST, and an access token for MCP', async () => {
    const port = (dogApi.address() as AddressInfo).port;
    await osls('deploy', '--param', `dogApiBaseUrl=http://127.0.0.1:${port}/api/v2`);
    const resources = await resourcesOf('mcp-dev');
    const api = idOf(resources, 'AWS::ApiGateway::RestApi');
    const url = `${emulator.AwsEndpointUrl}/_aws/execute-api/${api}/dev`;
    const send = async (path: string, body: object, headers: Record<string, string>) => {
      const response = await fetch(url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
        body: JSON.stringify(body),
      });
      return { status: response.status, session: response.headers.get('mcp-session-id'), body: await response.text() };
    };

    const key = await cli(
      ...['apigateway', 'get-api-key', '--include-value', '--query', 'value', '--output', 'text'],
      ...['--api-key', idOf(resources, 'AWS::ApiGateway::ApiKey')],
    );
    const called = await send('/functions/getDogFacts', { limit: 1 }, { 'x-api-key': key.trim() });
    assert.ok(called.status === 200 && called.body.includes(FACT), called.body);
    assert.equal((await send('/functions/getDogFacts', {}, {})).status, 403);

    const clientId = idOf(resources, 'AWS::Cognito::UserPoolClient');
    const { UserPoolClient: client } = await aws<{
      UserPoolClient: { ClientSecret: string; AllowedOAuthScopes: string[] };
    }>(emulator, 'cognito-idp', 'AWSCognitoIdentityProviderService.DescribeUserPoolClient', {
      UserPoolId: idOf(resources, 'AWS::Cognito::UserPool'),
      ClientId: clientId,
    });
    const { token, error } = await machineToken(
      `${emulator.AwsEndpointUrl}/oauth2/token`,
      clientId,
      client.ClientSecret,
      client.AllowedOAuthScopes.join(' '),
    );
    assert.ok(token !== undefined, error);
    const authorization = `Bearer ${token}`;
    const message = (method: string, params: object) => ({ jsonrpc: '2.0', id: 1, method, params });
    const opened = await send(
      '/mcp',
      message('initialize', {
        protocolVersion: '2025-06-18',
        capabilities: {},
        clientInfo: { name: 'test', version: '1' },
      }),
      { authorization },
    );
    assert.equal(opened.status, 200, opened.body);
    const headers = {
      authorization,
      'mcp-protocol-version': '2025-06-18',
      'mcp-session-id': opened.session ?? '',
    };
    const increment = message('tools/call', { name: 'incrementCounter', arguments: {} });
    await send('/mcp', increment, headers);
    const { body } = await send('/mcp', increment, headers);
    assert.match(body, /"structuredContent":\{"count":2\}/);
    assert.equal((await send('/mcp', increment, {})).status, 401);
  });

  test('has what the constructs make, property by property where both have it', async () => {
    await osls('package', '--package', join(work, 'package'));
    const packaged = JSON.parse(
      readFileSync(join(work, 'package', 'cloudformation-template-update-stack.json'), 'utf8'),
    ) as { Resources: Record<string, Resource> };
    const theirs = (name: string) => {
      const found = packaged.Resources[name];
      assert.ok(found, `the example has no resource ${name}`);
      return found;
    };
    const constructs = synthesized(work);
    const same = (name: string, ours: Resource, allowed: readonly string[] = []) => {
      const [mine, other] = [ours, theirs(name)].map(({ Properties }) => plain(Properties) as Record<string, unknown>);
      const both = Object.keys(mine!).filter((property) => property in other! && !allowed.includes(property));
      assert.ok(both.length > 0, name);
      for (const property of both) assert.deepEqual(other![property], mine![property], `${name}: ${property}`);
    };

    const [counter, dogFacts] = [constructs.counter, constructs.dogFacts];
    // The code, the name of the role and the settings differ by what they name.
    const named = ['Code', 'Role', 'Environment', 'LoggingConfig'];
    for (const [name, stack, unset] of [
      ['CounterLambdaFunction', counter, ['MCP_RESOURCE_METADATA_URL', 'MCP_ALLOWED_ORIGINS']],
      ['DogFactsLambdaFunction', dogFacts, ['MCP_RESOURCE_METADATA_URL', 'MCP_ALLOWED_ORIGINS']],
    ] as const) {
      const ours = only(stack, 'AWS::Lambda::Function');
      same(name, ours, named);
      const settings = (resource: Resource) => Object.keys(resource.Properties['Environment'].Variables);
      const beyond = name === 'DogFactsLambdaFunction' ? ['DOG_API_BASE_URL'] : [];
      assert.deepEqual([...settings(theirs(name)), ...unset].sort(), [...settings(ours), ...beyond].sort());
      assert.equal(theirs(name).Properties['LoggingConfig'].LogFormat, ours.Properties['LoggingConfig'].LogFormat);
    }
    same('StateTable', only(counter, 'AWS::DynamoDB::GlobalTable'));
    const [replica] = only(counter, 'AWS::DynamoDB::GlobalTable').Properties['Replicas'];
    assert.deepEqual(
      theirs('StateTable').Properties['PointInTimeRecoverySpecification'],
      replica.PointInTimeRecoverySpecification,
    );
    same('StateKeys', only(counter, 'AWS::SecretsManager::Secret', 'Keys'));
    same('AccessTokens', only(counter, 'AWS::ApiGateway::Authorizer'), ['Name']);
    same('OAuthScopes', only(counter, 'AWS::Cognito::UserPoolResourceServer'));
    same('Program', only(counter, 'AWS::Cognito::UserPoolClient', 'Program'));
    same('ReportsKey', only(dogFacts, 'AWS::ApiGateway::ApiKey'), ['Description']);
    same('ReportsPlanKey', only(dogFacts, 'AWS::ApiGateway::UsagePlanKey'));
    same('ApiGatewayUsagePlan', only(dogFacts, 'AWS::ApiGateway::UsagePlan'), ['ApiStages', 'Description']);
    const statements = (policy: any) =>
      policy.PolicyDocument.Statement.map(({ Effect, Action }: any) => [Effect, Action]);
    for (const [role, stack] of [
      ['CounterRole', counter],
      ['DogFactsRole', dogFacts],
    ] as const) {
      const policy = only(stack, 'AWS::IAM::Policy', 'Function').Properties;
      const [inline] = theirs(role).Properties['Policies'];
      assert.deepEqual(statements(inline), statements(policy), role);
    }
    const methods = (resources: Record<string, Resource>, wanted: (properties: any) => boolean) =>
      Object.values(resources)
        .filter(
          ({ Type, Properties }) =>
            Type === 'AWS::ApiGateway::Method' && Properties['Integration'].Type === 'AWS_PROXY' && wanted(Properties),
        )
        .map(({ Properties }) => ({
          method: Properties['HttpMethod'],
          authorization: Properties['AuthorizationType'],
          oauthScopes: Properties['AuthorizationScopes']?.map(
            (each: unknown) => /\/([a-z.-]+)"[\]}]*$/.exec(JSON.stringify(each))?.[1],
          ),
          transfer: Properties['Integration'].ResponseTransferMode,
        }));
    const guarded = ({ AuthorizationScopes }: any) => AuthorizationScopes !== undefined;
    const keyed = ({ ApiKeyRequired }: any) => ApiKeyRequired === true;
    assert.deepEqual(methods(packaged.Resources, guarded), methods(counter, guarded));
    assert.deepEqual(methods(packaged.Resources, keyed), methods(dogFacts, keyed));
  });

  test('leaves nothing behind when it is removed', async () => {
    // As `osls remove` does it, which also asks for container images: the emulator has none of their API.
    const bucket = idOf(await resourcesOf('mcp-dev'), 'AWS::S3::Bucket');
    const stack = ['--stack-name', 'mcp-dev'];
    await cli('s3', 'rm', `s3://${bucket}`, '--recursive');
    await cli('cloudformation', 'delete-stack', ...stack);
    await cli('cloudformation', 'wait', 'stack-delete-complete', ...stack);
    assert.deepEqual(added(beforehand, await inventory()), {});
  });
});

/** The same two servers as the constructs make them. */
function synthesized(directory: string): Record<'counter' | 'dogFacts', Record<string, Resource>> {
  const app = new App({ outdir: join(directory, 'cdk.out') });
  const servers = { counter: 'counter', dogFacts: 'dog-facts' };
  const stacks = Object.entries(servers).map(([id, name]) => {
    const stack = new Stack(app, id);
    const contract = McpContract.fromFile(join(root, 'lambda', 'servers', name, 'contract.json'));
    const server = new McpServer(stack, 'Server', {
      contract,
      code: McpCode.fromAsset(join(directory, name)),
      front: McpFront.stage(),
      authorization: McpAuthorization.cognito(),
    });
    server.addMachineClient('Program');
    if (name === 'dog-facts') {
      const oauthScopes = [McpScope.fromContract(contract, name)];
      new McpToolsApi(stack, 'Rest', { server, keys: [{ name: 'reports', oauthScopes }] });
    }
    return [id, stack] as const;
  });
  return Object.fromEntries(
    stacks.map(([id, stack]) => [id, Template.fromStack(stack).toJSON()['Resources']]),
  ) as Record<'counter' | 'dogFacts', Record<string, Resource>>;
}

/** The only resource of a type whose logical ID has `part`. */
function only(resources: Record<string, Resource>, type: string, part = ''): Resource {
  const found = Object.entries(resources).filter(([name, each]) => each.Type === type && name.includes(part));
  assert.equal(found.length, 1, `${type} ${part}: ${found.map(([name]) => name).join(', ')}`);
  return found[0]![1];
}

/** The same value; what refers to another resource is equal to every such value. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const keys = Object.keys(value);
  if (keys.length === 1 && (keys[0] === 'Ref' || keys[0]!.startsWith('Fn::'))) return 'a reference';
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}
