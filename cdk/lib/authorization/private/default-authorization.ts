import { McpAuthorization } from '../mcp-authorization';

/** The authorization of a server or host, with the default where none is set. */
export function authorizationOf(props: { readonly authorization?: McpAuthorization }): McpAuthorization {
  return props.authorization ?? McpAuthorization.server();
}
