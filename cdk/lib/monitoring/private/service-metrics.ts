import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { McpService } from '../../compute/mcp-service';
import { graph, sum } from '../../private/widgets';

const PERIOD = { period: Duration.minutes(5) };
const MAXIMUM = { ...PERIOD, statistic: cloudwatch.Stats.MAXIMUM };

/** One metric of both target groups of a service that takes turns between two: the sum, or the worst of the two. */
function ofTargets(
  service: McpService,
  how: 'SUM' | 'MAX',
  label: string,
  metric: (group: elbv2.ApplicationTargetGroup) => cloudwatch.IMetric,
): cloudwatch.IMetric {
  const [first, second] = service.targetGroups;
  if (second === undefined) {
    return metric(first!);
  }
  // Unique in a graph, which has several such metrics.
  const id = `m${label.replace(/\W/g, '')}`;
  const filled = `FILL(${id}0, 0), FILL(${id}1, 0)`;
  return new cloudwatch.MathExpression({
    expression: how === 'SUM' ? `SUM([${filled}])` : `MAX([${filled}])`,
    usingMetrics: { [`${id}0`]: metric(first!), [`${id}1`]: metric(second) },
    label,
    ...PERIOD,
  });
}

/** Requests that reached a task. */
export const serviceRequests = (service: McpService) =>
  ofTargets(service, 'SUM', 'requests', ({ metrics }) => metrics.requestCount(sum('requests')));

const responses = (service: McpService, code: elbv2.HttpCodeTarget, label: string) =>
  ofTargets(service, 'SUM', label, ({ metrics }) => metrics.httpCodeTarget(code, sum(label)));

/** Responses of the load balancer itself with a status of 500 or above: no healthy task, or one that does not respond. */
export const balancerErrors = (service: McpService) =>
  service.loadBalancer.metrics.httpCodeElb(elbv2.HttpCodeElb.ELB_5XX_COUNT, sum('5xx of the load balancer'));

/** Requests that tasks fail, in percent. */
export function failedServiceRequests(service: McpService): cloudwatch.IMetric {
  return new cloudwatch.MathExpression({
    expression: '100 * failures / requests',
    usingMetrics: {
      failures: responses(service, elbv2.HttpCodeTarget.TARGET_5XX_COUNT, '5xx'),
      requests: serviceRequests(service),
    },
    label: 'failed requests, %',
    ...PERIOD,
  });
}

/** The time until a response begins, in seconds. */
export const responseTime = (service: McpService, statistic: string) =>
  ofTargets(service, 'MAX', statistic, ({ metrics }) =>
    metrics.targetResponseTime({ ...PERIOD, statistic, label: statistic }),
  );

/** Tasks that fail their health checks. */
export const unhealthyTasks = (service: McpService) =>
  ofTargets(service, 'MAX', 'unhealthy', ({ metrics }) =>
    metrics.unhealthyHostCount({ ...MAXIMUM, label: 'unhealthy' }),
  );

const healthyTasks = (service: McpService) =>
  ofTargets(service, 'MAX', 'healthy', ({ metrics }) => metrics.healthyHostCount({ ...MAXIMUM, label: 'healthy' }));

/** The use of memory, in percent of what a task has. */
export const memoryUse = (service: McpService) =>
  service.service.metricMemoryUtilization({ ...MAXIMUM, label: 'memory' });

/** The row about requests. */
export function serviceRequestWidgets(service: McpService): cloudwatch.GraphWidget[] {
  return [
    graph('Requests', [
      serviceRequests(service),
      responses(service, elbv2.HttpCodeTarget.TARGET_4XX_COUNT, '4xx'),
      responses(service, elbv2.HttpCodeTarget.TARGET_5XX_COUNT, '5xx'),
      balancerErrors(service),
    ]),
    graph(
      'Time until a response begins, s',
      [cloudwatch.Stats.p(50), cloudwatch.Stats.p(99)].map((statistic) => responseTime(service, statistic)),
    ),
  ];
}

/** The row about tasks. Running tasks are counted by Container Insights. */
export function taskWidgets(service: McpService): cloudwatch.GraphWidget[] {
  const { service: tasks, cluster } = service;
  return [
    graph('Use of CPU and memory, %', [tasks.metricCpuUtilization({ ...MAXIMUM, label: 'CPU' }), memoryUse(service)]),
    graph('Running tasks', [
      new cloudwatch.Metric({
        namespace: 'ECS/ContainerInsights',
        metricName: 'RunningTaskCount',
        dimensionsMap: { ClusterName: cluster.clusterName, ServiceName: tasks.serviceName },
        ...MAXIMUM,
        label: 'running',
      }),
    ]),
    graph('Health checks of tasks', [healthyTasks(service), unhealthyTasks(service)]),
  ];
}
