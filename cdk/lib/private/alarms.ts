import { Duration } from 'aws-cdk-lib';
import type * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { assertConvertible, isKnown } from './known-value';
import { synthError } from './synth-error';

/** The given percentage, or 5. */
export function failurePercentageOf(given: number | undefined): number {
  const failurePercentage = given ?? 5;
  if (isKnown(failurePercentage) && !(failurePercentage > 0 && failurePercentage <= 100)) {
    throw synthError(
      'FailurePercentageInvalid',
      `failurePercentage is ${failurePercentage} and needs a number above 0 and up to 100: correct it, or leave it out for 5`,
    );
  }
  return failurePercentage;
}

/** The given latency, or 80 % of the function's timeout. */
export function slowAfterOf(given: Duration | undefined, timeout: Duration): Duration {
  const slowAfter = given ?? Duration.millis(timeout.toMilliseconds() * 0.8);
  assertConvertible(slowAfter, 'millis', 'slowAfter');
  if (isKnown(slowAfter) && slowAfter.toMilliseconds() >= timeout.toMilliseconds()) {
    throw synthError(
      'SlowAfterTooLong',
      `slowAfter is ${slowAfter.toMilliseconds()} ms and a request ends after ${timeout.toMilliseconds()}, so no request could be that slow: give a shorter slowAfter`,
    );
  }
  return slowAfter;
}

/** Requests to an API that fail, in percent. */
export function failedRequests(api: apigateway.RestApi): cloudwatch.IMetric {
  return new cloudwatch.MathExpression({
    expression: '100 * failures',
    usingMetrics: { failures: api.deploymentStage.metricServerError({ statistic: cloudwatch.Stats.AVERAGE }) },
    label: 'failed requests, %',
  });
}

/** An alarm that starts when the metric reaches the threshold in two of three periods. */
export function addAlarm(
  scope: Construct,
  id: string,
  alarmDescription: string,
  metric: cloudwatch.IMetric,
  threshold: number,
  periods = { evaluationPeriods: 3, datapointsToAlarm: 2 },
): cloudwatch.Alarm {
  return new cloudwatch.Alarm(scope, id, {
    alarmDescription,
    metric,
    threshold,
    comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    ...periods,
    treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
  });
}

/** Sends a message when an alarm starts and when it ends. */
export function notify(alarms: cloudwatch.Alarm[], topic: sns.ITopic | undefined): void {
  for (const alarm of topic === undefined ? [] : alarms) {
    alarm.addAlarmAction(new SnsAction(topic!));
    alarm.addOkAction(new SnsAction(topic!));
  }
}
