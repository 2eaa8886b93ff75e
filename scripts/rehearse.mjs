// Rehearses a release on this machine: packs everything, puts it into registries on loopback, and is then a new user in an empty folder,
// who has nothing but those registries:
//   npm run rehearse                          for each language of the stack
//   npm run rehearse -- --quick               TypeScript only, with debug programs and without the programs for AWS: `npm test -- rehearse`
//   npm run rehearse -- --stack python        one language
//   npm run rehearse -- --clone               with a clone instead of the registries, as docs/first-server.md says, TypeScript only
//   npm run rehearse -- --claude-code         the first call of the tool is Claude Code's
//   npm run rehearse -- --cold                with empty caches of cargo, npm and pip
//   npm run rehearse -- --edits 5             changes the tool five times, debug and release, and prints the medians
//   npm run rehearse -- --keep                leaves the projects, and says where they are
//   npm run rehearse -- --packed              with what an earlier run packed
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { tsImport } from 'tsx/esm/api';

import { cloneCommand, cloneEnvironment } from '../test/rehearsal/first-server.mjs';
import { NewUser, STACKS } from '../test/rehearsal/new-user.mjs';
import { cargoConfiguration, crateRegistry, pipEnvironment, startNpmRegistry } from '../test/rehearsal/registries.mjs';
import { packAll, packages } from './lib/packages.mjs';
import * as prepare from './lib/prepare.mjs';
import { root } from './lib/root.mjs';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    stack: { type: 'string', multiple: true },
    clone: { type: 'boolean', default: false },
    'claude-code': { type: 'boolean', default: false },
    cold: { type: 'boolean', default: false },
    edits: { type: 'string', default: '1' },
    keep: { type: 'boolean', default: false },
    packed: { type: 'boolean', default: false },
  },
});
const edits = Number(options.edits);
if (!Number.isInteger(edits) || edits < 1) {
  console.error(`error: --edits must be a whole number from 1, got ${options.edits}`);
  process.exit(2);
}
const stacks = options.clone ? ['typescript'] : (options.stack ?? (options.quick ? ['typescript'] : STACKS));
const unknown = stacks.filter((stack) => !STACKS.includes(stack));
if (unknown.length > 0) {
  console.error(`error: no such stack: ${unknown.join(', ')}; choose from ${STACKS.join(', ')}`);
  process.exit(2);
}

const started = Date.now();
/** Runs one step and prints how long it took. */
async function step(title, run) {
  const from = Date.now();
  const result = await run();
  console.log(
    `  ${`${((Date.now() - from) / 1000).toFixed(1)} s`.padStart(8)}  ${title}${result?.note ? `: ${result.note}` : ''}`,
  );
  return result;
}

const cleanups = [];
async function cleanUp() {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}
/** A folder that is empty, and removed at the end unless the projects are kept. */
function temporary(name) {
  const folder = mkdtempSync(join(tmpdir(), `rehearsal-${name}-`));
  if (!options.keep) cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** What was compiled for the checkout is used again where it is the same crate from the same registry. */
const warmCaches = { CARGO_TARGET_DIR: process.env.CARGO_TARGET_DIR ?? join(root, 'target') };

/** The caches of a machine on which nobody has used cargo or pip; npm's is always empty here. */
const emptyCaches = () => ({
  CARGO_TARGET_DIR: temporary('target'),
  CARGO_HOME: temporary('cargo'),
  PIP_CACHE_DIR: temporary('pip'),
  XDG_CACHE_HOME: temporary('cache'),
});

/** A release in registries on this machine, and what leads a new user to them. */
async function release() {
  if (!options.packed) {
    await step('packed', () => packAll({ release: !options.quick, python: stacks.includes('python') }));
  }
  const storage = options.cold ? temporary('npm') : join(root, '.local', 'rehearsal', 'npm');
  const npm = await step('published to the npm registry', () => startNpmRegistry(join(packages, 'npm'), storage));
  cleanups.push(npm.stop);
  const crates = await step('published to the crate registry', () =>
    crateRegistry(join(packages, 'crates'), join(root, '.local', 'rehearsal', 'crates')),
  );
  const python = stacks.includes('python') ? pipEnvironment(join(packages, 'python')) : {};
  return {
    environment: { ...npm.environment, ...python },
    // In the folder above the project: its own files are as they were made.
    prepare: (folder, stack) => {
      mkdirSync(join(folder, '.cargo'));
      const named = ['mcp-lambda', 'mcp-lambda-testing', ...(stack === 'rust' ? ['mcp-lambda-cdk'] : [])];
      writeFileSync(join(folder, '.cargo', 'config.toml'), cargoConfiguration(crates, named));
    },
  };
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => cleanUp().finally(() => process.exit(1)));
}
try {
  await prepare.workspacePackages();
  await prepare.testPackages();
  await prepare.rehearsalPackages();
  if (options['claude-code']) await prepare.chromium();
  const { callByClaudeCode } = options['claude-code']
    ? await tsImport('../test/rehearsal/claude-code.ts', import.meta.url)
    : {};
  const source = options.clone ? { environment: cloneEnvironment, command: cloneCommand() } : await release();
  for (const stack of stacks) {
    const folder = temporary(stack);
    if (options.keep) console.log(`  ${folder}`);
    source.prepare?.(folder, stack);
    const user = new NewUser(stack, folder, { ...source.environment, ...(options.cold ? emptyCaches() : warmCaches) });
    cleanups.push(() => user.stop());
    await user.rehearse(step, {
      clone: source.command,
      lock: (options.quick || options.clone) && !options.cold ? join(root, 'Cargo.lock') : undefined,
      edits,
      // The CDK builds the functions for AWS when it synthesizes; it does not when it lists the stacks.
      synthesis: options.quick || options.clone ? ['ls'] : ['synth', '--quiet'],
      callByClaudeCode,
    });
  }
  const seconds = Math.round((Date.now() - started) / 1000);
  console.log(`rehearsed ${stacks.join(', ')} in ${seconds} s; load of the machine ${loadavg()[1].toFixed(1)}`);
} catch (error) {
  console.error(`\nerror: ${error.message}`);
  process.exitCode = 1;
} finally {
  await cleanUp();
}
