import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as codedeploy from 'aws-cdk-lib/aws-codedeploy';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { assertEnvironmentFits } from './private/environment-size';
import { addAlias, assertConcurrency } from './private/alias';
import { assertNetwork, permitNetworkInterfaces } from './private/network';
import { assertTimeout } from './private/timeout';
import { localMode } from '../private/local-mode';
import { assertConvertible } from '../private/known-value';
import type { McpCode } from './mcp-code';
import { synthError } from '../private/synth-error';
import type { McpFunctionOptions } from './mcp-function-options';

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
 * The Lambda function of an MCP server: arm64, JSON logs in a log group with a retention, and a role that may only
 * write that log.
 */
export class McpFunction extends Construct implements iam.IGrantable {
  /** The function. */
  public readonly function: lambda.Function;

  /** The IAM principal to permit actions to. */
  public readonly grantPrincipal: iam.IPrincipal;

  /** The function's log group. Undefined with `McpCode.fromFunction`, whose function keeps its own. */
  public readonly logGroup?: logs.ILogGroup;

  /** Timeout of one request. */
  public readonly timeout: Duration;

  /** The alias that requests go to. Undefined without `provisionedConcurrency` and `trafficShifting`. */
  public readonly alias?: lambda.Alias;

  /** The target of requests: the alias if there is one, otherwise the function. */
  public readonly handler: lambda.IFunction;

  /**
   * The environment that it was defined with.
   * @internal
   */
  public readonly _environment: { [name: string]: string };

  /** The CodeDeploy application's deployment group. Undefined without `trafficShifting`. */
  public readonly deploymentGroup?: codedeploy.ILambdaDeploymentGroup;

  constructor(scope: Construct, id: string, props: McpFunctionProps) {
    super(scope, id);
    assertEnvironmentFits(this, props.environment);
    this._environment = props.environment;
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

  /** arm64, or on this machine its own. */
  private architecture(): lambda.Architecture {
    return localMode(this) === undefined || process.arch === 'arm64'
      ? lambda.Architecture.ARM_64
      : lambda.Architecture.X86_64;
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
      architecture: this.architecture(),
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

/** Refuses options that have no effect on a function that is passed in. */
function assertNoFunctionOptions(props: McpFunctionProps): void {
  const names = [
    'memorySize',
    'timeout',
    'logRetention',
    'vpc',
    'vpcSubnets',
    'securityGroups',
    'reservedConcurrency',
    'provisionedConcurrency',
    'trafficShifting',
  ] as const;
  for (const name of names) {
    if (props[name] !== undefined) {
      throw synthError(
        'FunctionOptionNotApplied',
        `${name} does not apply to a function given with McpCode.fromFunction: set it on that function and remove it here`,
      );
    }
  }
}
