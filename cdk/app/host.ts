import { Mfa } from 'aws-cdk-lib/aws-cognito';
import type { Construct } from 'constructs';
import { McpHost, type McpServer, McpUserPool } from '../lib';
import { acknowledgeRules } from './acknowledgements';
import { type AppContext, authorizationOf } from './context';

/** The host of several servers: one front, one user pool, one authorization server. */
export function hostOf(scope: Construct, context: AppContext): McpHost {
  const { removalPolicy, mfa, throttlingRateLimit, throttlingBurstLimit } = context.environment;
  return new McpHost(scope, 'Host', {
    userPool: mfa === Mfa.OFF ? undefined : new McpUserPool(scope, 'People', { mfa, removalPolicy }),
    front: context.front,
    authorization: authorizationOf(context),
    callbackPort: context.callbackPort,
    removalPolicy,
    throttlingRateLimit,
    throttlingBurstLimit,
  });
}

/** Adds a machine client to each server, and the outputs of both, whose names begin with the server's prefix. */
export function addClientsAndOutputs(servers: { readonly [prefix: string]: McpServer }): void {
  for (const [prefix, server] of Object.entries(servers)) {
    const machineClient = server.addMachineClient('MachineClient');
    server.addOutputs({ machineClient, prefix });
    acknowledgeRules(server, machineClient);
  }
}
