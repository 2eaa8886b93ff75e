import { Duration } from 'aws-cdk-lib';
import { isKnown } from '../../private/known-value';
import { synthError } from '../../private/synth-error';

/** How long a function may run: Lambda's own limit, and API Gateway's for streamed answers. */
const LONGEST_TIMEOUT = Duration.minutes(15);

/** Refuses what API Gateway would end before the function or the endpoint does. */
export function assertTimeout(timeout: Duration): void {
  if (isKnown(timeout) && timeout.toSeconds() > LONGEST_TIMEOUT.toSeconds()) {
    throw synthError('TimeoutTooLong', `timeout is ${timeout.toSeconds()} seconds and API Gateway streams for at most ${LONGEST_TIMEOUT.toSeconds()}: give a shorter timeout`);
  }
}
