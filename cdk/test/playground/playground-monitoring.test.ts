import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Duration } from 'aws-cdk-lib';
import type { Template } from 'aws-cdk-lib/assertions';
import * as sns from 'aws-cdk-lib/aws-sns';
import { McpBedrockModel, McpPlayground, McpPlaygroundMonitoring, type McpPlaygroundMonitoringProps } from '../../lib';
import { deployed } from '../deployed';
import { only, synthesize, type TemplateJson } from '../synthesis';

const NOVA = 'eu.amazon.nova-lite-v1:0';
const HAIKU = 'global.anthropic.claude-haiku-4-5-20251001-v1:0';

const monitored = (options: Partial<McpPlaygroundMonitoringProps> = {}, ids = [NOVA, HAIKU]) =>
  synthesize((stack) => {
    const playground = new McpPlayground(stack, 'Playground', {
      models: ids.map((id) => McpBedrockModel.inferenceProfile(id)),
      serverUrls: { Shop: 'https://shop.example.com/mcp' },
    });
    const alarmTopic = options.alarmTopic === undefined ? undefined : new sns.Topic(stack, 'Topic');
    new McpPlaygroundMonitoring(stack, 'Monitoring', { ...options, playground, alarmTopic });
  });

/** Each graph of the dashboard with its metrics, as `namespace name dimension… statistic`. */
function graphs(template: Template): Record<string, string[]> {
  const { DashboardBody: body } = only(template, 'AWS::CloudWatch::Dashboard').properties;
  const { widgets } = JSON.parse(deployed(template.toJSON() as TemplateJson, body));
  const named = (metric: unknown[]) => {
    const { stat } = metric.at(-1) as { stat?: string };
    const [namespace, name, ...dimensions] = metric.filter((each) => typeof each === 'string');
    return [namespace, name, ...dimensions.filter((_, index) => index % 2 === 1), stat].join(' ');
  };
  return Object.fromEntries(
    widgets
      .filter(({ type }: any) => type === 'metric')
      .map(({ properties }: any) => [properties.title, properties.metrics.map(named)]),
  );
}

const alarms = (template: Template): Record<string, any> =>
  Object.fromEntries(
    Object.values(template.findResources('AWS::CloudWatch::Alarm')).map(({ Properties }) => [
      Properties.AlarmDescription.split(':')[0],
      Properties,
    ]),
  );

describe('the dashboard of McpPlaygroundMonitoring', () => {
  const shown = graphs(monitored());

  test("shows tokens and cost of every model, by the names of the playground's log lines", () => {
    const perModel = (name: string) => [NOVA, HAIKU].map((id) => `McpLambda ${name} ${id} Sum`);
    assert.deepEqual(shown['Tokens that models read'], perModel('InputTokens'));
    assert.deepEqual(shown['Tokens that models write'], perModel('OutputTokens'));
    assert.deepEqual(shown['Estimated cost of models, US dollars'], perModel('Cost'));
  });

  test('shows requests, throttles, errors and latency', () => {
    assert.deepEqual(Object.keys(shown), [
      'Tokens that models read',
      'Tokens that models write',
      'Estimated cost of models, US dollars',
      'Time to the first words of models (p99), ms',
      'Errors of models',
      'Throttles',
      'Requests',
      'Function',
      'Duration of the function, ms',
      'Instances of the function at once',
    ]);
    assert.deepEqual(
      shown['Time to the first words of models (p99), ms']![0],
      `McpLambda FirstTokenLatency ${NOVA} p99`,
    );
    assert.deepEqual(shown['Errors of models']![1], `McpLambda ModelErrors ${HAIKU} Sum`);
    assert.match(
      shown.Throttles!.join(),
      /^AWS\/Lambda Throttles .*,McpLambda ModelThrottles .*,McpLambda ModelThrottles /,
    );
    assert.match(shown.Requests![2]!, /^AWS\/ApiGateway 5XXError Playground /);
    assert.match(shown['Duration of the function, ms']![1]!, /^AWS\/Lambda Duration .* p99$/);
  });
});

describe('the alarms of McpPlaygroundMonitoring', () => {
  test('go off when requests fail, are throttled or come near the timeout', () => {
    const thresholds = Object.entries(alarms(monitored())).map(([description, each]) => [
      description,
      each.Threshold,
      `${each.DatapointsToAlarm} of ${each.EvaluationPeriods}`,
    ]);
    assert.deepEqual(thresholds, [
      ['5 % of the requests to the playground fail', 5, '2 of 3'],
      ['Lambda refuses requests to the playground', 1, '2 of 3'],
      ['Turns of conversations come near the timeout', 240_000, '2 of 3'],
    ]);
    const chosen = alarms(monitored({ failurePercentage: 1, slowAfter: Duration.minutes(1) }));
    assert.equal(chosen['1 % of the requests to the playground fail'].Threshold, 1);
    assert.equal(chosen['Turns of conversations come near the timeout'].Threshold, 60_000);
  });

  test('go off when all models together cost more in a day than dollarsPerDay', () => {
    const alarm = alarms(monitored({ dollarsPerDay: 2.5 }))[
      'The models of the playground cost 2.5 dollars in 24 hours'
    ];
    assert.deepEqual([alarm.Threshold, alarm.EvaluationPeriods, alarm.TreatMissingData], [2.5, 1, 'notBreaching']);
    const [sum, ...costs] = alarm.Metrics;
    assert.equal(sum.Expression, 'FILL(cost0, 0) + FILL(cost1, 0)');
    assert.deepEqual(
      costs.map(({ MetricStat: { Metric, Period, Stat } }: any) => [Metric.Dimensions[0].Value, Period, Stat]),
      [
        [NOVA, 86_400, 'Sum'],
        [HAIKU, 86_400, 'Sum'],
      ],
    );
  });

  test('tell a topic, if there is one, of their start and end', () => {
    const told = alarms(monitored({ alarmTopic: {} as sns.ITopic, dollarsPerDay: 1 }));
    assert.equal(Object.keys(told).length, 4);
    for (const { AlarmActions, OKActions } of Object.values(told)) {
      assert.deepEqual([AlarmActions.length, OKActions.length], [1, 1]);
    }
  });
});

describe('McpPlaygroundMonitoring is refused', () => {
  const refuses = (options: Partial<McpPlaygroundMonitoringProps>, message: string, ids?: string[]) =>
    assert.throws(() => monitored(options, ids), { message });

  test('with thresholds that no playground reaches', () => {
    refuses(
      { failurePercentage: 0 },
      'failurePercentage is 0 and needs a number above 0 and up to 100: correct it, or leave it out for 5 (FailurePercentageInvalid)',
    );
    refuses(
      { slowAfter: Duration.minutes(5) },
      'slowAfter is 300000 ms and a request ends after 300000, so no request could be that slow: give a shorter slowAfter (SlowAfterTooLong)',
    );
    refuses(
      { dollarsPerDay: 0 },
      'dollarsPerDay is 0 and needs a number above 0: correct it, or leave it out (DollarsPerDayInvalid)',
    );
  });

  test('with a sum of more models than CloudWatch adds up', () => {
    const ids = Array.from({ length: 11 }, (_, index) => `eu.amazon.nova-${index}`);
    refuses(
      { dollarsPerDay: 1 },
      'dollarsPerDay adds up the models of the playground, and CloudWatch takes 10 of the 11: offer fewer models, or leave it out (DollarsPerDayOfManyModels)',
      ids,
    );
  });
});

describe('the metrics of a playground', () => {
  const playground = () => {
    let made: McpPlayground | undefined;
    synthesize((stack) => {
      made = new McpPlayground(stack, 'Playground', {
        models: [McpBedrockModel.inferenceProfile(NOVA)],
        serverUrls: { Shop: 'https://shop.example.com/mcp' },
      });
    });
    return made!;
  };

  test('take the options of a metric', () => {
    const metric = playground().metricCost(NOVA, { period: Duration.hours(1), label: 'Nova' });
    assert.deepEqual(
      [metric.metricName, metric.dimensions, metric.statistic, metric.period.toHours(), metric.label],
      ['Cost', { model: NOVA }, 'Sum', 1, 'Nova'],
    );
  });

  test('are those of its own models', () => {
    for (const metric of [
      'metricInputTokens',
      'metricOutputTokens',
      'metricCost',
      'metricErrors',
      'metricThrottles',
      'metricFirstTokenLatency',
    ] as const) {
      assert.throws(() => playground()[metric](HAIKU), {
        message: `modelId is ${HAIKU} and the playground has the models ${NOVA}: use one of them (PlaygroundModelUnknown)`,
      });
    }
  });
});
