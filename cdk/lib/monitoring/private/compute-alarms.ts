import type { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { McpService } from '../../compute/mcp-service';
import { addAlarm, failedRequests } from '../../private/alarms';
import type { McpServer } from '../../server/mcp-server';
import { balancerErrors, failedServiceRequests, memoryUse, responseTime, unhealthyTasks } from './service-metrics';

/** What starts an alarm. */
interface Thresholds {
  readonly failurePercentage: number;
  readonly slowAfter: Duration;
}

/** The alarms of a function and its API. */
export function functionAlarms(scope: Construct, server: McpServer, thresholds: Thresholds): cloudwatch.Alarm[] {
  const { failurePercentage, slowAfter } = thresholds;
  const { function: handler } = server.mcpFunction;
  return [
    addAlarm(
      scope,
      'RequestsFail',
      `${failurePercentage} % of the requests to the MCP server fail: look at the log of its function`,
      failedRequests(server.api),
      failurePercentage,
    ),
    addAlarm(
      scope,
      'RequestsThrottled',
      "Lambda refuses requests to the MCP server: raise reservedConcurrency, or the account's quota",
      handler.metricThrottles(),
      1,
    ),
    addAlarm(
      scope,
      'RequestsSlow',
      'Requests to the MCP server come near its timeout: look for the tool on the dashboard',
      handler.metricDuration({ statistic: cloudwatch.Stats.p(99) }),
      slowAfter.toMilliseconds(),
    ),
  ];
}

/** The alarms of a service and its load balancer. */
export function serviceAlarms(scope: Construct, service: McpService, thresholds: Thresholds): cloudwatch.Alarm[] {
  const { failurePercentage, slowAfter } = thresholds;
  return [
    addAlarm(
      scope,
      'RequestsFail',
      `${failurePercentage} % of the requests to the MCP server fail: look at the log of its tasks`,
      failedServiceRequests(service),
      failurePercentage,
    ),
    addAlarm(
      scope,
      'LoadBalancerFails',
      'The load balancer has no healthy task of the MCP server, or one that does not respond: look at the events of the service',
      balancerErrors(service),
      1,
    ),
    addAlarm(
      scope,
      'RequestsSlow',
      'Requests to the MCP server come near its timeout: look for the tool on the dashboard',
      responseTime(service, cloudwatch.Stats.p(99)),
      slowAfter.toSeconds({ integral: false }),
    ),
    addAlarm(
      scope,
      'TasksUnhealthy',
      'Tasks of the MCP server fail their health checks: look at their log, and whether they reach the keys of the issuer',
      unhealthyTasks(service),
      1,
    ),
    addAlarm(
      scope,
      'MemoryScarce',
      'Tasks of the MCP server have little memory left: raise memoryLimitMiB of McpCompute.fargate',
      memoryUse(service),
      90,
    ),
  ];
}
