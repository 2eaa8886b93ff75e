import type { AuthorizationServerDocuments } from '../../api/metadata';
import type { McpAuthorization } from '../mcp-authorization';
import type { McpAuthorizationServerOptions } from '../mcp-authorization-options';

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
  /** The source of access tokens: the user pool itself, or the authorization server in front of it. */
  readonly authorization: McpAuthorization;
}

/** Both documents, of the server in front of the user pool or of the user pool itself. */
export function authorizationServerDocuments(parameters: MetadataParameters): AuthorizationServerDocuments {
  return { authorizationServer: authorizationServerMetadata(parameters), openidConfiguration: openidConfiguration(parameters) };
}

/** Authorization server metadata (RFC 8414 section 2), of the server in front of the user pool or of the user pool itself. */
function authorizationServerMetadata(parameters: MetadataParameters): Record<string, unknown> {
  return parameters.authorization._server === undefined ? userPoolMetadata(parameters) : ownMetadata(parameters, parameters.authorization._server);
}

/** The same facts in the form of OpenID Connect Discovery 1.0 section 3, for MCP clients that ask for that document only. */
function openidConfiguration(parameters: MetadataParameters): Record<string, unknown> {
  return {
    ...authorizationServerMetadata(parameters),
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    // Its default in this document is true.
    ...(parameters.authorization._server === undefined ? {} : { request_uri_parameter_supported: false }),
  };
}

/**
 * The user pool's endpoints, plus what Cognito's own document lacks and MCP clients require, above all
 * `code_challenge_methods_supported`.
 *
 * Does not list `offline_access`, which Cognito refuses, nor `authorization_response_iss_parameter_supported`, because
 * Cognito does not send `iss`. The `iss` of an access token stays the user pool's: only the MCP server checks it.
 */
function userPoolMetadata(parameters: MetadataParameters): Record<string, unknown> {
  return {
    issuer: parameters.publicBaseUrl,
    authorization_endpoint: `${parameters.signInBaseUrl}/oauth2/authorize`,
    token_endpoint: `${parameters.signInBaseUrl}/oauth2/token`,
    revocation_endpoint: `${parameters.signInBaseUrl}/oauth2/revoke`,
    ...(parameters.authorization._registersWithCognito ? { registration_endpoint: `${parameters.signInBaseUrl}/oauth2/register` } : {}),
    ...common(parameters),
  };
}

/**
 * The endpoints of the authorization server in front of the user pool. Its crate defines this document: a test compares
 * it with `lambda/authorization/metadata.template.json`.
 */
function ownMetadata(parameters: MetadataParameters, server: McpAuthorizationServerOptions): Record<string, unknown> {
  const issuer = parameters.publicBaseUrl;
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    revocation_endpoint: `${issuer}/revoke`,
    ...((server.registrationEnabled ?? true) ? { registration_endpoint: `${issuer}/register` } : {}),
    ...common(parameters),
    revocation_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION,
    authorization_response_iss_parameter_supported: true,
    client_id_metadata_document_supported: server.clientDocumentsEnabled ?? true,
    protected_resources: parameters.resourceIdentifiers,
  };
}

/** How app clients and MCP clients authenticate: public ones not at all. */
const CLIENT_AUTHENTICATION = ['none', 'client_secret_basic', 'client_secret_post'];

/** Members that both servers share. */
function common(parameters: MetadataParameters): Record<string, unknown> {
  return {
    jwks_uri: parameters.jwksUrl,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION,
    scopes_supported: parameters.oauthScopes,
  };
}
