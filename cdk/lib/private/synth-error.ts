/** How the CDK encodes a token in a string, as a number and as an item of a list. */
const ENCODED_TOKENS = /[$#]\{Token\[[^\]]*\]\}|-1\.\d{10,16}e\+289/g;

/** Frames of packages and of Node itself. */
const FOREIGN_FRAME = /[\\/]node_modules[\\/]|\(?node:/;

/**
 * An error for the person who runs `cdk synth`. The message names the input, shows its value and says the fix; the
 * identifier in parentheses is stable for searches and tests. CDK tokens in the message are made readable. Its stack has the
 * frames of the app alone, as far as there are any.
 */
export function synthError(identifier: string, message: string): Error {
  const error = new Error(`${message.replace(ENCODED_TOKENS, '<CDK token>')} (${identifier})`);
  const heading = `${error.name}: ${error.message}`;
  const frames = error.stack?.slice(heading.length + 1).split('\n') ?? [];
  const own = frames.filter((frame) => !FOREIGN_FRAME.test(frame));
  if (own.length > 0) {
    error.stack = [heading, ...own].join('\n');
  }
  return error;
}

/** A list for an error message. */
export function list(names: readonly string[]): string {
  return names.length === 0 ? '(none)' : names.join(', ');
}
