import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { readContext } from '../../app/context';
import { WorkshopStack } from '../../app/workshop-stack';
import { deployed } from '../deployed';
import { fixture, type TemplateJson } from '../synthesis';

const root = join(__dirname, '..', '..', '..');
process.chdir(root);

const app = new App({ context: { lambdaDir: fixture('lambda') } });
const template = Template.fromStack(new WorkshopStack(app, 'Workshop', readContext(app.node)));

/** The resource of the stack, or the models, that an ARN is of. */
function nameOf(arn: string): string | undefined {
  if (arn.includes(':bedrock:')) return 'Model';
  if (arn.includes('PlaygroundSealingSecret')) return 'PlaygroundSecret';
  return /(Catalogue|PlacedOrders|SerperKey|State|PlaygroundTable)/.exec(arn)?.[1];
}

/** What the function of a construct may do, action by CloudFormation resource, beside writing its log. */
function rights(construct: string): Record<string, string[]> {
  const found: Record<string, Set<string>> = {};
  for (const [id, { Properties }] of Object.entries(template.findResources('AWS::IAM::Policy'))) {
    if (!id.startsWith(construct)) continue;
    for (const { Action, Resource } of Properties.PolicyDocument.Statement) {
      for (const resource of [Resource].flat()) {
        if (/Log[0-9A-F]{8}/.test(JSON.stringify(resource))) continue;
        const name = nameOf(JSON.stringify(resource)) ?? resource;
        found[name] ??= new Set();
        for (const action of [Action].flat()) found[name].add(action);
      }
    }
  }
  return Object.fromEntries(Object.entries(found).map(([name, actions]) => [name, [...actions].sort()]));
}

describe('the workshop stack', () => {
  test('lets each server do what its tools declare, and nothing else', () => {
    assert.deepEqual(rights('ProductsFunctionRole'), { Catalogue: ['dynamodb:GetItem', 'dynamodb:Query'] });
    assert.deepEqual(rights('OrdersFunctionRole'), {
      Catalogue: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:UpdateItem'],
      PlacedOrders: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:UpdateItem'],
      State: ['dynamodb:GetItem', 'dynamodb:PutItem'],
    });
    assert.deepEqual(rights('ToolboxFunctionRole'), {
      SerperKey: ['secretsmanager:GetSecretValue'],
      '*': ['s3:ListAllMyBuckets'],
    });
    assert.deepEqual(rights('CatalogueSeed'), { Catalogue: ['dynamodb:UpdateItem'] });
    assert.deepEqual(Object.keys(rights('PlaygroundFunctionRole')), ['PlaygroundTable', 'PlaygroundSecret', 'Model']);
  });

  test('fills the catalogue after its function may write it, and again when the file changes', () => {
    const [content] = Object.values(template.findResources('Custom::CatalogueContent'));
    assert.match(content!.Properties.digest, /^[0-9a-f]{64}$/);
    assert.ok([content!.DependsOn].flat().some((id: string) => id.startsWith('CatalogueSeedRoleDefaultPolicy')));
  });

  test('leaves nothing behind when it is destroyed', () => {
    const { Resources } = template.toJSON() as { Resources: Record<string, { DeletionPolicy?: string }> };
    const retained = Object.entries(Resources).filter(([, each]) => each.DeletionPolicy === 'Retain');
    assert.deepEqual(retained, []);
  });

  test('passes the address of the Serper API on', () => {
    const other = new App({
      context: { lambdaDir: fixture('lambda'), serperBaseUrl: 'http://127.0.0.1:8090' },
    });
    const functions = Template.fromStack(new WorkshopStack(other, 'Workshop', readContext(other.node))).findResources(
      'AWS::Lambda::Function',
    );
    const addresses = Object.values(functions).map(
      ({ Properties }) => Properties.Environment?.Variables?.SERPER_BASE_URL as string | undefined,
    );
    assert.deepEqual(
      addresses.filter((address) => address !== undefined),
      ['http://127.0.0.1:8090'],
    );
  });

  test('has a playground for its servers, with the models of the context', () => {
    const settings = (context: object) => {
      const made = new App({ context: { lambdaDir: fixture('lambda'), ...context } });
      const synthesized = Template.fromStack(new WorkshopStack(made, 'Workshop', readContext(made.node)));
      const json = synthesized.toJSON() as TemplateJson;
      assert.ok('PlaygroundUrl' in json.Outputs! && 'PlaygroundFunctionName' in json.Outputs!);
      const { Environment } = Object.values(synthesized.findResources('AWS::Lambda::Function'))
        .map(({ Properties }) => Properties)
        .find(({ Environment }) => 'PLAYGROUND_ORIGIN' in (Environment?.Variables ?? {}))!;
      return deployed(json, Environment.Variables);
    };
    const models = (ids?: string) =>
      JSON.parse(settings(ids === undefined ? {} : { models: ids }).PLAYGROUND_MODELS).map(({ id }: any) => id);
    assert.deepEqual(
      JSON.parse(settings({}).PLAYGROUND_SERVERS).map(({ url }: any) => new URL(url).pathname),
      ['/products/mcp', '/orders/mcp', '/toolbox/mcp'],
    );
    assert.deepEqual(models(), ['global.anthropic.claude-haiku-4-5-20251001-v1:0']);
    assert.deepEqual(models('eu.amazon.nova-lite-v1:0, amazon.nova-pro-v1:0'), [
      'eu.amazon.nova-lite-v1:0',
      'amazon.nova-pro-v1:0',
    ]);
  });
});
