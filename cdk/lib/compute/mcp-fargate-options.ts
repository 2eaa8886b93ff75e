import type { Duration } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { McpDeployment } from './mcp-deployment';

/** Options of `McpCompute.fargate`. */
export interface McpFargateOptions {
  /** The VPC of the tasks and the load balancer. With `McpFront.cloudFront` it must have an internet gateway, which CloudFront asks for and does not use. */
  readonly vpc: ec2.IVpc;

  /**
   * The subnets of `vpc` for the tasks. Tasks in public subnets have public addresses, which nothing can connect to.
   * @default - the private ones
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * The security groups of the tasks. They let in the load balancer alone.
   * @default - a new one that allows all outbound traffic
   */
  readonly securityGroups?: ec2.ISecurityGroup[];

  /**
   * Whether endpoints are added to `vpc`, so that the tasks need no way to the internet for what AWS has: gateway endpoints of
   * DynamoDB and S3, and interface endpoints of Amazon ECR, CloudWatch Logs, Secrets Manager and Cognito. An interface endpoint
   * is billed by the hour in each Availability Zone. Servers in one VPC of the app share them. It does not look for endpoints
   * that the VPC has already, with which the deployment fails.
   * @default false
   */
  readonly vpcEndpointsEnabled?: boolean;

  /**
   * CPU units of a task, of which 1024 are one CPU: 256, 512, 1024, 2048, 4096, 8192 or 16384.
   * @default 256
   */
  readonly cpu?: number;

  /**
   * Memory of a task in MiB; which values there are depends on `cpu`.
   * @default 512
   */
  readonly memoryLimitMiB?: number;

  /**
   * The fewest tasks.
   * @default 2
   */
  readonly minCapacity?: number;

  /**
   * The most tasks, besides those of a deployment. If it is `minCapacity`, the number does not change.
   * @default 10
   */
  readonly maxCapacity?: number;

  /**
   * The average use of CPU, in percent, that the number of tasks is changed to approach.
   * @default 60
   */
  readonly targetCpuPercent?: number;

  /**
   * Requests per minute and task that the number of tasks is changed to approach, besides `targetCpuPercent`. Only with
   * `McpDeployment.rolling`: the others alternate between two target groups, and this counts the requests of one.
   * @default - the use of CPU alone
   */
  readonly requestsPerTarget?: number;

  /**
   * Where the tasks run: `FARGATE`, `FARGATE_SPOT`, which is cheaper and whose tasks end two minutes after a notice, or shares of
   * both.
   * @default - FARGATE
   */
  readonly capacityProviderStrategies?: ecs.CapacityProviderStrategy[];

  /**
   * How new tasks replace running ones.
   * @default McpDeployment.rolling()
   */
  readonly deployment?: McpDeployment;

  /**
   * How long running calls may go on when a task ends, at most 110 seconds: the setting `MCP_HTTP_SHUTDOWN_MS`. The load balancer
   * waits as long, and the container is killed 5 seconds later.
   * @default - the default of the setting, 25 seconds
   */
  readonly shutdownTimeout?: Duration;

  /**
   * The longest pause between two parts of a response that the load balancer waits for; `McpFront.cloudFront` has a limit of its
   * own. The setting `MCP_HTTP_KEEP_ALIVE_MS` is 15 seconds longer. With `listener` it must be that of its load balancer.
   * @default Duration.seconds(60)
   */
  readonly idleTimeout?: Duration;

  /**
   * The cluster, whose VPC must be `vpc`.
   * @default - one of the server's own, with Container Insights
   */
  readonly cluster?: ecs.ICluster;

  /**
   * The listener of a load balancer that several servers share. The server gets a rule for the path of its MCP endpoint, so the
   * servers have one `McpHost` and different paths. With `McpFront.cloudFront` the listener speaks HTTP.
   * @default - an internal load balancer of the server's own
   */
  readonly listener?: elbv2.ApplicationListener;

  /**
   * The priority of the server's rule at `listener`, which no other rule of it has.
   * @default 1
   */
  readonly listenerPriority?: number;

  /**
   * The subnets of `vpc` for the server's own load balancer, in two Availability Zones or more.
   * @default - the private ones
   */
  readonly loadBalancerSubnets?: ec2.SubnetSelection;

  /**
   * What may connect to the load balancer.
   * @default - with `McpFront.cloudFront` AWS's list of the addresses of CloudFront, which `cdk` looks up for the account and Region of the
   * stack; otherwise nothing until `service.listener.connections` allows it
   */
  readonly loadBalancerPeers?: ec2.IPeer[];
}
