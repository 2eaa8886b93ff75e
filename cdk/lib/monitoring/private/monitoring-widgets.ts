import { Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { SETTING } from '../../generated/facts';
import type { McpServer } from '../../server/mcp-server';
import { functionWidgets, graph, requests, sum } from '../../private/widgets';
import { serviceRequestWidgets, taskWidgets } from './service-metrics';

/** The rows of a server's dashboard. */
export function dashboardWidgets(
  server: McpServer,
  registered: cloudwatch.IMetric | undefined,
): cloudwatch.IWidget[][] {
  const ofTools = (of: (toolName: string) => cloudwatch.IMetric) => server.toolNames.map(of);
  const toolGraph = (title: string, of: (toolName: string) => cloudwatch.IMetric) => graph(title, ofTools(of));
  const latency = (statistic: string, name: string) =>
    ofTools((tool) => server.metricLatency(tool, { statistic, label: `${tool} ${name}` }));
  const throttles = (ofFunction: cloudwatch.IMetric[]) =>
    graph('Throttles', [
      ...ofFunction,
      ...ofTools((tool) => server.metricThrottles(tool, { label: `${tool}: DynamoDB` })),
    ]);
  const rows = [
    [
      toolGraph('Calls of tools', (tool) => server.metricCalls(tool)),
      toolGraph('Errors of tools', (tool) => server.metricErrors(tool)),
      graph('Latency of tools, ms', [
        ...latency(cloudwatch.Stats.p(50), 'p50'),
        ...latency(cloudwatch.Stats.p(99), 'p99'),
      ]),
    ],
    ...(server.service === undefined
      ? [
          [
            requests(server.api),
            toolGraph('Cold starts of tools', (tool) => server.metricColdStarts(tool)),
            throttles([server.mcpFunction.function.metricThrottles(sum('function'))]),
          ],
          functionWidgets(server.mcpFunction.function),
        ]
      : [[...serviceRequestWidgets(server.service), throttles([])], taskWidgets(server.service)]),
  ];
  const cache = cachesResults(server)
    ? [[toolGraph('Share of calls from the result cache', (tool) => server.metricCacheHitRate(tool))]]
    : [];
  const people = signIns(server, registered);
  return [...rows, ...cache, ...(people.length === 0 ? [] : [people])];
}

/** Whether a tool of the server caches its results: its program then has the setting that turns the cache off. */
function cachesResults({ _contract: { _document: contract } }: McpServer): boolean {
  return contract.settings.some(({ name }) => name === SETTING.MCP_RESULT_CACHE);
}

/** Registrations of MCP clients, counted in the authorization server's log; undefined without one. */
export function registrations(scope: Construct, server: McpServer): cloudwatch.IMetric | undefined {
  const pattern = logs.FilterPattern.all(
    logs.FilterPattern.stringValue('$.endpoint', '=', 'register'),
    logs.FilterPattern.numberValue('$.status', '=', 201),
  );
  return countedLines(scope, server, 'Registrations', pattern, 'registrations');
}

/**
 * Cognito's tokens that the authorization server refused, because they differ from the consent; undefined without its
 * log.
 */
export function refusedTokens(scope: Construct, server: McpServer): cloudwatch.IMetric | undefined {
  return countedLines(
    scope,
    server,
    'TokensNotAsConsented',
    logs.FilterPattern.stringValue('$.failure', '=', 'TokenNotAsConsented'),
    'refused tokens',
  );
}

function countedLines(
  scope: Construct,
  server: McpServer,
  metricName: string,
  filterPattern: logs.IFilterPattern,
  label: string,
): cloudwatch.IMetric | undefined {
  const logGroup = server.authorizationServer?.mcpFunction.logGroup;
  if (logGroup === undefined) {
    return undefined;
  }
  const filter = new logs.MetricFilter(scope, metricName, {
    logGroup,
    // A namespace of its own, because the lines hold nothing that could be a dimension.
    metricNamespace: `McpLambda/${Stack.of(scope).stackName}/${scope.node.addr.slice(-8)}`,
    metricName,
    filterPattern,
    metricValue: '1',
  });
  return filter.metric(sum(label));
}

/** Cognito's sign-in metrics of the app client that people sign in with. */
function signIns(server: McpServer, registered: cloudwatch.IMetric | undefined): cloudwatch.IWidget[] {
  const clientId = server.interactiveClient?.clientId ?? server.authorizationServer?.cognitoClientId;
  if (clientId === undefined) {
    return [];
  }
  const dimensionsMap = { UserPool: server.userPool.userPool.userPoolId, UserPoolClient: clientId };
  const cognito = (metricName: string, label: string) =>
    new cloudwatch.Metric({ namespace: 'AWS/Cognito', metricName, dimensionsMap, ...sum(label) });
  return [
    graph('Sign-ins', [
      cognito('SignInSuccesses', 'sign-ins'),
      cognito('SignUpSuccesses', 'sign-ups'),
      cognito('TokenRefreshSuccesses', 'refreshed tokens'),
    ]),
    graph('Throttled sign-ins', [
      cognito('SignInThrottles', 'sign-ins'),
      cognito('SignUpThrottles', 'sign-ups'),
      cognito('TokenRefreshThrottles', 'refreshed tokens'),
    ]),
    ...(registered === undefined ? [] : [graph('Registrations of MCP clients', [registered])]),
  ];
}
