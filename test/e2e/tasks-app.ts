// What tasks.test.ts deploys beside the example, to the same emulator: the conformance server, some of whose tools run as tasks.

import { App, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';

// Not from index.js, whose names Node does not find in a module of the other kind.
import { McpAuthorization } from '../../cdk/lib/authorization/mcp-authorization.js';
import { McpCode } from '../../cdk/lib/function/mcp-code.js';
import { McpContract } from '../../cdk/lib/contract/mcp-contract.js';
import { McpFront } from '../../cdk/lib/front/mcp-front.js';
import { McpServer } from '../../cdk/lib/server/mcp-server.js';

const app = new App();
const text = (key: string): string => {
  const value: unknown = app.node.tryGetContext(key);
  if (typeof value !== 'string') throw new Error(`context ${key} is not a text`);
  return value;
};
const stack = new Stack(app, 'Tasks');
const server = new McpServer(stack, 'Server', {
  code: McpCode.fromAsset(text('program')),
  contract: McpContract.fromFile(text('contract')),
  front: McpFront.external({
    publicBaseUrl: text('publicBaseUrl'),
    signInBaseUrl: text('signInBaseUrl'),
    cognitoIdpUrl: text('signInBaseUrl'),
  }),
  // No front leads to an authorization server at that URL.
  authorization: McpAuthorization.cognito(),
  removalPolicy: RemovalPolicy.DESTROY,
  settings: {
    CONFORMANCE_STATE_DIRECTORY: text('program'),
    CONFORMANCE_REQUEST_STATE_KEY: 'a key for tests of 32 bytes or more',
    OTEL_EXPORTER_OTLP_ENDPOINT: text('receiver'),
    OTEL_EXPORTER_OTLP_TIMEOUT: Duration.seconds(5),
  },
});
const machine = server.addMachineClient('Machine');
new CfnOutput(stack, 'AutomatedOAuthClientId', { value: machine.clientId });
new CfnOutput(stack, 'AutomatedOAuthClientSecretArn', { value: machine.clientSecret.secretArn });
new CfnOutput(stack, 'McpOAuthTokenUrl', { value: server.tokenUrl });
new CfnOutput(stack, 'McpOAuthScope', { value: server.oauthScopes.join(' ') });
app.synth();
