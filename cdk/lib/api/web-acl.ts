import type * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as wafv2 from 'aws-cdk-lib/aws-wafv2';
import type { Construct } from 'constructs';
import { synthError } from '../private/synth-error';

/** Associates a web ACL with the API's stage. */
export function addFirewall(scope: Construct, api: apigateway.RestApi, webAcl: wafv2.IWebACLRef): void {
  if (webAcl instanceof wafv2.CfnWebACL && webAcl.scope !== 'REGIONAL') {
    throw synthError(
      'WebAclNotRegional',
      `webAcl is of scope ${webAcl.scope} and goes in front of the API, which is regional: give one of scope REGIONAL`,
    );
  }
  new wafv2.CfnWebACLAssociation(scope, 'Firewall', {
    resourceArn: api.deploymentStage.stageArn,
    webAclArn: webAcl.webAclRef.webAclArn,
  });
}
