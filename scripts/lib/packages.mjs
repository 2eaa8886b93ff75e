// What a release publishes, packed into dist/packages: crates, npm packages, the Python package.

import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { root } from './root.mjs';

export const packages = join(root, 'dist', 'packages');
/** The version of everything that is published. */
export const version = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;
/** The programs of the constructs, which the command runs on this machine. */
const PROGRAMS = {
  authorization: 'mcp-lambda-authorization',
  authorizer: 'mcp-lambda-authorizer',
  playground: 'mcp-lambda-playground',
};
/** The manifests of the workspaces, in the order in which their crates are published. */
export const WORKSPACES = ['Cargo.toml', 'cdk/rust/Cargo.toml'];

/** Runs a command and gives its standard output; the error has all that it printed. */
export function must(command, args, options = {}) {
  const done = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  if (done.error !== undefined || done.status !== 0) {
    const end = done.error?.message ?? `ended with ${done.signal ?? `status ${done.status}`}`;
    throw new Error(`\`${command} ${args.join(' ')}\` ${end}:\n${done.stdout ?? ''}${done.stderr ?? ''}`);
  }
  return done.stdout;
}

/** An empty folder below dist/packages. */
function emptied(...path) {
  const folder = join(packages, ...path);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** The crates of a workspace that are published, each after those that it needs. */
export function publishedCrates(manifest) {
  const metadata = JSON.parse(
    must('cargo', [
      'metadata',
      '--no-deps',
      '--locked',
      '--format-version',
      '1',
      '--manifest-path',
      join(root, manifest),
    ]),
  );
  const published = metadata.packages.filter(({ publish }) => publish === null);
  const names = new Set(published.map(({ name }) => name));
  const ordered = new Map();
  const visit = (crate) => {
    if (ordered.has(crate.name)) return;
    for (const { name, kind } of crate.dependencies) {
      if (kind !== 'dev' && names.has(name)) visit(published.find((each) => each.name === name));
    }
    ordered.set(crate.name, crate);
  };
  published.forEach(visit);
  return [...ordered.values()];
}

/** Packs the crates of both workspaces and gives their files; with `verify`, each is compiled from what was packed. */
export function packCrates({ verify = false } = {}) {
  const folder = emptied('crates');
  for (const manifest of WORKSPACES) {
    const crates = publishedCrates(manifest);
    const args = ['package', '--locked', '--allow-dirty', '--quiet', '--manifest-path', join(root, manifest)];
    if (!verify) args.push('--no-verify');
    must('cargo', [...args, ...crates.flatMap(({ name }) => ['--package', name])]);
    for (const { name, version } of crates) {
      const file = `${name}-${version}.crate`;
      copyFileSync(join(targetDirectory(), 'package', file), join(folder, file));
    }
  }
  return folder;
}

const targetDirectory = () => process.env.CARGO_TARGET_DIR ?? join(root, 'target');

/** Builds a program for this machine and gives its file. */
function built(name, binary, { release, features = [] }) {
  const args = ['build', '--locked', '--package', name, '--bin', binary, '--message-format=json-render-diagnostics'];
  if (release) args.push('--release');
  const stdout = must('cargo', [...args, ...features], { stdio: ['ignore', 'pipe', 'inherit'] });
  return stdout
    .split('\n')
    .filter((line) => line.includes('"executable":"'))
    .map((line) => JSON.parse(line))
    .find(({ target }) => target.name === binary).executable;
}

/** Packs a folder with npm, without its scripts, and gives the file. */
function npmPack(folder) {
  const destination = join(packages, 'npm');
  mkdirSync(destination, { recursive: true });
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', destination];
  const [{ filename }] = JSON.parse(must('npm', args, { cwd: folder }));
  return join(destination, filename.replace('@', '').replace('/', '-'));
}

/** Packs what does not depend on a machine: the command's launcher and `npm create`. */
export function packLauncher() {
  return ['mcp-lambda', 'create-mcp-lambda'].map((name) => {
    const folder = emptied('staging', name);
    cpSync(join(root, 'cli', 'npm', name), folder, { recursive: true });
    copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
    return npmPack(folder);
  });
}

/**
 * Packs the command with the programs that it runs on a machine, as `@mcp-lambda/<machine>`.
 *
 * @param files of the command and the programs, by their names
 */
export function packPlatform(machine, files) {
  const [os, cpu] = machine.split('-');
  const folder = emptied('staging', machine);
  const place = (from, ...to) => {
    const path = join(folder, 'bin', ...to);
    mkdirSync(dirname(path), { recursive: true });
    copyFileSync(from, path);
    chmodSync(path, 0o755);
  };
  const { command, ...programs } = files;
  place(command, 'mcp-lambda');
  for (const [name, file] of Object.entries(programs)) place(file, 'programs', name, 'bootstrap');
  copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  const launcher = JSON.parse(readFileSync(join(root, 'cli', 'npm', 'mcp-lambda', 'package.json'), 'utf8'));
  const name = `@mcp-lambda/${machine}`;
  const description = `The command mcp-lambda for ${machine}, a part of the package mcp-lambda`;
  const { license, author, repository, engines } = launcher;
  const manifest = {
    name,
    version,
    description,
    license,
    author,
    repository,
    os: [os],
    cpu: [cpu],
    files: ['bin'],
    engines,
  };
  if (os === 'linux') manifest.libc = ['glibc'];
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
  writeFileSync(join(folder, 'README.md'), `# ${name}\n\n${description}: install that one.\n`);
  return npmPack(folder);
}

/** Builds and packs the command for this machine. In debug it has no command for deployed stacks, as `npm start`. */
export function packThisMachine({ release }) {
  const files = {
    command: built('mcp-lambda-cli', 'mcp-lambda', { release, features: release ? [] : ['--no-default-features'] }),
  };
  for (const [binary, name] of Object.entries(PROGRAMS)) files[binary] = built(name, binary, { release });
  return packPlatform(`${process.platform}-${process.arch}`, files);
}

/**
 * Compiles the constructs and lays down in `folder` what their npm package holds. Its `programs` for 64-bit Arm are for stacks that are
 * deployed: a test of a template and `cdk ls` need none.
 */
export function stageConstructs(folder, { programs }) {
  const cdk = join(root, 'cdk');
  must('npm', ['run', 'build', '--workspace', 'cdk']);
  rmSync(folder, { recursive: true, force: true });
  const { files } = JSON.parse(readFileSync(join(cdk, 'package.json'), 'utf8'));
  for (const file of ['package.json', ...files.filter((each) => each !== 'assets' && !each.startsWith('!'))]) {
    cpSync(join(cdk, file), join(folder, file), { recursive: true });
  }
  copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  if (!programs) return;
  must('node', ['scripts/build-lambda.mjs', ...Object.keys(PROGRAMS)], { stdio: ['ignore', 'inherit', 'inherit'] });
  cpSync(join(cdk, 'assets'), join(folder, 'assets'), { recursive: true });
}

/** Packs the constructs for npm, and gives the folder that was packed. */
export function packConstructs({ programs = true } = {}) {
  const folder = emptied('staging', 'mcp-lambda-cdk');
  stageConstructs(folder, { programs });
  npmPack(folder);
  return folder;
}

/** Writes the sources of the constructs for Python, from what their npm package holds; gives the directory of the module. */
export function pythonSources(constructs, outdir) {
  pacmak(constructs, outdir, ['--code-only']);
  return join(outdir, 'python', 'src');
}

function pacmak(constructs, outdir, options) {
  must(
    join(root, 'node_modules', '.bin', 'jsii-pacmak'),
    [...options, '--no-npmignore', '--target', 'python', '--outdir', outdir, constructs],
    { env: { ...process.env, npm_config_ignore_scripts: 'true' } },
  );
}

/** Packs the constructs for Python, from the folder that was packed for npm. */
export function packPython(constructs) {
  const folder = emptied('python');
  const staging = emptied('staging', 'python');
  pacmak(constructs, staging, []);
  for (const file of readdirSync(join(staging, 'python')))
    copyFileSync(join(staging, 'python', file), join(folder, file));
  return folder;
}

/** Packs everything for this machine. Without `release`, programs are those of a debug build, and there are none for AWS. */
export function packAll({ release, python }) {
  rmSync(packages, { recursive: true, force: true });
  packCrates();
  packLauncher();
  packThisMachine({ release });
  const constructs = packConstructs({ programs: release });
  if (python) packPython(constructs);
}
