import { Duration, Lazy } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import { htmlTemplate, jsonTemplate } from './template-escaping';

/**
 * Request headers of browser-based MCP clients that a preflight must allow: those of the protocol, and of W3C Trace
 * Context and Baggage.
 */
const REQUEST_HEADERS = [
  'Authorization',
  'Content-Type',
  'Accept',
  'Mcp-Protocol-Version',
  'Mcp-Session-Id',
  'Mcp-Method',
  'Mcp-Name',
  'Last-Event-ID',
  'traceparent',
  'tracestate',
  'baggage',
];

/** Response headers that scripts in browsers may read. */
export const EXPOSED_HEADERS = ['WWW-Authenticate', 'Mcp-Session-Id', 'Mcp-Protocol-Version'];

/** A JSON object, or a function that returns one at the end of synthesis. */
export type StaticDocument = Record<string, unknown> | (() => Record<string, unknown>);

/** A response that API Gateway sends itself, without a Lambda function. Without `document` and `html` it has no body, as for HEAD. */
export interface StaticAnswer {
  readonly statusCode: string;
  readonly document?: StaticDocument;
  /** A page, made at the end of synthesis. */
  readonly html?: () => string;
  /** Header names and unquoted values. */
  readonly headers: Record<string, string>;
}

/**
 * Responds to preflight requests of browsers (Fetch standard, CORS protocol) without a token and without a Lambda
 * function.
 *
 * Every origin is allowed: browsers never add the access token's header themselves, and the MCP server checks `Origin`
 * first.
 *
 * @param requestHeaders headers besides those of the protocol
 */
export function addPreflight(path: apigateway.IResource, methods: string[], requestHeaders: string[] = []): void {
  path.addCorsPreflight({
    allowOrigins: ['*'],
    allowMethods: methods,
    allowHeaders: [...REQUEST_HEADERS, ...requestHeaders],
    exposeHeaders: EXPOSED_HEADERS,
    maxAge: Duration.hours(2),
  });
}

/** Adds a mock integration that sends the same response to every request. */
export function addStaticMethod(
  path: apigateway.IResource,
  method: string,
  answer: StaticAnswer,
  options: Pick<apigateway.MethodOptions, 'authorizer' | 'authorizationScopes' | 'apiKeyRequired'> = {},
): apigateway.Method {
  const headers = Object.entries(answer.headers).map(
    ([name, value]) => [`method.response.header.${name}`, `'${value}'`] as const,
  );
  const integration = new apigateway.MockIntegration({
    // The template decides the status; API Gateway responds with 415 to a request with another media type than JSON.
    passthroughBehavior: apigateway.PassthroughBehavior.WHEN_NO_TEMPLATES,
    requestTemplates: { 'application/json': JSON.stringify({ statusCode: Number(answer.statusCode) }) },
    integrationResponses: [
      {
        statusCode: answer.statusCode,
        responseParameters: Object.fromEntries(headers),
        responseTemplates: templateOf(path, answer),
      },
    ],
  });
  return path.addMethod(method, integration, {
    ...options,
    methodResponses: [
      {
        statusCode: answer.statusCode,
        responseParameters: Object.fromEntries(headers.map(([name]) => [name, true])),
      },
    ],
  });
}

function templateOf(path: apigateway.IResource, answer: StaticAnswer): { [mediaType: string]: string } | undefined {
  const { document, html } = answer;
  if (html !== undefined) {
    return { 'text/html': Lazy.uncachedString({ produce: () => htmlTemplate(html()) }) };
  }
  return document && { 'application/json': rendered(path, document) };
}

function rendered(path: apigateway.IResource, document: StaticDocument): string {
  return typeof document === 'function'
    ? Lazy.uncachedString({ produce: () => rendered(path, document()) })
    : jsonTemplate(path, document);
}
