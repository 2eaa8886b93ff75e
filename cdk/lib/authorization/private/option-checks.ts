import { assertBrand } from '../../private/brand';
import { isIP } from 'node:net';
import { FORBIDDEN_SCHEMES, LONGEST_CLIENT_URL, PRIVATE_DOMAINS, SCHEME, SHA256_DIGEST } from '../../generated/facts';
import { assertConvertible, isKnown, knownItems } from '../../private/known-value';
import type { McpAuthorizationServerOptions } from '../mcp-authorization-options';
import { synthError } from '../../private/synth-error';

/** Days in ten years, the longest that Cognito keeps a refresh token. */
const MOST_DAYS = 3650;

/** Refuses values that the pages cannot show, and schemes that no application can register. */
export function assertPages(options: McpAuthorizationServerOptions): void {
  const { customSchemes } = options;
  assertBrand(options);
  for (const scheme of knownItems(customSchemes ?? [])) {
    if (!SCHEME.test(scheme) || FORBIDDEN_SCHEMES.includes(scheme)) {
      throw synthError(
        'CustomSchemeInvalid',
        `customSchemes has ${JSON.stringify(scheme)} and takes schemes that an application can claim, in lower case and without a colon: correct or remove it`,
      );
    }
  }
  const nobodyRegisters = options.registrationEnabled === false && options.clientDocumentsEnabled === false;
  for (const property of ['customSchemes', 'redirectHosts', 'registrationLifetime'] as const) {
    if (options[property] !== undefined && nobodyRegisters) {
      throw synthError(
        'RegistrationOptionNotApplied',
        `${property} is for clients that nobody registered, and registrationEnabled and clientDocumentsEnabled are false: remove it`,
      );
    }
  }
  if (options.registrationLifetime !== undefined && options.registrationEnabled === false) {
    throw synthError(
      'RegistrationOptionNotApplied',
      'registrationLifetime is for clients that register themselves, and registrationEnabled is false: remove it',
    );
  }
}

/**
 * Refuses entries of `refusedClients` that match no client.
 *
 * @param clientIds those of the clients that are registered beforehand
 */
export function assertRefusedClients(entries: string[], clientIds: string[]): void {
  for (const entry of entries) {
    const isHost = /^[a-z0-9.-]+$/.test(entry) && isDocumentUrl(`https://${entry}/x`);
    const isClient =
      clientIds.includes(entry) ||
      isHost ||
      isDocumentUrl(entry) ||
      /^mcp-client-[\w-]+$/.test(entry) ||
      SHA256_DIGEST.test(entry);
    if (isKnown(entry) && (!isClient || entry.includes(','))) {
      throw synthError(
        'RefusedClientUnknown',
        `refusedClients has ${JSON.stringify(entry)}, which matches no client: give the clientId of one of clients, the https URL or the host of a metadata document, a client_id that begins with mcp-client-, or the 64 hexadecimal characters of client_digest in the authorization server's log`,
      );
    }
  }
}

/** Whether a client can have its metadata document there, as the server reads it: it does not start with an entry that matches no client. */
export function isDocumentUrl(text: string): boolean {
  if (
    !text.startsWith('https://') ||
    text.length > LONGEST_CLIENT_URL ||
    /[@?#]|%2e|%2f|%5c/i.test(text) ||
    !URL.canParse(text)
  ) {
    return false;
  }
  const { href, hostname, port, pathname } = new URL(text);
  const last = hostname.split('.').at(-1)!;
  return (
    href === text &&
    port === '' &&
    pathname !== '/' &&
    hostname.includes('.') &&
    isIP(hostname) === 0 &&
    last !== '' &&
    !PRIVATE_DOMAINS.includes(last)
  );
}

/** Refuses lifetimes that the authorization server or Cognito would refuse. */
export function assertLifetimes(options: McpAuthorizationServerOptions): void {
  assertLifetime(
    options,
    'codeLifetime',
    'seconds',
    [5, 300],
    "5 seconds to 5 minutes, which is how long Cognito's code inside it lives",
  );
  for (const property of ['refreshTokenLifetime', 'registrationLifetime'] as const) {
    assertLifetime(options, property, 'days', [1, MOST_DAYS], `whole days from 1 to ${MOST_DAYS}`);
  }
}

function assertLifetime(
  options: McpAuthorizationServerOptions,
  property: 'codeLifetime' | 'refreshTokenLifetime' | 'registrationLifetime',
  unit: 'seconds' | 'days',
  [least, most]: [number, number],
  wanted: string,
): void {
  const lifetime = options[property];
  if (lifetime === undefined) {
    return;
  }
  assertConvertible(lifetime, unit, property);
  if (!isKnown(lifetime)) {
    return;
  }
  const number = unit === 'days' ? lifetime.toDays({ integral: false }) : lifetime.toSeconds({ integral: false });
  if (!Number.isInteger(number) || number < least || number > most) {
    throw synthError(
      'LifetimeInvalid',
      `${property} is ${lifetime.toHumanString()} and takes ${wanted}: choose one of those`,
    );
  }
}
