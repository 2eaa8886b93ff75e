import { type CfnResource, Stack } from 'aws-cdk-lib';

/** The resource that was chained last, by stack and type. */
const lastOf = new WeakMap<Stack, Map<string, CfnResource>>();

/**
 * Lets CloudFormation define and delete the resources of one type in a stack one after another.
 *
 * API Gateway takes few requests of some kinds from a whole account, one DeleteRestApi in 30 seconds and one UpdateUsagePlan in 20:
 * several at the same moment are refused, and a deployment or a deletion fails. For types that refer to nothing that is chained
 * later, so that no cycle can come of it.
 */
export function chain(resource: CfnResource): void {
  const stack = Stack.of(resource);
  const ofStack = lastOf.get(stack) ?? new Map<string, CfnResource>();
  lastOf.set(stack, ofStack);
  const before = ofStack.get(resource.cfnResourceType);
  if (before !== undefined) {
    resource.node.addDependency(before);
  }
  ofStack.set(resource.cfnResourceType, resource);
}
