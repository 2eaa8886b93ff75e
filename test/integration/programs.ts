/** The programs that the apps deploy: built for this machine, and the same server in another revision. */

import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// @ts-expect-error a script without types
import { layDown } from '../../scripts/lib/cargo.mjs';
import { root } from './paths.ts';

/** A text of the server that `tools/list` shows, and what it says in the other revision. */
const TEXT = 'Every conversation has its own.';
export const CHANGED_TEXT = 'Changed in the second revision.';

/** An OAuth scope that the contract of the other revision asks for besides. */
export const ADDED_SCOPE = 'counter.audit';

/** Where the programs of a revision are, and the server's contract. */
export interface Revision {
  readonly lambdaDir: string;
  readonly contract: string;
}

/** The programs of the apps as they are. */
export function present(directory: string): Revision {
  layDown(directory, ['counter', 'authorizer', 'authorization', 'playground']);
  return { lambdaDir: directory, contract: 'lambda/servers/counter/contract.json' };
}

/**
 * The same programs with another server: one text of its code is changed in place, because a second build would take as long
 * as everything else here. Its contract has the text as well, and one tool needs one more OAuth scope.
 */
export function change(first: Revision, directory: string): Revision {
  mkdirSync(join(directory, 'counter'), { recursive: true });
  for (const other of ['authorizer', 'authorization', 'playground']) {
    mkdirSync(join(directory, other));
    copyFileSync(join(first.lambdaDir, other, 'bootstrap'), join(directory, other, 'bootstrap'));
  }
  const program = readFileSync(join(first.lambdaDir, 'counter', 'bootstrap'));
  const at = program.indexOf(TEXT);
  if (at === -1 || TEXT.length !== CHANGED_TEXT.length)
    throw new Error(`the counter has no text ${JSON.stringify(TEXT)} that ${JSON.stringify(CHANGED_TEXT)} fits into`);
  program.write(CHANGED_TEXT, at);
  writeFileSync(join(directory, 'counter', 'bootstrap'), program, { mode: 0o755 });

  const text = readFileSync(join(root, first.contract), 'utf8').replace(TEXT, CHANGED_TEXT);
  const contract = JSON.parse(text) as {
    scopes: { name: string; description: string }[];
    tools: { name: string; scopes: string[] }[];
  };
  contract.scopes.push({ name: ADDED_SCOPE, description: 'Look into counters' });
  contract.tools.find(({ name }) => name === 'getCounter')!.scopes.push(ADDED_SCOPE);
  const file = join(directory, 'contract.json');
  writeFileSync(file, JSON.stringify(contract));
  return { lambdaDir: directory, contract: file };
}
