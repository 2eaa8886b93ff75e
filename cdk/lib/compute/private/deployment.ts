import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import { McpDeployment } from '../mcp-deployment';
import type { Balancer } from './balancer';

/** The share of failed requests that ends a deployment beside the running tasks, in percent. */
const FAILURE_PERCENTAGE = 5;

type DeploymentProps = Pick<
  ecs.FargateServiceProps,
  'deploymentStrategy' | 'bakeTime' | 'linearConfiguration' | 'canaryConfiguration' | 'deploymentAlarms'
>;

/** The properties of a service that say how new tasks replace running ones. */
export function deploymentOf(scope: Construct, given: McpDeployment | undefined, balancer: Balancer): DeploymentProps {
  const { _strategy: strategy, _options: options } = given ?? McpDeployment.rolling();
  const isRolling = strategy === ecs.DeploymentStrategy.ROLLING;
  const alarms = [...(options.alarms ?? []), ...(isRolling ? [] : [failures(scope, balancer)])];
  const shift = ({ percent, minutes }: { readonly percent: number; readonly minutes: number }) => ({
    stepPercent: options.stepPercent ?? percent,
    stepBakeTime: options.stepBakeTime ?? Duration.minutes(minutes),
  });
  return {
    deploymentStrategy: strategy,
    bakeTime: isRolling ? undefined : (options.bakeTime ?? Duration.minutes(5)),
    linearConfiguration: strategy === ecs.DeploymentStrategy.LINEAR ? shift({ percent: 10, minutes: 6 }) : undefined,
    canaryConfiguration: strategy === ecs.DeploymentStrategy.CANARY ? shift({ percent: 5, minutes: 10 }) : undefined,
    deploymentAlarms:
      alarms.length === 0
        ? undefined
        : {
            alarmNames: alarms.map((alarm) => alarm.alarmName),
            behavior: ecs.AlarmBehavior.ROLLBACK_ON_ALARM,
          },
  };
}

/** Whether the tasks fail requests, in whichever target group they are. */
function failures(scope: Construct, { targetGroup, alternate }: Balancer): cloudwatch.Alarm {
  const period = Duration.minutes(1);
  const usingMetrics = Object.fromEntries(
    [targetGroup, alternate!].flatMap(({ metrics }, index) => [
      [
        `failed${index}`,
        metrics.custom('HTTPCode_Target_5XX_Count', { period, statistic: cloudwatch.Stats.SUM }) as cloudwatch.IMetric,
      ],
      [`requests${index}`, metrics.requestCount({ period, statistic: cloudwatch.Stats.SUM })],
    ]),
  );
  const sum = (name: string) => `(FILL(${name}0, 0) + FILL(${name}1, 0))`;
  return new cloudwatch.Alarm(scope, 'NewTasksFail', {
    alarmDescription:
      'Tasks of the MCP server fail requests: if that is during a deployment, Amazon ECS goes back to the tasks from before',
    metric: new cloudwatch.MathExpression({
      expression: `IF(${sum('requests')} > 0, 100 * ${sum('failed')} / ${sum('requests')}, 0)`,
      usingMetrics,
      period,
      label: 'failed requests, %',
    }),
    threshold: FAILURE_PERCENTAGE,
    evaluationPeriods: 1,
    comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
  });
}
