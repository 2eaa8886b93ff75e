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
   * Timeout of one request, at most 15 minutes. It also limits the cost: API Gateway does not tell the function when
   * the MCP client has disconnected.
   * @default Duration.seconds(30)
   */
  readonly timeout?: Duration;

  /**
   * Retention of the function's log.
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * Whether requests are traced with X-Ray, by the API and by the function. Grants the function permission on all X-Ray
   * data. A function given with `McpCode.fromFunction` keeps its own setting.
   * @default false
   */
  readonly tracing?: boolean;

  /**
   * The VPC where the function reaches its databases and services. Without a NAT gateway or VPC endpoints it reaches
   * nothing outside the VPC, including the APIs of AWS. Grants the function permission on all network interfaces, which
   * AWS requires.
   * @default - the function is not in a VPC
   */
  readonly vpc?: ec2.IVpc;

  /**
   * The subnets of `vpc` for the function.
   * @default - the private ones
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * The security groups of the function in `vpc`.
   * @default - a new one that allows all outbound traffic
   */
  readonly securityGroups?: ec2.ISecurityGroup[];

  /**
   * The number of concurrent requests that is reserved for this function from the account's quota, and its limit.
   * Requests above it fail. 0 stops the server. A new account has a quota of 10, all of which must stay unreserved, so
   * any number above 0 fails at deployment until the quota is raised.
   * @default - the unreserved part of the account's quota
   */
  readonly reservedConcurrency?: number;

  /**
   * The number of instances that stay initialized, billed by the hour. Requests then go to an alias.
   * @default - none: instances start on demand
   */
  readonly provisionedConcurrency?: number;

  /**
   * How requests move to a new version of the code: at once, or gradually by CodeDeploy, which rolls back when requests
   * to the new version fail. Requests then go to an alias. With `provisionedConcurrency`, deploy a new number and new
   * code separately: Lambda refuses both at once.
   * @default - all at once, without CodeDeploy
   */
  readonly trafficShifting?: codedeploy.ILambdaDeploymentConfig;
}
