import { Duration } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type { Construct } from 'constructs';
import type { McpServer } from '../../server/mcp-server';

/** How long API Gateway may cache a valid access token, as for the MCP endpoint. */
const AUTHORIZER_CACHE = Duration.minutes(1);

/** The authorizer of the server's access tokens for another API: its Lambda authorizer if it has one, otherwise its user pool. */
export function accessTokenAuthorization(scope: Construct, server: McpServer): apigateway.MethodOptions {
  const { lambdaAuthorizerFunction } = server;
  if (lambdaAuthorizerFunction !== undefined) {
    return {
      authorizer: new apigateway.RequestAuthorizer(scope, 'RequestAuthorizer', {
        handler: lambdaAuthorizerFunction.function,
        identitySources: [apigateway.IdentitySource.header('Authorization')],
        resultsCacheTtl: Duration.seconds(0),
      }),
    };
  }
  return {
    authorizer: new apigateway.CognitoUserPoolsAuthorizer(scope, 'Authorizer', {
      cognitoUserPools: [server.userPool.userPool],
      resultsCacheTtl: AUTHORIZER_CACHE,
    }),
    authorizationScopes: server.oauthScopes,
  };
}
