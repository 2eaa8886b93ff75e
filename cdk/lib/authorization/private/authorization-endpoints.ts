import { Validations } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { AUTHORIZATION_ENDPOINTS, AUTHORIZE_PATH } from '../../generated/facts';
import { isKnown } from '../../private/known-value';

/** Rate and burst limits of paths that need no credentials and whose every request costs work. */
const THROTTLES: { [path: string]: { rateLimit: number; burstLimit: number } } = {
  [`${AUTHORIZE_PATH}/GET`]: { rateLimit: 20, burstLimit: 40 },
  [`${AUTHORIZE_PATH}/HEAD`]: { rateLimit: 20, burstLimit: 40 },
  '/register/POST': { rateLimit: 5, burstLimit: 10 },
};

/** Throttles of single methods, never above those of the whole API as far as those are known at synth. */
export function authorizationThrottles(
  rateLimit: number,
  burstLimit: number,
): { [path: string]: apigateway.MethodDeploymentOptions } {
  return Object.fromEntries(
    Object.entries(THROTTLES).map(([path, own]) => [
      path,
      {
        throttlingRateLimit: smaller(own.rateLimit, rateLimit),
        throttlingBurstLimit: smaller(own.burstLimit, burstLimit),
      },
    ]),
  );
}

function smaller(own: number, ofAll: number): number {
  return isKnown(ofAll) ? Math.min(own, ofAll) : own;
}

/** Routes the authorization server's paths to its function, with buffered responses and without an access token. */
export function addAuthorizationEndpoints(api: apigateway.IRestApi, handler: lambda.IFunction): void {
  const integration = new apigateway.LambdaIntegration(handler, { allowTestInvoke: false });
  for (const [path, methods] of AUTHORIZATION_ENDPOINTS) {
    const resource = api.root.addResource(path.slice(1));
    for (const httpMethod of methods) {
      const method = resource.addMethod(httpMethod, integration, {
        authorizationType: apigateway.AuthorizationType.NONE,
      });
      // A preflight carries no access token anyway, which COG4 knows and APIG4 does not.
      for (const rule of httpMethod === 'OPTIONS' ? ['APIG4'] : ['APIG4', 'COG4']) {
        Validations.of(method).acknowledge({
          id: `AwsSolutions::AwsSolutions-${rule}`,
          reason:
            'RFC 6749 and RFC 7591: this is where MCP clients and browsers get an access token, so none can be asked for',
        });
      }
    }
  }
}
