import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { McpContract } from '../contract/mcp-contract';
import type { McpCode } from '../function/mcp-code';
import { SETTING } from '../generated/facts';
import { assertKnown } from '../private/known-value';
import { localMode } from '../private/local-mode';
import { synthError } from '../private/synth-error';
import type { McpFargateOptions } from './mcp-fargate-options';
import { addBalancer, attach, balancerCidrs, IDLE_TIMEOUT, PORT } from './private/balancer';
import { deploymentOf } from './private/deployment';
import { addEndpoints, letIn, taskNetwork } from './private/network';
import { MAX_CAPACITY, MIN_CAPACITY } from './private/option-checks';
import { addTask } from './private/task';

/** How much longer an idle connection is kept by a task than by the load balancer, which must be the one that closes it. */
const KEEP_ALIVE_MARGIN = Duration.seconds(15);

/** Time for a new task to become healthy: it starts, and fetches the keys of the issuer. */
const HEALTH_CHECK_GRACE = Duration.seconds(60);

/** Properties of `McpService`. */
export interface McpServiceProps extends McpFargateOptions {
  /** The server's code. */
  readonly code: McpCode;

  /** The contract that the server's binary prints. */
  readonly contract: McpContract;

  /** The path of the MCP endpoint, for example `/mcp`. */
  readonly mcpPath: string;

  /**
   * The settings of the server, besides those that its network decides.
   * @default - none
   */
  readonly environment?: { [name: string]: string };

  /**
   * The secret settings of the server, which a task gets when it starts.
   * @default - none
   */
  readonly secrets?: { [name: string]: ecs.Secret };

  /**
   * Timeout of one request.
   * @default Duration.seconds(30)
   */
  readonly timeout?: Duration;

  /**
   * Retention of the tasks' log.
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * What happens to the log when the stack is deleted.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * The Amazon ECS service of an MCP server with `McpCompute.fargate`: arm64 tasks whose one container has no root user, no
 * capabilities and a read-only file system, and a rule of a load balancer for the path of the MCP endpoint. ECS Exec is off.
 *
 * TLS ends at the front: CloudFront reaches the load balancer by plain HTTP on AWS's network.
 */
export class McpService extends Construct implements iam.IGrantable, ec2.IConnectable {
  /** The service. */
  public readonly service: ecs.FargateService;

  /** The cluster. */
  public readonly cluster: ecs.ICluster;

  /** The task definition. */
  public readonly taskDefinition: ecs.FargateTaskDefinition;

  /** The listener of the load balancer: the front must be able to connect to it. */
  public readonly listener: elbv2.ApplicationListener;

  /** The load balancer. */
  public readonly loadBalancer: elbv2.IApplicationLoadBalancer;

  /** The targets of requests: one group, and with every deployment but `McpDeployment.rolling` a second one, which take turns. */
  public readonly targetGroups: elbv2.ApplicationTargetGroup[];

  /** The tasks' log group. */
  public readonly logGroup: logs.ILogGroup;

  /** Timeout of one request. */
  public readonly timeout: Duration;

  /** The IAM principal to permit actions to: the role of the tasks. */
  public readonly grantPrincipal: iam.IPrincipal;

  /** The network connections of the tasks. */
  public readonly connections: ec2.Connections;

  /**
   * The settings that the network of the tasks decides.
   * @internal
   */
  public readonly _settings: { [name: string]: string };

  constructor(
    scope: Construct,
    id: string,
    private readonly props: McpServiceProps,
  ) {
    super(scope, id);
    this.timeout = props.timeout ?? Duration.seconds(30);
    assertKnown(
      this.timeout,
      'timeout',
      'give a Duration of a plain number, because it becomes a setting in milliseconds',
    );
    const shutdownTimeout = props.shutdownTimeout ?? defaultShutdown(props.contract);
    this.logGroup = new logs.LogGroup(this, 'Log', {
      retention: props.logRetention ?? logs.RetentionDays.ONE_MONTH,
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
    });
    const image = props.code.bindImage(this);
    const { taskDefinition, container } = addTask(this, props, image, this.logGroup, shutdownTimeout);
    this.taskDefinition = taskDefinition;
    const balancer = addBalancer(this, props, props.mcpPath, shutdownTimeout);
    this.listener = balancer.listener;
    this.loadBalancer = balancer.listener.loadBalancer;
    this.targetGroups = [balancer.targetGroup, ...(balancer.alternate === undefined ? [] : [balancer.alternate])];
    this.cluster =
      props.cluster ??
      new ecs.Cluster(this, 'Cluster', {
        vpc: props.vpc,
        containerInsightsV2: ecs.ContainerInsights.ENABLED,
        enableFargateCapacityProviders: props.capacityProviderStrategies !== undefined,
      });
    const { minCapacity = MIN_CAPACITY, maxCapacity = MAX_CAPACITY } = props;
    const isLocal = localMode(this) !== undefined;
    const isScaled = minCapacity !== maxCapacity && !isLocal;
    this.service = new ecs.FargateService(this, 'Tasks', {
      cluster: this.cluster,
      taskDefinition,
      ...taskNetwork(this, props),
      securityGroups: props.securityGroups,
      capacityProviderStrategies: props.capacityProviderStrategies,
      // Where it changes, a number in the template would undo at each deployment what the scaling did. On this machine
      // mcp-lambda dev runs the processes.
      desiredCount: isLocal ? 0 : isScaled ? undefined : minCapacity,
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      healthCheckGracePeriod: HEALTH_CHECK_GRACE,
      circuitBreaker: { enable: true, rollback: true },
      enableExecuteCommand: false,
      ...deploymentOf(this, props.deployment, balancer),
    });
    attach(this.service, container.containerName, balancer);
    if (props.vpcEndpointsEnabled) {
      addEndpoints(props.vpc, this.service);
    }
    if (isScaled) {
      this.scale(minCapacity, maxCapacity, balancer.targetGroup);
    }
    this.grantPrincipal = taskDefinition.taskRole;
    this.connections = this.service.connections;
    const idleTimeout = props.idleTimeout ?? IDLE_TIMEOUT;
    this._settings = {
      [SETTING.MCP_LISTEN]: `0.0.0.0:${PORT}`,
      [SETTING.MCP_TRUSTED_PROXIES]: balancerCidrs(props).join(','),
      [SETTING.MCP_HTTP_KEEP_ALIVE_MS]: String(idleTimeout.plus(KEEP_ALIVE_MARGIN).toMilliseconds()),
      [SETTING.MCP_HTTP_CALL_MS]: String(this.timeout.toMilliseconds()),
      [SETTING.MCP_HTTP_SHUTDOWN_MS]: String(shutdownTimeout.toMilliseconds()),
    };
    this._configure({ ...this._settings, ...props.environment }, props.secrets ?? {});
  }

  /**
   * Gives the process its settings, those that a server knows once it has a load balancer.
   * @internal
   */
  public _configure(environment: { [name: string]: string }, secrets: { [name: string]: ecs.Secret }): void {
    const container = this.taskDefinition.defaultContainer!;
    for (const [name, value] of Object.entries(environment)) {
      container.addEnvironment(name, value);
    }
    for (const [name, secret] of Object.entries(secrets)) {
      container.addSecret(name, secret);
    }
  }

  /**
   * Lets the front connect to the load balancer.
   * @internal
   */
  public _letIn(prefixListName: string | undefined): void {
    letIn(this, this.listener, this.props.loadBalancerPeers, prefixListName);
  }

  private scale(minCapacity: number, maxCapacity: number, targetGroup: elbv2.ApplicationTargetGroup): void {
    const { targetCpuPercent, requestsPerTarget } = this.props;
    const scaling = this.service.autoScaleTaskCount({ minCapacity, maxCapacity });
    scaling.scaleOnCpuUtilization('Cpu', { targetUtilizationPercent: targetCpuPercent ?? 60 });
    if (requestsPerTarget !== undefined) {
      scaling.scaleOnRequestCount('Requests', { requestsPerTarget, targetGroup });
    }
  }
}

/** The default that the server's own crate declares. */
function defaultShutdown(contract: McpContract): Duration {
  const setting = contract._document.settings.find((item) => item.name === SETTING.MCP_HTTP_SHUTDOWN_MS);
  if (setting === undefined) {
    throw synthError(
      'FargateUnsupported',
      `contract is the one of ${contract.serverName}, which has no setting ${SETTING.MCP_HTTP_SHUTDOWN_MS}: build it with the crate mcp-lambda of this release and print the contract again`,
    );
  }
  return Duration.millis(Number(setting.default));
}
