import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { facts, keeper, only, synthesizeServer } from '../synthesis';

const role = (scope: Construct) =>
  new iam.Role(scope, 'Job', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
/** The statements of the policies of one role. */
const statements = (template: Template, roleId: string) =>
  Object.values(template.findResources('AWS::IAM::Policy'))
    .filter((policy) => policy.Properties.Roles.some((each: { Ref: string }) => each.Ref === roleId))
    .flatMap(
      (policy) => policy.Properties.PolicyDocument.Statement as { Action: string | string[]; Resource: unknown }[],
    );
const job = (template: Template) =>
  Object.keys(template.findResources('AWS::IAM::Role')).find((id) => id.startsWith('Job'))!;

describe('grants of a machine client', () => {
  test('permit to read its secret, and nothing else', () => {
    const template = synthesizeServer({}, (server, stack) =>
      server.addMachineClient('Ci').grants.readSecret(role(stack)).assertSuccess(),
    );
    assert.deepEqual(statements(template, job(template)), [
      {
        Action: 'secretsmanager:GetSecretValue',
        Effect: 'Allow',
        Resource: { Ref: only(template, 'AWS::SecretsManager::Secret').logicalId },
      },
    ]);
  });
});

describe('grants of a server', () => {
  test('permit what the server itself may do with its state table', () => {
    const template = synthesizeServer({ contract: keeper() }, (server, stack) =>
      server.grants.useStateTable(role(stack)).assertSuccess(),
    );
    const table = only(template, 'AWS::DynamoDB::GlobalTable').logicalId;
    const ofTable = (roleId: string) =>
      statements(template, roleId).filter((each) => JSON.stringify(each.Resource).includes(table));
    const [ofServer] = Object.keys(template.findResources('AWS::IAM::Role')).filter((id) =>
      id.startsWith('ServerFunction'),
    );
    assert.ok(ofTable(job(template)).length > 0);
    assert.deepEqual(ofTable(job(template)), ofTable(ofServer));
  });

  test('fail when the server defines no table', () => {
    assert.throws(
      () => synthesizeServer({ contract: facts() }, (server, stack) => void server.grants.useStateTable(role(stack))),
      {
        message:
          'useStateTable is for the table that a server defines, and Test/Server defines none: it keeps no state, or its table is in awsResources, where the app has it already (StateTableMissing)',
      },
    );
  });
});
