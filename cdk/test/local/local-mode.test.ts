import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { type App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import {
  McpAuthorization,
  McpCode,
  McpCompute,
  McpFront,
  McpHost,
  McpRemoteServer,
  McpScope,
  McpServer,
  McpUserPool,
} from '../../lib';
import { code, counterServer, emptyApp, facts, fixture, includingScopes, only, twoScopes } from '../synthesis';

/** What `mcp-lambda dev` writes. */
const LOCAL = {
  fronts: {},
  newFronts: ['http://127.0.0.1:3030', 'http://127.0.0.1:3040'],
  signInUrl: 'http://127.0.0.1:3031',
  programs: '/programs',
};

const localApp = (more: object = {}): App => emptyApp({ 'mcp-lambda:local': { ...LOCAL, ...more } });

/** The records of the app's stacks, by construct path. */
function records(app: App): { readonly path: string; readonly [member: string]: any }[] {
  const { directory, stacks } = app.synth();
  return stacks.flatMap((stack) => {
    const file = join(directory, `${stack.id}.metadata.json`);
    const metadata = JSON.parse(readFileSync(file, 'utf8')) as Record<string, { type: string; data: any }[]>;
    return Object.entries(metadata).flatMap(([path, entries]) =>
      entries.filter(({ type }) => type === 'mcp-lambda:local').map(({ data }) => ({ path, ...data })),
    );
  });
}

const fromCargo = () => McpCode.fromCargo(fixture('../../..'), { packageName: 'dog-facts' });

describe('local mode', () => {
  test('gives a server the address of this machine whatever front it has, and the pages and keys of the user pool too', () => {
    const app = localApp();
    const stack = new Stack(app, 'Test');
    const server = new McpServer(stack, 'Server', { code: code(), contract: facts(), front: McpFront.stage() });
    assert.equal(server.mcpServerUrl, 'http://127.0.0.1:3030/mcp');
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::CloudFront::Distribution', 0);
    const environments = Object.values(template.findResources('AWS::Lambda::Function')).map(
      (each) => each.Properties.Environment.Variables,
    );
    assert.ok(environments.some((each) => each.AUTHORIZATION_SIGN_IN_URL === 'http://127.0.0.1:3031'));
    const front = records(app).find(({ kind }) => kind === 'front');
    const { logicalId } = only(template, 'AWS::ApiGateway::RestApi');
    assert.deepEqual(front, {
      path: '/Test/Server',
      kind: 'front',
      origin: 'http://127.0.0.1:3030',
      api: { Ref: logicalId },
      hasPage: true,
    });
  });

  test('knows a front by its construct path, gives new ones the addresses in their order, and the rest one that leads nowhere', () => {
    const app = localApp({ fronts: { 'Test/B': 'http://127.0.0.1:4000' } });
    const stack = new Stack(app, 'Test');
    const urls = ['A', 'B', 'C', 'D'].map(
      (id) => new McpServer(stack, id, { code: code(), contract: facts() }).mcpServerUrl,
    );
    assert.deepEqual(urls, [
      'http://127.0.0.1:3030/mcp',
      'http://127.0.0.1:4000/mcp',
      'http://127.0.0.1:3040/mcp',
      'http://127.0.0.1:9/mcp',
    ]);
  });

  test('leads the path of each server of a host to its API', () => {
    const app = localApp();
    const stack = new Stack(app, 'Test');
    const host = new McpHost(stack, 'Host', { front: McpFront.cloudFront() });
    new McpServer(stack, 'Facts', { code: code(), contract: facts(), host, path: '/facts' });
    new McpRemoteServer(stack, 'Remote', {
      endpointUrl: 'https://remote.example/mcp',
      serverName: 'remote',
      scopes: [{ name: 'use', description: 'Use it' }],
      host,
      path: '/remote',
    });
    const routes = records(app).filter(({ kind }) => kind === 'route');
    assert.deepEqual(
      routes.map(({ front, path: _, ...route }) => [front, typeof route.api.Ref]),
      [
        ['Test/Host', 'string'],
        ['Test/Host', 'string'],
      ],
    );
    const servers = records(app).filter(({ kind }) => kind === 'server');
    assert.deepEqual(
      servers.map(({ name, url }) => [name, url]),
      [
        ['dog-facts', 'http://127.0.0.1:3030/facts/mcp'],
        ['remote', 'http://127.0.0.1:3030/remote/mcp'],
      ],
    );
  });

  test('starts programs of this machine instead of building arm64 ones, by a code that no build changes', () => {
    const app = localApp();
    const stack = new Stack(app, 'Test');
    new McpServer(stack, 'Server', {
      code: fromCargo(),
      contract: facts(),
      authorization: McpAuthorization.server(),
      lambdaAuthorizer: {},
    });
    const programs = records(app).filter(({ kind }) => kind === 'program');
    assert.deepEqual(programs.map(({ name }) => name.replace(/-[0-9a-f]{8}$/, '')).sort(), [
      'authorization',
      'authorizer',
      'dog-facts',
    ]);
    const own = programs.find(({ cargo }) => cargo !== undefined)!;
    assert.deepEqual([own.cargo.packageName, own.cargo.binaryName], ['dog-facts', 'dog-facts']);
    assert.equal(own.path, '/Test/Server/Function');
    assert.equal(typeof own.functionName.Ref, 'string');
    const architectures = Object.values(Template.fromStack(stack).findResources('AWS::Lambda::Function')).map(
      (each) => each.Properties.Architectures[0],
    );
    assert.deepEqual(new Set(architectures), new Set([process.arch === 'arm64' ? 'arm64' : 'x86_64']));
    const { directory, stacks } = app.synth();
    const assets = JSON.parse(readFileSync(join(directory, `${stacks[0].id}.assets.json`), 'utf8')).files as Record<
      string,
      { source: { path: string; packaging: string } }
    >;
    const named = Object.values(assets)
      .filter(({ source }) => source.packaging === 'zip')
      .map(({ source }) => readFileSync(join(directory, source.path, 'program'), 'utf8'));
    assert.ok(named.includes(`/programs/${own.name}/bootstrap`), String(named));
  });

  test('records what a program needs to call a server, and what an MCP client needs', () => {
    const app = localApp({ callbackPort: 9000 });
    const stack = new Stack(app, 'Test');
    const server = new McpServer(stack, 'Server', {
      code: code(),
      contract: twoScopes(),
      authorization: McpAuthorization.cognito(),
      callbackPort: 7000,
    });
    server.addMachineClient('Job', { oauthScopes: [McpScope.named('read')] });
    const all = records(app);
    const machine = all.find(({ kind }) => kind === 'machineClient')!;
    assert.equal(machine.path, '/Test/Server/Job');
    // Not all that the server has.
    assert.deepEqual(
      [machine.oauthScopes.length, all.find(({ kind }) => kind === 'server')!.oauthScopes.length],
      [1, 2],
    );
    const record = all.find(({ kind }) => kind === 'server')!;
    assert.equal(record.contract, fixture('two-scopes.contract.json'));
    assert.deepEqual(Object.keys(record.connect), ['claude-code']);
    assert.match(JSON.stringify(record.connect), /--callback-port 9000/);
    assert.equal(record.tokenUrl, 'http://127.0.0.1:3031/oauth2/token');
  });

  test('records a user pool that no stack defines', () => {
    const app = localApp();
    const stack = new Stack(app, 'Test');
    const userPool = McpUserPool.fromUserPool(stack, 'People', {
      userPool: cognito.UserPool.fromUserPoolId(stack, 'Pool', 'us-east-1_AbCdEfGhI'),
      signInBaseUrl: 'https://login.example.com',
    });
    new McpServer(stack, 'Server', { code: code(), contract: includingScopes(), userPool });
    const pools = records(app).filter(({ kind }) => kind === 'userPool');
    assert.deepEqual(
      pools.map(({ id }) => id),
      ['us-east-1_AbCdEfGhI'],
    );
  });

  test('refuses a value that another release wrote, and keys that nothing reads', () => {
    const withContext = (context: Record<string, unknown>) =>
      new McpServer(new Stack(emptyApp(context)), 'Server', { code: code(), contract: facts() });
    assert.throws(() => withContext({ 'mcp-lambda:local': { port: 3030 } }), {
      message:
        'context mcp-lambda:local is {"port":3030}, and this version of mcp-lambda-cdk reads an object with fronts, newFronts, signInUrl and programs, which `mcp-lambda dev` of the same release writes: remove the key from cdk.json, or install the same release of both (LocalModeInvalid)',
    });
    assert.throws(() => withContext({ 'mcp-lambda:lcoal': {} }), {
      message:
        'context has the key mcp-lambda:lcoal, and the keys that begin with mcp-lambda: are mcp-lambda:local: remove it (ContextKeyUnknown)',
    });
  });

  test('records the path and the task definition of a service, which has no task, and the program of its image', () => {
    const fargate = (stack: Stack, made: McpCode) =>
      new McpServer(stack, 'Server', {
        code: made,
        contract: counterServer(),
        compute: McpCompute.fargate({ vpc: new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 }) }),
      });
    const app = localApp();
    const stack = new Stack(app, 'Test');
    fargate(stack, fromCargo());
    const template = Template.fromStack(stack);
    assert.equal(only(template, 'AWS::ECS::Service').properties.DesiredCount, 0);
    const { logicalId, properties } = only(template, 'AWS::ECS::TaskDefinition');
    const service = records(app).find(({ kind }) => kind === 'service')!;
    assert.deepEqual([service.front, service.path], ['Test/Server', '/mcp']);
    assert.deepEqual(service.taskDefinition, { Ref: logicalId });
    const program = records(app).find(({ cargo }) => cargo !== undefined)!;
    assert.equal(program.path, '/Test/Server/Service');
    assert.equal(properties.ContainerDefinitions[0].Image, `/programs/${program.name}/bootstrap`);
    const image = McpCode.fromImage(ecs.ContainerImage.fromRegistry('example/mcp:1'));
    assert.throws(() => fargate(new Stack(localApp(), 'Other'), image), /\(ImageNotLocal\)$/);
  });

  test('records nothing without its key', () => {
    const app = emptyApp();
    new McpServer(new Stack(app, 'Test'), 'Server', { code: code(), contract: facts() });
    assert.deepEqual(records(app), []);
  });
});
