/** What the metadata of a protected resource is made of: those of one MCP server. */
export interface ProtectedResourceParameters {
  /** The public MCP URL: the resource identifier (RFC 8707 section 2). */
  readonly resourceIdentifier: string;
  /** Name for people, shown by MCP clients. */
  readonly resourceName: string;
  /** Issuers of access tokens for it; none if there is nothing to ask for one. */
  readonly authorizationServers: string[];
  /** The OAuth scopes as MCP clients ask for them. */
  readonly oauthScopes: string[];
}

/** The two documents of an authorization server. */
export interface AuthorizationServerDocuments {
  /** Authorization server metadata (RFC 8414 section 2). */
  readonly authorizationServer: Record<string, unknown>;
  /** The same facts as OpenID Connect Discovery 1.0 section 3 has them. */
  readonly openidConfiguration: Record<string, unknown>;
}

/**
 * Protected resource metadata (RFC 9728 section 2).
 *
 * `resource` must equal the URL that was given to the MCP client, or the client stops.
 */
export function protectedResourceMetadata(parameters: ProtectedResourceParameters): Record<string, unknown> {
  return {
    resource: parameters.resourceIdentifier,
    ...(parameters.authorizationServers.length === 0 ? {} : { authorization_servers: parameters.authorizationServers }),
    scopes_supported: parameters.oauthScopes,
    bearer_methods_supported: ['header'],
    resource_name: parameters.resourceName,
  };
}
