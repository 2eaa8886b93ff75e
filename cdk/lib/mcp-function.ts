import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as codedeploy from 'aws-cdk-lib/aws-codedeploy';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { assertEnvironmentFits } from './environment-size';
import { addAlias, assertConcurrency } from './function-alias';
import { assertNetwork, permitNetworkInterfaces } from './function-network';
import { assertTimeout } from './function-timeout';
import { assertConvertible } from './known-value';
import type { McpCode } from './mcp-code';
import { synthError } from './synth-error';

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

/** Properties of `McpFunction`. */
export interface McpFunctionProps extends McpFunctionOptions {
  /** The server's code. */
  readonly code: McpCode;

  /** The server's environment. */
  readonly environment: { [name: string]: string };

  /**
   * What happens to the log when the stack is deleted.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * The Lambda function of an MCP server: arm64, JSON logs in a log group with a retention, and a role that may write that
 * log and nothing else.
 */
export class McpFunction extends Construct implements iam.IGrantable {
  /** The function. */
  public readonly function: lambda.Function;

  /** The IAM principal to permit actions to. */
  public readonly grantPrincipal: iam.IPrincipal;

  /** The function's log. Undefined for a function given with `McpCode.fromFunction`, which keeps its own. */
  public readonly logGroup?: logs.ILogGroup;

  /** How long one request may take. */
  public readonly timeout: Duration;

  /** The alias that requests go to. Undefined without `provisionedConcurrency` and `trafficShifting`. */
  public readonly alias?: lambda.Alias;

  /** What requests go to: the alias, or else the function. */
  public readonly handler: lambda.IFunction;

  /** The CodeDeploy application's deployment group. Undefined without `trafficShifting`. */
  public readonly deploymentGroup?: codedeploy.ILambdaDeploymentGroup;

  constructor(scope: Construct, id: string, props: McpFunctionProps) {
    super(scope, id);
    assertEnvironmentFits(this, props.environment);
    const config = props.code.bind(this);
    if (config.existingFunction !== undefined) {
      assertNoFunctionOptions(props);
      this.function = config.existingFunction;
      for (const [name, value] of Object.entries(props.environment)) {
        this.function.addEnvironment(name, value);
      }
      this.timeout = this.function.timeout ?? Duration.seconds(3);
      this.handler = this.function;
    } else {
      this.timeout = props.timeout ?? Duration.seconds(30);
      assertConvertible(this.timeout, 'seconds', 'timeout');
      assertTimeout(this.timeout);
      assertNetwork(props);
      assertConcurrency(props);
      this.logGroup = new logs.LogGroup(this, 'Log', {
        retention: props.logRetention ?? logs.RetentionDays.ONE_MONTH,
        removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
      });
      this.function = this.defineFunction(config.lambdaCode!, this.logGroup, props);
      const shifted = addAlias(this, this.function, props);
      this.alias = shifted?.alias;
      this.deploymentGroup = shifted?.deploymentGroup;
      this.handler = this.alias ?? this.function;
    }
    this.grantPrincipal = this.function.grantPrincipal;
  }

  private defineFunction(code: lambda.Code, logGroup: logs.ILogGroup, props: McpFunctionProps): lambda.Function {
    // A role of our own, because the default one carries a managed policy with rights on every log group.
    const role = new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    if (props.vpc !== undefined) {
      permitNetworkInterfaces(role);
    }
    return new lambda.Function(this, 'Function', {
      code,
      handler: 'bootstrap',
      runtime: lambda.Runtime.PROVIDED_AL2023,
      architecture: lambda.Architecture.ARM_64,
      memorySize: props.memorySize ?? 256,
      timeout: this.timeout,
      environment: props.environment,
      role,
      logGroup,
      loggingFormat: lambda.LoggingFormat.JSON,
      tracing: props.tracing ? lambda.Tracing.ACTIVE : lambda.Tracing.DISABLED,
      vpc: props.vpc,
      vpcSubnets: props.vpcSubnets,
      securityGroups: props.securityGroups,
      reservedConcurrentExecutions: props.reservedConcurrency,
    });
  }
}

/** A property that is accepted must do something: these belong to the function that was handed over. */
function assertNoFunctionOptions(props: McpFunctionProps): void {
  const names = ['memorySize', 'timeout', 'logRetention', 'vpc', 'vpcSubnets', 'securityGroups', 'reservedConcurrency', 'provisionedConcurrency', 'trafficShifting'] as const;
  for (const name of names) {
    if (props[name] !== undefined) {
      throw synthError('FunctionOptionNotApplied', `${name} does not apply to a function given with McpCode.fromFunction: set it on that function and remove it here`);
    }
  }
}
