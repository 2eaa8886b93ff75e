/** The table: sentences of specifications, each with the test that shows whether it is kept. */

import type { Server } from './server.ts';

export type Level = 'MUST' | 'MUST NOT' | 'SHOULD' | 'SHOULD NOT';

/** One sentence of a specification, in our words. REQUIRED counts as MUST, RECOMMENDED as SHOULD (RFC 2119). */
export interface Sentence {
  readonly document: string;
  readonly section: string;
  readonly level: Level;
  readonly text: string;
}

/** A test and the sentences that it shows. */
export interface Entry {
  readonly test: string;
  readonly sentences: readonly Sentence[];
  readonly check: (server: Server) => Promise<void>;
  /** Why the sentences are not kept; the test then shows what happens instead. */
  readonly unmet?: string;
}

/** Sentences that this machine cannot show, with the reason. They are listed and not counted. */
export interface Unshown {
  readonly sentences: readonly Sentence[];
  readonly reason: string;
}

export const entries: Entry[] = [];
export const unshown: Unshown[] = [];

const sentence =
  (level: Level) =>
  (document: string, section: string, text: string): Sentence => ({ document, section, level, text });
export const must = sentence('MUST');
export const mustNot = sentence('MUST NOT');
export const should = sentence('SHOULD');
export const shouldNot = sentence('SHOULD NOT');

/** The revisions of the MCP specification that have a chapter on authorization, oldest first. */
export const MCP = ['MCP 2025-03-26', 'MCP 2025-06-18', 'MCP 2025-11-25', 'MCP 2026-07-28'] as const;

/** The same sentence in several revisions of MCP, from `first` on. */
export function inMcp(first: (typeof MCP)[number], level: Level, section: string, text: string): Sentence[] {
  return MCP.slice(MCP.indexOf(first)).map((document) => sentence(level)(document, section, text));
}

/** A test that shows that these sentences are kept. */
export function shows(test: string, sentences: readonly Sentence[], check: Entry['check']): void {
  add({ test, sentences, check });
}

/** A test that shows what happens instead of what these sentences ask for, and why. */
export function fallsShort(test: string, sentences: readonly Sentence[], unmet: string, check: Entry['check']): void {
  add({ test, sentences, check, unmet });
}

/** Sentences that only another place can show. */
export function notShownHere(reason: string, sentences: readonly Sentence[]): void {
  unshown.push({ sentences, reason });
}

function add(entry: Entry): void {
  if (entries.some(({ test }) => test === entry.test)) throw new Error(`two tests are called "${entry.test}"`);
  entries.push(entry);
}
