// Builds the arm64 `bootstrap` of every server with cargo lambda: target/lambda/<server>/bootstrap.
//
// cargo-lambda is taken from the PATH, else from .local; if it is in neither place, it is installed into
// .local/cargo-lambda (a Python venv: the PyPI package brings Zig, the cross linker, with it).
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The servers by the name of their binary, with the Cargo package. */
const SERVERS = { 'dog-facts': 'dog-facts', counter: 'counter', authorization: 'mcp-lambda-authorization', gate: 'mcp-lambda-gate' };
const TARGET = 'aarch64-unknown-linux-gnu';
const CARGO_LAMBDA_VERSION = '1.9.2';
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const privateInstallation = join(root, '.local', 'cargo-lambda');

try {
  const cargoLambda = findCargoLambda() ?? installCargoLambda();
  addTarget();
  build(cargoLambda);
} catch (error) {
  console.error(`build:lambda: ${error.message}`);
  process.exitCode = 1;
}

function findCargoLambda() {
  const directories = [
    ...(process.env.PATH ?? '').split(delimiter).filter((directory) => directory !== ''),
    join(root, '.local', 'venv', 'bin'),
    join(privateInstallation, 'bin'),
  ];
  return directories.map((directory) => join(directory, 'cargo-lambda')).find(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function installCargoLambda() {
  say(`installing cargo-lambda ${CARGO_LAMBDA_VERSION} and Zig into .local/cargo-lambda`);
  mkdirSync(dirname(privateInstallation), { recursive: true });
  try {
    run('python3', ['-m', 'venv', privateInstallation], 'install Python 3.10 or newer with venv, or `cargo install --locked cargo-lambda` and Zig');
    run(join(privateInstallation, 'bin', 'pip'), ['install', '--quiet', `cargo-lambda==${CARGO_LAMBDA_VERSION}`, 'ziglang'], 'check the connection to the Python package index');
  } catch (error) {
    // Half an installation would be found the next time.
    rmSync(privateInstallation, { recursive: true, force: true });
    throw error;
  }
  return join(privateInstallation, 'bin', 'cargo-lambda');
}

function addTarget() {
  const installed = spawnSync('rustup', ['target', 'list', '--installed'], { cwd: root, encoding: 'utf8' });
  if (installed.status !== 0) {
    throw new Error('rustup does not run: install Rust by rustup, see https://rustup.rs');
  }
  if (!installed.stdout.split('\n').includes(TARGET)) {
    say(`adding the Rust target ${TARGET}`);
    run('rustup', ['target', 'add', TARGET], 'check the connection to the Rust distribution server');
  }
}

function build(executable) {
  // One by one, as McpCode.fromCargo does: built together they share features, and each would be compiled twice.
  for (const [server, packageName] of Object.entries(SERVERS)) {
    say(`building ${server} for arm64; the first time takes minutes`);
    run(executable, ['lambda', 'build', '--release', '--arm64', '--locked', '--output-format', 'binary', '--package', packageName, '--bin', server], 'mend what cargo says above', {
      // cargo-lambda finds the Zig of its own venv by way of the PATH.
      PATH: [dirname(executable), process.env.PATH ?? ''].join(delimiter),
    });
    const bootstrap = join('target', 'lambda', server, 'bootstrap');
    if (!existsSync(join(root, bootstrap))) {
      throw new Error(`cargo lambda did not write ${bootstrap}: check that the package ${packageName} has a binary of that name`);
    }
    say(`${bootstrap}: ${(statSync(join(root, bootstrap)).size / 1e6).toFixed(1)} MB`);
  }
}

function run(command, args, mend, environment = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...environment } });
  if (result.error !== undefined || result.status !== 0) {
    const cause = result.error?.message ?? `ended with ${result.signal ?? `status ${result.status}`}`;
    throw new Error(`${command} ${args.join(' ')}: ${cause}: ${mend}`);
  }
}

function say(text) {
  console.log(`build:lambda: ${text}`);
}
