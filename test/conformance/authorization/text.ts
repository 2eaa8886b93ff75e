/** Small readings of headers, tokens and pages. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

import type { Page } from './browser.ts';
import { targetOf } from './browser.ts';
import type { Answer } from './server.ts';

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** `Authorization: Basic`, both halves form-encoded first. */
export function basic(id: string, secret: string): Record<string, string> {
  const encoded = (text: string): string => new URLSearchParams([['', text]]).toString().slice(1);
  return { authorization: `Basic ${Buffer.from(`${encoded(id)}:${encoded(secret)}`).toString('base64')}` };
}

/** The parameters of a `WWW-Authenticate` value with one challenge. */
export function challenge(value: string | null): {
  readonly scheme: string;
  readonly parameters: Record<string, string>;
  readonly names: readonly string[];
} {
  const [, scheme = '', rest = ''] = /^(\S+)\s*(.*)$/.exec(value ?? '') ?? [];
  const pairs = [...rest.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name = '', text = '']): [string, string] => [
    name,
    text,
  ]);
  return { scheme, parameters: Object.fromEntries(pairs), names: pairs.map(([name]) => name) };
}

/** The error of a JSON endpoint, as status and code. */
export const refusal = ({ status, body }: Answer): [number, unknown] => [status, body['error']];

/** Refused in this browser: a page to read, nothing to follow. */
export function assertStays(page: Page, what: string): void {
  assert.ok(page.status >= 400 && page.status < 500, `${what}: status ${page.status}`);
  assert.equal(targetOf(page), undefined, `${what}: leads away`);
  assert.match(page.headers.get('content-type') ?? '', /^text\/html/, what);
  assert.match(page.text, /This did not work/, what);
}

/** The query that a refusal took to the client at `redirectUri`. */
export function errorAtClient(page: Page, redirectUri: string): URLSearchParams {
  const target = targetOf(page);
  assert.ok(target !== undefined, `stays at ${page.url.href} with ${page.status}: ${page.text.slice(0, 400)}`);
  assert.ok(target.href.startsWith(redirectUri), target.href);
  assert.equal(target.searchParams.get('code'), null);
  return target.searchParams;
}

/** A refused authorization request's error code. */
export const errorCode = (page: Page, redirectUri: string): string | null =>
  errorAtClient(page, redirectUri).get('error');

/** The same text with one character in its middle changed to another of base64url. */
export function altered(text: string, at = Math.floor(text.length / 2)): string {
  return `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
}
