import type { AuthorizationServerDocuments } from '../../api/metadata';
import { filledDocument } from '../../api/template';
import {
  ASSERTION_METADATA,
  OWN_METADATA,
  OWN_OPENID_CONFIGURATION,
  USER_POOL_METADATA,
  USER_POOL_OPENID_CONFIGURATION,
} from '../../generated/facts';
import type { McpAuthorization } from '../mcp-authorization';

/** Parameters of the authorization server metadata. URLs have no trailing slash. */
export interface MetadataParameters {
  /** The public MCP URLs: the resource identifiers (RFC 8707 section 2). */
  readonly resourceIdentifiers: string[];
  /** The public base URL: the issuer of the authorization server metadata. */
  readonly publicBaseUrl: string;
  /** The public URL of the user pool's domain (`/oauth2/authorize` and so on). */
  readonly signInBaseUrl: string;
  /** The user pool's keys (RFC 7517). */
  readonly jwksUrl: string;
  /** Full OAuth scopes. */
  readonly oauthScopes: string[];
  /** Whether programs may authenticate with a client assertion. */
  readonly hasAssertions: boolean;
  /** The source of access tokens: the user pool itself, or the authorization server in front of it. */
  readonly authorization: McpAuthorization;
}

/** Both documents, of the server in front of the user pool or of the user pool itself. */
export function authorizationServerDocuments(parameters: MetadataParameters): AuthorizationServerDocuments {
  return parameters.authorization._server === undefined
    ? {
        authorizationServer: metadata(USER_POOL_METADATA, parameters),
        openidConfiguration: metadata(USER_POOL_OPENID_CONFIGURATION, parameters),
      }
    : {
        authorizationServer: metadata(OWN_METADATA, parameters),
        openidConfiguration: metadata(OWN_OPENID_CONFIGURATION, parameters),
      };
}

function metadata(
  template: Record<string, unknown>,
  {
    publicBaseUrl,
    resourceIdentifiers,
    signInBaseUrl,
    jwksUrl,
    oauthScopes,
    authorization,
    hasAssertions,
  }: MetadataParameters,
): Record<string, unknown> {
  const { _server: server, _registersWithCognito } = authorization;
  const document = filledDocument(template, {
    issuer: publicBaseUrl,
    resourceIdentifiers,
    signInBaseUrl,
    jwksUrl,
    oauthScopes,
  });
  if (server?.clientDocumentsEnabled !== undefined) {
    document.client_id_metadata_document_supported = server.clientDocumentsEnabled;
  }
  if (server === undefined ? !_registersWithCognito : server.registrationEnabled === false) {
    delete document.registration_endpoint;
  }
  return hasAssertions ? { ...document, ...ASSERTION_METADATA } : document;
}
