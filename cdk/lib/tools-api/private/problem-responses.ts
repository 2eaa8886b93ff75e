import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import { inertJson } from '../../api/template-escaping';

/** A response that API Gateway sends itself, as problem details (RFC 9457). */
interface Problem {
  readonly type: apigateway.ResponseType;
  readonly status: number;
  /** The last part of the URN, as the server's function has it for the same problem. */
  readonly kind: string;
  readonly title: string;
  readonly detail: string;
  readonly headers?: Record<string, string>;
}

const unauthorized = {
  status: 401,
  kind: 'credential-refused',
  title: 'Credential not accepted',
  headers: { 'WWW-Authenticate': 'Bearer' },
};

const unknownPath = {
  status: 404,
  kind: 'path-unknown',
  title: 'No such path',
  detail: 'there is nothing at this path: GET /functions lists the functions',
};

const PROBLEMS: Record<string, Problem> = {
  Unauthorized: {
    ...unauthorized,
    type: apigateway.ResponseType.UNAUTHORIZED,
    detail: 'an access token of the MCP server is required',
  },
  ExpiredToken: {
    ...unauthorized,
    type: apigateway.ResponseType.EXPIRED_TOKEN,
    detail: 'the access token has expired',
  },
  AccessDenied: {
    type: apigateway.ResponseType.ACCESS_DENIED,
    status: 403,
    kind: 'insufficient-scope',
    title: 'OAuth scope missing',
    detail: 'the access token lacks an OAuth scope of the MCP server',
  },
  InvalidKey: {
    type: apigateway.ResponseType.INVALID_API_KEY,
    status: 403,
    kind: 'key-unknown',
    title: 'API key not accepted',
    detail: 'an API key of this API is required in the header x-api-key',
  },
  // API Gateway's response for an unknown path, and the same for a request with an access token, which it parses as an AWS
  // signature.
  UnknownPath: { ...unknownPath, type: apigateway.ResponseType.MISSING_AUTHENTICATION_TOKEN },
  UnknownPathWithToken: { ...unknownPath, type: apigateway.ResponseType.INVALID_SIGNATURE },
  Throttled: {
    type: apigateway.ResponseType.THROTTLED,
    status: 429,
    kind: 'too-many-requests',
    title: 'Too many requests',
    detail: 'too many requests: try again in a second',
    headers: { 'Retry-After': '1' },
  },
  // No Retry-After: when the period ends depends on the quota, and a gateway response cannot calculate.
  QuotaExceeded: {
    type: apigateway.ResponseType.QUOTA_EXCEEDED,
    status: 429,
    kind: 'quota-exceeded',
    title: 'Quota used up',
    detail: 'the API key has used up its quota: requests are taken again when the day, week or month of the quota ends',
  },
  TooLarge: {
    type: apigateway.ResponseType.REQUEST_TOO_LARGE,
    status: 413,
    kind: 'body-too-large',
    title: 'Body too large',
    detail: 'the body is larger than API Gateway takes',
  },
};

/** Every other response keeps API Gateway's status and message. */
const OTHERS = {
  Default4xx: apigateway.ResponseType.DEFAULT_4XX,
  Default5xx: apigateway.ResponseType.DEFAULT_5XX,
};

/** Defines the responses that API Gateway sends itself, before the function runs. */
export function addProblemResponses(api: apigateway.RestApi): void {
  for (const [id, { type, status, kind, title, detail, headers }] of Object.entries(PROBLEMS)) {
    const problem = { type: `urn:mcp-lambda:problem:${kind}`, title, status, detail };
    add(api, id, inertJson(JSON.stringify(problem)), { type, statusCode: String(status) }, headers);
  }
  for (const [id, type] of Object.entries(OTHERS)) {
    add(api, id, '{"type":"about:blank","title":$context.error.messageString}', { type });
  }
}

function add(
  api: apigateway.RestApi,
  id: string,
  template: string,
  response: { readonly type: apigateway.ResponseType; readonly statusCode?: string },
  headers: Record<string, string> = {},
): void {
  const all: Record<string, string> = {
    'Content-Type': 'application/problem+json',
    'Cache-Control': 'no-store',
    ...headers,
  };
  api.addGatewayResponse(id, {
    ...response,
    responseHeaders: Object.fromEntries(Object.entries(all).map(([name, value]) => [name, `'${value}'`])),
    templates: { 'application/json': template },
  });
}
