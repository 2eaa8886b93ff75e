import { type Duration, Fn, Token, Tokenization } from 'aws-cdk-lib';
import { synthError } from './synth-error';

/** Types of properties that can be CDK tokens, whose values are known only at deployment. */
type Value = string | number | Duration | readonly string[];

/**
 * Whether a value is known at synth as a whole. It is not if it is a CDK token, holds one, or is a list that holds one.
 *
 * Every check of a property's form calls this first: a CDK token is encoded as a string, a number or a list that looks
 * like an invalid value.
 */
export function isKnown<T extends Value>(value: T | undefined): value is T {
  if (value === undefined) {
    return false;
  }
  if (typeof value === 'string') {
    // Token.isUnresolved does not see a number token inside a string, for example the port of a URL.
    return !isListToken(value) && Tokenization.reverseString(value).tokens.length === 0;
  }
  if (typeof value === 'number') {
    return !Token.isUnresolved(value);
  }
  return Array.isArray(value) ? value.every(isKnown) : !(value as Duration).isUnresolved();
}

/** Refuses a CDK token where the value itself is needed at synth, for example because construct IDs or other properties depend on it. */
export function assertKnown(value: Value, property: string, fix: string): void {
  if (!isKnown(value)) {
    throw synthError(
      'ValueNotKnown',
      `${property} must be known at synth, and is a CDK token, whose value is known at deployment: ${fix}`,
    );
  }
}

/** Refuses a list whose length is not known at synth. Its items may be CDK tokens. */
export function assertListKnown(values: readonly string[], property: string, fix: string): void {
  if (values.some(isListToken)) {
    throw synthError(
      'ValueNotKnown',
      `${property} must be known at synth as a list, and is a CDK token of a whole list: ${fix}`,
    );
  }
}

/** Refuses a duration that is a CDK token in another unit than the one that AWS or the program takes: CloudFormation cannot convert it. */
export function assertConvertible(duration: Duration, unit: 'millis' | 'seconds' | 'days', property: string): void {
  if (duration.isUnresolved() && duration.unitLabel() !== unit) {
    throw synthError(
      'ValueNotKnown',
      `${property} must be known at synth to be converted, and is a CDK token in ${duration.unitLabel()}: give it as Duration.${unit}(), or as a plain number`,
    );
  }
}

/** Whether two values, for example Regions, are known at synth and differ. */
export function differ(left: string, right: string): boolean {
  return !Token.isUnresolved(left) && !Token.isUnresolved(right) && left !== right;
}

/** The items of a list that are known at synth. */
export function knownItems(values: readonly string[]): string[] {
  return values.filter(isKnown);
}

/**
 * The items of a list that are joined with `separator`: a list that is a CDK token, or part of one, becomes one item,
 * which at deployment is joined with the same separator.
 */
export function itemsOf(values: readonly string[], separator: string): string[] {
  return values.map((value) => (isListToken(value) ? Fn.join(separator, [value]) : value));
}

/** The items of a list of URLs for a CloudFormation property. */
export function urlListOf(values: string[]): string[] {
  // No URL has a space in it.
  return values.some(isListToken) ? Fn.split(' ', itemsOf(values, ' ').join(' ')) : values;
}

/** Whether an item is the encoding of a whole list. */
function isListToken(value: string): boolean {
  return Token.isUnresolved([value]);
}
