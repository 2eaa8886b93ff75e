// The last run of each language that does not run with every test, as a row of docs/languages.md.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, root } from './tools.ts';

/** One run. */
interface Run {
  readonly title: string;
  readonly app: string;
  readonly toolchain: string;
  readonly result: string;
  readonly date: Date;
}

/** What tells one text of an app from another. */
export const digest = (app: string): string =>
  createHash('sha256')
    .update(readFileSync(join(root, app)))
    .digest('hex')
    .slice(0, 12);

/** The page with the row of this run in the place of the language's last one. */
export function record(page: string, { title, app, toolchain, result, date }: Run): string {
  const versions = ['aws-cdk-lib', '@jsii/runtime'].map(
    (name) => readJson('node_modules', name, 'package.json').version,
  );
  const row = `| ${[title, toolchain, ...versions, `\`${digest(app)}\``, date.toISOString().slice(0, 10), result].join(' | ')} |`;
  const last = page.split('\n').find((line) => line.startsWith(`| ${title} | `));
  if (last === undefined) throw new Error(`docs/languages.md has no row of ${title}`);
  return page.replace(last, () => row);
}
