import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { McpPlayground } from './mcp-playground';
import { isKnown } from '../private/known-value';
import { synthError } from '../private/synth-error';
import { addAlarm, failedRequests, failurePercentageOf, notify, slowAfterOf } from '../private/alarms';
import { functionWidgets, graph, requests, sum } from '../private/widgets';

/** The metrics that an alarm on a sum may add up. */
const MOST_MODELS = 10;

/** Properties of `McpPlaygroundMonitoring`. */
export interface McpPlaygroundMonitoringProps {
  /** The playground to monitor. */
  readonly playground: McpPlayground;

  /**
   * The SNS topic that gets a message when an alarm starts and when it ends.
   * @default - none: the alarms only change their state
   */
  readonly alarmTopic?: sns.ITopic;

  /**
   * Percentage of requests that may fail in 5 minutes (HTTP status 500 and above) before an alarm starts.
   * @default 5
   */
  readonly failurePercentage?: number;

  /**
   * Latency (p99) above which an alarm starts. A turn of a conversation is one request.
   * @default - 80 % of the function's timeout
   */
  readonly slowAfter?: Duration;

  /**
   * The estimated cost of all models in US dollars and 24 hours at which an alarm starts. The alarm stops no one:
   * `tokensPerDay` of the playground does.
   * @default - no alarm about the cost
   */
  readonly dollarsPerDay?: number;
}

/**
 * A dashboard and alarms of a playground: requests, errors, latency and throttles of the API, the function and each model, and
 * tokens and the estimated cost of each model.
 *
 * An alarm starts when in two of three periods of 5 minutes requests fail, are throttled or come close to the timeout; with
 * `dollarsPerDay` another one when the models cost more. The metrics of models come from the playground's log lines, under
 * the model's id: playgrounds of one account and Region share them. Costs 3 dollars a month for the dashboard and 10 cents
 * for each alarm; the metrics of models are billed as custom metrics.
 */
export class McpPlaygroundMonitoring extends Construct {
  /** The dashboard. */
  public readonly dashboard: cloudwatch.Dashboard;

  /** The alarms. */
  public readonly alarms: cloudwatch.Alarm[];

  constructor(scope: Construct, id: string, props: McpPlaygroundMonitoringProps) {
    super(scope, id);
    const { playground, dollarsPerDay } = props;
    const { function: handler, timeout } = playground.mcpFunction;
    const failurePercentage = failurePercentageOf(props.failurePercentage);
    this.alarms = [
      addAlarm(
        this,
        'RequestsFail',
        `${failurePercentage} % of the requests to the playground fail: look at the log of its function`,
        failedRequests(playground.api),
        failurePercentage,
      ),
      addAlarm(
        this,
        'RequestsThrottled',
        "Lambda refuses requests to the playground: raise reservedConcurrency, or the account's quota",
        handler.metricThrottles(),
        1,
      ),
      addAlarm(
        this,
        'TurnsSlow',
        'Turns of conversations come near the timeout: raise it, or look for a slow tool in the log',
        handler.metricDuration({ statistic: cloudwatch.Stats.p(99) }),
        slowAfterOf(props.slowAfter, timeout).toMilliseconds(),
      ),
    ];
    if (dollarsPerDay !== undefined) {
      this.alarms.push(costAlarm(this, playground, dollarsPerDay));
    }
    notify(this.alarms, props.alarmTopic);

    const ofModels = (metric: (modelId: string) => cloudwatch.IMetric) =>
      playground.models.map(({ modelId }) => metric(modelId));
    this.dashboard = new cloudwatch.Dashboard(this, 'Dashboard', { defaultInterval: Duration.days(1) });
    this.dashboard.addWidgets(
      graph(
        'Tokens that models read',
        ofModels((id) => playground.metricInputTokens(id)),
      ),
      graph(
        'Tokens that models write',
        ofModels((id) => playground.metricOutputTokens(id)),
      ),
      graph(
        'Estimated cost of models, US dollars',
        ofModels((id) => playground.metricCost(id)),
      ),
    );
    this.dashboard.addWidgets(
      graph(
        'Time to the first words of models (p99), ms',
        ofModels((id) => playground.metricFirstTokenLatency(id)),
      ),
      graph(
        'Errors of models',
        ofModels((id) => playground.metricErrors(id)),
      ),
      graph('Throttles', [
        handler.metricThrottles(sum('function')),
        ...ofModels((id) => playground.metricThrottles(id, { label: `${id}: Bedrock` })),
      ]),
    );
    this.dashboard.addWidgets(requests(playground.api));
    this.dashboard.addWidgets(...functionWidgets(handler));
    this.dashboard.addWidgets(
      new cloudwatch.AlarmStatusWidget({ title: 'Alarms', alarms: this.alarms, width: 24, height: 3 }),
    );
  }
}

function costAlarm(scope: Construct, playground: McpPlayground, dollarsPerDay: number): cloudwatch.Alarm {
  if (isKnown(dollarsPerDay) && !(dollarsPerDay > 0)) {
    throw synthError(
      'DollarsPerDayInvalid',
      `dollarsPerDay is ${dollarsPerDay} and needs a number above 0: correct it, or leave it out`,
    );
  }
  if (playground.models.length > MOST_MODELS) {
    throw synthError(
      'DollarsPerDayOfManyModels',
      `dollarsPerDay adds up the models of the playground, and CloudWatch takes ${MOST_MODELS} of the ${playground.models.length}: offer fewer models, or leave it out`,
    );
  }
  const period = Duration.days(1);
  const costs = playground.models.map(
    ({ modelId }, index) => [`cost${index}`, playground.metricCost(modelId, { period })] as const,
  );
  const all = new cloudwatch.MathExpression({
    // A model that no one used has no data, which would make the sum unknown.
    expression: costs.map(([name]) => `FILL(${name}, 0)`).join(' + '),
    usingMetrics: Object.fromEntries(costs),
    period,
    label: 'estimated cost of all models, US dollars',
  });
  return addAlarm(
    scope,
    'CostHigh',
    `The models of the playground cost ${dollarsPerDay} dollars in 24 hours: look at the dashboard for the model, and lower tokensPerDay`,
    all,
    dollarsPerDay,
    { evaluationPeriods: 1, datapointsToAlarm: 1 },
  );
}
