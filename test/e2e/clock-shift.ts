/** Lets the deployed authorization server believe that it is another day, so that what lasts for months can end in a test. */

import { execFileSync } from 'node:child_process';

import { setVariables, variable } from './function-variables.ts';
import { aws, type Stack } from './stack.ts';

/** Moves the clock of the authorization server, and of nothing else, by so many days; what is returned moves it back. */
export async function shiftClock(stack: Stack, days: number): Promise<() => Promise<void>> {
  // AWS refuses a request of another day, so that the secrets cannot be read then: they are put where they are read from no store.
  const secret = async (name: string): Promise<string> => {
    const { SecretString } = await aws<{ SecretString: string }>(
      stack,
      'secretsmanager',
      'secretsmanager.GetSecretValue',
      { SecretId: await variable(stack, name) },
    );
    return SecretString;
  };
  return setVariables(stack, 'AUTHORIZATION_ISSUER', {
    AUTHORIZATION_SEALING_SECRET: await secret('AUTHORIZATION_SEALING_SECRET_ARN'),
    AUTHORIZATION_SEALING_SECRET_ARN: undefined,
    AUTHORIZATION_COGNITO_CLIENT_SECRET: await secret('AUTHORIZATION_COGNITO_CLIENT_SECRET_ARN'),
    AUTHORIZATION_COGNITO_CLIENT_SECRET_ARN: undefined,
    // The program of that name knows where its library is on this machine.
    LD_PRELOAD: execFileSync('faketime', ['-f', '+0', 'printenv', 'LD_PRELOAD'], { encoding: 'utf8' }).trim(),
    FAKETIME: `${days < 0 ? '' : '+'}${days}d`,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  });
}
