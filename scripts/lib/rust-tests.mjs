// Runs Rust tests: `cargo test`, but with results from libtest's own list and log instead of from the text on its standard output,
// where everything else that a test's children print ends up too.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

import { ended } from './ended.mjs';
import { root } from './root.mjs';

/**
 * Runs the tests of the packages that `selection` (arguments of cargo) names, and their documentation tests; yields
 * `{ program, name, passed }` for each test, and for each program that ended otherwise than its tests.
 */
export async function* rustTests(selection) {
  const cargo = ['test', '--locked', '--quiet', ...selection];
  const build = spawnSync('cargo', [...cargo, '--no-run', '--message-format=json-render-diagnostics'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (build.status !== 0) {
    yield { program: 'cargo', name: 'builds the tests', passed: false };
    return;
  }
  const messages = build.stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
  for (const { target, executable, manifest_path: manifest } of messages.filter(
    ({ reason, profile, executable }) => reason === 'compiler-artifact' && profile.test && executable !== null,
  )) {
    yield* testsOf(target.name, executable, dirname(manifest));
  }
  // Without a library there are no documentation tests, and cargo says so with an error.
  if (
    messages.some(
      ({ reason, profile, target }) => reason === 'compiler-artifact' && profile.test && target.kind.includes('lib'),
    ) &&
    !selection.includes('--test')
  ) {
    yield {
      program: 'rustdoc',
      name: 'documentation tests',
      passed: (await ended('cargo', [...cargo, '--doc', '--no-fail-fast'], { cwd: root })) === 0,
    };
  }
}

/** Where the shared libraries of the compiler are, which the tests of a procedural macro load. */
const compilerLibraries = () =>
  spawnSync('rustc', ['--print', 'target-libdir'], { cwd: root, encoding: 'utf8' }).stdout.trim();

/** Runs one program of tests in the folder of its package, as cargo does. */
export async function* testsOf(program, executable, folder) {
  const search = process.platform === 'darwin' ? 'DYLD_FALLBACK_LIBRARY_PATH' : 'LD_LIBRARY_PATH';
  const libraries = [compilerLibraries(), process.env[search]].filter(Boolean).join(delimiter);
  const env = { ...process.env, [search]: libraries, CARGO: 'cargo', CARGO_MANIFEST_DIR: folder };
  const listed = spawnSync(executable, ['--list', '--format', 'terse'], {
    cwd: folder,
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (listed.status !== 0) {
    yield { program, name: 'lists its tests', passed: false };
    return;
  }
  const names = [...listed.stdout.matchAll(/^(.+): test$/gm)].map(([, name]) => name);
  if (names.length === 0) return;
  const work = mkdtempSync(join(tmpdir(), 'rust-tests-'));
  try {
    const log = join(work, 'log');
    // Deprecated without a successor in the stable toolchain (rust-toolchain.toml pins it): the only record that no other process writes to.
    const status = await ended(executable, ['--quiet', '--logfile', log], { cwd: folder, env });
    const lines = new Set(existsSync(log) ? readFileSync(log, 'utf8').split('\n') : []);
    // What is ignored did not run, and neither did what comes after a crash.
    for (const name of names) yield { program, name, passed: lines.has(`ok ${name}`) };
    if (status !== 0 && names.every((name) => lines.has(`ok ${name}`)))
      yield { program, name: `ends (with ${status})`, passed: false };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
