import * as iam from 'aws-cdk-lib/aws-iam';
import type { McpFunctionOptions } from '../mcp-function-options';
import { synthError } from '../../private/synth-error';

/** Refuses options of a network without the network. */
export function assertNetwork(options: McpFunctionOptions): void {
  for (const name of ['vpcSubnets', 'securityGroups'] as const) {
    if (options.vpc === undefined && options[name] !== undefined) {
      throw synthError('NetworkMissing', `${name} is given without a network to be of: set vpc, or remove ${name}`);
    }
  }
  if (options.securityGroups?.length === 0) {
    throw synthError(
      'SecurityGroupsEmpty',
      'securityGroups is empty, and Lambda needs one: name one, or leave it out for one of its own',
    );
  }
}

/**
 * Permits the actions that Lambda performs in a VPC with the function's role. Their resource is `*`, because the
 * network interfaces do not exist beforehand.
 */
export function permitNetworkInterfaces(role: iam.Role): void {
  role.addToPolicy(
    new iam.PolicyStatement({
      actions: [
        'ec2:AssignPrivateIpAddresses',
        'ec2:CreateNetworkInterface',
        'ec2:DeleteNetworkInterface',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeSubnets',
        'ec2:UnassignPrivateIpAddresses',
      ],
      resources: ['*'],
    }),
  );
}
