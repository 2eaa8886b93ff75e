import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import { type ChallengeParameters, insufficientScopeChallenge, unauthorizedChallenge } from './challenge';
import { EXPOSED_HEADERS } from './static-endpoint';
import { inertJson } from './template-escaping';

/** A gateway response: an OAuth error (RFC 6749 section 5.2) or a JSON-RPC error. */
interface GatewayAnswer {
  readonly type: apigateway.ResponseType;
  readonly statusCode?: string;
  readonly headers?: Record<string, string>;
  /** API Gateway's own message without one. */
  readonly body?: object;
}

const oauthError = (error: string, description: string) => ({ error, error_description: description });

/** API Gateway does not know the id of the request. */
const jsonRpcError = (message: string) => ({ jsonrpc: '2.0', id: null, error: { code: -32603, message } });

/**
 * Defines the responses that API Gateway sends itself, before any Lambda function runs. Only these can set a real
 * `WWW-Authenticate` header: API Gateway renames the header of a function.
 *
 * @param challenge undefined for an API without access tokens
 */
export function addGatewayResponses(api: apigateway.RestApi, challenge?: ChallengeParameters): void {
  const answers = { ...(challenge === undefined ? {} : refusals(challenge)), ...OTHER_ANSWERS };
  for (const [id, answer] of Object.entries(answers)) {
    addGatewayResponse(api, id, answer);
  }
}

/** Responses to a request without a sufficient access token. */
function refusals(challenge: ChallengeParameters): Record<string, GatewayAnswer> {
  const unauthorized = {
    statusCode: '401',
    headers: { 'WWW-Authenticate': unauthorizedChallenge(challenge), 'Cache-Control': 'no-store' },
  };
  return {
    Unauthorized: {
      ...unauthorized,
      type: apigateway.ResponseType.UNAUTHORIZED,
      body: oauthError('invalid_token', 'a valid access token is required, WWW-Authenticate says where to get one'),
    },
    ExpiredToken: {
      ...unauthorized,
      type: apigateway.ResponseType.EXPIRED_TOKEN,
      body: oauthError('invalid_token', 'the access token has expired, WWW-Authenticate says where to get one'),
    },
    AccessDenied: {
      type: apigateway.ResponseType.ACCESS_DENIED,
      statusCode: '403',
      headers: { 'WWW-Authenticate': insufficientScopeChallenge(challenge), 'Cache-Control': 'no-store' },
      body: oauthError(
        'insufficient_scope',
        'the access token lacks a required scope, WWW-Authenticate names the scopes',
      ),
    },
  };
}

/** Responses to every other request that API Gateway does not forward. */
const OTHER_ANSWERS: Record<string, GatewayAnswer> = {
  // API Gateway's response for an unknown path. Its 403 would make MCP clients start a sign-in.
  UnknownPath: {
    type: apigateway.ResponseType.MISSING_AUTHENTICATION_TOKEN,
    statusCode: '404',
    body: oauthError('not_found', 'there is nothing at this path'),
  },
  // The same for a request with an access token: on an unknown path, API Gateway parses `Authorization` as an AWS
  // signature, which no method here uses.
  UnknownPathWithToken: {
    type: apigateway.ResponseType.INVALID_SIGNATURE,
    statusCode: '404',
    body: oauthError('not_found', 'there is nothing at this path'),
  },
  Throttled: {
    type: apigateway.ResponseType.THROTTLED,
    statusCode: '429',
    headers: { 'Retry-After': '1' },
    body: oauthError('too_many_requests', 'too many requests, try again in a second'),
  },
  // All others keep API Gateway's status and its `{"message": …}`; browsers may read them too.
  Default4xx: { type: apigateway.ResponseType.DEFAULT_4XX },
  Default5xx: { type: apigateway.ResponseType.DEFAULT_5XX },
};

/**
 * Responses for the limits of single app clients. A throttled request gets the same response as for the limit of all
 * callers.
 */
export function addLimitResponses(api: apigateway.RestApi): void {
  // No Retry-After: when the period ends depends on the quota, and a gateway response cannot calculate.
  addGatewayResponse(api, 'QuotaExceeded', {
    type: apigateway.ResponseType.QUOTA_EXCEEDED,
    statusCode: '429',
    body: oauthError(
      'quota_exceeded',
      'this app client has used up its quota, requests are taken again when the day, week or month of the quota ends',
    ),
  });
  // The Lambda authorizer names existing keys, except for a moment during a deployment. API Gateway's 403 would make
  // MCP clients request other OAuth scopes.
  addGatewayResponse(api, 'UnknownUsageKey', {
    type: apigateway.ResponseType.INVALID_API_KEY,
    statusCode: '503',
    headers: { 'Retry-After': '10' },
    body: oauthError(
      'temporarily_unavailable',
      'the limits of this app client are being set up, try again in ten seconds',
    ),
  });
}

/**
 * Defines the responses when a remote MCP endpoint cannot be reached: JSON-RPC errors, whose message MCP clients show.
 * They apply to every integration of the API, so they do not name the endpoint.
 */
export function addEndpointResponses(api: apigateway.RestApi): void {
  const unreachable = {
    statusCode: '502',
    body: jsonRpcError('the server behind this URL cannot be reached, try again later'),
  };
  addGatewayResponse(api, 'EndpointUnreachable', { type: apigateway.ResponseType.INTEGRATION_FAILURE, ...unreachable });
  // A host name that does not exist, or a certificate that API Gateway does not trust.
  addGatewayResponse(api, 'EndpointMisconfigured', {
    type: apigateway.ResponseType.API_CONFIGURATION_ERROR,
    ...unreachable,
  });
  addGatewayResponse(api, 'EndpointTimeout', {
    type: apigateway.ResponseType.INTEGRATION_TIMEOUT,
    statusCode: '504',
    body: jsonRpcError('the server behind this URL did not respond in time'),
  });
}

function addGatewayResponse(api: apigateway.RestApi, id: string, answer: GatewayAnswer): void {
  const headers: Record<string, string> = {
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Expose-Headers': EXPOSED_HEADERS.join(','),
    ...answer.headers,
  };
  api.addGatewayResponse(id, {
    type: answer.type,
    statusCode: answer.statusCode,
    responseHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, `'${value}'`])),
    templates: {
      'application/json': answer.body
        ? inertJson(JSON.stringify(answer.body))
        : '{"message":$context.error.messageString}',
    },
  });
}
