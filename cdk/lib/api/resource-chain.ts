import { type CfnResource, Stack } from 'aws-cdk-lib';

/** The resource that was chained last, by stack and type. */
const lastOf = new WeakMap<Stack, Map<string, CfnResource>>();

/**
 * Makes CloudFormation create and delete the resources of one type in a stack one after another.
 *
 * API Gateway limits some operations for a whole account, for example to one DeleteRestApi in 30 seconds and one
 * UpdateUsagePlan in 20: concurrent calls are refused, and the deployment or deletion fails. Use it only for types that
 * do not refer to a resource that is chained later, which would be a cycle.
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
