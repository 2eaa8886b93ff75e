/** How the CDK encodes a token in a string, as a number and as an item of a list. */
const ENCODED_TOKENS = /[$#]\{Token\[[^\]]*\]\}|-1\.\d{10,16}e\+289/g;

/**
 * An error for the person who runs `cdk synth`. The message names the input, shows its value and says the fix; the
 * identifier in parentheses is stable for searches and tests. CDK tokens in the message are made readable.
 */
export function synthError(identifier: string, message: string): Error {
  return new Error(`${message.replace(ENCODED_TOKENS, '<CDK token>')} (${identifier})`);
}

/** A list for an error message. */
export function list(names: readonly string[]): string {
  return names.length === 0 ? '(none)' : names.join(', ');
}
