import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import type { Construct } from 'constructs';

/** Construct ID of the CloudFront Function. */
const BROWSER_REDIRECT = 'BrowserRedirect';

/**
 * Only a browser asks for HTML. A request with an access token is an MCP client's, whatever it accepts. The paths of the
 * metadata documents end in the same way and have a behavior of their own.
 */
const CODE = `function handler(event) {
  var request = event.request;
  var accept = request.headers.accept;
  if (
    (request.method === 'GET' || request.method === 'HEAD') &&
    request.uri.endsWith('/mcp') &&
    accept !== undefined &&
    accept.value.includes('text/html') &&
    request.headers.authorization === undefined
  ) {
    return {
      statusCode: 303,
      statusDescription: 'See Other',
      headers: { location: { value: '/' }, 'cache-control': { value: 'no-store' }, vary: { value: 'Accept' } },
    };
  }
  return request;
}
`;

/** Defines the CloudFront Function that redirects browsers from an MCP endpoint to the page for people. */
export function addBrowserRedirect(scope: Construct): cloudfront.FunctionAssociation[] {
  return association(
    new cloudfront.Function(scope, BROWSER_REDIRECT, {
      comment: 'Redirects browsers from an MCP endpoint to the page for people',
      code: cloudfront.FunctionCode.fromInline(CODE),
      runtime: cloudfront.FunctionRuntime.JS_2_0,
    }),
  );
}

/** The function that `addBrowserRedirect` has defined in `scope`, for a further behavior. */
export function browserRedirectOf(scope: Construct): cloudfront.FunctionAssociation[] | undefined {
  const found = scope.node.tryFindChild(BROWSER_REDIRECT) as cloudfront.Function | undefined;
  return found && association(found);
}

function association(redirect: cloudfront.Function): cloudfront.FunctionAssociation[] {
  return [{ function: redirect, eventType: cloudfront.FunctionEventType.VIEWER_REQUEST }];
}
