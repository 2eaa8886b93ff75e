import { Validations } from 'aws-cdk-lib';
import type * as apigateway from 'aws-cdk-lib/aws-apigateway';
import {
  AUTHORIZATION_SERVER_METADATA_PATH,
  OPENID_CONFIGURATION_PATH,
  PROTECTED_RESOURCE_METADATA_PATH,
} from '../generated/facts';
import {
  type AuthorizationServerDocuments,
  protectedResourceMetadata,
  type ProtectedResourceParameters,
} from './metadata';
import { addPreflight, addStaticMethod, type StaticDocument } from './static-endpoint';

/** Short, so that a changed scope reaches MCP clients in minutes; long enough for an edge cache to carry the load. */
const CACHE_SECONDS = 300;

/**
 * Serves the metadata documents as static responses, at every path below the base URL where MCP clients look for them:
 * at the root, with the endpoint's path inserted (RFC 8414 section 3, RFC 9728 section 3) and, for OpenID Connect,
 * appended.
 *
 * @param mcpPath the path of the MCP endpoint
 * @param server the documents of the authorization server that is reached at the same base URL, if there is one, asked for at
 * the end of synthesis
 */
export function addMetadataEndpoints(
  api: apigateway.RestApi,
  mcpPath: string,
  resource: ProtectedResourceParameters,
  server?: () => AuthorizationServerDocuments,
): void {
  const documents: { [path: string]: StaticDocument } = {
    [PROTECTED_RESOURCE_METADATA_PATH]: protectedResourceMetadata(resource),
    ...(server && {
      [AUTHORIZATION_SERVER_METADATA_PATH]: () => server().authorizationServer,
      [OPENID_CONFIGURATION_PATH]: () => server().openidConfiguration,
    }),
  };
  for (const [path, document] of Object.entries(documents)) {
    addDocument(api.root.resourceForPath(path), document);
    addDocument(api.root.resourceForPath(`${path}${mcpPath}`), document);
  }
  if (server !== undefined) {
    addDocument(
      api.root.resourceForPath(`${mcpPath}${OPENID_CONFIGURATION_PATH}`),
      documents[OPENID_CONFIGURATION_PATH],
    );
  }
}

/** Serves the document of one protected resource at one path. */
export function addProtectedResourceMetadata(path: apigateway.Resource, resource: ProtectedResourceParameters): void {
  addDocument(path, protectedResourceMetadata(resource));
}

/**
 * Serves the documents of an authorization server of several resources, at the root of its API.
 *
 * @param server asked when everything is known, at the end of synthesis
 */
export function addAuthorizationServerMetadata(
  api: apigateway.RestApi,
  server: () => AuthorizationServerDocuments,
): void {
  addDocument(api.root.resourceForPath(AUTHORIZATION_SERVER_METADATA_PATH), () => server().authorizationServer);
  addDocument(api.root.resourceForPath(OPENID_CONFIGURATION_PATH), () => server().openidConfiguration);
}

function addDocument(path: apigateway.Resource, document: StaticDocument): void {
  const headers = { 'Cache-Control': `public, max-age=${CACHE_SECONDS}`, 'Access-Control-Allow-Origin': '*' };
  // Without a HEAD method the response would be an error, which an edge cache would keep for the GET that follows.
  const methods = [
    addStaticMethod(path, 'GET', { statusCode: '200', document, headers }),
    addStaticMethod(path, 'HEAD', { statusCode: '200', headers: { 'Content-Type': 'application/json', ...headers } }),
  ];
  addPreflight(path, ['GET', 'HEAD']);
  for (const method of methods) {
    for (const id of ['AwsSolutions::AwsSolutions-APIG4', 'AwsSolutions::AwsSolutions-COG4']) {
      Validations.of(method).acknowledge({
        id,
        reason: 'RFC 9728 and RFC 8414: MCP clients read this document before they have an access token',
      });
    }
  }
}
