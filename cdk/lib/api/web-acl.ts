import type * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as wafv2 from 'aws-cdk-lib/aws-wafv2';
import type { Construct } from 'constructs';
import { synthError } from '../private/synth-error';

/** Associates a web ACL with the API's stage. */
export function addFirewall(scope: Construct, api: apigateway.RestApi, webAcl: wafv2.IWebACLRef): void {
  assertRegional(webAcl);
  associate(scope, 'Firewall', api.deploymentStage.stageArn, webAcl);
}

/** Associates it with a load balancer. */
export function addLoadBalancerFirewall(
  scope: Construct,
  loadBalancer: elbv2.IApplicationLoadBalancer,
  webAcl: wafv2.IWebACLRef,
): void {
  assertRegional(webAcl);
  associate(scope, 'LoadBalancerFirewall', loadBalancer.loadBalancerArn, webAcl);
}

function assertRegional(webAcl: wafv2.IWebACLRef): void {
  if (webAcl instanceof wafv2.CfnWebACL && webAcl.scope !== 'REGIONAL') {
    throw synthError(
      'WebAclNotRegional',
      `webAcl is of scope ${webAcl.scope} and goes in front of the API, which is regional: give one of scope REGIONAL`,
    );
  }
}

function associate(scope: Construct, id: string, resourceArn: string, webAcl: wafv2.IWebACLRef): void {
  new wafv2.CfnWebACLAssociation(scope, id, { resourceArn, webAclArn: webAcl.webAclRef.webAclArn });
}
