import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { synthError, list } from '../../private/synth-error';
import type { McpBedrockModel } from '../mcp-bedrock-model';

/** The namespace of the metrics in the playground's log lines. */
const NAMESPACE = 'McpLambda';

/** The metrics of a model by their name in the playground's log lines, with their statistic. */
const STATISTICS = {
  InputTokens: cloudwatch.Stats.SUM,
  OutputTokens: cloudwatch.Stats.SUM,
  Cost: cloudwatch.Stats.SUM,
  ModelErrors: cloudwatch.Stats.SUM,
  ModelThrottles: cloudwatch.Stats.SUM,
  FirstTokenLatency: cloudwatch.Stats.p(99),
};

/** One metric of one model. */
export function modelMetric(
  models: readonly McpBedrockModel[],
  metricName: keyof typeof STATISTICS,
  modelId: string,
  options: cloudwatch.MetricOptions = {},
): cloudwatch.Metric {
  const ids = models.map((model) => model.modelId);
  if (!ids.includes(modelId)) {
    throw synthError(
      'PlaygroundModelUnknown',
      `modelId is ${modelId} and the playground has the models ${list(ids)}: use one of them`,
    );
  }
  return new cloudwatch.Metric({
    namespace: NAMESPACE,
    metricName,
    dimensionsMap: { model: modelId },
    statistic: STATISTICS[metricName],
    period: Duration.minutes(5),
    label: modelId,
    ...options,
  });
}
