import type { Duration } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { DeploymentStrategy } from 'aws-cdk-lib/aws-ecs';
import { assertShift } from './private/shift-checks';

/** Options of every deployment of a service. */
export interface McpDeploymentOptions {
  /**
   * Alarms that end a deployment and bring back the tasks from before. An alarm must not refer to the service itself, which
   * refers to its name.
   * @default - none of your own
   */
  readonly alarms?: cloudwatch.IAlarm[];
}

/** Options of a deployment beside the running tasks. */
export interface McpBlueGreenOptions extends McpDeploymentOptions {
  /**
   * How long the tasks from before go on after all requests go to the new ones, at most 24 hours.
   * @default Duration.minutes(5)
   */
  readonly bakeTime?: Duration;
}

/** Options of a deployment that moves requests in steps. */
export interface McpTrafficShiftOptions extends McpBlueGreenOptions {
  /**
   * The share of requests that a step moves, in percent: the same for every step of `linear` (from 3), the first one of
   * `canary` (from 0.1).
   * @default - 10 for linear, 5 for canary
   */
  readonly stepPercent?: number;

  /**
   * The time between two steps, at most 24 hours.
   * @default - 6 minutes for linear, 10 minutes for canary
   */
  readonly stepBakeTime?: Duration;
}

/**
 * How new tasks replace running ones. Amazon ECS ends a deployment whose tasks do not become healthy, and brings back the tasks
 * from before. All kinds but `rolling` have twice the tasks for a while, and an alarm of their own: 5 % of the requests get a
 * response with status 500 or above in a minute.
 */
export abstract class McpDeployment {
  /** Replaces tasks a few at a time; as many as before are healthy at any moment. */
  public static rolling(options: McpDeploymentOptions = {}): McpDeployment {
    return new Chosen(DeploymentStrategy.ROLLING, options);
  }

  /** Starts all new tasks, then moves all requests to them at once. */
  public static blueGreen(options: McpBlueGreenOptions = {}): McpDeployment {
    assertShift(options, 0);
    return new Chosen(DeploymentStrategy.BLUE_GREEN, options);
  }

  /** Starts all new tasks, then moves requests to them in equal steps. */
  public static linear(options: McpTrafficShiftOptions = {}): McpDeployment {
    assertShift(options, 3);
    return new Chosen(DeploymentStrategy.LINEAR, options);
  }

  /** Starts all new tasks, then moves a few requests to them, and later all others. */
  public static canary(options: McpTrafficShiftOptions = {}): McpDeployment {
    assertShift(options, 0.1);
    return new Chosen(DeploymentStrategy.CANARY, options);
  }

  /** @internal */
  public abstract readonly _strategy: DeploymentStrategy;

  /** @internal */
  public abstract readonly _options: McpTrafficShiftOptions;
}

class Chosen extends McpDeployment {
  constructor(
    public readonly _strategy: DeploymentStrategy,
    public readonly _options: McpTrafficShiftOptions,
  ) {
    super();
  }
}
