import type { Construct } from 'constructs';
import type { McpService } from '../../compute/mcp-service';
import type { McpContract } from '../../contract/mcp-contract';
import { recordLocal } from '../../private/local-manifest';

/** What `mcp-lambda dev` says about a server. */
interface LocalServer {
  readonly contract: McpContract;
  readonly mcpServerUrl: string;
  /** The command or link of a client; throws if the client needs more than the URL. */
  readonly connectCommand: (client: string) => string;
  /** Whether a client needs only the URL. */
  readonly urlAlone: boolean;
  readonly signInUrl?: string;
  readonly tokenUrl?: string;
  readonly oauthScopes: string[];
}

/** The clients that `mcp-lambda dev` prints a command or link for. Claude Code's takes what others cannot. */
const CLIENTS = ['codex', 'gemini', 'vscode', 'cursor'];

/** Records a server for `mcp-lambda dev`. */
export function recordServer(scope: Construct, server: LocalServer): void {
  const { contract, mcpServerUrl, signInUrl, tokenUrl, oauthScopes } = server;
  recordLocal(scope, () => ({
    kind: 'server',
    name: contract.serverName,
    title: contract.serverTitle,
    url: mcpServerUrl,
    tools: contract._document.tools.map(({ name, scopes }) => ({ name, scopes })),
    connect: Object.fromEntries(
      ['claude-code', ...(server.urlAlone ? CLIENTS : [])].map((client) => [client, server.connectCommand(client)]),
    ),
    signInUrl,
    tokenUrl,
    oauthScopes,
    contract: contract._file,
  }));
}

/** Records a service for `mcp-lambda dev`, which runs its program as processes, and leads the path of the front to them. */
export function recordService(
  scope: Construct,
  { taskDefinition }: McpService,
  { front, path }: { readonly front: Construct; readonly path: string },
): void {
  recordLocal(scope, () => ({
    kind: 'service',
    front: front.node.path,
    path,
    taskDefinition: taskDefinition.taskDefinitionArn,
  }));
}
