import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import { type ChallengeParameters, insufficientScopeChallenge, unauthorizedChallenge } from './challenge';
import { EXPOSED_HEADERS } from './static-endpoint';
import { inertJson } from './template-escaping';

/** An answer of API Gateway itself, in the form of an OAuth error (RFC 6749 section 5.2) or a JSON-RPC error. */
interface GatewayAnswer {
  readonly type: apigateway.ResponseType;
  readonly statusCode?: string;
  readonly headers?: Record<string, string>;
  readonly error?: string;
  readonly description?: string;
  /** The message of a JSON-RPC error, in place of an OAuth error. */
  readonly jsonRpcMessage?: string;
}

/**
 * What API Gateway answers by itself, before any Lambda function runs. Only here can a real `WWW-Authenticate` be set:
 * API Gateway renames the one of a function.
 *
 * @param challenge none for an API that asks nobody for an access token
 */
export function addGatewayResponses(api: apigateway.RestApi, challenge?: ChallengeParameters): void {
  const answers = { ...(challenge === undefined ? {} : refusals(challenge)), ...OTHER_ANSWERS };
  for (const [id, answer] of Object.entries(answers)) {
    addGatewayResponse(api, id, answer);
  }
}

/** The answers to a request without an access token that is good enough. */
function refusals(challenge: ChallengeParameters): Record<string, GatewayAnswer> {
  const unauthorized = {
    statusCode: '401',
    headers: { 'WWW-Authenticate': unauthorizedChallenge(challenge), 'Cache-Control': 'no-store' },
    error: 'invalid_token',
  };
  return {
    Unauthorized: {
      ...unauthorized,
      type: apigateway.ResponseType.UNAUTHORIZED,
      description: 'a valid access token is required, WWW-Authenticate says where to get one',
    },
    ExpiredToken: {
      ...unauthorized,
      type: apigateway.ResponseType.EXPIRED_TOKEN,
      description: 'the access token has expired, WWW-Authenticate says where to get one',
    },
    AccessDenied: {
      type: apigateway.ResponseType.ACCESS_DENIED,
      statusCode: '403',
      headers: { 'WWW-Authenticate': insufficientScopeChallenge(challenge), 'Cache-Control': 'no-store' },
      error: 'insufficient_scope',
      description: 'the access token lacks a required scope, WWW-Authenticate names the scopes',
    },
  };
}

/** The answers to every other request that API Gateway does not pass on. */
const OTHER_ANSWERS: Record<string, GatewayAnswer> = {
  // API Gateway's own name for a path that does not exist. Its 403 would make MCP clients start a sign-in.
  UnknownPath: {
    type: apigateway.ResponseType.MISSING_AUTHENTICATION_TOKEN,
    statusCode: '404',
    error: 'not_found',
    description: 'there is nothing at this path',
  },
  // The same for a request with an access token: where there is no method, API Gateway takes `Authorization` for a signature of AWS,
  // which no method here asks for.
  UnknownPathWithToken: {
    type: apigateway.ResponseType.INVALID_SIGNATURE,
    statusCode: '404',
    error: 'not_found',
    description: 'there is nothing at this path',
  },
  Throttled: {
    type: apigateway.ResponseType.THROTTLED,
    statusCode: '429',
    headers: { 'Retry-After': '1' },
    error: 'too_many_requests',
    description: 'too many requests, try again in a second',
  },
  // All others keep API Gateway's status and its `{"message": …}`; browsers may read them too.
  Default4xx: { type: apigateway.ResponseType.DEFAULT_4XX },
  Default5xx: { type: apigateway.ResponseType.DEFAULT_5XX },
};

/** The same about the limits of single app clients: a throttle is answered as that of all callers together. */
export function addLimitResponses(api: apigateway.RestApi): void {
  // No Retry-After: when the period ends depends on the quota, and a gateway response cannot calculate.
  addGatewayResponse(api, 'QuotaExceeded', {
    type: apigateway.ResponseType.QUOTA_EXCEEDED,
    statusCode: '429',
    error: 'quota_exceeded',
    description: 'this app client has used up its quota, requests are taken again when the day, week or month of the quota ends',
  });
  // The gate names keys that are there, except for a moment of a deployment. API Gateway's 403 would make MCP clients ask for other OAuth scopes.
  addGatewayResponse(api, 'UnknownUsageKey', {
    type: apigateway.ResponseType.INVALID_API_KEY,
    statusCode: '503',
    headers: { 'Retry-After': '10' },
    error: 'temporarily_unavailable',
    description: 'the limits of this app client are being set up, try again in ten seconds',
  });
}

/**
 * The responses while an MCP endpoint elsewhere cannot be reached: JSON-RPC errors, whose message MCP clients show. They
 * hold for every integration of the API, so they do not name the endpoint.
 */
export function addEndpointResponses(api: apigateway.RestApi): void {
  const unreachable = { statusCode: '502', jsonRpcMessage: 'the server behind this URL cannot be reached, try again later' };
  addGatewayResponse(api, 'EndpointUnreachable', { type: apigateway.ResponseType.INTEGRATION_FAILURE, ...unreachable });
  // A host name that does not exist, or a certificate that API Gateway does not trust.
  addGatewayResponse(api, 'EndpointMisconfigured', { type: apigateway.ResponseType.API_CONFIGURATION_ERROR, ...unreachable });
  addGatewayResponse(api, 'EndpointTimeout', {
    type: apigateway.ResponseType.INTEGRATION_TIMEOUT,
    statusCode: '504',
    jsonRpcMessage: 'the server behind this URL did not respond in time',
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
    templates: { 'application/json': bodyOf(answer) },
  });
}

function bodyOf({ error, description, jsonRpcMessage }: GatewayAnswer): string {
  if (jsonRpcMessage !== undefined) {
    // API Gateway does not know the id of the request.
    return inertJson(JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32603, message: jsonRpcMessage } }));
  }
  return error === undefined ? '{"message":$context.error.messageString}' : errorBody(error, description!);
}

/** The body of an OAuth error. */
function errorBody(error: string, description: string): string {
  return inertJson(JSON.stringify({ error, error_description: description }));
}
