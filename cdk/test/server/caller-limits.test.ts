import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import { HIGHEST_CALLER_LIMIT } from '../../lib/generated/facts';
import { McpAwsResource, type McpCallerLimits, McpServer } from '../../lib';
import { code, cognito, counterServer, facts, synthesize, synthesizeServer } from '../synthesis';

const limited = (callerLimits: McpCallerLimits) => synthesizeServer({ contract: counterServer(), callerLimits });
const variablesOf = (template: ReturnType<typeof synthesizeServer>) =>
  Object.values(template.findResources('AWS::Lambda::Function'))[0].Properties.Environment.Variables;
const actionsOf = (template: ReturnType<typeof synthesizeServer>): string[] =>
  Object.values(template.findResources('AWS::IAM::Policy'))
    .flatMap((policy) => policy.Properties.PolicyDocument.Statement)
    .flatMap((statement: any) => statement.Action)
    .filter((action: string) => action.startsWith('dynamodb:'));

describe('the limits of single callers', () => {
  test('become settings, and the permission to count in the state table', () => {
    const template = limited({ requestsPerMinute: 60, toolCallsPerDay: { incrementCounter: 20 } });
    const variables = variablesOf(template);
    assert.equal(variables.MCP_CALLER_REQUESTS_PER_MINUTE, '60');
    assert.equal(variables.MCP_CALLER_TOOL_CALLS_PER_DAY, '{"incrementCounter":20}');
    assert.ok(actionsOf(template).includes('dynamodb:UpdateItem'));
  });

  test('may be as high as the server reads them', () => {
    const variables = variablesOf(limited({ requestsPerMinute: HIGHEST_CALLER_LIMIT }));
    assert.equal(variables.MCP_CALLER_REQUESTS_PER_MINUTE, '4294967295');
  });

  test('are counted in a table that is passed in, too', () => {
    const template = synthesize((stack) => {
      const table = new dynamodb.Table(stack, 'Table', {
        partitionKey: { name: 'pk', type: dynamodb.AttributeType.STRING },
      });
      new McpServer(stack, 'Server', {
        code: code(),
        contract: counterServer(),
        authorization: cognito(),
        awsResources: { state: McpAwsResource.dynamodbTable(table) },
        callerLimits: { requestsPerMinute: 60 },
      });
    });
    assert.ok(actionsOf(template).includes('dynamodb:UpdateItem'));
  });

  test('are absent by default, and with them the permission', () => {
    const template = synthesizeServer({ contract: counterServer() });
    assert.equal(variablesOf(template).MCP_CALLER_REQUESTS_PER_MINUTE, undefined);
    assert.ok(!actionsOf(template).includes('dynamodb:UpdateItem'));
  });

  test('are refused where they cannot work, with the fix', () => {
    const ofFacts = () => synthesizeServer({ contract: facts(), callerLimits: { requestsPerMinute: 60 } });
    for (const [define, message] of [
      [ofFacts, /dog-facts keeps none: add \.limits_callers\(\).*\(CallerLimitsUnsupported\)$/],
      [
        () => limited({ toolCallsPerDay: { incrementCuonter: 20 } }),
        /has incrementCuonter, which is not a tool of counter, which has getCounter, incrementCounter: correct the name.*\(CallerLimitToolUnknown\)$/,
      ],
      [
        () => limited({ requestsPerMinute: 0 }),
        /callerLimits\.requestsPerMinute is 0 and needs a whole number.*\(LimitInvalid\)$/,
      ],
      [
        () => limited({ toolCallsPerDay: { getCounter: 1.5 } }),
        /callerLimits\.toolCallsPerDay\.getCounter is 1\.5 and needs a whole number.*\(LimitInvalid\)$/,
      ],
      [
        () => limited({ requestsPerMinute: HIGHEST_CALLER_LIMIT + 1 }),
        /callerLimits\.requestsPerMinute is 4294967296 and needs a whole number of 1 to 4294967295.*\(LimitInvalid\)$/,
      ],
      [
        () => limited({ toolCallsPerDay: { getCounter: HIGHEST_CALLER_LIMIT + 1 } }),
        /callerLimits\.toolCallsPerDay\.getCounter is 4294967296 and needs a whole number of 1 to.*\(LimitInvalid\)$/,
      ],
      [() => limited({}), /neither requestsPerMinute nor toolCallsPerDay.*\(LimitInvalid\)$/],
      [() => limited({ toolCallsPerDay: {} }), /neither requestsPerMinute nor toolCallsPerDay.*\(LimitInvalid\)$/],
    ] as const) {
      assert.throws(define, { message });
    }
  });
});
