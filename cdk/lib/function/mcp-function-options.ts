import type { Duration } from 'aws-cdk-lib';
import type * as codedeploy from 'aws-cdk-lib/aws-codedeploy';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as logs from 'aws-cdk-lib/aws-logs';

/** Options of an MCP server's function. */
export interface McpFunctionOptions {
  /**
   * Memory in MiB, from 128 to 10240; the share of a CPU grows with it.
   * @default 256
   */
  readonly memorySize?: number;

  /**
   * How long one request may take, at most 15 minutes. It is a ceiling on cost as well: API Gateway does not tell the
   * function that the MCP client went away.
   * @default Duration.seconds(30)
   */
  readonly timeout?: Duration;

  /**
   * How long the function's log is kept.
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * Whether requests are traced with X-Ray, by the API and by the function. Costs a permission on all X-Ray data.
   * A function given with `McpCode.fromFunction` keeps its own setting.
   * @default false
   */
  readonly tracing?: boolean;

  /**
   * The network that the function reaches its own databases and services in. Without a NAT gateway or endpoints it reaches
   * nothing else there, AWS's own APIs included. Costs a permission on all network interfaces, which AWS forces.
   * @default - no network of one's own
   */
  readonly vpc?: ec2.IVpc;

  /**
   * Which subnets of `vpc` the function is in.
   * @default - the private ones
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * The security groups of the function in `vpc`.
   * @default - one of its own, which lets everything out
   */
  readonly securityGroups?: ec2.ISecurityGroup[];

  /**
   * How many requests may run at once: set aside for this function out of the account's quota, and its limit. Requests
   * beyond it fail. 0 stops the server. A new account has a quota of 10, all of which must stay unreserved, so that any number
   * above 0 fails at deployment until the quota is raised.
   * @default - what is free of the account's quota
   */
  readonly reservedConcurrency?: number;

  /**
   * How many instances are kept started, at a price for each hour. Requests go to an alias then.
   * @default - none: instances start when they are needed
   */
  readonly provisionedConcurrency?: number;

  /**
   * How requests move to a new version of the code: at once, or bit by bit by CodeDeploy, which goes back when the new
   * version fails requests. Requests go to an alias then. With `provisionedConcurrency`, deploy another number and other code
   * one after the other: Lambda refuses both at once.
   * @default - at once, without CodeDeploy
   */
  readonly trafficShifting?: codedeploy.ILambdaDeploymentConfig;
}
