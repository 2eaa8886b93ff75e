import { Tokenization } from 'aws-cdk-lib';
import { isKnown } from '../../private/known-value';
import { synthError } from '../../private/synth-error';

/** The longest full scope, `<identifier>/<name>`, and the longest description that Cognito accepts, in characters. */
const MOST_CHARACTERS = 256;

/** Refuses OAuth scopes that Cognito would refuse at deployment. Of CDK tokens, the characters around them count. */
export function assertScopesFit(
  identifier: string,
  scopes: readonly { readonly name: string; readonly description: string }[],
): void {
  for (const { name, description } of scopes) {
    const length = knownLength(`${identifier}/${name}`);
    if (length > MOST_CHARACTERS) {
      throw synthError(
        'ScopeTooLong',
        `the OAuth scope ${identifier}/${name} has ${length} characters and Cognito takes ${MOST_CHARACTERS}, resource identifier included: shorten its name, or the path or host name of the server`,
      );
    }
    if (isKnown(description) && (description === '' || description.length > MOST_CHARACTERS)) {
      throw synthError(
        'ScopeDescriptionInvalid',
        `the description of the OAuth scope ${name} has ${description.length} characters and Cognito takes 1 to ${MOST_CHARACTERS}: ${description === '' ? 'add one' : 'shorten it'}`,
      );
    }
  }
}

function knownLength(value: string): number {
  const known = Tokenization.reverseString(value).mapTokens({ mapToken: () => '' });
  return String(known.join({ join: (left, right) => `${left}${right}` })).length;
}
