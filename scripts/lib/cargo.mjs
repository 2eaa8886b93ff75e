// Builds programs of the main workspace for this machine.
//
// Cargo compiles a dependency again for each set of its features that is asked for. Every build here is therefore one of the whole
// workspace, of which it takes single programs, as `cargo test --workspace` is; `test/features` unites what would differ still.

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './root.mjs';

/** The arguments of cargo that build targets (`['--bin', name]`, `['--example', name]`) and say where they are. */
export const buildArguments = (targets, more = []) => [
  ...['build', '--locked', '--workspace', '--message-format=json-render-diagnostics'],
  ...targets,
  ...more,
];

/** Where cargo put a target, from the messages of a build. */
export const executableOf = (name, messages) =>
  messages
    .split('\n')
    .filter((line) => line.includes('"executable":"'))
    .map((line) => JSON.parse(line))
    .find(({ target }) => target.name === name).executable;

/**
 * Builds targets of one kind, `bin` or `example`; gives the file of each by its name. Throws with what cargo reports.
 *
 * @param {'bin' | 'example'} kind
 * @param {readonly string[]} names
 * @param {readonly string[]} more further arguments of cargo
 * @returns {Record<string, string>}
 */
export function build(kind, names, more = []) {
  const targets = names.flatMap((name) => [`--${kind}`, name]);
  const args = buildArguments(targets, ['--quiet', ...more]);
  const { status, error, stdout, stderr } = spawnSync('cargo', args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`\`cargo ${args.join(' ')}\` failed:\n${error?.message ?? stderr}`);
  return Object.fromEntries(names.map((name) => [name, executableOf(name, stdout)]));
}

/**
 * Builds programs and lays them down as functions: `<program>/bootstrap` below `directory`.
 *
 * @param {string} directory
 * @param {readonly string[]} names
 */
export function layDown(directory, names) {
  for (const [name, file] of Object.entries(build('bin', names))) {
    mkdirSync(join(directory, name), { recursive: true });
    copyFileSync(file, join(directory, name, 'bootstrap'));
  }
}
