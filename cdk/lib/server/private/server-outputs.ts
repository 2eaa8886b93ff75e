import type { Outputs } from '../../private/outputs';
import type { IMcpUserPool } from '../../user-pool/mcp-user-pool-ref';
import type { McpOutputsOptions } from '../mcp-outputs-options';

/** What a server says about itself in its outputs. */
interface ConnectableServer {
  readonly mcpServerUrl: string;
  readonly resourceMetadataUrl: string;
  readonly oauthScopes: string[];
  /** The command or link of a client. */
  readonly connectCommand: (client: string) => string;
  /** Whether every client needs only the URL. */
  readonly urlAlone: boolean;
  /** Undefined without a user pool. */
  readonly signIn?: {
    readonly issuer: string;
    readonly authorizationUrl: string;
    readonly tokenUrl: string;
    readonly interactiveClientId: string;
    readonly signInUrl: string;
    readonly userPool: IMcpUserPool;
  };
}

/** What a person or a program needs to connect. Never a secret. */
export function serverOutputs(server: ConnectableServer, { machineClient }: McpOutputsOptions): Outputs {
  const { signIn, connectCommand } = server;
  return {
    McpServerUrl: [server.mcpServerUrl, 'URL to give to an MCP client'],
    OAuthMetadataUrl: [server.resourceMetadataUrl, 'Protected resource metadata (RFC 9728), where MCP clients begin'],
    McpOAuthScope: [server.oauthScopes.join(' '), 'OAuth scopes to ask for'],
    ...(signIn && {
      McpOAuthIssuer: [signIn.issuer, 'Issuer in the authorization server metadata (RFC 8414)'],
      McpOAuthAuthorizationUrl: [signIn.authorizationUrl, 'Authorization endpoint'],
      McpOAuthTokenUrl: [signIn.tokenUrl, 'Token endpoint'],
      McpOAuthClientId: [
        signIn.interactiveClientId,
        'Public client for people, for manual configuration (authorization code with PKCE)',
      ],
      SignInUrl: [signIn.signInUrl, 'Page to sign up and in'],
      UserPoolId: [signIn.userPool.userPool.userPoolId, 'User pool'],
    }),
    ...(machineClient && {
      AutomatedOAuthClientId: [machineClient.clientId, 'Confidential app client for programs (client credentials)'],
      ...(!machineClient._authenticatesByAssertion && {
        AutomatedOAuthClientSecretArn: [
          machineClient.clientSecret.secretArn,
          'Secret in Secrets Manager with the client secret for programs',
        ],
      }),
    }),
    ClaudeCodeCommand: [connectCommand('claude-code'), 'Command that adds the server to Claude Code'],
    ...(server.urlAlone && {
      CodexCommand: [connectCommand('codex'), 'Command that adds the server to Codex'],
      GeminiCommand: [connectCommand('gemini'), 'Command that adds the server to Gemini CLI'],
      VsCodeCommand: [connectCommand('vscode'), 'Command that adds the server to VS Code'],
      CursorLink: [connectCommand('cursor'), 'Link that adds the server to Cursor'],
    }),
  };
}
