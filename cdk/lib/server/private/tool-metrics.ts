import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { assertKnown } from '../../private/known-value';
import type { McpContract } from '../../contract/mcp-contract';
import { list, synthError } from '../../private/synth-error';

/** The namespace of the metrics in the server's log lines (docs/telemetry.md). */
const NAMESPACE = 'McpLambda';

/** The metrics of a tool by their name in the server's log lines, with their statistic. */
const STATISTICS = {
  Calls: cloudwatch.Stats.SUM,
  Errors: cloudwatch.Stats.SUM,
  Latency: cloudwatch.Stats.p(99),
  ColdStarts: cloudwatch.Stats.SUM,
  Throttles: cloudwatch.Stats.SUM,
  CacheHits: cloudwatch.Stats.AVERAGE,
};

/** One metric of one tool. */
export function toolMetric(
  contract: McpContract,
  metricName: keyof typeof STATISTICS,
  toolName: string,
  options: cloudwatch.MetricOptions = {},
): cloudwatch.Metric {
  const {
    serverName,
    _document: { tools },
  } = contract;
  assertKnown(toolName, 'toolName', `give one of ${list(tools.map((tool) => tool.name))}`);
  if (tools.every((tool) => tool.name !== toolName)) {
    throw synthError(
      'ToolUnknown',
      `toolName is ${toolName} and ${serverName} has the tools ${list(tools.map((tool) => tool.name))}: use one of them`,
    );
  }
  return new cloudwatch.Metric({
    namespace: NAMESPACE,
    metricName,
    dimensionsMap: { server: serverName, tool: toolName },
    statistic: STATISTICS[metricName],
    period: Duration.minutes(5),
    label: toolName,
    ...options,
  });
}
