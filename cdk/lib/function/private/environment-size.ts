import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { synthError } from '../../private/synth-error';

/** Bytes of all names and values that a function's environment may have. */
const MOST_BYTES = 4096;

/** How many of the largest variables an error names. */
const NAMED = 3;

/**
 * Refuses an environment that Lambda would refuse at deployment. Values that are known only at deployment count as
 * empty, so an environment just below the limit may still be refused there.
 */
export function assertEnvironmentFits(construct: Construct, environment: { [name: string]: string }): void {
  const stack = Stack.of(construct);
  const sizes = Object.entries(environment).map(([name, value]) => ({
    name,
    bytes: Buffer.byteLength(name) + knownBytes(stack.resolve(value)),
  }));
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total > MOST_BYTES) {
    const largest = [...sizes]
      .sort((left, right) => right.bytes - left.bytes)
      .slice(0, NAMED)
      .map(({ name, bytes }) => `${name} (${bytes})`);
    throw synthError(
      'EnvironmentTooLarge',
      `the settings of the function have ${total} bytes and Lambda takes ${MOST_BYTES}; the largest are ${largest.join(', ')}: shorten them, for example the descriptions of OAuth scopes or the list of clients`,
    );
  }
}

/** Bytes of the part of a value that is known at synth: a whole string, or the strings between references. */
function knownBytes(value: unknown): number {
  if (typeof value === 'string') {
    return Buffer.byteLength(value);
  }
  const parts = (value as { 'Fn::Join'?: [separator: string, parts: unknown] } | undefined)?.['Fn::Join']?.[1];
  return Array.isArray(parts) ? parts.reduce((sum: number, part) => sum + knownBytes(part), 0) : 0;
}
