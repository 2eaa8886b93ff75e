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
  const json = Stack.of(scope).toJsonString(document);
  return Token.asString(Lazy.uncachedAny({ produce: (context: IResolveContext) => inert(context.resolve(json)) }));
}

/**
 * A JSON string in which Velocity finds nothing to evaluate: references begin with `$`, directives and comments with
 * `#`, and JSON can spell both otherwise.
 */
export function inertJson(json: string): string {
  return json.replaceAll('$', '\\u0024').replaceAll('#', '\\u0023');
}

/** The same for JSON that CloudFormation joins from strings and values that are known at deployment. */
function inert(json: string | { readonly 'Fn::Join': [separator: string, parts: unknown[]] }): unknown {
  if (typeof json === 'string') {
    return inertJson(json);
  }
  const [separator, parts] = json['Fn::Join'];
  return { 'Fn::Join': [separator, parts.map((part) => (typeof part === 'string' ? inertJson(part) : part))] };
}
