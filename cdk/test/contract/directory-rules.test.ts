import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Annotations as AnnotationsOf, type App, Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { type McpContract, McpServer } from '../../lib';
import { code, cognito, emptyApp, facts, refusedByDirectories } from '../synthesis';

function made(contract: McpContract, enforceDirectoryRules?: boolean): { stack: Stack; server: McpServer; app: App } {
  const app = emptyApp();
  const stack = new Stack(app, 'Test');
  const server = new McpServer(stack, 'Server', {
    code: code(),
    contract,
    authorization: cognito(),
    enforceDirectoryRules,
  });
  return { stack, server, app };
}

const warnings = (stack: Stack) =>
  Annotations.fromStack(stack)
    .findWarning('*', Match.stringLikeRegexp('directories of MCP servers'))
    .map(({ id, entry }) => [id, entry.data]);

describe('the rules of directories', () => {
  test('that a contract does not keep are a warning each, on the server', () => {
    assert.deepEqual(warnings(made(refusedByDirectories()).stack), [
      [
        '/Test/Server',
        'directories of MCP servers would refuse this server: tool getDogFacts has no title: add one [ack: mcp-lambda:directory:tool-title]',
      ],
      [
        '/Test/Server',
        'directories of MCP servers would refuse this server: tool getDogFacts does not say whether it only reads: say so [ack: mcp-lambda:directory:tool-hints]',
      ],
    ]);
  });

  test('are silent where the app acknowledges one, and for a contract that keeps them', () => {
    const { stack, server } = made(refusedByDirectories());
    AnnotationsOf.of(server).acknowledgeWarning('mcp-lambda:directory:tool-title');
    assert.deepEqual(
      warnings(stack).map(([, text]) => /ack: [^\]]*/.exec(String(text))?.[0]),
      ['ack: mcp-lambda:directory:tool-hints'],
    );
    assert.deepEqual(warnings(made(facts()).stack), []);
    assert.deepEqual(warnings(made(facts(), true).stack), []);
  });

  test('are an error with all findings where they are enforced', () => {
    assert.throws(() => made(refusedByDirectories(), true), {
      message:
        'directories of MCP servers would refuse Test/Server: tool getDogFacts has no title: add one (tool-title); tool getDogFacts does not say whether it only reads: say so (tool-hints). Change the Rust server and print the contract again, or remove enforceDirectoryRules (DirectoryRuleNotKept)',
    });
  });
});
