/**
 * Two apps on their way through an account: deployed by `cdk deploy`, called, updated in place, destroyed. Emulator-verified: what the
 * emulator accepts without effect is in STAND_INS of cli/emulator/cloudformation_patches.py and in docs/live-checks.md.
 *
 * `cdk bootstrap`, `cdk deploy` and `cdk destroy` are the CDK's own command line: AWS_ENDPOINT_URL leads it to the emulator, and the
 * roles and the bucket of the bootstrap are the emulator's. Requests go to the API as a front sends them: the distribution of `Defaults` is deployed,
 * and the emulator's passes nothing on to an API (it takes a host name of AWS for one outside).
 */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { aws, awsRest } from '../e2e/stack.ts';
import {
  added,
  bootstrap,
  cdk,
  emulator,
  idOf,
  inventory,
  type Inventory,
  type Resources,
  resourcesOf,
} from './account.ts';
import { type Answer, Front, machineToken, send, type TokenAnswer } from './gateway.ts';
import { type AppName, sourceOf, STACKS } from './paths.ts';
import { ADDED_SCOPE, change, CHANGED_TEXT, present, type Revision } from './programs.ts';

const work = mkdtempSync(join(tmpdir(), 'integration-'));
const ORIGIN = 'http://localhost:6299';

/** What CloudFormation makes anew by design: a snapshot of an API, and of a function. */
const SNAPSHOTS = ['AWS::ApiGateway::Deployment', 'AWS::Lambda::Version'];

/** Context of an app. */
type Context = Readonly<Record<string, string>>;

async function deploy(app: AppName, first: Revision, context: Context): Promise<Resources> {
  // What the npm package brings is built for arm64, and the emulator runs this machine's programs.
  const given = Object.entries({ 'mcp-lambda-cdk:programs': first.lambdaDir, ...context }).flatMap(([name, value]) => [
    '--context',
    `${name}=${value}`,
  ]);
  await cdk(
    'deploy',
    '--app',
    `node ${sourceOf(app)}`,
    ...given,
    '--output',
    join(work, app),
    '--require-approval',
    'never',
    '--toolkit-stack-name',
    'Bootstrap',
  );
  return resourcesOf(STACKS[app]);
}

const destroy = (app: AppName) => cdk('destroy', '--app', join(work, app), '--all', '--force');

/** What an update replaced. */
const replaced = (was: Resources, is: Resources) =>
  Object.entries(was)
    .filter(([name, each]) => !SNAPSHOTS.includes(each.type) && is[name]?.id !== each.id)
    .map(([name]) => name);

const call = (api: string, token: string, tool: string, args: object = {}, headers: Record<string, string> = {}) =>
  send(
    api,
    { method: 'tools/call', params: { name: tool, arguments: args } },
    { authorization: `Bearer ${token}`, ...headers },
  );

function content(answer: Answer): { readonly count: number; readonly conversation: string } {
  assert.equal(answer.status, 200, answer.body);
  const { result } = JSON.parse(answer.body.replace(/^(event|id|retry):.*$/gm, '').replace(/^data: ?/gm, '')) as {
    result?: { structuredContent?: { count: number; conversation: string } };
  };
  assert.ok(result?.structuredContent !== undefined, answer.body);
  return result.structuredContent;
}

function granted({ token, error }: TokenAnswer): string {
  assert.ok(token !== undefined, error);
  return token;
}

const cognito = <T>(operation: string, body: object) =>
  aws<T>(emulator, 'cognito-idp', `AWSCognitoIdentityProviderService.${operation}`, body);

const memoryOf = async (name: string) =>
  (await awsRest<{ MemorySize: number }>(emulator, 'lambda', 'GET', `/2015-03-31/functions/${name}/configuration`))
    .MemorySize;

describe('integration apps', () => {
  let front: Front;
  let empty: Inventory;
  let first: Revision;
  let second: Revision;
  before(async () => {
    front = await Front.start();
    first = present(join(work, 'first'));
    second = change(first, join(work, 'second'));
    await bootstrap();
    empty = await inventory();
  });
  after(() => {
    front.stop();
    rmSync(work, { recursive: true, force: true });
  });

  describe('a server with nothing chosen', () => {
    let resources: Resources;
    let api: string;
    let pool: string;
    let identifier: string;
    let conversation: string;

    /** The app client of a program. An operator defines it and later permits it more, because the app defines none. */
    let program: { readonly ClientId: string; readonly ClientSecret: string };

    async function token(...scopeNames: readonly string[]): Promise<string> {
      const scopes = scopeNames.map((name) => `${identifier}/${name}`);
      const settings = {
        UserPoolId: pool,
        ClientName: 'program',
        AllowedOAuthFlowsUserPoolClient: true,
        AllowedOAuthFlows: ['client_credentials'],
        AllowedOAuthScopes: scopes,
      };
      if (program === undefined) {
        program = (
          await cognito<{ UserPoolClient: typeof program }>('CreateUserPoolClient', {
            ...settings,
            GenerateSecret: true,
          })
        ).UserPoolClient;
      } else {
        await cognito('UpdateUserPoolClient', { ...settings, ClientId: program.ClientId });
      }
      return granted(
        await machineToken(
          `${emulator.AwsEndpointUrl}/oauth2/token`,
          program.ClientId,
          program.ClientSecret,
          scopes.join(' '),
        ),
      );
    }

    test('is deployed by cdk deploy, and answers a program', async () => {
      resources = await deploy('defaults', first, { ...first });
      api = idOf(resources, 'AWS::ApiGateway::RestApi');
      pool = idOf(resources, 'AWS::Cognito::UserPool');
      identifier = idOf(resources, 'AWS::Cognito::UserPoolResourceServer');
      assert.match(identifier, /^https:\/\/[a-z0-9]+\.cloudfront\.net\/mcp$/);

      const anonymous = await call(api, '', 'incrementCounter');
      assert.equal(anonymous.status, 401);
      assert.ok(
        anonymous.challenge?.includes(
          `resource_metadata="${identifier.replace('/mcp', '/.well-known/oauth-protected-resource/mcp')}"`,
        ),
        anonymous.challenge,
      );

      const accessToken = await token('counter.read', 'counter.write');
      conversation = content(await call(api, accessToken, 'incrementCounter', { by: 5 })).conversation;
      assert.equal(content(await call(api, accessToken, 'getCounter', { conversation })).count, 5);
      assert.equal(
        (await call(api, accessToken, 'getCounter', { conversation }, { origin: ORIGIN })).status,
        403,
        'a page of another origin',
      );
    });

    test('keeps pool, API, table and what they hold through an update of code, memory, origins and OAuth scopes', async () => {
      const updated = await deploy('defaults', first, {
        ...second,
        chosen: JSON.stringify({ memorySize: 512, allowedOrigins: [ORIGIN] }),
      });
      assert.deepEqual(replaced(resources, updated), []);
      resources = updated;

      const accessToken = await token('counter.read', 'counter.write', ADDED_SCOPE);
      assert.equal(content(await call(api, accessToken, 'getCounter', { conversation }, { origin: ORIGIN })).count, 5);
      assert.ok(
        (await send(api, { method: 'tools/list' }, { authorization: `Bearer ${accessToken}` })).body.includes(
          CHANGED_TEXT,
        ),
      );
      assert.equal(await memoryOf(idOf(resources, 'AWS::Lambda::Function', 'CounterFunction')), 512);
    });

    test('leaves people, log and state behind when it is destroyed, and nothing else', async () => {
      await destroy('defaults');
      assert.deepEqual(added(empty, await inventory()), {
        'user pool': [pool],
        'log group': ['CounterAuthorizationServer', 'CounterFunction'].map((name) =>
          idOf(resources, 'AWS::Logs::LogGroup', name),
        ),
        table: [idOf(resources, 'AWS::DynamoDB::GlobalTable')],
      });
    });
  });

  describe('a server with everything chosen', () => {
    let resources: Resources;
    let beforehand: Inventory;
    let api: string;
    let conversation: string;

    const identifier = () => `${front.url}/mcp`;

    /** A token of the app's own machine client, from the authorization server. */
    async function ask(...scopeNames: readonly string[]): Promise<TokenAnswer> {
      const { SecretString } = await aws<{ SecretString: string }>(
        emulator,
        'secretsmanager',
        'secretsmanager.GetSecretValue',
        {
          SecretId: idOf(resources, 'AWS::SecretsManager::Secret', 'CounterMachineClient'),
        },
      );
      return machineToken(
        `${front.url}/token`,
        idOf(resources, 'AWS::Cognito::UserPoolClient', 'CounterMachineClient'),
        SecretString,
        scopeNames.map((name) => `${identifier()}/${name}`).join(' '),
      );
    }

    const token = async (...scopeNames: readonly string[]): Promise<string> => granted(await ask(...scopeNames));

    const context = (revision: Revision): Context => ({
      ...revision,
      publicBaseUrl: front.url,
      signInBaseUrl: emulator.AwsEndpointUrl,
    });

    test('is deployed by cdk deploy, and answers a program through its Lambda authorizer', async () => {
      beforehand = await inventory();
      resources = await deploy('everything', first, context(first));
      api = idOf(resources, 'AWS::ApiGateway::RestApi', 'Counter');
      front.api = api;

      const accessToken = await token('counter.read', 'counter.write');
      conversation = content(await call(api, accessToken, 'incrementCounter', { by: 3 })).conversation;
      assert.equal(content(await call(api, accessToken, 'getCounter', { conversation })).count, 3);
      const refused = await call(api, await token('counter.read'), 'incrementCounter');
      assert.equal(refused.status, 403, refused.body);
      assert.match(refused.challenge ?? '', /error="insufficient_scope"/);
      assert.deepEqual(await ask(ADDED_SCOPE), { token: undefined, error: 'invalid_scope' });
    });

    test('keeps pool, API, table and what they hold through an update of code, memory, origins and OAuth scopes', async () => {
      const updated = await deploy('everything', first, {
        ...context(second),
        scopeNames: `counter.read,counter.write,${ADDED_SCOPE}`,
        chosen: JSON.stringify({ memorySize: 1024, allowedOrigins: [ORIGIN] }),
      });
      assert.deepEqual(replaced(resources, updated), []);
      resources = updated;

      assert.equal(
        (await call(api, await token('counter.read', 'counter.write'), 'getCounter')).status,
        403,
        'without the OAuth scope that the tool needs now',
      );
      const accessToken = await token('counter.read', 'counter.write', ADDED_SCOPE);
      assert.equal(content(await call(api, accessToken, 'getCounter', { conversation }, { origin: ORIGIN })).count, 3);
      assert.ok(
        (await send(api, { method: 'tools/list' }, { authorization: `Bearer ${accessToken}` })).body.includes(
          CHANGED_TEXT,
        ),
      );
      assert.equal(await memoryOf(idOf(resources, 'AWS::Lambda::Function', 'CounterFunction')), 1024);
    });

    test('leaves nothing behind when it is destroyed', async () => {
      await destroy('everything');
      assert.deepEqual(added(beforehand, await inventory()), {});
    });
  });
});
