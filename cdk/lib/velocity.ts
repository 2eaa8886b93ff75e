import { Token } from 'aws-cdk-lib';
import { synthError } from './synth-error';

/** Characters with a meaning in API Gateway's mapping templates (Velocity) or inside the quotes that the text stands in. */
const LIVE_CHARACTERS = /[$#"'\\\u0000-\u001f\u007f]/;

/**
 * Refuses a text that would not arrive as written in a static answer of API Gateway.
 *
 * The body of a mock integration is a Velocity template, and a gateway response's header stands in single quotes:
 * `$` and `#` would be evaluated, quotes and `\` would end the string. Unresolved tokens pass: CloudFormation fills
 * in identifiers and host names there, which hold none of these characters.
 */
export function assertStatic(value: string, what: string): void {
  if (Token.isUnresolved(value)) {
    return;
  }
  const live = LIVE_CHARACTERS.exec(value);
  if (live) {
    throw synthError(
      'TextNotStatic',
      `${what} is ${JSON.stringify(value)}, and API Gateway would evaluate ${JSON.stringify(live[0])} in it: remove the character`,
    );
  }
}

/** Applies {@link assertStatic} to every string of a JSON document, names of members included. */
export function assertStaticDocument(document: unknown, what: string): void {
  if (typeof document === 'string') {
    assertStatic(document, what);
  } else if (Array.isArray(document)) {
    document.forEach((item, index) => assertStaticDocument(item, `${what}[${index}]`));
  } else if (typeof document === 'object' && document !== null) {
    for (const [name, member] of Object.entries(document)) {
      assertStatic(name, `a member name of ${what}`);
      assertStaticDocument(member, `${what}.${name}`);
    }
  }
}
