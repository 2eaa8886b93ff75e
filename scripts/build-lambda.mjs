// Builds the arm64 `bootstrap` of every server with cargo lambda: target/lambda/<server>/bootstrap. Those of the authorization server,
// the Lambda authorizer and the playground are copied into the npm package of the constructs, with their checksums: cdk/assets.
//
//   node scripts/build-lambda.mjs                       every server
//   node scripts/build-lambda.mjs authorization authorizer playground    some of them, which is what `npm pack` of the constructs does
//   node scripts/build-lambda.mjs reproduce             builds what is copied again from a copy of the last commit in another folder,
//                                                       and fails unless it is the same file
//
// cargo-lambda is taken from the PATH, else from .local; if it is in neither place, it is installed into
// .local/cargo-lambda (a Python venv: the PyPI package brings Zig, the cross linker, with it).
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The servers by the name of their binary, with the Cargo package. */
const SERVERS = {
  'dog-facts': 'dog-facts',
  counter: 'counter',
  authorization: 'mcp-lambda-authorization',
  authorizer: 'mcp-lambda-authorizer',
  playground: 'mcp-lambda-playground',
};
/** What is built when it is named: the command, which runs on machines of people. */
const NAMED_ONLY = { 'mcp-lambda': 'mcp-lambda-cli' };
const PACKAGES = { ...SERVERS, ...NAMED_ONLY };
/** A group has a target directory: its programs have most of what they depend on in common, with the same features. */
const GROUPS = [
  ['authorization', 'authorizer'],
  ['dog-facts', 'counter', 'playground', 'mcp-lambda'],
];
const TARGET = 'aarch64-unknown-linux-gnu';
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const privateInstallation = join(root, '.local', 'cargo-lambda');
/** The versions and digests that the constructs install. The cross linker writes the program, so another version may write another. */
const requirements = /raw`([^`]+)`/.exec(
  readFileSync(join(root, 'cdk', 'lib', 'function', 'private', 'cargo-lambda-installation.ts'), 'utf8'),
)[1];

/** What the npm package brings, so that the constructs need no Rust for it. */
const BUNDLED = ['authorization', 'authorizer', 'playground'];

try {
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !(name in PACKAGES) && name !== 'reproduce');
  if (unknown.length > 0) {
    throw new Error(
      `there is no server ${unknown.join(', ')}: name some of ${Object.keys(PACKAGES).join(', ')}, or reproduce`,
    );
  }
  const cargoLambda = findCargoLambda() ?? installCargoLambda();
  addTarget();
  if (wanted.includes('reproduce')) {
    await reproduce(cargoLambda);
  } else {
    const servers = wanted.length > 0 ? wanted : Object.keys(SERVERS);
    await buildAll(cargoLambda, servers);
    servers.filter((server) => BUNDLED.includes(server)).forEach(carryAlong);
  }
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
  say('installing cargo-lambda and Zig into .local/cargo-lambda');
  mkdirSync(dirname(privateInstallation), { recursive: true });
  try {
    run(
      'python3',
      ['-m', 'venv', privateInstallation],
      'install Python 3.10 or newer with venv, or `cargo install --locked cargo-lambda` and Zig',
    );
    const file = join(privateInstallation, 'requirements.txt');
    writeFileSync(file, requirements);
    run(
      join(privateInstallation, 'bin', 'pip'),
      ['install', '--quiet', '--require-hashes', '--requirement', file],
      'check the connection to the Python package index',
    );
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

/**
 * One of each group at a time: the link-time optimisation at the end of a build has one thread. Each is built by a cargo of its own:
 * built by one they would share the features of what they depend on, and be other programs than those that McpCode.fromCargo builds.
 */
async function buildAll(executable, servers) {
  await Promise.all(
    GROUPS.map(async (group) => {
      for (const server of group.filter((name) => servers.includes(name))) await build(executable, root, server);
    }),
  );
}

/** Builds one server of a checkout and returns its file. */
async function build(executable, checkout, server) {
  say(`building ${server} for arm64; the first time takes minutes`);
  const cargoHome = process.env.CARGO_HOME ?? join(homedir(), '.cargo');
  const target = join(checkout, 'target', 'arm64', GROUPS.find((group) => group.includes(server))[0]);
  await runBeside(
    executable,
    [
      'lambda',
      'build',
      '--release',
      '--arm64',
      '--locked',
      '--lambda-dir',
      join(checkout, 'target', 'lambda'),
      '--output-format',
      'binary',
      '--package',
      PACKAGES[server],
      '--bin',
      server,
    ],
    'fix what cargo reports above',
    {
      // cargo-lambda finds the Zig of its own venv by way of the PATH.
      PATH: [dirname(executable), process.env.PATH ?? ''].join(delimiter),
      // Messages of panics name source files: without the folders of this machine the program is the same wherever it is built.
      RUSTFLAGS: `--remap-path-prefix=${checkout}=/mcp-lambda --remap-path-prefix=${cargoHome}=/cargo`,
      CARGO_TARGET_DIR: target,
      // Two builds at the same moment would lay down the same links to the linker.
      CARGO_ZIGBUILD_CACHE_DIR: join(target, 'zigbuild'),
    },
    checkout,
  );
  const bootstrap = join(checkout, 'target', 'lambda', server, 'bootstrap');
  if (!existsSync(bootstrap)) {
    throw new Error(
      `cargo lambda did not write ${bootstrap}: check that the package ${PACKAGES[server]} has a binary of that name`,
    );
  }
  say(
    `target/lambda/${server}/bootstrap: ${(statSync(bootstrap).size / 1e6).toFixed(1)} MB, SHA-256 ${sha256(bootstrap)}`,
  );
  return bootstrap;
}

function carryAlong(server) {
  const asset = join(root, 'cdk', 'assets', server);
  mkdirSync(asset, { recursive: true });
  copyFileSync(join(root, 'target', 'lambda', server, 'bootstrap'), join(asset, 'bootstrap'));
  writeFileSync(`${asset}.sha256`, `${sha256(join(asset, 'bootstrap'))}  ${server}/bootstrap\n`);
}

async function reproduce(executable) {
  const copy = join(root, 'target', 'reproduce');
  rmSync(copy, { recursive: true, force: true });
  run('git', ['clone', '--quiet', '--shared', root, copy], 'commit first: the copy is of the last commit');
  for (const server of BUNDLED) {
    const [here, there] = (await Promise.all([root, copy].map((checkout) => build(executable, checkout, server)))).map(
      sha256,
    );
    if (here !== there) {
      throw new Error(
        `${server} built in target/reproduce has the SHA-256 ${there}, and ${here} here: commit what changed in lambda/, or find what the build takes from its folder`,
      );
    }
    say(`${server}: the same file from another folder`);
  }
}

function sha256(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

function run(command, args, fix, environment = {}, cwd = root) {
  const result = spawnSync(command, args, { cwd, stdio: 'inherit', env: { ...process.env, ...environment } });
  judge(command, args, fix, result);
}

/** As `run`, with others running meanwhile. */
function runBeside(command, args, fix, environment, cwd) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: 'inherit', env: { ...process.env, ...environment } });
    const over = (result) => {
      try {
        resolve(judge(command, args, fix, result));
      } catch (error) {
        reject(error);
      }
    };
    child.on('error', (error) => over({ error }));
    child.on('close', (status, signal) => over({ status, signal }));
  });
}

function judge(command, args, fix, { error, status, signal }) {
  if (error !== undefined || status !== 0) {
    throw new Error(
      `${command} ${args.join(' ')}: ${error?.message ?? `ended with ${signal ?? `status ${status}`}`}: ${fix}`,
    );
  }
}

function say(text) {
  console.log(`build:lambda: ${text}`);
}
