import { Duration, Validations } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { McpFargateOptions } from '../mcp-fargate-options';
import { PORT } from './balancer';
import { CPU, MEMORY } from './option-checks';

/** Between the end that the process gives itself, and the end by force. */
const GRACE = Duration.seconds(5);

/** Defines what a task is: one container without root, without capabilities and with a file system that is read only. */
export function addTask(
  scope: Construct,
  options: McpFargateOptions,
  image: ecs.ContainerImage,
  logGroup: logs.ILogGroup,
  shutdownTimeout: Duration,
): { readonly taskDefinition: ecs.FargateTaskDefinition; readonly container: ecs.ContainerDefinition } {
  const taskDefinition = new ecs.FargateTaskDefinition(scope, 'Task', {
    cpu: options.cpu ?? CPU,
    memoryLimitMiB: options.memoryLimitMiB ?? MEMORY,
    runtimePlatform: {
      cpuArchitecture: ecs.CpuArchitecture.ARM64,
      operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
    },
  });
  const linuxParameters = new ecs.LinuxParameters(scope, 'Linux');
  linuxParameters.dropCapabilities(ecs.Capability.ALL);
  const container = taskDefinition.addContainer('Server', {
    image,
    logging: ecs.LogDrivers.awsLogs({ logGroup, streamPrefix: 'mcp' }),
    portMappings: [{ containerPort: PORT }],
    user: '65532:65532',
    readonlyRootFilesystem: true,
    linuxParameters,
    stopTimeout: shutdownTimeout.plus(GRACE),
  });
  acknowledgeTask(taskDefinition);
  return { taskDefinition, container };
}

function acknowledgeTask(taskDefinition: ecs.FargateTaskDefinition): void {
  const reasons = {
    ECS2: 'The settings are addresses, names and limits; the one secret comes from Secrets Manager',
    'IAM5[Resource::*]': 'ecr:GetAuthorizationToken, with which Amazon ECS pulls the image, has no resource',
  };
  for (const [rule, reason] of Object.entries(reasons)) {
    Validations.of(taskDefinition).acknowledge({ id: `AwsSolutions::AwsSolutions-${rule}`, reason });
  }
}
