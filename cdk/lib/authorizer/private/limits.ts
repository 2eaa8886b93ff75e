import { SERVER_BURST, SERVER_RATE } from '../../api/rest-api';
import { isKnown } from '../../private/known-value';
import type { McpAppClientLimits } from '../mcp-app-client-limits';
import { synthError } from '../../private/synth-error';

/** The limits of a server: for single app clients, and for all callers together. */
export interface LimitedServer extends McpAppClientLimits, ServerThrottle {}

/** Limits of all callers together. */
export interface ServerThrottle {
  readonly throttlingRateLimit?: number;
  readonly throttlingBurstLimit?: number;
}

export function hasLimits(limits: McpAppClientLimits): boolean {
  return limits.throttle !== undefined || limits.quota !== undefined;
}

/** Refuses limits that API Gateway would refuse or that no app client could reach. */
export function assertLimits(limits: McpAppClientLimits, server: ServerThrottle): void {
  const { throttle, quota } = limits;
  if (throttle !== undefined) {
    assertNumber('throttle.rateLimit', throttle.rateLimit, (value) => value > 0, 'a number above 0');
    assertCount('throttle.burstLimit', throttle.burstLimit);
    assertBelow('rateLimit', throttle.rateLimit, 'throttlingRateLimit', server.throttlingRateLimit ?? SERVER_RATE);
    assertBelow('burstLimit', throttle.burstLimit, 'throttlingBurstLimit', server.throttlingBurstLimit ?? SERVER_BURST);
  }
  if (quota !== undefined) {
    assertCount('quota.limit', quota.limit);
  }
}

/** Refuses a number that is not a whole one of 1 or more, or that is above the highest one. */
export function assertCount(name: string, value: number, highest?: number): void {
  assertNumber(
    name,
    value,
    (number) => Number.isInteger(number) && number >= 1 && number <= (highest ?? number),
    highest === undefined ? 'a whole number of 1 or more' : `a whole number of 1 to ${highest}`,
  );
}

function assertNumber(name: string, value: number, fits: (value: number) => boolean, needed: string): void {
  if (isKnown(value) && !(Number.isFinite(value) && fits(value))) {
    throw synthError('LimitInvalid', `${name} is ${value} and needs ${needed}: correct it`);
  }
}

function assertBelow(name: string, value: number, serverName: string, ofAll: number): void {
  if (isKnown(value) && isKnown(ofAll) && value > ofAll) {
    throw synthError(
      'LimitNeverReached',
      `throttle.${name} is ${value} and ${serverName}, for all callers together, is ${ofAll}: lower the first or raise the second`,
    );
  }
}
