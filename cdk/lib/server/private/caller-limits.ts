import { Stack, Tokenization } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { assertCount } from '../../authorizer/private/limits';
import { CALLER_LIMIT_ACTIONS, HIGHEST_CALLER_LIMIT, SETTING } from '../../generated/facts';
import { list, synthError } from '../../private/synth-error';
import type { McpServerProps } from '../mcp-endpoint-options';

/** What the limits of single callers need of the deployment. */
export interface CallerLimits {
  readonly settings: { [name: string]: string };

  /** Further IAM actions on the state table. */
  readonly stateActions: string[];
}

/** Checks the limits of single callers against the contract, and renders them for the server. */
export function callerLimitsOf(server: Construct, props: McpServerProps): CallerLimits {
  const { callerLimits } = props;
  if (callerLimits === undefined) {
    return { settings: {}, stateActions: [] };
  }
  const { requestsPerMinute, toolCallsPerDay = {} } = callerLimits;
  const contract = props.contract._document;
  const name = contract.server.name;
  if (!contract.settings.some((item) => item.name === SETTING.MCP_CALLER_REQUESTS_PER_MINUTE)) {
    throw synthError(
      'CallerLimitsUnsupported',
      `callerLimits are counted in the table of a server that keeps state, and ${name} keeps none: add .limits_callers() and the feature state of the crate mcp-lambda to its Rust code and print the contract again, or remove callerLimits`,
    );
  }
  const tools = contract.tools.map((tool) => tool.name);
  const limits = Object.entries(toolCallsPerDay);
  for (const [tool, limit] of limits) {
    if (!tools.includes(tool)) {
      throw synthError(
        'CallerLimitToolUnknown',
        `callerLimits.toolCallsPerDay has ${tool}, which is not a tool of ${name}, which has ${list(tools)}: correct the name or remove it`,
      );
    }
    assertCount(`callerLimits.toolCallsPerDay.${tool}`, limit, HIGHEST_CALLER_LIMIT);
  }
  if (requestsPerMinute === undefined && limits.length === 0) {
    throw synthError(
      'LimitInvalid',
      'callerLimits has neither requestsPerMinute nor toolCallsPerDay: add one of them or remove callerLimits',
    );
  }
  const settings: { [name: string]: string } = {};
  if (requestsPerMinute !== undefined) {
    assertCount('callerLimits.requestsPerMinute', requestsPerMinute, HIGHEST_CALLER_LIMIT);
    settings[SETTING.MCP_CALLER_REQUESTS_PER_MINUTE] = Tokenization.stringifyNumber(requestsPerMinute);
  }
  if (limits.length > 0) {
    settings[SETTING.MCP_CALLER_TOOL_CALLS_PER_DAY] = Stack.of(server).toJsonString(toolCallsPerDay);
  }
  return { settings, stateActions: [...CALLER_LIMIT_ACTIONS] };
}
