import { CfnOutput, type Stack } from 'aws-cdk-lib';
import type { McpMachineClient, McpServer } from '../lib';

/**
 * What a person or a program needs to connect, as outputs of the stack. Never a secret.
 *
 * @param prefix of every output's name, where a stack has several servers
 */
export function addOutputs(stack: Stack, server: McpServer, machineClient: McpMachineClient, prefix = ''): void {
  const outputs: Record<string, [value: string, description: string]> = {
    McpServerUrl: [server.mcpServerUrl, 'URL to give to an MCP client'],
    OAuthMetadataUrl: [server.resourceMetadataUrl, 'Protected resource metadata (RFC 9728), where MCP clients begin'],
    McpOAuthIssuer: [server.authorizationServerIssuer, 'Issuer in the authorization server metadata (RFC 8414)'],
    McpOAuthAuthorizationUrl: [server.authorizationUrl, 'Authorization endpoint'],
    McpOAuthTokenUrl: [server.tokenUrl, 'Token endpoint'],
    McpOAuthScope: [server.oauthScopes.join(' '), 'OAuth scopes to ask for'],
    McpOAuthClientId: [
      server.interactiveClientId,
      'Public client for people, for manual configuration (authorization code with PKCE)',
    ],
    AutomatedOAuthClientId: [machineClient.clientId, 'Confidential app client for programs (client credentials)'],
    AutomatedOAuthClientSecretArn: [
      machineClient.clientSecret.secretArn,
      'Secret in Secrets Manager with the client secret for programs',
    ],
    SignInUrl: [server.signInUrl, 'Page to sign up and in'],
    ClaudeCodeCommand: [server.claudeCodeCommand, 'Command that adds the server to Claude Code'],
    UserPoolId: [server.userPool.userPool.userPoolId, 'User pool'],
  };
  if (server.authorizationServer !== undefined) {
    Object.assign(outputs, {
      CodexCommand: [server.connectCommand('codex'), 'Command that adds the server to Codex'],
      GeminiCommand: [server.connectCommand('gemini'), 'Command that adds the server to Gemini CLI'],
      VsCodeCommand: [server.connectCommand('vscode'), 'Command that adds the server to VS Code'],
      CursorLink: [server.connectCommand('cursor'), 'Link that adds the server to Cursor'],
    });
  }
  for (const [id, [value, description]] of Object.entries(outputs)) {
    new CfnOutput(stack, `${prefix}${id}`, { value, description });
  }
}
