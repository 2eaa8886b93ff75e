// What remote-server.test.ts deploys beside the example, to the same emulator: McpRemoteServer before an endpoint that keeps sessions, and
// before one that never responds.

import { App, CfnOutput, CfnParameter, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';

// Not from index.js, whose names Node does not find in a module of the other kind.
import { McpAuthorization } from '../../cdk/lib/authorization/mcp-authorization.js';
import { McpCode } from '../../cdk/lib/function/mcp-code.js';
import { McpFront } from '../../cdk/lib/front/mcp-front.js';
import { McpRemoteServer, type McpRemoteServerProps } from '../../cdk/lib/server/mcp-remote-server.js';

const app = new App();
const text = (key: string): string => {
  const value: unknown = app.node.tryGetContext(key);
  if (typeof value !== 'string') throw new Error(`context ${key} is not a text`);
  return value;
};

function stackWith(
  name: string,
  publicBaseUrl: string,
  endpointUrl: string,
  properties: Partial<McpRemoteServerProps>,
): void {
  const stack = new Stack(app, name);
  const server = new McpRemoteServer(stack, 'Server', {
    // A parameter, because the construct refuses http where it sees the URL, and no certificate for loopback is trusted here.
    endpointUrl: new CfnParameter(stack, 'EndpointUrl', { default: endpointUrl }).valueAsString,
    serverName: 'tickets',
    serverTitle: 'Tickets',
    scopes: [
      { name: 'use', description: 'Use the tickets' },
      { name: 'look', description: 'Look at the tickets' },
    ],
    front: McpFront.external({
      publicBaseUrl,
      signInBaseUrl: text('signInBaseUrl'),
      cognitoIdpUrl: text('signInBaseUrl'),
    }),
    removalPolicy: RemovalPolicy.DESTROY,
    ...properties,
  });
  const machine = server.addMachineClient('Machine');
  for (const [output, value] of Object.entries({
    McpServerUrl: server.mcpServerUrl,
    OAuthMetadataUrl: server.resourceMetadataUrl,
    McpOAuthIssuer: publicBaseUrl,
    McpOAuthScope: server.oauthScopes.join(' '),
    UserPoolId: server.userPool.userPool.userPoolId,
    CognitoClientId: server.cognitoClientId,
    AutomatedOAuthClientId: machine.clientId,
    AutomatedOAuthClientSecretArn: machine.clientSecret.secretArn,
  }))
    new CfnOutput(stack, output, { value });
}

stackWith('Remote', text('publicBaseUrl'), text('endpointUrl'), {
  authorization: McpAuthorization.server({ code: McpCode.fromAsset(text('authorizationProgram')) }),
  endpointMethods: ['GET', 'DELETE'],
  timeout: Duration.minutes(15),
});
stackWith('RemoteSilent', text('silentBaseUrl'), text('silentUrl'), {
  authorization: McpAuthorization.cognito(),
  timeout: Duration.seconds(1),
});
app.synth();
