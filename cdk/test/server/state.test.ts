import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RemovalPolicy } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import { McpAwsResource, McpCode, McpServer, type McpServerProps, McpUserPool } from '../../lib';
import {
  code,
  cognito,
  facts,
  fixture,
  keeper,
  only,
  synthesize,
  synthesizeServer,
  type TemplateJson,
} from '../synthesis';

const variables = (template: ReturnType<typeof synthesizeServer>) =>
  only(template, 'AWS::Lambda::Function').properties.Environment.Variables;

describe('a server that keeps state', () => {
  test('gets a table that forgets by itself, can be restored, and costs nothing while idle', () => {
    const template = synthesizeServer({ contract: keeper() });
    const { logicalId, properties } = only(template, 'AWS::DynamoDB::GlobalTable');
    assert.deepEqual(properties.KeySchema, [{ AttributeName: 'pk', KeyType: 'HASH' }]);
    assert.deepEqual(properties.TimeToLiveSpecification, { AttributeName: 'expires', Enabled: true });
    assert.equal(properties.BillingMode, 'PAY_PER_REQUEST');
    assert.deepEqual(
      properties.Replicas.map((each: any) => each.PointInTimeRecoverySpecification),
      [{ PointInTimeRecoveryEnabled: true }],
    );
    assert.equal(properties.GlobalSecondaryIndexes, undefined);
    assert.equal((template.toJSON() as TemplateJson).Resources[logicalId].DeletionPolicy, 'Retain');
    assert.deepEqual(variables(template).MCP_STATE_TABLE, { Ref: logicalId });
    const statements = only(template, 'AWS::IAM::Policy').properties.PolicyDocument.Statement;
    assert.deepEqual(statements[1], {
      Action: ['dynamodb:GetItem', 'dynamodb:PutItem'],
      Effect: 'Allow',
      Resource: { 'Fn::GetAtt': [logicalId, 'Arn'] },
    });
    assert.equal(statements.length, 2, 'the function may not read the secret: CloudFormation does');
  });

  test('gets a generated secret in its environment, behind an id', () => {
    const template = synthesizeServer({ contract: keeper() });
    const { logicalId, properties } = only(template, 'AWS::SecretsManager::Secret');
    // 64 letters and digits: more than the 256 bits that the server derives its key from, and none that its setting cannot hold.
    assert.deepEqual(properties.GenerateSecretString, { ExcludePunctuation: true, PasswordLength: 64 });
    assert.deepEqual(variables(template).MCP_STATE_KEYS, {
      'Fn::Join': ['', ['generated:{{resolve:secretsmanager:', { Ref: logicalId }, ':SecretString:::}}']],
    });
  });

  test('is destroyed with everything it kept when the stack says so', () => {
    const template = synthesizeServer({
      contract: keeper(),
      removalPolicy: RemovalPolicy.DESTROY,
    }).toJSON() as TemplateJson;
    assert.deepEqual(
      Object.values(template.Resources).filter((each) => each.DeletionPolicy === 'Retain'),
      [],
    );
  });

  test("takes a table and secrets of one's own, and defines none then", () => {
    const own = (props: Partial<McpServerProps>) =>
      synthesize((stack) => {
        const table = new dynamodb.TableV2(stack, 'Own', {
          partitionKey: { name: 'pk', type: dynamodb.AttributeType.STRING },
          timeToLiveAttribute: 'expires',
        });
        const server = new McpServer(stack, 'Server', {
          code: code(),
          contract: keeper(),
          authorization: cognito(),
          awsResources: { state: McpAwsResource.dynamodbTable(table) },
          ...props,
        });
        assert.equal(server.stateTable, undefined);
      });
    assert.deepEqual(variables(own({})).MCP_STATE_TABLE, {
      Ref: only(own({}), 'AWS::DynamoDB::GlobalTable').logicalId,
    });
    const keys = 'mine:0123456789abcdefghijklmnopqrstuvwxyz0123456789';
    const both = own({ settings: { MCP_STATE_KEYS: keys } });
    assert.equal(variables(both).MCP_STATE_KEYS, keys);
    assert.deepEqual(both.findResources('AWS::SecretsManager::Secret'), {});
  });

  test('has something that removalPolicy applies to', () => {
    synthesize((stack) => {
      const userPool = new McpUserPool(stack, 'Pool', {});
      new McpServer(stack, 'Server', {
        code: McpCode.fromAsset(fixture('lambda/dog-facts')),
        contract: keeper(),
        userPool,
        removalPolicy: RemovalPolicy.DESTROY,
      });
    });
  });
});

test('a server that keeps nothing gets neither table nor secret', () => {
  const template = synthesizeServer({ contract: facts() });
  assert.deepEqual(template.findResources('AWS::DynamoDB::GlobalTable'), {});
  assert.deepEqual(template.findResources('AWS::SecretsManager::Secret'), {});
});
