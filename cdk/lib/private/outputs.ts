import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { assertKnown } from './known-value';
import { synthError } from './synth-error';

/** Outputs by name. */
export interface Outputs {
  readonly [name: string]: readonly [value: string, description: string];
}

/** Adds outputs to the stack of a construct. Each name is the whole logical id, so that programs can rely on it. */
export function addStackOutputs(scope: Construct, prefix: string, outputs: Outputs): void {
  assertKnown(prefix, 'prefix of addOutputs', 'give a plain string, because it is part of logical ids');
  if (!/^[A-Za-z0-9]*$/.test(prefix)) {
    throw synthError(
      'OutputPrefixInvalid',
      `prefix of addOutputs must have letters and digits only; got ${JSON.stringify(prefix)}`,
    );
  }
  const stack = Stack.of(scope);
  for (const [name, [value, description]] of Object.entries(outputs)) {
    const id = `${prefix}${name}`;
    if (stack.node.tryFindChild(id) !== undefined) {
      throw synthError(
        'OutputNameTaken',
        `stack ${stack.node.id} has an output ${id} already: give addOutputs of ${scope.node.path} another prefix`,
      );
    }
    new CfnOutput(stack, id, { value, description });
  }
}
