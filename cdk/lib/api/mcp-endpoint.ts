import type { Duration } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { assertKnown } from '../private/known-value';
import { addPreflight, addStaticMethod } from './static-endpoint';

/** Parameters of the MCP endpoint of an API. */
export interface McpEndpointParameters {
  /** The integration for an HTTP method. */
  readonly integrationOf: (method: string) => apigateway.Integration;
  /**
   * The authorizer of access tokens. An access token with any of the OAuth scopes passes, and the MCP server checks
   * each tool's scopes.
   */
  readonly authorization: apigateway.MethodOptions;
  /** HTTP methods besides POST that are forwarded, from the server's contract. */
  readonly otherMethods: string[];
  /** Request headers besides those of the protocol, from the server's contract; `*` for any. */
  readonly requestHeaders: string[];
}

/**
 * Adds the MCP endpoint: `POST` and the server's other methods are forwarded, and their responses are streamed; API
 * Gateway responds to every other method with 405. Returns the methods that need an access token.
 *
 * The 405 comes after authorization, because some MCP clients probe with `GET` and need the challenge of a 401 there.
 */
export function addMcpEndpoint(path: apigateway.Resource, parameters: McpEndpointParameters): apigateway.Method[] {
  const taken = ['POST', ...parameters.otherMethods];
  const methods = taken.map((method) =>
    path.addMethod(method, parameters.integrationOf(method), parameters.authorization),
  );
  const others = addStaticMethod(
    path,
    'ANY',
    {
      statusCode: '405',
      document: { error: 'method_not_allowed', error_description: `the MCP endpoint takes ${taken.join(', ')} only` },
      headers: { Allow: taken.join(', '), 'Access-Control-Allow-Origin': '*' },
    },
    parameters.authorization,
  );
  // GET and DELETE too, so that scripts in browsers see the 405 and not a network error.
  addPreflight(path, ['POST', 'GET', 'DELETE'], parameters.requestHeaders);
  return [...methods, others];
}

/** Forwards messages to a function and streams its response. */
export function functionIntegration(handler: lambda.IFunction, timeout: Duration): apigateway.Integration {
  assertKnown(
    timeout,
    'timeout',
    'give a Duration of a plain number, because Lambda takes it in seconds and API Gateway in milliseconds',
  );
  return new apigateway.LambdaIntegration(handler, {
    responseTransferMode: apigateway.ResponseTransferMode.STREAM,
    timeout,
    allowTestInvoke: false,
  });
}

/**
 * Forwards requests to a remote MCP endpoint with all their headers, including the access token, and streams its
 * response.
 */
export function remoteIntegration(endpointUrl: string, method: string, timeout: Duration): apigateway.Integration {
  return new apigateway.HttpIntegration(endpointUrl, {
    httpMethod: method,
    proxy: true,
    options: { responseTransferMode: apigateway.ResponseTransferMode.STREAM, timeout },
  });
}
