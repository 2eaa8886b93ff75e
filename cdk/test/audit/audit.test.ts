import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RemovalPolicy } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { McpAudit, McpCompute, McpServer } from '../../lib';
import {
  code,
  cognito,
  counterServer,
  facts,
  staticCode,
  synthesize,
  synthesizeServer,
  type TemplateJson,
} from '../synthesis';

/** The log group of the audit trail. */
function trailOf(template: ReturnType<typeof synthesizeServer>): any {
  const groups = Object.entries(template.findResources('AWS::Logs::LogGroup'));
  const [logicalId, resource] = groups.find(([id]) => id.includes('AuditLog'))!;
  return { logicalId, ...resource };
}

/** The statements of all policies that name a log group. */
function statementsAbout(template: ReturnType<typeof synthesizeServer>, logicalId: string) {
  return Object.values(template.findResources('AWS::IAM::Policy'))
    .flatMap((policy) => policy.Properties.PolicyDocument.Statement)
    .filter((statement: any) => JSON.stringify(statement.Resource).includes(`"${logicalId}"`));
}

describe('the audit trail of a server', () => {
  test('is a log group that keeps records for a year, and to which the function may only append', () => {
    const template = synthesizeServer({ contract: counterServer(), audit: McpAudit.logGroup() }, (server) =>
      assert.ok(server.auditLogGroup),
    );
    const trail = trailOf(template);
    assert.equal(trail.Properties.RetentionInDays, 365);
    assert.equal(trail.DeletionPolicy, 'Retain');
    assert.deepEqual(statementsAbout(template, trail.logicalId), [
      {
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Effect: 'Allow',
        Resource: { 'Fn::GetAtt': [trail.logicalId, 'Arn'] },
      },
    ]);
    const functions = Object.values(template.findResources('AWS::Lambda::Function'));
    const variables = functions[0].Properties.Environment.Variables;
    assert.deepEqual(variables.MCP_AUDIT_LOG_GROUP, { Ref: trail.logicalId });
  });

  test('takes its retention, its key and what its deletion does from the options', () => {
    const template = synthesize((stack) => {
      const encryptionKey = new kms.Key(stack, 'Key');
      const audit = McpAudit.logGroup({
        retention: logs.RetentionDays.TEN_YEARS,
        encryptionKey,
        removalPolicy: RemovalPolicy.DESTROY,
      });
      new McpServer(stack, 'Server', { code: code(), contract: counterServer(), authorization: cognito(), audit });
    });
    const trail = trailOf(template);
    assert.equal(trail.Properties.RetentionInDays, 3653);
    assert.equal(trail.DeletionPolicy, 'Delete');
    assert.ok(trail.Properties.KmsKeyId);
  });

  test('belongs to the tasks of a service, too', () => {
    const template = synthesize((stack) => {
      new McpServer(stack, 'Server', {
        code: staticCode(),
        contract: counterServer(),
        authorization: cognito(),
        audit: McpAudit.logGroup(),
        compute: McpCompute.fargate({
          vpc: new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 }),
          loadBalancerPeers: [ec2.Peer.prefixList('pl-1')],
        }),
      });
    });
    const trail = trailOf(template);
    assert.equal(statementsAbout(template, trail.logicalId).length, 1);
    const [task] = Object.values(template.findResources('AWS::ECS::TaskDefinition'));
    const environment: { Name: string; Value: unknown }[] = task.Properties.ContainerDefinitions[0].Environment;
    const variable = environment.find((each) => each.Name === 'MCP_AUDIT_LOG_GROUP');
    assert.deepEqual(variable?.Value, { Ref: trail.logicalId });
  });

  test('is absent by default, without a further resource', () => {
    const template = synthesizeServer({ contract: counterServer() }, (server) =>
      assert.equal(server.auditLogGroup, undefined),
    ).toJSON() as TemplateJson;
    assert.doesNotMatch(JSON.stringify(template), /AuditLog|MCP_AUDIT_LOG_GROUP/);
  });

  test('is refused for a server that declares none, with the fix', () => {
    assert.throws(() => synthesizeServer({ contract: facts(), audit: McpAudit.logGroup() }), {
      message:
        /^audit needs a server that declares an audit trail, and dog-facts declares none: add \.audit_trail\(\).*\(AuditUnsupported\)$/,
    });
  });
});
