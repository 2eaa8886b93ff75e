import { isKnown } from './known-value';
import { synthError } from './synth-error';

/** Loopback hosts. */
const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

/** OAuth compares these URLs as strings, so only the one canonical spelling of an origin is accepted. */
export function assertOrigin(value: string, name: string): void {
  if (!isKnown(value)) {
    return;
  }
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.origin !== value) {
    throw synthError('FrontUrlNotOrigin', `${name} is ${JSON.stringify(value)} and needs an origin without a path or a trailing slash, for example https://mcp.example.com`);
  }
  if (url.protocol === 'http:' && !LOOPBACK.includes(url.hostname)) {
    throw synthError('FrontUrlNotHttps', `${name} is ${JSON.stringify(value)}, and access tokens would travel unencrypted: use https (http is for loopback addresses only)`);
  }
}

/** Refuses a value that is not a URL of an OAuth server: https, or http on loopback, without a fragment. */
export function assertOAuthUrl(value: string, name: string): void {
  if (!isKnown(value)) {
    return;
  }
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const loopback = url?.protocol === 'http:' && LOOPBACK.includes(url.hostname);
  if (url === undefined || url.hash !== '' || /[\s"\\<>]/.test(value) || !(url.protocol === 'https:' || loopback)) {
    throw synthError('OAuthUrlInvalid', `${name} is ${JSON.stringify(value)} and needs an https URL without a fragment: take it from the provider's OpenID configuration`);
  }
}
