import { Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { Construct } from 'constructs';
import type { DescribedServer } from './described-server';
import type { McpFrontConfig, McpFrontListenerConfig } from '../front/mcp-front-options';
import type { AuthorizationServerDocuments, ProtectedResourceParameters } from './metadata';
import { chain } from './resource-chain';

/** Default rate and burst limits of all callers together. */
export const SERVER_RATE = 50;
export const SERVER_BURST = 100;

/** Name of the API stage. A literal, because a reference to the stage would close a dependency cycle. */
export const API_STAGE_NAME = 'prod';

/** A REST API and its own host name. */
export interface RestApiAddress {
  readonly api: apigateway.RestApi;
  readonly apiHost: string;
}

/** The API of an MCP endpoint and its URLs. */
export interface ServerApi extends RestApiAddress {
  readonly front: McpFrontConfig;
  /** The scope of the resource-server registration and the app clients of the server. */
  readonly registry: Construct;
  /** The public MCP URL, which is the resource identifier too. */
  readonly mcpServerUrl: string;
  /** The URL of the protected resource metadata (RFC 9728). */
  readonly resourceMetadataUrl: string;
  /** The path of the MCP endpoint below the front. */
  readonly mcpPath: string;
  /** Adds the path of the MCP endpoint to the API. */
  readonly addMcpPath: () => apigateway.Resource;
  /** Leads the path of the MCP endpoint to a load balancer instead. */
  readonly leadTo: (listener: elbv2.ApplicationListener) => McpFrontListenerConfig;
  /** Whether the API is a host's, which has its responses and its web ACL. */
  readonly isOfHost: boolean;
  /** Adds the documents: the server's own, and those of its authorization server unless a host has them. */
  readonly addMetadata: (resource: ProtectedResourceParameters, server?: () => AuthorizationServerDocuments) => void;
  /** Adds the server to the page for people at the root of the public URL. */
  readonly addToPage: (server: DescribedServer) => void;
}

/** Options of an API. */
export interface RestApiOptions {
  readonly throttlingRateLimit?: number;
  readonly throttlingBurstLimit?: number;
  readonly tracing?: boolean;
  /** Whether app clients have limits of their own. */
  readonly limitsAppClients?: boolean;
  /** Throttles of single methods, from the limits of the whole API. */
  readonly methodOptions?: (
    rateLimit: number,
    burstLimit: number,
  ) => { [path: string]: apigateway.MethodDeploymentOptions };
}

/** Defines an API. */
export function addRestApi(
  scope: Construct,
  restApiName: string,
  description: string,
  options: RestApiOptions,
): RestApiAddress {
  const throttling = {
    throttlingRateLimit: options.throttlingRateLimit ?? SERVER_RATE,
    throttlingBurstLimit: options.throttlingBurstLimit ?? SERVER_BURST,
  };
  const api = new apigateway.RestApi(scope, 'Api', {
    restApiName,
    description,
    endpointTypes: [apigateway.EndpointType.REGIONAL],
    cloudWatchRole: false,
    // The Lambda authorizer names the usage plan of a request; otherwise API Gateway would trust a header of the
    // caller.
    apiKeySourceType: options.limitsAppClients ? apigateway.ApiKeySourceType.AUTHORIZER : undefined,
    deployOptions: {
      stageName: API_STAGE_NAME,
      ...throttling,
      methodOptions: options.methodOptions?.(throttling.throttlingRateLimit, throttling.throttlingBurstLimit),
      tracingEnabled: options.tracing ?? false,
    },
  });
  chain(api.node.defaultChild as apigateway.CfnRestApi);
  // RestApi adds an output with the stage's URL, and MCP clients must see only one URL.
  api.node.tryRemoveChild('Endpoint');
  const stack = Stack.of(scope);
  return { api, apiHost: `${api.restApiId}.execute-api.${stack.region}.${stack.urlSuffix}` };
}
