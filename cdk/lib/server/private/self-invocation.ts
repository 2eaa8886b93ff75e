import { Duration } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { ContractSelfInvocation } from '../../generated/contract-schema';
import type { McpFunction } from '../../function/mcp-function';

/**
 * Permits a function to invoke itself asynchronously, and limits how long such an invocation may wait.
 *
 * A function given with `McpCode.fromFunction` keeps its own limits.
 */
export function permitSelfInvocation(
  scope: Construct,
  mcpFunction: McpFunction,
  options: ContractSelfInvocation,
): void {
  const { function: handler, alias } = mcpFunction;
  // The function waits for its role's own policy, which therefore cannot name the function.
  const policy = new iam.Policy(scope, 'SelfInvocation', {
    statements: [
      new iam.PolicyStatement({
        actions: ['lambda:InvokeFunction'],
        // A version continues its own work, also while requests move on to the next one.
        resources: [alias === undefined ? handler.functionArn : `${handler.functionArn}:*`],
      }),
    ],
  });
  handler.role?.attachInlinePolicy(policy);
  if (mcpFunction.logGroup !== undefined) {
    new lambda.EventInvokeConfig(scope, 'SelfInvocationLimits', {
      function: handler,
      qualifier: alias?.version.version ?? '$LATEST',
      maxEventAge: Duration.seconds(options.maximumEventAgeSeconds),
      retryAttempts: options.retryAttempts,
    });
  }
}
