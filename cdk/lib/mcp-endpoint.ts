import { type Duration } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { addPreflight, addStaticMethod } from './static-endpoint';

/** What the MCP endpoint of an API is made of. */
export interface McpEndpointParameters {
  readonly handler: lambda.IFunction;
  readonly timeout: Duration;
  /** Who decides about access tokens. With OAuth scopes, one that has any of them passes, and the MCP server checks each tool's. */
  readonly authorization: apigateway.MethodOptions;
}

/**
 * The MCP endpoint: `POST` goes to the function and streams back; every other method is answered 405 without it.
 *
 * The 405 comes after authorization, because some MCP clients probe with `GET` and need the challenge of a 401 there.
 */
export function addMcpEndpoint(path: apigateway.Resource, parameters: McpEndpointParameters): apigateway.Method[] {
  const integration = new apigateway.LambdaIntegration(parameters.handler, {
    responseTransferMode: apigateway.ResponseTransferMode.STREAM,
    timeout: parameters.timeout,
    allowTestInvoke: false,
  });
  const post = path.addMethod('POST', integration, parameters.authorization);
  const others = addStaticMethod(
    path,
    'ANY',
    {
      statusCode: '405',
      document: { error: 'method_not_allowed', error_description: 'the MCP endpoint takes POST only' },
      headers: { Allow: 'POST', 'Access-Control-Allow-Origin': '*' },
    },
    parameters.authorization,
  );
  // GET and DELETE too, so that scripts in browsers see the 405 and not a network error.
  addPreflight(path, ['POST', 'GET', 'DELETE']);
  return [post, others];
}
