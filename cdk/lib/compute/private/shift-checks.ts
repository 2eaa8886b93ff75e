import type { Duration } from 'aws-cdk-lib';
import { assertKnown } from '../../private/known-value';
import { synthError } from '../../private/synth-error';

/** The steps of a deployment, and the time after the last one. */
interface Shift {
  readonly stepPercent?: number;
  readonly stepBakeTime?: Duration;
  readonly bakeTime?: Duration;
}

/** The longest time between two steps, and after the last one, in minutes. */
const LONGEST = 24 * 60;

/** Refuses steps that Amazon ECS would refuse. */
export function assertShift({ stepPercent, ...times }: Shift, least: number): void {
  if (stepPercent !== undefined) {
    assertKnown(stepPercent, 'stepPercent', 'give a plain number');
    if (!(stepPercent >= least && stepPercent <= 100)) {
      throw synthError(
        'StepPercentInvalid',
        `stepPercent is ${stepPercent} and needs ${least} to 100: correct it, or leave it out`,
      );
    }
  }
  for (const [name, time] of Object.entries(times) as [string, Duration | undefined][]) {
    if (time !== undefined) {
      assertMinutes(name, time);
    }
  }
}

function assertMinutes(name: string, time: Duration): void {
  assertKnown(time, name, 'give a Duration of a plain number, because Amazon ECS takes it in minutes');
  const minutes = time.toMinutes({ integral: false });
  if (!Number.isInteger(minutes) || minutes > LONGEST) {
    throw synthError(
      'BakeTimeInvalid',
      `${name} is ${minutes} minutes and needs 0 to ${LONGEST} whole minutes: correct it, or leave it out`,
    );
  }
}
