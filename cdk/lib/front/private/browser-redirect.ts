import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import type { Construct } from 'constructs';
import { BROWSER_REDIRECT } from '../../generated/facts';

/** Construct ID of the CloudFront Function. */
const CONSTRUCT_ID = 'BrowserRedirect';

/** Defines the CloudFront Function that redirects browsers from an MCP endpoint to the page for people. */
export function addBrowserRedirect(scope: Construct): cloudfront.FunctionAssociation[] {
  return association(
    new cloudfront.Function(scope, CONSTRUCT_ID, {
      comment: 'Redirects browsers from an MCP endpoint to the page for people',
      code: cloudfront.FunctionCode.fromInline(BROWSER_REDIRECT),
      runtime: cloudfront.FunctionRuntime.JS_2_0,
    }),
  );
}

/** The function that `addBrowserRedirect` has defined in `scope`, for a further behavior. */
export function browserRedirectOf(scope: Construct): cloudfront.FunctionAssociation[] | undefined {
  const found = scope.node.tryFindChild(CONSTRUCT_ID) as cloudfront.Function | undefined;
  return found && association(found);
}

function association(redirect: cloudfront.Function): cloudfront.FunctionAssociation[] {
  return [{ function: redirect, eventType: cloudfront.FunctionEventType.VIEWER_REQUEST }];
}
