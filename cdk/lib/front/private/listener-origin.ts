import type { Duration } from 'aws-cdk-lib';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import * as origins from 'aws-cdk-lib/aws-cloudfront-origins';
import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { synthError } from '../../private/synth-error';
import type { McpFrontListenerOptions } from '../mcp-front-options';

/** AWS's list of the addresses that CloudFront connects from, those of VPC origins included. */
export const ORIGIN_FACING = 'com.amazonaws.global.cloudfront.origin-facing';

/** The load balancer as an origin in its VPC, which needs no public address: one for all servers of a host that share it. */
export function listenerOrigin({ listener, host }: McpFrontListenerOptions, readTimeout: Duration): cloudfront.IOrigin {
  const { loadBalancer } = listener;
  const id = `VpcOrigin${loadBalancer.node.addr.slice(-8)}`;
  const vpcOrigin =
    (host.node.tryFindChild(id) as cloudfront.VpcOrigin | undefined) ??
    new cloudfront.VpcOrigin(host, id, {
      endpoint: cloudfront.VpcOriginEndpoint.applicationLoadBalancer(loadBalancer),
      protocolPolicy: cloudfront.OriginProtocolPolicy.HTTP_ONLY,
      httpPort: httpPortOf(listener),
    });
  // CloudFront connects once it is there, so the listener has to be there first.
  vpcOrigin.node.addDependency(listener);
  return origins.VpcOrigin.withVpcOrigin(vpcOrigin, { readTimeout });
}

function httpPortOf(listener: elbv2.ApplicationListener): number {
  const { port, protocol } = listener.node.defaultChild as elbv2.CfnListener;
  if (protocol !== 'HTTP') {
    throw synthError(
      'ListenerNotHttp',
      `listener ${listener.node.path} speaks ${protocol}, and McpFront.cloudFront() reaches it by the name of the load balancer, which no certificate has: give an HTTP listener, which CloudFront reaches inside of AWS's network`,
    );
  }
  return port!;
}
