// An MCP server with nothing chosen: every property that may be left out is left out.
import { App, Stack } from 'aws-cdk-lib';
import { McpCode, McpContract, McpServer } from 'mcp-lambda-cdk';

const app = new App();
const stack = new Stack(app, 'Defaults');
new McpServer(stack, 'Counter', {
  code: McpCode.fromAsset(`${app.node.getContext('lambdaDir')}/counter`),
  contract: McpContract.fromFile(app.node.tryGetContext('contract') ?? 'lambda/servers/counter/contract.json'),
  // What an update chooses; nothing at first.
  ...JSON.parse(app.node.tryGetContext('chosen') ?? '{}'),
});
app.synth();
