import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { McpAuthorization, McpFront, McpHost, McpRemoteServer, McpServer } from '../../lib';
import { code, facts, synthesize, synthesizeServer, type TemplateJson } from '../synthesis';

const limits = () => ({ lambdaAuthorizer: { code: code() }, throttle: { rateLimit: 5, burstLimit: 10 } });

/** How many resources of a type wait for one of their own type, each for another one. */
function chained(
  template: Template,
  type: string,
): { readonly all: number; readonly waiting: number; readonly waitedFor: number } {
  const { Resources: resources } = template.toJSON() as TemplateJson;
  const all = Object.entries(resources).filter(([, each]) => each.Type === type);
  const before = all.flatMap(([, each]) => [each.DependsOn ?? []].flat().filter((id) => resources[id].Type === type));
  return { all: all.length, waiting: before.length, waitedFor: new Set(before).size };
}

const remote = (stack: Stack, host: McpHost, name: string, props: object = {}) =>
  new McpRemoteServer(stack, name, {
    host,
    path: `/${name}`,
    endpointUrl: 'https://gateway.example.com/mcp',
    serverName: name,
    scopes: [{ name: 'use', description: 'Use it' }],
    ...props,
  });

describe('resources that API Gateway takes one at a time', () => {
  test('are defined one after another on a host: the APIs', () => {
    const template = synthesize((stack) => {
      const host = new McpHost(stack, 'Host', { authorization: McpAuthorization.server({ code: code() }) });
      for (const name of ['one', 'two', 'three']) {
        remote(stack, host, name);
      }
    });
    assert.deepEqual(chained(template, 'AWS::ApiGateway::RestApi'), { all: 4, waiting: 3, waitedFor: 3 });
  });

  test('are defined one after another on a host: the usage plans of all servers, also of app clients that are added later', () => {
    const template = synthesize((stack) => {
      const host = new McpHost(stack, 'Host', { authorization: McpAuthorization.cognito() });
      const servers = ['one', 'two'].map((name) => remote(stack, host, name, limits()));
      servers[0].addMachineClient('Late');
    });
    assert.deepEqual(chained(template, 'AWS::ApiGateway::UsagePlan'), { all: 5, waiting: 4, waitedFor: 4 });
  });

  test('wait for nothing of another stack', () => {
    const app = new App();
    const [shared, own] = ['Shared', 'Own'].map((id) => new Stack(app, id));
    const host = new McpHost(shared, 'Host', {
      authorization: McpAuthorization.cognito(),
      front: McpFront.external({ publicBaseUrl: 'https://mcp.example.com' }),
    });
    remote(own, host, 'one', limits());
    remote(own, host, 'two', limits());
    assert.deepEqual(chained(Template.fromStack(shared), 'AWS::ApiGateway::RestApi'), {
      all: 1,
      waiting: 0,
      waitedFor: 0,
    });
    assert.deepEqual(chained(Template.fromStack(own), 'AWS::ApiGateway::RestApi'), {
      all: 2,
      waiting: 1,
      waitedFor: 1,
    });
  });

  test('make no cycle with a server that names one which is defined after it', () => {
    const template = synthesize((stack) => {
      const first = new McpServer(stack, 'First', {
        code: code(),
        contract: facts(),
        authorization: McpAuthorization.cognito(),
        ...limits(),
      });
      const second = new McpServer(stack, 'Second', {
        code: code(),
        contract: facts(),
        authorization: McpAuthorization.cognito(),
        ...limits(),
      });
      first.mcpFunction.function.addEnvironment('OTHER', second.mcpServerUrl);
      first.mcpFunction.function.addEnvironment('OTHER_STAGE', second.api.url);
    });
    assert.equal(chained(template, 'AWS::ApiGateway::RestApi').waiting, 1);
  });

  test('wait for nothing where there is one', () => {
    assert.equal(chained(synthesizeServer(), 'AWS::ApiGateway::RestApi').waiting, 0);
  });
});
