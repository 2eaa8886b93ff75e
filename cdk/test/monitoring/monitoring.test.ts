import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { CfnOutput, Duration } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as sns from 'aws-cdk-lib/aws-sns';
import type { Template } from 'aws-cdk-lib/assertions';
import {
  McpAuthorization,
  McpCompute,
  McpContract,
  McpDeployment,
  McpFront,
  McpMonitoring,
  type McpMonitoringProps,
  McpServer,
  type McpServerProps,
} from '../../lib';
import { deployed } from '../deployed';
import {
  code,
  counterServer,
  fixture,
  only,
  staticCode,
  synthesize,
  synthesizeServer,
  type TemplateJson,
  twoScopes,
} from '../synthesis';

const monitored = (props: Partial<McpServerProps> = {}, options: Partial<McpMonitoringProps> = {}) =>
  synthesizeServer(
    { contract: twoScopes(), ...props },
    (server, stack) => new McpMonitoring(stack, 'Monitoring', { server, ...options }),
  );

/** The metrics of each graph of the dashboard, as `namespace name dimension=value …`. */
function graphs(template: Template): Record<string, string[]> {
  const json = template.toJSON() as TemplateJson;
  const { widgets } = JSON.parse(deployed(json, only(template, 'AWS::CloudWatch::Dashboard').properties.DashboardBody));
  const shown = widgets
    .filter((each: any) => each.type === 'metric')
    .map(({ properties }: any) => [properties.title, properties.metrics.map(named)]);
  return Object.fromEntries(shown);
}

function named(metric: unknown[]): string {
  const texts = metric.filter((each) => typeof each === 'string');
  const { stat } = metric.at(-1) as { stat?: string };
  return `${texts[0]} ${texts[1]} ${texts
    .slice(2)
    .filter((_, index) => index % 2 === 1)
    .join(' ')} ${stat ?? 'Average'}`;
}

/** The metric filters by the name of their metric. */
const filters = (template: Template): Record<string, any> => {
  const all = Object.values(template.findResources('AWS::Logs::MetricFilter')).map((each) => each.Properties);
  return Object.fromEntries(all.map((each) => [each.MetricTransformations[0].MetricName, each]));
};

const alarms = (template: Template): Record<string, any> => {
  const all = Object.values(template.findResources('AWS::CloudWatch::Alarm')).map((each) => each.Properties);
  return Object.fromEntries(all.map((each) => [each.AlarmDescription.split(':')[0], each]));
};

describe('the dashboard of McpMonitoring', () => {
  const template = monitored({ authorization: McpAuthorization.server({ code: code() }) });
  const shown = graphs(template);
  const handler = `<${Object.keys(template.findResources('AWS::Lambda::Function', { Properties: { Environment: { Variables: { MCP_RESPONSE_MODE: 'stream' } } } }))[0]}>`;

  test('shows the hit rate of the result cache where a tool has one', () => {
    const title = 'Share of calls from the result cache';
    assert.equal(shown[title], undefined);
    const document = JSON.parse(readFileSync(fixture('two-scopes.contract.json'), 'utf8'));
    document.settings.push({
      ...{ name: 'MCP_RESULT_CACHE', type: 'boolean', default: true, required: false, unit: null },
      ...{ description: 'The result cache', owner: 'mcp-lambda' },
    });
    const directory = mkdtempSync(join(tmpdir(), 'monitoring-'));
    after(() => rmSync(directory, { recursive: true }));
    writeFileSync(join(directory, 'contract.json'), JSON.stringify(document));
    const contract = McpContract.fromFile(join(directory, 'contract.json'));
    assert.deepEqual(graphs(monitored({ contract }))[title], [
      'McpLambda CacheHits notes readNote Average',
      'McpLambda CacheHits notes writeNote Average',
    ]);
  });

  test("shows calls, errors, latency and cold starts of every tool, by the names of the server's log lines", () => {
    assert.deepEqual(shown['Calls of tools'], [
      'McpLambda Calls notes readNote Sum',
      'McpLambda Calls notes writeNote Sum',
    ]);
    assert.deepEqual(shown['Errors of tools'], [
      'McpLambda Errors notes readNote Sum',
      'McpLambda Errors notes writeNote Sum',
    ]);
    assert.deepEqual(
      shown['Latency of tools, ms'],
      ['p50', 'p99'].flatMap((stat) =>
        ['readNote', 'writeNote'].map((tool) => `McpLambda Latency notes ${tool} ${stat}`),
      ),
    );
    assert.deepEqual(shown['Cold starts of tools'], [
      'McpLambda ColdStarts notes readNote Sum',
      'McpLambda ColdStarts notes writeNote Sum',
    ]);
  });

  test('shows what the function and the API do', () => {
    assert.deepEqual(shown.Throttles, [
      `AWS/Lambda Throttles ${handler} Sum`,
      'McpLambda Throttles notes readNote Sum',
      'McpLambda Throttles notes writeNote Sum',
    ]);
    assert.deepEqual(
      shown.Requests,
      ['Count', '4XXError', '5XXError'].map(
        (name) => `AWS/ApiGateway ${name} notes <${only(template, 'AWS::ApiGateway::Stage').logicalId}> Sum`,
      ),
    );
    assert.deepEqual(shown['Duration of the function, ms'], [
      `AWS/Lambda Duration ${handler} p50`,
      `AWS/Lambda Duration ${handler} p99`,
    ]);
  });

  test('shows sign-ins of the app client that people sign in with', () => {
    assert.deepEqual(
      shown['Sign-ins'],
      ['SignInSuccesses', 'SignUpSuccesses', 'TokenRefreshSuccesses'].map(
        (name) => `AWS/Cognito ${name} eu-west-1_Pool machineclientid Sum`,
      ),
    );
    assert.deepEqual(
      graphs(monitored())['Sign-ins'][0],
      'AWS/Cognito SignInSuccesses eu-west-1_Pool interactiveclientid Sum',
    );
  });

  test("counts registrations in the authorization server's log, where there is one", () => {
    const {
      FilterPattern: pattern,
      LogGroupName: logGroup,
      MetricTransformations: transformations,
    } = filters(template).Registrations;
    assert.equal(pattern, '{ ($.endpoint = "register") && ($.status = 201) }');
    assert.match(logGroup.Ref, /AuthorizationServer/);
    assert.deepEqual(shown['Registrations of MCP clients'], [
      `${transformations[0].MetricNamespace} Registrations  Sum`,
    ]);
    monitored().resourceCountIs('AWS::Logs::MetricFilter', 0);
    assert.equal(graphs(monitored())['Registrations of MCP clients'], undefined);
  });

  test('shows no sign-ins without a user pool', () => {
    const without = graphs(
      monitored({ authorization: McpAuthorization.bearerToken({ code: code(), tokenSha256: ['0'.repeat(64)] }) }),
    );
    assert.equal(without['Sign-ins'], undefined);
    assert.ok(without['Calls of tools'].length > 0);
  });
});

describe('the alarms of McpMonitoring', () => {
  const TOKENS_REFUSED = 'Cognito issued tokens that nobody consented to, and they were refused';
  const template = monitored({ authorization: McpAuthorization.server({ code: code() }) });

  test('go off when 5 % of the requests fail, when any is throttled, at 80 % of the timeout, and when sign-in fails', () => {
    const found = alarms(template);
    assert.deepEqual(
      Object.entries(found).map(([name, { Threshold: threshold }]) => [name, threshold]),
      [
        ['5 % of the requests to the MCP server fail', 5],
        ['Lambda refuses requests to the MCP server', 1],
        ['Requests to the MCP server come near its timeout', 24_000],
        ["The authorization server's function fails, and people cannot sign in", 1],
        [TOKENS_REFUSED, 1],
      ],
    );
    for (const alarm of Object.entries(found)
      .filter(([name]) => name !== TOKENS_REFUSED)
      .map(([, each]) => each)) {
      assert.deepEqual(
        [alarm.EvaluationPeriods, alarm.DatapointsToAlarm, alarm.TreatMissingData, alarm.ComparisonOperator],
        [3, 2, 'notBreaching', 'GreaterThanOrEqualToThreshold'],
      );
      assert.equal(alarm.AlarmActions, undefined);
    }
    assert.equal(Object.values(found)[0].Metrics[0].Expression, '100 * failures');
    assert.equal(Object.values(found)[0].Metrics[1].MetricStat.Metric.MetricName, '5XXError');
    assert.equal(Object.values(found)[0].Metrics[1].MetricStat.Stat, 'Average');
    assert.equal(Object.keys(alarms(monitored())).length, 3, 'without an authorization server');
  });

  test('go off at the first token of Cognito that is refused because nobody consented to it', () => {
    const {
      FilterPattern: pattern,
      LogGroupName: logGroup,
      MetricTransformations: transformations,
    } = filters(template).TokensNotAsConsented;
    assert.equal(pattern, '{ $.failure = "TokenNotAsConsented" }');
    assert.match(logGroup.Ref, /AuthorizationServer/);
    const alarm = alarms(template)[TOKENS_REFUSED];
    const { Metric: metric, Stat: stat, Period: period } = alarm.Metrics[0].MetricStat;
    assert.deepEqual(
      [metric.Namespace, metric.MetricName, stat, period],
      [transformations[0].MetricNamespace, 'TokensNotAsConsented', 'Sum', 300],
    );
    assert.deepEqual(
      [
        alarm.Threshold,
        alarm.EvaluationPeriods,
        alarm.DatapointsToAlarm,
        alarm.TreatMissingData,
        alarm.ComparisonOperator,
      ],
      [1, 1, 1, 'notBreaching', 'GreaterThanOrEqualToThreshold'],
    );
  });

  test('take other thresholds', () => {
    const found = Object.values(alarms(monitored({}, { failurePercentage: 0.5, slowAfter: Duration.seconds(3) })));
    assert.deepEqual(
      found.map((each) => each.Threshold),
      [0.5, 1, 3000],
    );
  });

  test('tell a topic that they are on and that they are over', () => {
    const told = synthesizeServer(
      { contract: twoScopes() },
      (server, stack) => new McpMonitoring(stack, 'Monitoring', { server, alarmTopic: new sns.Topic(stack, 'Topic') }),
    );
    const topic = [{ Ref: Object.keys(told.findResources('AWS::SNS::Topic'))[0] }];
    for (const alarm of Object.values(alarms(told))) {
      assert.deepEqual([alarm.AlarmActions, alarm.OKActions], [topic, topic]);
    }
  });

  for (const value of [0, -1, 101, Number.NaN]) {
    test(`fail when failurePercentage is ${value}`, () => {
      assert.throws(() => monitored({}, { failurePercentage: value }), {
        message: `failurePercentage is ${value} and needs a number above 0 and up to 100: correct it, or leave it out for 5 (FailurePercentageInvalid)`,
      });
    });
  }

  test('fail when slowAfter is not below the timeout', () => {
    assert.throws(() => monitored({}, { slowAfter: Duration.seconds(30) }), {
      message:
        'slowAfter is 30000 ms and a request ends after 30000, so no request could be that slow: give a shorter slowAfter (SlowAfterTooLong)',
    });
  });
});

describe('a metric of a tool', () => {
  test('takes other options, and fails for a tool that the contract has not', () => {
    synthesizeServer({ contract: twoScopes() }, (server) => {
      const metric = server.metricErrors('readNote', { period: Duration.minutes(1), statistic: 'Average' });
      assert.deepEqual([metric.period.toSeconds(), metric.statistic], [60, 'Average']);
      assert.throws(() => server.metricCalls('readNotes'), {
        message: 'toolName is readNotes and notes has the tools readNote, writeNote: use one of them (ToolUnknown)',
      });
    });
  });
});

describe('connectCommand', () => {
  const command = (client: string, props: Partial<McpServerProps> = {}) => {
    let found = '';
    const template = synthesizeServer({ contract: twoScopes(), ...props }, (server: McpServer) => {
      found = server.connectCommand(client);
    });
    return template && found.replace(/\$\{Token\[[^\]]*\]\}/g, '…');
  };
  const server = () => McpAuthorization.server({ code: code() });

  test('gives the command of each client, for a server that needs the URL alone', () => {
    assert.equal(
      command('claude-code', { authorization: server() }),
      'claude mcp add --transport http notes https://…/mcp',
    );
    assert.equal(command('codex', { authorization: server() }), 'codex mcp add notes --url https://…/mcp');
    assert.equal(command('gemini', { authorization: server() }), 'gemini mcp add --transport http notes https://…/mcp');
    assert.equal(command('mcp-remote', { authorization: server() }), 'npx mcp-remote https://…/mcp');
    assert.equal(
      command('vscode', { authorization: server() }),
      `code --add-mcp '{"name":"notes","type":"http","url":"https://…/mcp"}'`,
    );
  });

  test('gives the link of Cursor, with its configuration in Base64, also where the URL is known at deployment only', () => {
    const config = (link: string) =>
      JSON.parse(Buffer.from(new URL(link).searchParams.get('config')!, 'base64').toString());
    const known = command('cursor', {
      authorization: server(),
      front: McpFront.external({ publicBaseUrl: 'https://mcp.example.com' }),
    });
    assert.match(known, /^cursor:\/\/anysphere\.cursor-deeplink\/mcp\/install\?name=notes&config=/);
    assert.deepEqual(config(known), { url: 'https://mcp.example.com/mcp' });

    const later = synthesizeServer(
      { contract: twoScopes(), authorization: server() },
      (each, stack) => void new CfnOutput(stack, 'Link', { value: each.connectCommand('cursor') }),
    ).toJSON() as TemplateJson;
    assert.deepEqual(config(deployed(later, later.Outputs!.Link.Value)), { url: 'https://d111.cloudfront.net/mcp' });
  });

  test('gives Claude Code what it needs besides', () => {
    assert.equal(
      command('claude-code'),
      'claude mcp add --transport http notes https://…/mcp --client-id … --callback-port 8765',
    );
  });

  test('fails for another client when the URL is not enough', () => {
    assert.throws(() => command('codex'), {
      message:
        "the command of codex takes nothing but the URL, and this server's authorization needs a client_id or a header: use McpAuthorization.server(), or configure the client manually (ClientNeedsMoreThanUrl)",
    });
  });

  test('fails for a client that it does not know', () => {
    assert.throws(() => command('toString', { authorization: server() }), {
      message:
        'connectCommand knows no client "toString": use one of claude-code, codex, cursor, gemini, mcp-remote, vscode, or give a client mcpServerUrl (ClientUnknown)',
    });
  });
});

describe('McpMonitoring of a server on Fargate', () => {
  const monitored = (deployment?: McpDeployment) =>
    synthesize((stack) => {
      const server = new McpServer(stack, 'Server', {
        code: staticCode(),
        contract: counterServer(),
        compute: McpCompute.fargate({
          vpc: new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 }),
          loadBalancerPeers: [ec2.Peer.prefixList('pl-1')],
          deployment,
        }),
      });
      new McpMonitoring(stack, 'Monitoring', { server, failurePercentage: 2 });
    });
  const alarmsOf = (template: Template) =>
    Object.entries(template.findResources('AWS::CloudWatch::Alarm'))
      .filter(([id]) => id.startsWith('Monitoring'))
      .map(([id, each]) => [id.replace(/^Monitoring(.*)[0-9A-F]{8}$/, '$1'), each.Properties.Threshold]);
  const dashboardOf = (template: Template) =>
    JSON.stringify(only(template, 'AWS::CloudWatch::Dashboard').properties.DashboardBody);

  test('starts alarms for requests, the load balancer, slow and unhealthy tasks, memory and sign-ins', () => {
    assert.deepEqual(alarmsOf(monitored()), [
      ['RequestsFail', 2],
      ['LoadBalancerFails', 1],
      ['RequestsSlow', 24],
      ['TasksUnhealthy', 1],
      ['MemoryScarce', 90],
      ['SignInFails', 1],
      ['TokensRefused', 1],
    ]);
  });

  test('shows the load balancer and the tasks, and no function of the server', () => {
    const body = dashboardOf(monitored());
    for (const name of [
      'HTTPCode_ELB_5XX_Count',
      'TargetResponseTime',
      'CPUUtilization',
      'MemoryUtilization',
      'RunningTaskCount',
      'UnHealthyHostCount',
    ]) {
      assert.ok(body.includes(name), name);
    }
    assert.ok(!body.includes('ConcurrentExecutions'));
    assert.ok(!body.includes('ColdStarts'));
  });

  test('counts both target groups of a deployment that takes turns between them', () => {
    const body = dashboardOf(monitored(McpDeployment.blueGreen()));
    assert.ok(body.includes('SUM([FILL(mrequests0, 0), FILL(mrequests1, 0)])'));
    assert.ok(body.includes('MAX([FILL(mhealthy0, 0), FILL(mhealthy1, 0)])'));
  });
});
