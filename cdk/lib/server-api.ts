import { Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type { Construct } from 'constructs';
import { authorizationThrottles } from './authorization-endpoints';
import { authorizationOf } from './default-authorization';
import { assertPlace } from './host-path';
import { hasLimits, SERVER_BURST, SERVER_RATE } from './limits';
import { McpFront, type McpFrontConfig } from './mcp-front';
import type { McpEndpointOptions } from './mcp-server-props';
import type { MetadataParameters, ProtectedResourceParameters } from './metadata';
import { addMetadataEndpoints } from './metadata-endpoints';
import { chain } from './resource-chain';

/** Name of the API stage. A literal, because a reference to the stage would close a dependency cycle. */
export const API_STAGE_NAME = 'prod';

/** Where protected resource metadata begin; the path of the MCP endpoint follows (RFC 9728 section 3). */
export const WELL_KNOWN_RESOURCE = '/.well-known/oauth-protected-resource';

/** Path of the MCP endpoint below the front's base URL. */
const MCP_PATH = '/mcp';

/** A REST API and its own host name. */
export interface RestApiAddress {
  readonly api: apigateway.RestApi;
  readonly apiHost: string;
}

/** The API of an MCP endpoint and where it is reached. */
export interface ServerApi extends RestApiAddress {
  readonly front: McpFrontConfig;
  /** Below it is defined what the user pool has to know about the server. */
  readonly registry: Construct;
  /** The public MCP URL, which is the resource identifier too. */
  readonly mcpServerUrl: string;
  /** The URL of the protected resource metadata (RFC 9728). */
  readonly resourceMetadataUrl: string;
  /** Adds the path of the MCP endpoint. */
  readonly addMcpPath: () => apigateway.Resource;
  /** Adds the documents: the server's own, and those of its authorization server unless a host has them. */
  readonly addMetadata: (mcpPath: apigateway.Resource, resource: ProtectedResourceParameters, server?: MetadataParameters) => void;
}

/** What an API needs to know of the options of its owner; an authorization only if the API has its endpoints. */
export type RestApiOptions = Pick<McpEndpointOptions, 'throttlingRateLimit' | 'throttlingBurstLimit' | 'throttle' | 'quota' | 'authorization'> & { readonly tracing?: boolean };

/** Defines an API. */
export function addRestApi(scope: Construct, restApiName: string, description: string, options: RestApiOptions): RestApiAddress {
  const throttling = { throttlingRateLimit: options.throttlingRateLimit ?? SERVER_RATE, throttlingBurstLimit: options.throttlingBurstLimit ?? SERVER_BURST };
  const api = new apigateway.RestApi(scope, 'Api', {
    restApiName,
    description,
    endpointTypes: [apigateway.EndpointType.REGIONAL],
    cloudWatchRole: false,
    // The gate says which usage plan a request counts against; a header of the caller's would be believed otherwise.
    apiKeySourceType: hasLimits(options) ? apigateway.ApiKeySourceType.AUTHORIZER : undefined,
    deployOptions: {
      stageName: API_STAGE_NAME,
      ...throttling,
      methodOptions: options.authorization?._server && authorizationThrottles(throttling.throttlingRateLimit, throttling.throttlingBurstLimit),
      tracingEnabled: options.tracing ?? false,
    },
  });
  chain(api.node.defaultChild as apigateway.CfnRestApi);
  // RestApi adds an output with the stage's URL, and only one URL is advertised.
  api.node.tryRemoveChild('Endpoint');
  const stack = Stack.of(scope);
  return { api, apiHost: `${api.restApiId}.execute-api.${stack.region}.${stack.urlSuffix}` };
}

/** Defines the API of an MCP endpoint, and the front that makes it public unless it is below a host. */
export function addServerApi(scope: Construct, serverName: string, options: McpEndpointOptions & { readonly tracing?: boolean }): ServerApi {
  assertPlace(options);
  const authorization = options.host === undefined ? authorizationOf(options) : undefined;
  const address = addRestApi(scope, serverName, `MCP server ${serverName}`, { ...options, authorization });
  if (options.host !== undefined) {
    return options.host._servers.add(scope, serverName, options.path!, address);
  }
  const { api, apiHost } = address;
  const front = (options.front ?? McpFront.cloudFront()).bind(scope, { apiHost, apiStageName: API_STAGE_NAME, api });
  return {
    api,
    apiHost,
    front,
    registry: scope,
    mcpServerUrl: `${front.publicBaseUrl}${MCP_PATH}`,
    resourceMetadataUrl: `${front.publicBaseUrl}${WELL_KNOWN_RESOURCE}${MCP_PATH}`,
    addMcpPath: () => api.root.addResource(MCP_PATH.slice(1)),
    addMetadata: (mcpPath, resource, server) => addMetadataEndpoints(api, mcpPath, resource, server),
  };
}
