// Where the program for this machine is: in its own npm package, or in the checkout that this file is in.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const here = createRequire(import.meta.url);

/** The path of the program; the error says what is missing and how it is installed. */
export function program() {
  // A project made with `mcp-lambda new --source` links this package into a checkout.
  const crate = join(import.meta.dirname, '..', '..', '..');
  if (existsSync(join(crate, 'npm', 'mcp-lambda', 'bin', 'program.mjs'))) return built(crate);
  const machine = `${process.platform}-${process.arch}`;
  const name = `@mcp-lambda/${machine}`;
  try {
    const manifest = here.resolve(`${name}/package.json`);
    return join(manifest, '..', 'bin', 'mcp-lambda');
  } catch {
    const { optionalDependencies } = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8'));
    if (!(name in optionalDependencies)) {
      if (process.platform === 'win32')
        throw new Error('mcp-lambda runs on Linux and macOS: on Windows, use it in WSL');
      const machines = Object.keys(optionalDependencies).map((each) => each.split('/')[1]);
      throw new Error(
        `mcp-lambda has no program for ${machine}, but for ${machines.join(', ')}: build it with \`cargo install mcp-lambda-cli\``,
      );
    }
    throw new Error(
      `the package ${name} is not installed, which has the program for this machine: install mcp-lambda again, with optional dependencies`,
    );
  }
}

/** The commands that need no AWS SDK, which is three quarters of the build. */
export const LOCAL = ['call', 'connect', 'dev', 'new', 'token'];

/** Builds the crate in the checkout, which takes minutes the first time, and gives the program. */
function built(crate) {
  const args = ['build', '--locked', '--package', 'mcp-lambda-cli', '--message-format=json-render-diagnostics'];
  if (LOCAL.includes(process.argv[2])) args.push('--no-default-features');
  const { error, status, stdout } = spawnSync('cargo', args, {
    cwd: crate,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (error !== undefined) {
    throw new Error(`\`cargo\` cannot be started (${error.message}): install Rust with rustup from https://rustup.rs`);
  }
  if (status !== 0) throw new Error('mcp-lambda does not compile: fix what cargo reports above');
  return stdout
    .split('\n')
    .filter((line) => line.includes('"executable":"'))
    .map((line) => JSON.parse(line))
    .find(({ target }) => target.name === 'mcp-lambda' && target.kind.includes('bin')).executable;
}
