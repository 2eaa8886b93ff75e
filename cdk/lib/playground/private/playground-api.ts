import { Validations } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import { functionIntegration } from '../../api/mcp-endpoint';
import type { McpFunction } from '../../function/mcp-function';

/** Routes every path to the function, whose responses are streamed. */
export function addPages(api: apigateway.RestApi, { handler, timeout }: McpFunction): void {
  const integration = functionIntegration(handler, timeout);
  for (const resource of [api.root, api.root.addResource('{proxy+}')]) {
    const method = resource.addMethod('ANY', integration, { authorizationType: apigateway.AuthorizationType.NONE });
    for (const rule of ['APIG4', 'COG4']) {
      Validations.of(method).acknowledge({
        id: `AwsSolutions::AwsSolutions-${rule}`,
        reason:
          'browsers open these pages before anyone has signed in; the function requires a sign-in at an MCP server for everything but that',
      });
    }
  }
}

/** Defines the responses that API Gateway sends itself: a sentence for a person, because a browser shows it. */
export function addPageResponses(api: apigateway.RestApi): void {
  const pages: [id: string, type: apigateway.ResponseType, statusCode: string | undefined, sentence: string][] = [
    [
      'Throttled',
      apigateway.ResponseType.THROTTLED,
      '429',
      'Too many people ask at this moment. Try again in a few seconds.',
    ],
    [
      'Default4xx',
      apigateway.ResponseType.DEFAULT_4XX,
      undefined,
      'The playground does not understand this request. Go back and try again.',
    ],
    [
      'Default5xx',
      apigateway.ResponseType.DEFAULT_5XX,
      undefined,
      'The playground does not respond. Your conversation is saved: go back and continue it in a moment.',
    ],
  ];
  for (const [id, type, statusCode, sentence] of pages) {
    api.addGatewayResponse(id, {
      type,
      statusCode,
      responseHeaders: {
        'Cache-Control': "'no-store'",
        'Content-Type': "'text/html; charset=utf-8'",
        ...(statusCode === '429' ? { 'Retry-After': "'5'" } : {}),
      },
      templates: { 'text/html': page(sentence) },
    });
  }
}

function page(sentence: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Playground</title><main><h1>Playground</h1><p>${sentence}</p></main></html>`;
}
