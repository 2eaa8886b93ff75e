import { Fn, Token } from 'aws-cdk-lib';
import { CONNECT_COMMANDS, LINK_CONFIG, VSCODE_LINK } from '../../generated/facts';
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

/** The commands and links, which `lambda/contract` defines. Only Claude Code's takes a `client_id`. */
const COMMANDS: { readonly [client: string]: string } = CONNECT_COMMANDS;

/** Base64, computed by CloudFormation for a string that is known only at deployment. */
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
  const { claudeCodeOptions } = parameters;
  return client === 'claude-code' ? filledIn(command, parameters) + claudeCodeOptions : filledIn(command, parameters);
}

/** The link that adds an MCP server to VS Code. */
export function vscodeLink(parameters: Pick<ConnectParameters, 'serverName' | 'mcpServerUrl'>): string {
  return filledIn(VSCODE_LINK, parameters);
}

function filledIn(
  command: string,
  { serverName, mcpServerUrl }: Pick<ConnectParameters, 'serverName' | 'mcpServerUrl'>,
) {
  const values: { readonly [name: string]: string } = {
    serverName,
    mcpServerUrl,
    base64Config: base64(LINK_CONFIG.replace('${mcpServerUrl}', () => mcpServerUrl)),
  };
  return command.replace(/\$\{(\w+)\}/g, (variable, name) => values[name] ?? variable);
}
