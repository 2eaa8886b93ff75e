import type { Duration } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { assertKnown } from '../private/known-value';
import { addPreflight, addStaticMethod } from './static-endpoint';

/** What the MCP endpoint of an API is made of. */
export interface McpEndpointParameters {
  /** Where requests of an HTTP method go. */
  readonly integrationOf: (method: string) => apigateway.Integration;
  /** Who decides about access tokens. With OAuth scopes, one that has any of them passes, and the MCP server checks each tool's. */
  readonly authorization: apigateway.MethodOptions;
  /** HTTP methods besides POST that go on, as the server's contract says. */
  readonly otherMethods: string[];
  /** Request headers besides those of the protocol, as the server's contract says; `*` for any. */
  readonly requestHeaders: string[];
}

/**
 * The MCP endpoint: `POST`, and what else the server takes, goes on and streams back; every other method is answered
 * 405 here. Gives back the methods that need an access token.
 *
 * The 405 comes after authorization, because some MCP clients probe with `GET` and need the challenge of a 401 there.
 */
export function addMcpEndpoint(path: apigateway.Resource, parameters: McpEndpointParameters): apigateway.Method[] {
  const taken = ['POST', ...parameters.otherMethods];
  const methods = taken.map((method) => path.addMethod(method, parameters.integrationOf(method), parameters.authorization));
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

/** Messages go to a function, whose answer is streamed. */
export function functionIntegration(handler: lambda.IFunction, timeout: Duration): apigateway.Integration {
  assertKnown(timeout, 'timeout', 'give a Duration of a plain number, because Lambda takes it in seconds and API Gateway in milliseconds');
  return new apigateway.LambdaIntegration(handler, { responseTransferMode: apigateway.ResponseTransferMode.STREAM, timeout, allowTestInvoke: false });
}

/** Requests go to an MCP endpoint elsewhere with all their headers, the access token among them, and its response is streamed. */
export function remoteIntegration(endpointUrl: string, method: string, timeout: Duration): apigateway.Integration {
  return new apigateway.HttpIntegration(endpointUrl, {
    httpMethod: method,
    proxy: true,
    options: { responseTransferMode: apigateway.ResponseTransferMode.STREAM, timeout },
  });
}
