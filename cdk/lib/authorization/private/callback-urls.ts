import { LONGEST_CLIENT_URL } from '../../generated/facts';
import { assertListKnown, isKnown, knownItems } from '../../private/known-value';
import { synthError } from '../../private/synth-error';
import { isSafe } from '../../front/private/origin';
import { urlOf } from '../../private/urls';

/** Refuses redirect URIs that are neither https nor loopback, or that Cognito and our authorization server could not compare exactly. */
export function assertCallbackUrls(values: string[], property: string): void {
  for (const value of knownItems(values)) {
    const url = urlOf(value);
    if (url === undefined || /[*#]/.test(value) || !isSafe(url)) {
      throw synthError(
        'CallbackUrlNotSafe',
        `${property} has ${JSON.stringify(value)} and takes https URLs, or http ones on localhost, 127.0.0.1 or [::1], without a fragment or a wildcard: correct or remove it`,
      );
    }
  }
}

/**
 * Refuses redirect URIs that the authorization server does not take, which does not start with one. It reads a URI only in its
 * canonical spelling, so that what it has compared is what a browser follows.
 */
export function assertCanonical(values: string[], property: string): void {
  const value = knownItems(values).find((each) => !isCanonical(each));
  if (value !== undefined) {
    throw synthError(
      'CallbackUrlNotCanonical',
      `${property} has ${JSON.stringify(value)} and takes URIs in canonical spelling of at most ${LONGEST_CLIENT_URL} characters: lower-case host without a dot at its end, no user name, no default port, no '..' and no encoded dot or slash: correct or remove it`,
    );
  }
}

/** Whether a URI is spelled as a browser sends it. A URI without a path counts, and so does port 80 of loopback. */
export function isCanonical(value: string): boolean {
  if (!URL.canParse(value) || value.length > LONGEST_CLIENT_URL || value.includes('`')) {
    return false;
  }
  const { href, host, protocol, username, hostname, pathname } = new URL(value);
  const written =
    protocol === 'http:' && value.startsWith(`http://${host}:80`) ? href.replace(host, `${host}:80`) : href;
  return (
    (written === value || written === `${value}/`) &&
    username === '' &&
    !hostname.endsWith('.') &&
    !/%2e|%2f|%5c|%00/i.test(pathname)
  );
}

/** Options that determine the redirect URIs of manually configured MCP clients. */
export interface CallbackOptions {
  readonly callbackPort?: number;
  readonly callbackUrls?: string[];
}

/** The port that MCP clients on a user's machine listen on. */
export function callbackPortOf(props: CallbackOptions): number {
  const port = props.callbackPort ?? 8765;
  if (isKnown(port) && (!Number.isInteger(port) || port < 1 || port > 65535)) {
    throw synthError(
      'CallbackPortInvalid',
      `callbackPort is ${port} and needs a whole number from 1 to 65535: use the port of the MCP client's --callback-port`,
    );
  }
  return port;
}

/** The redirect URIs of MCP clients that are configured manually. */
export function callbackUrlsOf(props: CallbackOptions): string[] {
  const port = callbackPortOf(props);
  const further = props.callbackUrls ?? [];
  assertCallbackUrls(further, 'callbackUrls');
  return [...new Set([`http://localhost:${port}/callback`, `http://127.0.0.1:${port}/callback`, ...further])];
}

/** The same for the authorization server, whose setting is JSON: CloudFormation cannot write a list into it. */
export function redirectUrisOf(props: CallbackOptions): string[] {
  assertListKnown(props.callbackUrls ?? [], 'callbackUrls', 'give an array, whose items may be CDK tokens');
  assertCanonical(props.callbackUrls ?? [], 'callbackUrls');
  return callbackUrlsOf(props);
}
