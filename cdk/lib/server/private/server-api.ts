import type { Construct } from 'constructs';
import { MCP_PATH, PROTECTED_RESOURCE_METADATA_PATH } from '../../generated/facts';
import { addMetadataEndpoints } from '../../api/metadata-endpoints';
import { addRestApi, API_STAGE_NAME, type ServerApi } from '../../api/rest-api';
import { addPage, hasPage } from '../../page/private/add-page';
import { authorizationThrottles } from '../../authorization/private/authorization-endpoints';
import { authorizationOf } from '../../authorization/private/default-authorization';
import { hasLimits } from '../../authorizer/private/limits';
import { assertHostPath } from '../../host/private/host-path';
import { frontOf } from '../../front/private/local-front';
import type { McpEndpointOptions } from '../mcp-endpoint-options';

/** Defines the API of an MCP endpoint, and the front that makes it public unless it is below a host. */
export function addServerApi(
  scope: Construct,
  serverName: string,
  options: McpEndpointOptions & { readonly tracing?: boolean; readonly isService?: boolean },
): ServerApi {
  assertHostPath(options);
  if (options.host !== undefined && options.isService) {
    return options.host._servers.addService(scope, serverName, options.path!);
  }
  const authorization = options.host === undefined ? authorizationOf(options) : undefined;
  const address = addRestApi(scope, serverName, `MCP server ${serverName}`, {
    ...options,
    limitsAppClients: hasLimits(options),
    methodOptions: authorization?._server && authorizationThrottles,
  });
  if (options.host !== undefined) {
    return options.host._servers.add(scope, serverName, options.path!, address);
  }
  const { api, apiHost } = address;
  const given = frontOf(scope, options.front);
  const front = given.bind(scope, { apiHost, apiStageName: API_STAGE_NAME, api, hasPage: hasPage(options.page) });
  return {
    api,
    apiHost,
    front,
    registry: scope,
    mcpServerUrl: `${front.publicBaseUrl}${MCP_PATH}`,
    resourceMetadataUrl: `${front.publicBaseUrl}${PROTECTED_RESOURCE_METADATA_PATH}${MCP_PATH}`,
    mcpPath: MCP_PATH,
    addMcpPath: () => api.root.addResource(MCP_PATH.slice(1)),
    leadTo: (listener) => given.bindListener(scope, { listener, path: MCP_PATH, host: scope }),
    isOfHost: false,
    addMetadata: (resource, server) => addMetadataEndpoints(api, MCP_PATH, resource, server),
    addToPage: (server) => addPage(api, options.page, authorization?._server, () => [server]),
  };
}
