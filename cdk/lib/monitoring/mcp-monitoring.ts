import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { McpServer } from '../server/mcp-server';
import { addAlarm, failurePercentageOf, notify, slowAfterOf } from '../private/alarms';
import { functionAlarms, serviceAlarms } from './private/compute-alarms';
import { dashboardWidgets, refusedTokens, registrations } from './private/monitoring-widgets';

/** Properties of `McpMonitoring`. */
export interface McpMonitoringProps {
  /** The server to monitor. */
  readonly server: McpServer;

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
   * Latency (p99) above which an alarm starts.
   * @default - 80 % of the server's timeout
   */
  readonly slowAfter?: Duration;
}

/**
 * A dashboard and alarms of one MCP server: calls, errors, latency (p50, p99), cold starts and throttles of each tool, of the
 * function and of the API, and sign-ins and registrations where there is a user pool. With `McpCompute.fargate` it has the
 * requests at the load balancer, CPU, memory, running and healthy tasks instead.
 *
 * An alarm starts when in two of three periods of 5 minutes requests fail, are throttled or come close to the timeout,
 * tasks are unhealthy or use 90 % of their memory, the load balancer itself fails requests, or the authorization server's function fails. One alarm starts immediately: when the authorization server refused
 * tokens of Cognito that differ from what a person consented to; it needs the log of a function that is not passed in
 * with `McpCode.fromFunction`. The metrics of tools come from the server's log lines and those of the API from API
 * Gateway, both under the server's name: servers of one name in one account and region share them. Costs 3 dollars a
 * month for the dashboard and 10 cents for each alarm; the metrics of tools are billed as custom metrics.
 *
 * It does not detect other attacks, and no alarm covers the errors of a single tool.
 */
export class McpMonitoring extends Construct {
  /** The dashboard. */
  public readonly dashboard: cloudwatch.Dashboard;

  /** The alarms. */
  public readonly alarms: cloudwatch.Alarm[];

  constructor(scope: Construct, id: string, props: McpMonitoringProps) {
    super(scope, id);
    const { server } = props;
    const failurePercentage = failurePercentageOf(props.failurePercentage);
    const slowAfter = slowAfterOf(props.slowAfter, (server.service ?? server.mcpFunction).timeout);

    this.alarms =
      server.service === undefined
        ? functionAlarms(this, server, { failurePercentage, slowAfter })
        : serviceAlarms(this, server.service, { failurePercentage, slowAfter });
    if (server.authorizationServer !== undefined) {
      const errors = server.authorizationServer.mcpFunction.function.metricErrors();
      this.alarms.push(
        addAlarm(
          this,
          'SignInFails',
          "The authorization server's function fails, and people cannot sign in: look at its log",
          errors,
          1,
        ),
      );
    }
    const refused = refusedTokens(this, server);
    if (refused !== undefined) {
      // Once is enough: nothing but an edited sign-in URL, a trigger of the user pool or a changed app client makes Cognito issue such a token.
      const once = { evaluationPeriods: 1, datapointsToAlarm: 1 };
      this.alarms.push(
        addAlarm(
          this,
          'TokensRefused',
          "Cognito issued tokens that nobody consented to, and they were refused: look for TokenNotAsConsented in the authorization server's log",
          refused,
          1,
          once,
        ),
      );
    }
    notify(this.alarms, props.alarmTopic);

    this.dashboard = new cloudwatch.Dashboard(this, 'Dashboard', { defaultInterval: Duration.days(1) });
    for (const row of dashboardWidgets(server, registrations(this, server))) {
      this.dashboard.addWidgets(...row);
    }
    this.dashboard.addWidgets(
      new cloudwatch.AlarmStatusWidget({ title: 'Alarms', alarms: this.alarms, width: 24, height: 3 }),
    );
  }
}
