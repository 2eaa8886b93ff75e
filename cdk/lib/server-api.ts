import { Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type { Construct } from 'constructs';
import { authorizationThrottles } from './authorization-endpoints';
import { hasLimits, SERVER_BURST, SERVER_RATE } from './limits';
import { McpFront, type McpFrontConfig } from './mcp-front';
import type { McpEndpointOptions } from './mcp-server-props';

/** Name of the API stage. A literal, because a reference to the stage would close a dependency cycle. */
const API_STAGE_NAME = 'prod';

/** Path of the MCP endpoint below the front's base URL. */
const MCP_PATH = '/mcp';

/** The API of an MCP endpoint and where it is reached. */
export interface ServerApi {
  readonly api: apigateway.RestApi;
  readonly apiHost: string;
  readonly front: McpFrontConfig;
  /** The public MCP URL, which is the resource identifier too. */
  readonly mcpServerUrl: string;
  /** The URL of the protected resource metadata (RFC 9728). */
  readonly resourceMetadataUrl: string;
  /** Adds the path of the MCP endpoint. */
  readonly addMcpPath: () => apigateway.Resource;
}

/** Defines the API of an MCP endpoint, and the front that makes it public. */
export function addServerApi(scope: Construct, serverName: string, options: McpEndpointOptions & { readonly tracing?: boolean }): ServerApi {
  const throttling = { throttlingRateLimit: options.throttlingRateLimit ?? SERVER_RATE, throttlingBurstLimit: options.throttlingBurstLimit ?? SERVER_BURST };
  const api = new apigateway.RestApi(scope, 'Api', {
    restApiName: serverName,
    description: `MCP server ${serverName}`,
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
  // RestApi adds an output with the stage's URL, and only one URL is advertised.
  api.node.tryRemoveChild('Endpoint');
  const stack = Stack.of(scope);
  const apiHost = `${api.restApiId}.execute-api.${stack.region}.${stack.urlSuffix}`;
  const front = (options.front ?? McpFront.cloudFront()).bind(scope, { apiHost, apiStageName: API_STAGE_NAME, api });
  return {
    api,
    apiHost,
    front,
    mcpServerUrl: `${front.publicBaseUrl}${MCP_PATH}`,
    resourceMetadataUrl: `${front.publicBaseUrl}/.well-known/oauth-protected-resource${MCP_PATH}`,
    addMcpPath: () => api.root.addResource(MCP_PATH.slice(1)),
  };
}
