/**
 * An error for the person who runs `cdk synth`. The message names the input, shows its value and says the mend;
 * the identifier in parentheses is stable, so that it can be searched for and tested.
 */
export function synthError(identifier: string, message: string): Error {
  return new Error(`${message} (${identifier})`);
}
