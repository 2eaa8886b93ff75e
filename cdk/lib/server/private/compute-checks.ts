import { SETTING } from '../../generated/facts';
import { synthError } from '../../private/synth-error';
import type { McpServerProps } from '../mcp-endpoint-options';

/** Options that are for a function or for API Gateway, with what has their purpose on Fargate. */
const INSTEAD = {
  memorySize: 'set memoryLimitMiB and cpu of McpCompute.fargate instead',
  vpc: 'set vpc of McpCompute.fargate instead',
  vpcSubnets: 'set vpcSubnets of McpCompute.fargate instead',
  securityGroups: 'set securityGroups of McpCompute.fargate instead',
  reservedConcurrency: 'set maxCapacity of McpCompute.fargate instead',
  provisionedConcurrency: 'set minCapacity of McpCompute.fargate instead',
  trafficShifting: 'set deployment of McpCompute.fargate instead, for example McpDeployment.canary()',
  tracing: 'declare spans in the Rust server instead, which it sends to a collector itself (docs/spans.md)',
  lambdaAuthorizer: "it is not needed: the tasks verify access tokens and each tool's OAuth scopes themselves",
  throttle: 'a rate-based rule of a webAcl counts by address; app clients have no limits of their own there',
  quota: 'app clients have no limits of their own there',
  throttlingRateLimit: `set settings.${SETTING.MCP_HTTP_REQUESTS} for each task and maxCapacity of McpCompute.fargate instead, or a webAcl with a rate-based rule`,
  throttlingBurstLimit: `set settings.${SETTING.MCP_HTTP_REQUESTS} for each task and maxCapacity of McpCompute.fargate instead, or a webAcl with a rate-based rule`,
};

/** Refuses what has no effect on a service behind a load balancer. */
export function assertCompute(props: McpServerProps): void {
  for (const [name, instead] of Object.entries(INSTEAD)) {
    if (props[name as keyof typeof INSTEAD] !== undefined) {
      throw synthError(
        'OptionNotOnFargate',
        `${name} is for a Lambda function behind API Gateway and has no effect with McpCompute.fargate: remove it; ${instead}`,
      );
    }
  }
  const kind = props.authorization?._externalTokens?.kind;
  if (kind !== undefined) {
    throw synthError(
      'AuthorizationNotOnFargate',
      `authorization is McpAuthorization.${kind}, whose tokens a Lambda authorizer of API Gateway verifies, and McpCompute.fargate has none in front of it: use McpAuthorization.server() or cognito(), or McpCompute.lambda()`,
    );
  }
}
