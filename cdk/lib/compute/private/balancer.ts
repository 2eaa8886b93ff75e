import { Duration, Validations } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { Construct } from 'constructs';
import { HEALTH_PATH } from '../../generated/facts';
import { synthError } from '../../private/synth-error';
import type { McpFargateOptions } from '../mcp-fargate-options';
import { isRolling } from './option-checks';

/** The port of a container. */
export const PORT = 3000;

/** The load balancer's side of a service. */
export interface Balancer {
  readonly listener: elbv2.ApplicationListener;
  readonly rule: elbv2.ApplicationListenerRule;
  readonly targetGroup: elbv2.ApplicationTargetGroup;
  /** The other target group of a deployment beside the running tasks. */
  readonly alternate?: elbv2.ApplicationTargetGroup;
}

/** Defines a rule for the path of the MCP endpoint, and the load balancer unless a listener is given. */
export function addBalancer(
  scope: Construct,
  options: McpFargateOptions,
  mcpPath: string,
  shutdownTimeout: Duration,
): Balancer {
  const listener = options.listener ?? addListener(scope, options);
  const group = (id: string) => addTargetGroup(scope, id, options, shutdownTimeout);
  const targetGroup = group('Targets');
  const alternate = isRolling(options) ? undefined : group('AlternateTargets');
  const rule = new elbv2.ApplicationListenerRule(scope, 'Rule', {
    listener,
    priority: options.listenerPriority ?? 1,
    conditions: [elbv2.ListenerCondition.pathPatterns([mcpPath])],
    action:
      alternate === undefined
        ? elbv2.ListenerAction.forward([targetGroup])
        : elbv2.ListenerAction.weightedForward([
            { targetGroup, weight: 100 },
            { targetGroup: alternate, weight: 0 },
          ]),
  });
  return { listener, rule, targetGroup, alternate };
}

/** Connects a service to its target groups. */
export function attach(service: ecs.FargateService, container: string, balancer: Balancer): void {
  const { alternate, rule, targetGroup } = balancer;
  service
    .loadBalancerTarget({
      containerName: container,
      containerPort: PORT,
      alternateTarget:
        alternate &&
        new ecs.AlternateTarget('AlternateTarget', {
          alternateTargetGroup: alternate,
          productionListener: ecs.ListenerRuleConfiguration.applicationListenerRule(rule),
        }),
    })
    .attachToApplicationTargetGroup(targetGroup);
  if (alternate !== undefined) {
    alternate.registerConnectable(service);
    Validations.of(service).acknowledge({
      id: 'AwsSolutions::AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/AmazonECSInfrastructureRolePolicyForLoadBalancers]',
      reason:
        'The policy that Amazon ECS asks for to move requests between two target groups; AWS extends it as ECS does more',
    });
  }
  // Amazon ECS refuses a service whose target groups no listener has yet.
  service.node.addDependency(rule);
}

/** The CIDR blocks of the load balancer's subnets, from which requests come to the tasks. */
export function balancerCidrs(options: McpFargateOptions): string[] {
  return options.vpc.selectSubnets(options.loadBalancerSubnets).subnets.map((subnet) => {
    try {
      return subnet.ipv4CidrBlock;
    } catch {
      throw synthError(
        'SubnetCidrMissing',
        `subnet ${subnet.node.path} of the load balancer was imported without its CIDR block, by which the tasks know their load balancer: use Vpc.fromLookup, or give the CIDR blocks to fromVpcAttributes`,
      );
    }
  });
}

function addListener(scope: Construct, options: McpFargateOptions): elbv2.ApplicationListener {
  const { vpc, loadBalancerSubnets, idleTimeout } = options;
  const zones = new Set(vpc.selectSubnets(loadBalancerSubnets).availabilityZones);
  if (zones.size < 2) {
    throw synthError(
      'LoadBalancerZones',
      `the load balancer has subnets in ${zones.size} Availability Zone and needs two: select more with loadBalancerSubnets, or give the VPC subnets in another zone`,
    );
  }
  const loadBalancer = new elbv2.ApplicationLoadBalancer(scope, 'LoadBalancer', {
    vpc,
    vpcSubnets: loadBalancerSubnets,
    internetFacing: false,
    dropInvalidHeaderFields: true,
    idleTimeout: idleTimeout ?? IDLE_TIMEOUT,
  });
  return loadBalancer.addListener('Listener', {
    port: 80,
    protocol: elbv2.ApplicationProtocol.HTTP,
    open: false,
    defaultAction: elbv2.ListenerAction.fixedResponse(404, {
      contentType: 'application/json',
      messageBody: JSON.stringify({ error: 'not_found', error_description: 'there is nothing at this path' }),
    }),
  });
}

/** The longest pause between two parts of a response by default, as of CloudFront. */
export const IDLE_TIMEOUT = Duration.seconds(60);

function addTargetGroup(
  scope: Construct,
  id: string,
  options: McpFargateOptions,
  deregistrationDelay: Duration,
): elbv2.ApplicationTargetGroup {
  return new elbv2.ApplicationTargetGroup(scope, id, {
    vpc: options.vpc,
    port: PORT,
    protocol: elbv2.ApplicationProtocol.HTTP,
    targetType: elbv2.TargetType.IP,
    // Calls differ in length, and streams stay open.
    loadBalancingAlgorithmType: elbv2.TargetGroupLoadBalancingAlgorithmType.LEAST_OUTSTANDING_REQUESTS,
    deregistrationDelay,
    healthCheck: {
      path: HEALTH_PATH,
      healthyHttpCodes: '200',
      interval: Duration.seconds(10),
      timeout: Duration.seconds(5),
      healthyThresholdCount: 2,
      unhealthyThresholdCount: 3,
    },
  });
}
