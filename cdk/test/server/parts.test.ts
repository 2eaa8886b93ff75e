import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CfnOutput } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import { LambdaDeploymentConfig } from 'aws-cdk-lib/aws-codedeploy';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import {
  McpAuthorizationServer,
  McpFront,
  type McpFrontConfig,
  type McpFrontOptions,
  type McpFrontPathConfig,
  type McpFrontPathOptions,
  McpFunction,
  McpHost,
  McpMachineClient,
  McpServer,
  McpUserPool,
} from '../../lib';
import { deployed } from '../deployed';
import { code, facts, keeper, only, synthesize, synthesizeServer, type TemplateJson, twoScopes } from '../synthesis';

/** What every function may do: write its log. */
const LOG = ['logs:CreateLogStream', 'logs:PutLogEvents'];

/** The actions of every IAM policy of a template, by the logical ID of the policy. */
const actions = (template: Partial<TemplateJson>): Record<string, string[]> =>
  Object.fromEntries(
    Object.entries(template.Resources ?? {})
      .filter(([, { Type: type }]) => type === 'AWS::IAM::Policy')
      .map(([id, { Properties: properties }]) => [
        id,
        properties!.PolicyDocument.Statement.flatMap(({ Action: action }: { Action: string | string[] }) => action),
      ]),
  );

describe('McpFunction alone', () => {
  test('is an arm64 function with a log of its own, that permissions can be given to', () => {
    const template = synthesize((stack) => {
      const bucket = new s3.Bucket(stack, 'Bucket');
      const mcpFunction = new McpFunction(stack, 'Mcp', { code: code(), environment: { MCP_LISTEN: 'lambda' } });
      bucket.grantRead(mcpFunction.grantPrincipal);
      assert.equal(mcpFunction.handler, mcpFunction.function);
      assert.equal(mcpFunction.deploymentGroup, undefined);
      assert.ok(mcpFunction.logGroup);
    });
    const { Architectures: architectures, Environment: environment } = only(
      template,
      'AWS::Lambda::Function',
    ).properties;
    assert.deepEqual([architectures, environment], [['arm64'], { Variables: { MCP_LISTEN: 'lambda' } }]);
    assert.deepEqual(Object.values(actions(template.toJSON())).flat(), [
      ...LOG,
      's3:GetObject*',
      's3:GetBucket*',
      's3:List*',
    ]);
  });

  test('gives its CodeDeploy deployment group with trafficShifting', () => {
    const template = synthesize((stack) => {
      const { deploymentGroup, alias, handler } = new McpFunction(stack, 'Mcp', {
        code: code(),
        environment: {},
        trafficShifting: LambdaDeploymentConfig.ALL_AT_ONCE,
      });
      assert.ok(deploymentGroup);
      assert.equal(handler, alias);
    });
    template.resourceCountIs('AWS::CodeDeploy::DeploymentGroup', 1);
  });
});

describe('McpAuthorizationServer alone', () => {
  const template = synthesize((stack) => {
    const people = new McpUserPool(stack, 'People');
    const identifier = 'https://notes.example.com/mcp';
    const use = new cognito.ResourceServerScope({ scopeName: 'use', scopeDescription: 'Use the notes' });
    const resourceServer = people.userPool.addResourceServer('Notes', {
      identifier,
      userPoolResourceServerName: 'notes',
      scopes: [use],
    });
    const cognitoScope = cognito.OAuthScope.resourceServer(resourceServer, use);
    const server = new McpAuthorizationServer(stack, 'Authorization', {
      code: code(),
      api: new apigateway.RestApi(stack, 'Api'),
      issuer: 'https://notes.example.com',
      resourceIdentifier: identifier,
      userPool: people,
      signInBaseUrl: people.signInBaseUrl,
      scopes: [{ oauthScope: `${identifier}/use`, scopeName: 'use', description: 'Use the notes', cognitoScope }],
    });
    assert.notEqual(server.cognitoClientSecret.secretArn, server.sealingSecret.secretArn);
    new McpMachineClient(stack, 'Ci', { userPool: people, oauthScopes: [cognitoScope] });
  }).toJSON() as TemplateJson;

  test('puts its endpoints on an API that is handed over', () => {
    const paths = Object.values(template.Resources)
      .filter(({ Type: type }) => type === 'AWS::ApiGateway::Resource')
      .map(({ Properties: properties }) => properties!.PathPart);
    for (const path of ['authorize', 'token', 'register', 'callback', 'revoke'])
      assert.ok(paths.includes(path), `${path} is not among ${paths.join(', ')}`);
  });

  test('tells its function whom it speaks for', () => {
    const { Environment: environment } = Object.values(template.Resources).find(
      ({ Type: type }) => type === 'AWS::Lambda::Function',
    )!.Properties!;
    const variables = deployed(template, environment.Variables);
    assert.equal(variables.AUTHORIZATION_ISSUER, 'https://notes.example.com');
    assert.match(JSON.stringify(variables), /https:\/\/notes\.example\.com\/mcp\/use/);
  });

  test('may read its two secrets and nothing else', () => {
    assert.deepEqual(Object.values(actions(template)).flat(), [...LOG, 'secretsmanager:GetSecretValue']);
  });
});

/** A front as a user of the library writes one. */
class Mesh extends McpFront {
  public told?: McpFrontOptions;

  public bind(_scope: Construct, options: McpFrontOptions): McpFrontConfig {
    this.told = options;
    return {
      publicBaseUrl: 'https://mesh.example.com',
      publicOrigin: 'https://mesh.example.com',
      publicHost: 'mesh.example.com',
    };
  }
}

describe("a front of one's own", () => {
  const mesh = new Mesh();
  const template = synthesizeServer({ front: mesh }, (server, stack) => {
    assert.equal(server.mcpServerUrl, 'https://mesh.example.com/mcp');
    new CfnOutput(stack, 'ApiHost', { value: mesh.told!.apiHost });
  });
  const json = template.toJSON() as TemplateJson;
  const hostOfApi = deployed(json, json.Outputs!.ApiHost.Value);

  test('is told what to forward to', () => {
    assert.equal(mesh.told!.apiStageName, 'prod');
    assert.match(hostOfApi, /^api123\.execute-api\.eu-west-1\.amazonaws\.com$/);
  });

  test('says which hosts the function accepts', () => {
    const { Environment: environment } = only(template, 'AWS::Lambda::Function').properties;
    assert.match(deployed(json, environment.Variables.MCP_ALLOWED_HOSTS), /^mesh\.example\.com,/);
  });
});

/** The same for several servers: whoever routes there keeps the whole path. */
class SharedMesh extends Mesh {
  public readonly paths: string[] = [];

  public override bindPath(scope: Construct, options: McpFrontPathOptions): McpFrontPathConfig {
    assert.notEqual(options.host, scope);
    this.paths.push(options.path);
    return { apiPath: `${options.path}/mcp` };
  }
}

describe("a front of one's own for several servers", () => {
  const mesh = new SharedMesh();
  const template = synthesize((stack) => {
    const host = new McpHost(stack, 'Host', { front: mesh });
    for (const [id, contract] of [
      ['Facts', facts()],
      ['Notes', twoScopes()],
    ] as const) {
      const server = new McpServer(stack, id, { code: code(), contract, host, path: `/${id.toLowerCase()}` });
      assert.equal(server.mcpServerUrl, `https://mesh.example.com/${id.toLowerCase()}/mcp`);
    }
  });

  test('is told the path of each', () => assert.deepEqual(mesh.paths, ['/facts', '/notes']));

  test('says at which path of its own API each is found', () => {
    const parts = Object.values(template.findResources('AWS::ApiGateway::Resource')).map(
      ({ Properties: properties }) => properties.PathPart,
    );
    for (const part of ['facts', 'notes']) assert.ok(parts.includes(part), `${part} is not among ${parts.join(', ')}`);
  });
});

describe('what a server gives', () => {
  test('is a grantee: permissions go to its function', () => {
    const template = synthesizeServer({}, (server, stack) => {
      new s3.Bucket(stack, 'Bucket').grantRead(server);
      assert.equal(server.grantPrincipal, server.mcpFunction.grantPrincipal);
    });
    assert.deepEqual(Object.values(actions(template.toJSON())).flat(), [
      ...LOG,
      's3:GetObject*',
      's3:GetBucket*',
      's3:List*',
    ]);
  });

  test('are the names of its tools', () => {
    synthesizeServer({ contract: twoScopes() }, (server) =>
      assert.deepEqual(server.toolNames, ['readNote', 'writeNote']),
    );
  });

  test('is the app client for people, and the secret of its session ids where there is one', () => {
    synthesizeServer({ contract: facts() }, (server) => {
      assert.equal(server.interactiveClient?.clientId, server.interactiveClientId);
      assert.equal(server.stateSecret, undefined);
    });
    synthesizeServer({ contract: keeper() }, (server) => assert.ok(server.stateSecret));
  });

  test('are metrics of each tool', () => {
    synthesizeServer({ contract: twoScopes() }, (server) => {
      const metrics = [
        server.metricCalls,
        server.metricErrors,
        server.metricLatency,
        server.metricColdStarts,
        server.metricThrottles,
        server.metricCacheHitRate,
      ].map((metric) => metric.call(server, 'readNote'));
      assert.deepEqual(
        metrics.map(({ metricName, statistic }) => `${metricName} ${statistic}`),
        ['Calls Sum', 'Errors Sum', 'Latency p99', 'ColdStarts Sum', 'Throttles Sum', 'CacheHits Average'],
      );
      for (const { namespace, dimensions, period } of metrics) {
        assert.deepEqual(
          [namespace, dimensions, period.toMinutes()],
          ['McpLambda', { server: 'notes', tool: 'readNote' }, 5],
        );
      }
    });
  });
});
