import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { synthError } from '../../private/synth-error';
import { installedCargoLambda } from './cargo-lambda-installation';

/** Where a private installation is looked for, in the manifest's directory and each directory above it. */
const PRIVATE_DIRECTORIES = [join('.local', 'venv', 'bin'), join('.local', 'cargo-lambda', 'bin')];

/** How one binary is built. */
export interface CargoLambdaBuild {
  /** Directory with the `Cargo.toml`. */
  readonly manifestDirectory: string;
  /** Cargo package to build. */
  readonly packageName: string;
  /** Its binary. */
  readonly binaryName: string;
  /** Directory that gets the file `bootstrap`. */
  readonly outputDirectory: string;
  /** Whether the program is linked statically, to musl, so that it runs where there is no C library. */
  readonly isStatic?: boolean;
}

/** The target of a program of a function, and of one that runs without a C library. */
const TARGETS = { dynamic: 'aarch64-unknown-linux-gnu', static: 'aarch64-unknown-linux-musl' };

/** Builds an arm64 release `bootstrap` with `cargo lambda`. Cargo's progress goes to stderr, as the CDK expects. */
export function buildWithCargoLambda(build: CargoLambdaBuild): void {
  const executable = requireCargoLambda(build.manifestDirectory, build.packageName);
  // Zig comes as a Python package beside a pip installation, and cargo-lambda looks for it by way of the PATH.
  const path = [dirname(executable), process.env.PATH ?? ''].join(delimiter);
  const command = [
    'lambda',
    'build',
    '--release',
    ...(build.isStatic ? ['--target', TARGETS.static] : ['--arm64']),
    '--output-format',
    'binary',
    '--locked',
    '--package',
    build.packageName,
    '--bin',
    build.binaryName,
    '--lambda-dir',
    build.outputDirectory,
    '--flatten',
    build.binaryName,
  ];
  const run = spawnSync(executable, command, {
    cwd: build.manifestDirectory,
    env: { ...process.env, PATH: path },
    stdio: ['ignore', process.stderr, 'inherit'],
  });
  if (run.error !== undefined || run.status !== 0) {
    const cause = run.error?.message ?? `ended with ${run.signal ?? `status ${run.status}`}`;
    throw synthError(
      'CargoLambdaFailed',
      `\`cargo ${command.join(' ')}\` in ${build.manifestDirectory} ${cause}: fix what cargo reports above; if it misses the target, run \`rustup target add ${build.isStatic ? TARGETS.static : TARGETS.dynamic}\``,
    );
  }
}

/** The `cargo-lambda` executable, or an error that names the ways to install it. */
export function requireCargoLambda(manifestDirectory: string, packageName: string): string {
  const executable = findCargoLambda(manifestDirectory, process.env.PATH ?? '') ?? installed(packageName);
  if (executable === undefined) {
    throw synthError(
      'CargoLambdaMissing',
      `cargo-lambda is needed to build the package ${packageName} and is not on the PATH: install Python 3.10 or newer, with which it is installed automatically, ` +
        'or install it with `brew install cargo-lambda/tap/cargo-lambda` or `cargo install --locked cargo-lambda` (which needs Zig too), or hand over a built function with McpCode.fromAsset',
    );
  }
  return executable;
}

/** The `cargo-lambda` of this library's own installation. */
function installed(packageName: string): string | undefined {
  let directory: string | undefined;
  try {
    directory = installedCargoLambda({
      env: process.env,
      say: (line) => void process.stderr.write(`${line}\n`),
    });
  } catch (error) {
    throw synthError(
      'CargoLambdaNotInstalled',
      `cargo-lambda is needed to build the package ${packageName}, and pip could not install it: check that pip can reach its package index and run the command again, or install cargo-lambda yourself. pip said: ${(error as Error).message}`,
    );
  }
  return directory === undefined ? undefined : findCargoLambda('/', directory);
}

/** The `cargo-lambda` executable: first on the PATH, then in a private installation of the project. */
export function findCargoLambda(manifestDirectory: string, searchPath: string): string | undefined {
  const directories = searchPath.split(delimiter).filter((directory) => directory !== '');
  for (let directory = resolve(manifestDirectory); ; directory = dirname(directory)) {
    directories.push(...PRIVATE_DIRECTORIES.map((each) => join(directory, each)));
    if (directory === dirname(directory)) {
      break;
    }
  }
  const name = process.platform === 'win32' ? 'cargo-lambda.exe' : 'cargo-lambda';
  return directories.map((directory) => join(directory, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  if (!existsSync(path) || !statSync(path).isFile()) {
    return false;
  }
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
