import { Fn, Token } from 'aws-cdk-lib';
import { assertKnown } from '../../private/known-value';
import { list, synthError } from '../../private/synth-error';

/** Parameters of a command that adds an MCP server to a client. */
export interface ConnectParameters {
  readonly serverName: string;
  readonly mcpServerUrl: string;
  readonly claudeCodeOptions: string;
  /** Whether a client needs only the URL. */
  readonly urlAlone: boolean;
}

/** The command or link of each client, by the name of its program. Only Claude Code's command takes a `client_id`. */
const COMMANDS: { [client: string]: (parameters: ConnectParameters) => string } = {
  'claude-code': ({ serverName, mcpServerUrl, claudeCodeOptions }) =>
    `claude mcp add --transport http ${serverName} ${mcpServerUrl}${claudeCodeOptions}`,
  codex: ({ serverName, mcpServerUrl }) => `codex mcp add ${serverName} --url ${mcpServerUrl}`,
  cursor: ({ serverName, mcpServerUrl }) =>
    `cursor://anysphere.cursor-deeplink/mcp/install?name=${serverName}&config=${base64(`{"url":"${mcpServerUrl}"}`)}`,
  gemini: ({ serverName, mcpServerUrl }) => `gemini mcp add --transport http ${serverName} ${mcpServerUrl}`,
  'mcp-remote': ({ mcpServerUrl }) => `npx mcp-remote ${mcpServerUrl}`,
  vscode: ({ serverName, mcpServerUrl }) =>
    `code --add-mcp '{"name":"${serverName}","type":"http","url":"${mcpServerUrl}"}'`,
};

/**
 * Base64, computed by CloudFormation for a string that is known only at deployment. In a query it needs no escapes: `+`
 * and `/` come from the characters `>`, `~` and `?` alone, which no MCP URL has.
 */
function base64(text: string): string {
  return Token.isUnresolved(text) ? Fn.base64(text) : Buffer.from(text).toString('base64');
}

/** The command that adds an MCP server to a client, or the link that does. */
export function connectCommand(client: string, parameters: ConnectParameters): string {
  assertKnown(client, 'client', `give one of ${list(Object.keys(COMMANDS))}`);
  const command = Object.entries(COMMANDS).find(([name]) => name === client)?.[1];
  if (command === undefined) {
    throw synthError(
      'ClientUnknown',
      `connectCommand knows no client ${JSON.stringify(client)}: use one of ${list(Object.keys(COMMANDS))}, or give a client mcpServerUrl`,
    );
  }
  if (client !== 'claude-code' && !parameters.urlAlone) {
    throw synthError(
      'ClientNeedsMoreThanUrl',
      `the command of ${client} takes nothing but the URL, and this server's authorization needs a client_id or a header: use McpAuthorization.server(), or configure the client manually`,
    );
  }
  return command(parameters);
}
