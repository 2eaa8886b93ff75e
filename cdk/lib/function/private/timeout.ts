import { Duration } from 'aws-cdk-lib';
import { isKnown } from '../../private/known-value';
import { synthError } from '../../private/synth-error';

/** The longest timeout of a function: Lambda's limit, and API Gateway's for streamed responses. */
const LONGEST_TIMEOUT = Duration.minutes(15);

/** Refuses a timeout that is longer than API Gateway waits. */
export function assertTimeout(timeout: Duration): void {
  if (isKnown(timeout) && timeout.toSeconds() > LONGEST_TIMEOUT.toSeconds()) {
    throw synthError(
      'TimeoutTooLong',
      `timeout is ${timeout.toSeconds()} seconds and API Gateway streams for at most ${LONGEST_TIMEOUT.toSeconds()}: give a shorter timeout`,
    );
  }
}
