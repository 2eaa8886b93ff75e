import { list } from '../../private/synth-error';

/** The keywords of JSON Schema (2020-12) in the contract's schema. A schema with others is not read correctly. */
export interface Schema {
  readonly $ref?: string;
  /** A schema, or null. */
  readonly anyOf?: readonly Schema[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly if?: Schema;
  readonly items?: Schema;
  readonly maximum?: number;
  readonly minimum?: number;
  readonly minLength?: number;
  /** Constants. */
  readonly oneOf?: readonly Schema[];
  readonly pattern?: string;
  readonly properties?: { readonly [name: string]: Schema };
  readonly required?: readonly string[];
  readonly then?: Schema;
  /** A pattern in words. */
  readonly title?: string;
  readonly type?: string | readonly string[];
  readonly $defs?: { readonly [name: string]: Schema };
}

/** A member that does not meet its schema. */
export interface Misfit {
  /** Its path, for example `scopes[1].name`; empty for the document. */
  readonly at: string;
  readonly value: unknown;
  readonly expected: string;
}

/** Finds the first member of a JSON document that does not meet the schema. Members that the schema does not have are ignored. */
export function misfitOf(root: Schema, document: unknown): Misfit | undefined {
  const find = (schema: Schema, value: unknown, at: string): Misfit | undefined => {
    const rule = resolved(root, schema, value);
    const expected = expectation(rule, value);
    if (expected !== undefined) {
      return { at, value, expected };
    }
    const then = rule.if !== undefined && find(rule.if, value, at) === undefined ? rule.then?.properties : undefined;
    for (const [name, member, inner] of membersOf({ ...rule.properties, ...then }, rule, value)) {
      const misfit = find(member, inner, `${at}${name}`.replace(/^\./, ''));
      if (misfit !== undefined) {
        return misfit;
      }
    }
    return undefined;
  };
  return find(root, document, '');
}

/** The schema that a reference, or an alternative to null, leads to. */
function resolved(root: Schema, schema: Schema, value: unknown): Schema {
  if (schema.anyOf !== undefined) {
    return value === null ? { type: 'null' } : resolved(root, schema.anyOf[0], value);
  }
  if (Array.isArray(schema.type)) {
    return value === null ? { type: 'null' } : { ...schema, type: schema.type[0] };
  }
  return schema.$ref === undefined ? schema : root.$defs![schema.$ref.slice('#/$defs/'.length)];
}

/** The items of an array, and the members of an object that are there or required. */
function membersOf(
  properties: { readonly [name: string]: Schema },
  rule: Schema,
  value: unknown,
): [name: string, schema: Schema, value: unknown][] {
  if (Array.isArray(value)) {
    return value.map((item, index) => [`[${index}]`, rule.items ?? {}, item]);
  }
  const members = isObject(value) ? value : {};
  return Object.entries(properties)
    .filter(([name]) => isObject(value) && (members[name] !== undefined || rule.required?.includes(name)))
    .map(([name, schema]) => [`.${name}`, schema, members[name]]);
}

/** What a value itself should be, unless it is that. */
function expectation(rule: Schema, value: unknown): string | undefined {
  const choices =
    rule.enum ?? rule.oneOf?.map((each) => each.const) ?? (rule.const === undefined ? undefined : [rule.const]);
  if (choices !== undefined) {
    return choices.includes(value)
      ? undefined
      : choices.length === 1
        ? JSON.stringify(choices[0])
        : `one of ${list(choices.map(String))}`;
  }
  switch (rule.type) {
    case 'object':
      return isObject(value) ? undefined : 'an object';
    case 'array':
      return Array.isArray(value) ? undefined : 'an array';
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'true or false';
    case 'integer':
      return Number.isInteger(value) && (value as number) >= rule.minimum! && (value as number) <= rule.maximum!
        ? undefined
        : `a whole number from ${rule.minimum} to ${rule.maximum}`;
    case 'string':
      if (typeof value !== 'string' || (value === '' && (rule.minLength !== undefined || rule.pattern !== undefined))) {
        return rule.minLength === undefined && rule.pattern === undefined ? 'a string' : 'a non-empty string';
      }
      return rule.pattern === undefined || new RegExp(rule.pattern, 'u').test(value)
        ? undefined
        : (rule.title ?? `a string that matches ${rule.pattern}`);
    default:
      return value === undefined ? 'a value' : undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
