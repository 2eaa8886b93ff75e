import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as codedeploy from 'aws-cdk-lib/aws-codedeploy';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { isKnown } from '../../private/known-value';
import type { McpFunctionOptions } from '../mcp-function-options';
import { synthError } from '../../private/synth-error';

/** Refuses numbers that Lambda would refuse, or that would leave instances idle. */
export function assertConcurrency(options: McpFunctionOptions): void {
  const { reservedConcurrency, provisionedConcurrency } = options;
  for (const [name, value, least] of [
    ['reservedConcurrency', reservedConcurrency, 0],
    ['provisionedConcurrency', provisionedConcurrency, 1],
  ] as const) {
    if (isKnown(value) && (!Number.isInteger(value) || value < least)) {
      throw synthError(
        'ConcurrencyInvalid',
        `${name} is ${value} and needs a whole number from ${least}: correct it, or leave it out`,
      );
    }
  }
  if (isKnown(reservedConcurrency) && isKnown(provisionedConcurrency) && provisionedConcurrency > reservedConcurrency) {
    throw synthError(
      'ConcurrencyTooSmall',
      `provisionedConcurrency is ${provisionedConcurrency} and reservedConcurrency ${reservedConcurrency}, and no more may run than are reserved: raise reservedConcurrency to ${provisionedConcurrency} at least`,
    );
  }
}

/** Adds an alias for the newest version of a function, if the options need one. */
export function addAlias(
  scope: Construct,
  handler: lambda.Function,
  options: McpFunctionOptions,
): { alias: lambda.Alias; deploymentGroup?: codedeploy.LambdaDeploymentGroup } | undefined {
  if (options.provisionedConcurrency === undefined && options.trafficShifting === undefined) {
    return undefined;
  }
  const alias = new lambda.Alias(scope, 'Alias', {
    aliasName: 'live',
    version: handler.currentVersion,
    provisionedConcurrentExecutions: options.provisionedConcurrency,
  });
  if (options.trafficShifting === undefined) {
    return { alias };
  }
  const failures = new cloudwatch.Alarm(scope, 'NewVersionFails', {
    alarmDescription:
      'A version of the MCP server fails requests while CodeDeploy moves requests to it: CodeDeploy goes back to the one before',
    metric: alias.metricErrors({ period: Duration.minutes(1), statistic: cloudwatch.Stats.SUM }),
    threshold: 1,
    evaluationPeriods: 1,
    comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
  });
  const deploymentGroup = new codedeploy.LambdaDeploymentGroup(scope, 'TrafficShifting', {
    alias,
    deploymentConfig: options.trafficShifting,
    alarms: [failures],
  });
  return { alias, deploymentGroup };
}
