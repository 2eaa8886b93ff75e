import type { McpFunctionOptions } from '../../function/mcp-function-options';

/** The options of the function among the properties of something larger. */
export function functionOptionsOf(options: McpFunctionOptions): McpFunctionOptions {
  const {
    memorySize,
    timeout,
    logRetention,
    tracing,
    vpc,
    vpcSubnets,
    securityGroups,
    reservedConcurrency,
    provisionedConcurrency,
    trafficShifting,
  } = options;
  return {
    memorySize,
    timeout,
    logRetention,
    tracing,
    vpc,
    vpcSubnets,
    securityGroups,
    reservedConcurrency,
    provisionedConcurrency,
    trafficShifting,
  };
}
