import { PROTECTED_RESOURCE_METADATA } from '../generated/facts';
import { filledDocument } from './template';

/** Parameters of the protected resource metadata of one MCP server. */
export interface ProtectedResourceParameters {
  /** The public MCP URL: the resource identifier (RFC 8707 section 2). */
  readonly resourceIdentifier: string;
  /** Name for people, shown by MCP clients. */
  readonly resourceName: string;
  /** Issuers of its access tokens; empty if no server issues them. */
  readonly authorizationServers: string[];
  /** The OAuth scopes as MCP clients request them. */
  readonly oauthScopes: string[];
}

/** The two documents of an authorization server. */
export interface AuthorizationServerDocuments {
  /** Authorization server metadata (RFC 8414 section 2). */
  readonly authorizationServer: Record<string, unknown>;
  /** The same metadata in the form of OpenID Connect Discovery 1.0 section 3. */
  readonly openidConfiguration: Record<string, unknown>;
}

/**
 * Protected resource metadata (RFC 9728 section 2).
 *
 * `resource` must equal the URL in the MCP client's configuration, or the client refuses it.
 */
export function protectedResourceMetadata(parameters: ProtectedResourceParameters): Record<string, unknown> {
  return filledDocument(PROTECTED_RESOURCE_METADATA, { ...parameters });
}
