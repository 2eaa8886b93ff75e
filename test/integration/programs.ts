/** The programs that the apps deploy: built for this machine, and the same server in another revision. */

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './paths.ts';

/** The Cargo package of each program. */
const PACKAGES = {
  counter: 'counter',
  authorizer: 'mcp-lambda-authorizer',
  authorization: 'mcp-lambda-authorization',
  'dog-facts': 'dog-facts',
};

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

/** Builds programs, each as `<program>/bootstrap` below `directory`. */
export function build(directory: string, ...programs: readonly (keyof typeof PACKAGES)[]): void {
  for (const binary of programs) {
    // One by one, as `npm start` does: built together they share features, and the next build would compile again.
    const messages = execFileSync(
      'cargo',
      [
        'build',
        '--locked',
        '--quiet',
        '--package',
        PACKAGES[binary],
        '--bin',
        binary,
        '--message-format=json-render-diagnostics',
      ],
      { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 },
    );
    const built = messages
      .split('\n')
      .filter((line) => line.includes('"executable":"'))
      .map((line) => JSON.parse(line) as { target: { name: string }; executable: string });
    mkdirSync(join(directory, binary), { recursive: true });
    copyFileSync(built.find(({ target }) => target.name === binary)!.executable, join(directory, binary, 'bootstrap'));
  }
}

/** The programs of the apps as they are. */
export function present(directory: string): Revision {
  build(directory, 'counter', 'authorizer', 'authorization');
  return { lambdaDir: directory, contract: 'lambda/servers/counter/contract.json' };
}

/**
 * The same programs with another server: one text of its code is changed in place, because a second build would take as long
 * as everything else here. Its contract has the text as well, and one tool needs one more OAuth scope.
 */
export function change(first: Revision, directory: string): Revision {
  mkdirSync(join(directory, 'counter'), { recursive: true });
  for (const other of ['authorizer', 'authorization']) {
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
