// A host with one server, whose people are in a user pool that another app defines.

import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { UserPool } from 'aws-cdk-lib/aws-cognito';
import { McpCode, McpContract, McpHost, McpServer, McpUserPool } from 'mcp-lambda-cdk';

const app = new App();
const stack = new Stack(app, 'Counsel');
const userPool = McpUserPool.fromUserPool(stack, 'People', {
  userPool: UserPool.fromUserPoolId(stack, 'Pool', 'us-east-1_Counsel01'),
  signInBaseUrl: 'https://login.example.com',
});
const host = new McpHost(stack, 'Host', { userPool, removalPolicy: RemovalPolicy.DESTROY });
const server = new McpServer(stack, 'Server', {
  code: McpCode.fromCargo('server', { packageName: 'counsel' }),
  // Not there before the server has printed it.
  contract: McpContract.fromFile('server/contract.json'),
  host,
  path: '/counsel',
  removalPolicy: RemovalPolicy.DESTROY,
});
server.addMachineClient('Job');
app.synth();
