// What lambda-authorizer.test.ts deploys beside the example, to the same emulator: the counter, which has a tool for each of two OAuth scopes, behind every kind of Lambda authorizer.

import { App, CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Period } from 'aws-cdk-lib/aws-apigateway';

// Not from index.js, whose names Node does not find in a module of the other kind.
import { McpAuthorization } from '../../cdk/lib/authorization/mcp-authorization.js';
import { McpCode } from '../../cdk/lib/function/mcp-code.js';
import { McpContract } from '../../cdk/lib/contract/mcp-contract.js';
import { McpFront } from '../../cdk/lib/front/mcp-front.js';
import { McpServer } from '../../cdk/lib/server/mcp-server.js';
import type { McpServerProps } from '../../cdk/lib/server/mcp-endpoint-options.js';

const app = new App();
const text = (key: string): string => {
  const value: unknown = app.node.tryGetContext(key);
  if (typeof value !== 'string') throw new Error(`context ${key} is not a text`);
  return value;
};
const program = (name: string): McpCode => McpCode.fromAsset(`${text('programs')}/${name}`);

function stackWith(name: string, properties: Partial<McpServerProps>): { stack: Stack; server: McpServer } {
  const stack = new Stack(app, name);
  const server = new McpServer(stack, 'Server', {
    code: program('counter'),
    contract: McpContract.fromFile('lambda/servers/counter/contract.json'),
    front: McpFront.external({
      publicBaseUrl: text('publicBaseUrl'),
      signInBaseUrl: text('signInBaseUrl'),
      cognitoIdpUrl: text('signInBaseUrl'),
    }),
    removalPolicy: RemovalPolicy.DESTROY,
    ...properties,
  });
  new CfnOutput(stack, 'McpServerUrl', { value: server.mcpServerUrl });
  return { stack, server };
}

// Rates so low that no request comes back within a test, but for the one that calls often.
const { stack, server } = stackWith('AuthorizerCounter', {
  authorization: McpAuthorization.cognito(),
  lambdaAuthorizer: { code: program('authorizer') },
  throttle: { rateLimit: 0.001, burstLimit: 4 },
});
const machines = {
  Often: server.addMachineClient('Often', { throttle: { rateLimit: 50, burstLimit: 100 } }),
  Slow: server.addMachineClient('Slow'),
  Few: server.addMachineClient('Few', {
    throttle: { rateLimit: 50, burstLimit: 100 },
    quota: { limit: 2, period: Period.DAY },
  }),
};
for (const [name, { clientId, clientSecret }] of Object.entries(machines)) {
  new CfnOutput(stack, `${name}ClientId`, { value: clientId });
  new CfnOutput(stack, `${name}ClientSecretArn`, { value: clientSecret.secretArn });
}
new CfnOutput(stack, 'UserPoolId', { value: server.userPool.userPool.userPoolId });
new CfnOutput(stack, 'McpOAuthTokenUrl', { value: server.tokenUrl });

const { server: behindJwt } = stackWith('AuthorizerJwt', {
  authorization: McpAuthorization.jwt({
    code: program('authorizer'),
    issuer: text('issuer'),
    jwksUrl: text('jwksUrl'),
    audience: ['api://counter'],
    scopePrefix: 'api://counter/',
  }),
  throttle: { rateLimit: 50, burstLimit: 100 },
});
behindJwt.limitAppClient('batch-job', { quota: { limit: 1, period: Period.DAY } });

stackWith('AuthorizerToken', {
  authorization: McpAuthorization.bearerToken({
    code: program('authorizer'),
    tokenSha256: text('tokenSha256').split(','),
  }),
});
app.synth();
