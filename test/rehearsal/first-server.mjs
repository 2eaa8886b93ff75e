// The commands of docs/first-server.md, as they stand there.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const REPOSITORY = 'https://github.com/mcp-lambda/mcp-lambda';

/** The lines of the block of shell commands that begins with these words. */
export function linesOf(beginning) {
  const page = readFileSync(join(root, 'docs', 'first-server.md'), 'utf8');
  const blocks = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block.trim());
  const block = blocks.find((each) => each.startsWith(beginning));
  if (block === undefined) throw new Error(`docs/first-server.md has no commands that begin with ${beginning}`);
  return block.split('\n');
}

/** The command that makes the project as long as nothing is published: all but what enters and starts it. */
export function cloneCommand() {
  const lines = linesOf(`git clone ${REPOSITORY}`);
  if (lines.slice(-2).join() !== 'cd shop,npm start')
    throw new Error('the clone of docs/first-server.md does not end with `cd shop` and `npm start`');
  return ['bash', '-e', '-c', lines.slice(0, -2).join('\n')];
}

/** What makes git take this checkout, as it is committed, for the repository on the web. */
export const cloneEnvironment = {
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: `url.file://${root}.insteadOf`,
  GIT_CONFIG_VALUE_0: REPOSITORY,
};
