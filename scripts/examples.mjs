// The examples of the constructs' documentation for jsii-rosetta: it reads one README, and ours continues in docs/.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './lib/root.mjs';

const cdk = join(root, 'cdk');

/** Compiles and translates the examples of the pages and of the doc comments into a tablet. The constructs are compiled. */
export function extractExamples(tablet) {
  const folder = join(root, 'target', 'examples');
  rmSync(folder, { recursive: true, force: true });
  rmSync(tablet, { force: true });
  mkdirSync(folder, { recursive: true });
  for (const part of ['package.json', 'rosetta']) cpSync(join(cdk, part), join(folder, part), { recursive: true });
  const pages = JSON.parse(readFileSync(join(cdk, 'rosetta', 'pages.json'), 'utf8'));
  const markdown = pages.map((page) => readFileSync(join(root, page), 'utf8')).join('\n');
  const assembly = JSON.parse(readFileSync(join(cdk, '.jsii'), 'utf8'));
  writeFileSync(join(folder, '.jsii'), JSON.stringify({ ...assembly, readme: { markdown } }));
  const command = join(root, 'node_modules', '.bin', 'jsii-rosetta');
  const args = ['extract', '--strict', '--directory', cdk, '--cache-to', tablet, folder];
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
}
