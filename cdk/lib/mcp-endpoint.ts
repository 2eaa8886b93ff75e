import { type Duration } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { addPreflight, addStaticMethod } from './static-endpoint';

/** What the MCP endpoint of an API is made of. */
export interface McpEndpointParameters {
  readonly handler: lambda.IFunction;
  readonly timeout: Duration;
  readonly authorizer: apigateway.IAuthorizer;
  /** Full OAuth scopes; an access token with any of them passes, the MCP server then checks each tool's. */
  readonly oauthScopes: string[];
}

/**
 * The MCP endpoint: `POST` goes to the function and streams back; every other method is answered 405 without it.
 *
 * The 405 comes after authorization, because some MCP clients probe with `GET` and need the challenge of a 401 there.
 */
export function addMcpEndpoint(path: apigateway.Resource, parameters: McpEndpointParameters): void {
  const authorization = { authorizer: parameters.authorizer, authorizationScopes: parameters.oauthScopes };
  const integration = new apigateway.LambdaIntegration(parameters.handler, {
    responseTransferMode: apigateway.ResponseTransferMode.STREAM,
    timeout: parameters.timeout,
    allowTestInvoke: false,
  });
  path.addMethod('POST', integration, authorization);
  addStaticMethod(
    path,
    'ANY',
    {
      statusCode: '405',
      document: { error: 'method_not_allowed', error_description: 'the MCP endpoint takes POST only' },
      headers: { Allow: 'POST', 'Access-Control-Allow-Origin': '*' },
    },
    authorization,
  );
  // GET and DELETE too, so that scripts in browsers see the 405 and not a network error.
  addPreflight(path, ['POST', 'GET', 'DELETE']);
}
