import { type IResolveContext, Lazy, Stack, Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { isKnown } from '../private/known-value';
import { synthError } from '../private/synth-error';

/** Characters that end the single quotes of a header's value in API Gateway, or may be evaluated inside of them. */
const NOT_IN_HEADERS = /[$#"'\\\u0000-\u001f\u007f]/;

/**
 * Refuses a value that would not arrive unchanged in a header of a static response: API Gateway puts it in single
 * quotes and has no escape for them. CDK tokens pass: CloudFormation fills in identifiers and host names.
 */
export function assertHeaderValue(value: string, what: string): void {
  if (!isKnown(value)) {
    return;
  }
  const refused = NOT_IN_HEADERS.exec(value);
  if (refused) {
    throw synthError(
      'TextNotStatic',
      `${what} is ${JSON.stringify(value)}, and a header of an API Gateway response cannot hold ${JSON.stringify(refused[0])}: remove the character`,
    );
  }
}

/**
 * Returns JSON as the mapping template (Velocity) of a static response, which API Gateway evaluates to exactly this
 * document. Values that are known only at deployment are inserted unchanged.
 */
export function jsonTemplate(scope: IConstruct, document: unknown): string {
  return template(Stack.of(scope).toJsonString(document), inertJson);
}

/** Returns HTML as such a template. Values that are known only at deployment are inserted unchanged. */
export function htmlTemplate(html: string): string {
  return template(html, (part) => part.replaceAll('$', '&dollar;').replaceAll('#', '&num;'));
}

function template(document: string, inert: (part: string) => string): string {
  return Token.asString(
    Lazy.uncachedAny({ produce: (context: IResolveContext) => inertParts(context.resolve(document), inert) }),
  );
}

/**
 * A JSON string in which Velocity finds nothing to evaluate: references begin with `$`, directives and comments with
 * `#`, and JSON can spell both otherwise.
 */
export function inertJson(json: string): string {
  return json.replaceAll('$', '\\u0024').replaceAll('#', '\\u0023');
}

/** The same for a document that CloudFormation joins from strings and values that are known at deployment. */
function inertParts(
  document: string | { readonly 'Fn::Join': [separator: string, parts: unknown[]] },
  inert: (part: string) => string,
): unknown {
  if (typeof document === 'string') {
    return inert(document);
  }
  const [separator, parts] = document['Fn::Join'];
  return { 'Fn::Join': [separator, parts.map((part) => (typeof part === 'string' ? inert(part) : part))] };
}
