import { list, synthError } from '../../private/synth-error';

/**
 * The names of OAuth scopes, which must be known ones; all known ones unless some are given.
 *
 * @param property the property that has them
 */
export function scopeNamesOf(
  oauthScopes: readonly { readonly scopeName: string }[] | undefined,
  known: readonly string[],
  property: string,
): string[] {
  const names = oauthScopes?.map((scope) => scope.scopeName) ?? [...known];
  if (names.length === 0 || names.some((name) => !known.includes(name))) {
    throw synthError(
      'ScopeUnknown',
      `${property} is ${list(names)} and needs at least one of the contract's scopes: use ${list(known)}`,
    );
  }
  return names;
}
