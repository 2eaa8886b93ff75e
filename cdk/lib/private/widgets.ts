import { Duration } from 'aws-cdk-lib';
import type * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as lambda from 'aws-cdk-lib/aws-lambda';

const PERIOD = { period: Duration.minutes(5) };

/** Options of a sum over 5 minutes. */
export const sum = (label: string) => ({ ...PERIOD, statistic: cloudwatch.Stats.SUM, label });

/** A third of a row. */
export function graph(title: string, left: cloudwatch.IMetric[]): cloudwatch.GraphWidget {
  return new cloudwatch.GraphWidget({ title, left, width: 8, height: 6, leftYAxis: { min: 0 } });
}

/** The requests to an API. */
export function requests({ deploymentStage }: apigateway.RestApi): cloudwatch.GraphWidget {
  return graph('Requests', [
    deploymentStage.metricCount(sum('requests')),
    deploymentStage.metricClientError(sum('4xx')),
    deploymentStage.metricServerError(sum('5xx')),
  ]);
}

/** A row about a function. */
export function functionWidgets(handler: lambda.IFunction): cloudwatch.GraphWidget[] {
  return [
    graph('Function', [handler.metricInvocations(sum('invocations')), handler.metricErrors(sum('errors'))]),
    graph(
      'Duration of the function, ms',
      [cloudwatch.Stats.p(50), cloudwatch.Stats.p(99)].map((statistic) =>
        handler.metricDuration({ ...PERIOD, statistic, label: statistic }),
      ),
    ),
    graph('Instances of the function at once', [
      handler.metric('ConcurrentExecutions', { ...PERIOD, statistic: cloudwatch.Stats.MAXIMUM, label: 'instances' }),
    ]),
  ];
}
