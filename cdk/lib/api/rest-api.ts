import { Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type { Construct } from 'constructs';
import type { McpFrontConfig } from '../front/mcp-front-options';
import type { AuthorizationServerDocuments, ProtectedResourceParameters } from './metadata';
import { chain } from './resource-chain';

/** Requests per second and at one moment of all callers together, where nothing else is said. */
export const SERVER_RATE = 50;
export const SERVER_BURST = 100;

/** Name of the API stage. A literal, because a reference to the stage would close a dependency cycle. */
export const API_STAGE_NAME = 'prod';

/** Where protected resource metadata begin; the path of the MCP endpoint follows (RFC 9728 section 3). */
export const WELL_KNOWN_RESOURCE = '/.well-known/oauth-protected-resource';

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
  readonly addMetadata: (mcpPath: apigateway.Resource, resource: ProtectedResourceParameters, server?: AuthorizationServerDocuments) => void;
}

/** What an API is defined with. */
export interface RestApiOptions {
  readonly throttlingRateLimit?: number;
  readonly throttlingBurstLimit?: number;
  readonly tracing?: boolean;
  /** Whether single app clients have limits. */
  readonly limitsAppClients?: boolean;
  /** Throttles of single methods, for what holds for the whole API. */
  readonly methodOptions?: (rateLimit: number, burstLimit: number) => { [path: string]: apigateway.MethodDeploymentOptions };
}

/** Defines an API. */
export function addRestApi(scope: Construct, restApiName: string, description: string, options: RestApiOptions): RestApiAddress {
  const throttling = { throttlingRateLimit: options.throttlingRateLimit ?? SERVER_RATE, throttlingBurstLimit: options.throttlingBurstLimit ?? SERVER_BURST };
  const api = new apigateway.RestApi(scope, 'Api', {
    restApiName,
    description,
    endpointTypes: [apigateway.EndpointType.REGIONAL],
    cloudWatchRole: false,
    // The gate says which usage plan a request counts against; a header of the caller's would be believed otherwise.
    apiKeySourceType: options.limitsAppClients ? apigateway.ApiKeySourceType.AUTHORIZER : undefined,
    deployOptions: {
      stageName: API_STAGE_NAME,
      ...throttling,
      methodOptions: options.methodOptions?.(throttling.throttlingRateLimit, throttling.throttlingBurstLimit),
      tracingEnabled: options.tracing ?? false,
    },
  });
  chain(api.node.defaultChild as apigateway.CfnRestApi);
  // RestApi adds an output with the stage's URL, and only one URL is advertised.
  api.node.tryRemoveChild('Endpoint');
  const stack = Stack.of(scope);
  return { api, apiHost: `${api.restApiId}.execute-api.${stack.region}.${stack.urlSuffix}` };
}
