import type { McpServerBase } from '../../server/private/mcp-server-base';
import type { McpPlaygroundProps } from '../mcp-playground-options';

/** An MCP server in the list of a playground. */
export interface PlaygroundServer {
  /** Name for people. */
  readonly name: string;
  readonly url: string;
}

/** The servers in the order in which people see them. */
export function serversOf({ servers = [], serverUrls = {} }: McpPlaygroundProps): PlaygroundServer[] {
  const ofApp = servers.map((server) => ({
    // Another implementation of the interface has no contract to look into.
    name: (server as Partial<McpServerBase>)._contract?.serverTitle ?? server.node.id,
    url: server.mcpServerUrl,
  }));
  return [...ofApp, ...Object.entries(serverUrls).map(([name, url]) => ({ name, url }))];
}
