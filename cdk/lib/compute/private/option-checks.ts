import type { Duration } from 'aws-cdk-lib';
import { DeploymentStrategy } from 'aws-cdk-lib/aws-ecs';
import { assertKnown, isKnown } from '../../private/known-value';
import { synthError } from '../../private/synth-error';
import type { McpFargateOptions } from '../mcp-fargate-options';

/** The fewest and the most tasks by default. */
export const MIN_CAPACITY = 2;
export const MAX_CAPACITY = 10;

/** CPU units and memory of a task by default. */
export const CPU = 256;
export const MEMORY = 512;

/** Seconds: Amazon ECS kills a container on Fargate two minutes after it asked it to stop. */
const LONGEST_SHUTDOWN = 110;

/** Seconds: the load balancer's own limit. */
const LONGEST_IDLE = 4000;

/** Memory by CPU units, in MiB: the least, the most and the step between two values. */
const MEMORY_OF: { [cpu: number]: readonly [least: number, most: number, step: number] } = {
  256: [512, 2048, 512],
  512: [1024, 4096, 1024],
  1024: [2048, 8192, 1024],
  2048: [4096, 16384, 1024],
  4096: [8192, 30720, 1024],
  8192: [16384, 61440, 4096],
  16384: [32768, 122880, 8192],
};

/** Refuses options that AWS would refuse during a deployment, and those without an effect. */
export function assertFargateOptions(options: McpFargateOptions): void {
  assertSize(options);
  assertCapacity(options);
  assertSeconds('shutdownTimeout', options.shutdownTimeout, LONGEST_SHUTDOWN);
  assertSeconds('idleTimeout', options.idleTimeout, LONGEST_IDLE);
  assertNetwork(options);
}

function assertSize({ cpu = CPU, memoryLimitMiB = MEMORY }: McpFargateOptions): void {
  if (!isKnown(cpu) || !isKnown(memoryLimitMiB)) {
    return;
  }
  const memory = MEMORY_OF[cpu];
  if (memory === undefined) {
    throw synthError('CpuInvalid', `cpu is ${cpu} and needs one of ${Object.keys(MEMORY_OF).join(', ')}: correct it`);
  }
  const [least, most, step] = memory;
  // 256 CPU units have 512, 1024 and 2048 MiB.
  const fits = cpu === 256 ? [512, 1024, 2048].includes(memoryLimitMiB) : memoryLimitMiB % step === 0;
  if (!fits || memoryLimitMiB < least || memoryLimitMiB > most) {
    throw synthError(
      'MemoryInvalid',
      `memoryLimitMiB is ${memoryLimitMiB} and with cpu ${cpu} needs ${cpu === 256 ? '512, 1024 or 2048' : `${least} to ${most} in steps of ${step}`}: correct it, or choose another cpu`,
    );
  }
}

function assertCapacity(options: McpFargateOptions): void {
  const { minCapacity = MIN_CAPACITY, maxCapacity = MAX_CAPACITY, targetCpuPercent, requestsPerTarget } = options;
  for (const [name, value] of Object.entries({ minCapacity, maxCapacity, requestsPerTarget })) {
    if (isKnown(value) && !(Number.isInteger(value) && value >= 1)) {
      throw synthError('CapacityInvalid', `${name} is ${value} and needs a whole number from 1: correct it`);
    }
  }
  if (isKnown(minCapacity) && isKnown(maxCapacity) && minCapacity > maxCapacity) {
    throw synthError(
      'CapacityInvalid',
      `minCapacity is ${minCapacity} and maxCapacity ${maxCapacity}: raise maxCapacity to ${minCapacity} at least`,
    );
  }
  if (isKnown(targetCpuPercent) && !(targetCpuPercent > 0 && targetCpuPercent < 100)) {
    throw synthError(
      'TargetCpuInvalid',
      `targetCpuPercent is ${targetCpuPercent} and needs a number above 0 and below 100: correct it, or leave it out for 60`,
    );
  }
  const idle = (['targetCpuPercent', 'requestsPerTarget'] as const).find((name) => options[name] !== undefined);
  if (idle !== undefined && minCapacity === maxCapacity) {
    throw synthError(
      'ScalingNotApplied',
      `${idle} is for a number of tasks that changes, and minCapacity and maxCapacity are both ${minCapacity}: raise maxCapacity, or remove ${idle}`,
    );
  }
  if (requestsPerTarget !== undefined && !isRolling(options)) {
    throw synthError(
      'RequestScalingNotApplied',
      'requestsPerTarget counts the requests of one target group, and the deployment alternates between two: use targetCpuPercent, or McpDeployment.rolling()',
    );
  }
}

/** Whether there is one target group. */
export function isRolling({ deployment }: McpFargateOptions): boolean {
  return deployment === undefined || deployment._strategy === DeploymentStrategy.ROLLING;
}

function assertSeconds(name: string, value: Duration | undefined, most: number): void {
  if (value === undefined) {
    return;
  }
  assertKnown(value, name, 'give a Duration of a plain number, because other values are calculated from it');
  const seconds = value.toSeconds({ integral: false });
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > most) {
    throw synthError(
      'FargateDurationInvalid',
      `${name} is ${seconds} seconds and needs 1 to ${most} whole seconds: correct it, or leave it out`,
    );
  }
}

function assertNetwork(options: McpFargateOptions): void {
  if (options.securityGroups?.length === 0) {
    throw synthError(
      'SecurityGroupsEmpty',
      'securityGroups is empty, and the tasks need one: name one, or leave it out for one of their own',
    );
  }
  if (options.listener === undefined && options.listenerPriority !== undefined) {
    throw synthError(
      'ListenerMissing',
      "listenerPriority is for a listener that several servers share, and the server's own has one rule: set listener, or remove listenerPriority",
    );
  }
  if (options.cluster !== undefined && options.cluster.vpc.vpcId !== options.vpc.vpcId) {
    throw synthError(
      'ClusterInAnotherVpc',
      'cluster was defined or imported with another VPC than vpc, and the tasks run in the one of the cluster: give the same VPC to both',
    );
  }
}
