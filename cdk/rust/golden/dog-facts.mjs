// The app of examples/dog_facts.rs in plain JavaScript: both must give the same template, byte by byte.
import { App, CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { McpCode, McpContract, McpFront, McpServer } from 'mcp-lambda-cdk';

const app = new App();
const stack = new Stack(app, 'DogFacts', { description: 'MCP server with facts about dogs, behind OAuth' });
const server = new McpServer(stack, 'Server', {
  code: McpCode.fromAsset(process.argv[2]),
  contract: McpContract.fromFile(process.argv[3]),
  front: McpFront.cloudFront(),
  removalPolicy: RemovalPolicy.DESTROY,
});
const machineClient = server.addMachineClient('MachineClient');
const outputs = {
  McpServerUrl: server.mcpServerUrl,
  OAuthMetadataUrl: server.resourceMetadataUrl,
  McpOAuthTokenUrl: server.tokenUrl,
  McpOAuthScope: server.oauthScopes.join(' '),
  McpOAuthClientId: server.interactiveClientId,
  AutomatedOAuthClientId: machineClient.clientId,
  SignInUrl: server.signInUrl,
  ClaudeCodeCommand: server.claudeCodeCommand,
};
for (const [id, value] of Object.entries(outputs)) new CfnOutput(stack, id, { value });
app.synth();
