import { LOOPBACK_HOSTS } from '../../generated/facts';
import { isKnown } from '../../private/known-value';
import { synthError } from '../../private/synth-error';
import { urlOf } from '../../private/urls';

/** Whether a URL is https, or http on loopback. */
export function isSafe(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK_HOSTS.includes(url.hostname));
}

/** OAuth compares these URLs as strings, so only the one canonical spelling of an origin is accepted. */
export function assertOrigin(value: string, name: string): void {
  if (!isKnown(value)) {
    return;
  }
  const url = urlOf(value);
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.origin !== value) {
    throw synthError(
      'FrontUrlNotOrigin',
      `${name} is ${JSON.stringify(value)} and needs an origin without a path or a trailing slash, for example https://mcp.example.com`,
    );
  }
  if (!isSafe(url)) {
    throw synthError(
      'FrontUrlNotHttps',
      `${name} is ${JSON.stringify(value)}, and access tokens would travel unencrypted: use https (http is for loopback addresses only)`,
    );
  }
}
