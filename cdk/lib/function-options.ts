import type { McpFunctionOptions } from './mcp-function';

/** The options of the function among the properties of something larger. */
export function functionOptionsOf(options: McpFunctionOptions): McpFunctionOptions {
  const { memorySize, timeout, logRetention, tracing, vpc, vpcSubnets, securityGroups, reservedConcurrency, provisionedConcurrency, trafficShifting } = options;
  return { memorySize, timeout, logRetention, tracing, vpc, vpcSubnets, securityGroups, reservedConcurrency, provisionedConcurrency, trafficShifting };
}
