// How the candidates come onto this machine: built by cargo, installed by npm and pip, each from its lock file.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
export const root = join(here, '..', '..');
export const peers = join(here, 'peers');
export const local = join(root, '.local', 'bench');

/** aws-lambda-ric builds its native part with it. */
const cmake = 'cmake==3.31.6';

let building = true;

/** From now on only what has been built before is measured. */
export function buildNothing() {
  building = false;
}

/** Runs a command to its end, or throws with the last that it said. */
export function must(command, args, { cwd = root, env = {} } = {}) {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, ...env },
  });
  if (status !== 0) {
    const said = `${stdout ?? ''}${stderr ?? ''}`.trim().split('\n').slice(-12).join('\n');
    throw new Error(`\`${[command, ...args].join(' ')}\` failed${error ? ` (${error.message})` : ''}: ${said}`);
  }
  return stdout;
}

/** Does a step once for each content of its lock file. */
function onceFor(name, lock, step) {
  const stamp = join(local, `${name}.stamp`);
  const content = createHash('sha256').update(readFileSync(lock)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === content) return;
  step();
  mkdirSync(local, { recursive: true });
  writeFileSync(stamp, content);
}

/** Builds a program of the workspace for this machine, optimised as for Lambda, and returns a copy of its own. */
export function cargoProgram(packageName, { binary = packageName, features = [] } = {}) {
  const programs = join(local, 'rust');
  mkdirSync(programs, { recursive: true });
  const copy = join(programs, [binary, ...features].join('-'));
  if (!building) return built(copy);
  const named = features.length === 0 ? [] : ['--features', features.join(',')];
  must('cargo', ['build', '--release', '--locked', '--quiet', '--package', packageName, '--bin', binary, ...named]);
  rmSync(copy, { force: true });
  copyFileSync(join(root, 'target', 'release', binary), copy);
  return copy;
}

/** Builds a Rust peer in its own workspace. */
export function cargoPeer(packageName) {
  const target = join(root, 'target', 'bench-peers');
  const program = join(target, 'release', packageName);
  if (!building) return built(program);
  must('cargo', ['build', '--release', '--locked', '--quiet', '--package', packageName], {
    cwd: join(peers, 'rust'),
    env: { CARGO_TARGET_DIR: target },
  });
  return program;
}

function built(program) {
  if (!existsSync(program)) throw new Error('it was not built, and --installed says to build nothing');
  return program;
}

/** Node and AWS's runtime interface client, as Lambda's managed runtime has them. */
export function nodeRuntime() {
  const folder = join(peers, 'node', 'runtime');
  onceFor('node-runtime', join(folder, 'package-lock.json'), () =>
    must('npm', ['ci', '--no-progress'], { cwd: folder, env: { PATH: withCmake() } }),
  );
  const modules = join(folder, 'node_modules');
  return [join(modules, 'node', 'bin', 'node'), join(modules, 'aws-lambda-ric', 'index.mjs')];
}

/** One of the TypeScript SDKs with the benchmark's handler, bundled into one file; returns the folder of it. */
export function nodeBundle(name) {
  const folder = nodePackages(name);
  const bundle = join(local, 'node', name);
  // Some packages of the SDK's are CommonJS and ask for `require`.
  const banner = "import{createRequire}from'node:module';const require=createRequire(import.meta.url);";
  must(
    join(folder, 'node_modules', '.bin', 'esbuild'),
    [
      'handler.mjs',
      '--bundle',
      '--minify',
      '--platform=node',
      '--format=esm',
      '--target=node24',
      `--banner:js=${banner}`,
      `--outfile=${join(bundle, 'handler.mjs')}`,
    ],
    { cwd: folder },
  );
  return bundle;
}

/** The packages of one of the TypeScript SDKs; returns the folder of them. */
export function nodePackages(name) {
  const folder = join(peers, 'node', name);
  onceFor(`node-${name}`, join(folder, 'package-lock.json'), () =>
    must('npm', ['ci', '--no-progress'], { cwd: folder }),
  );
  return folder;
}

/** Packages for Python from a list of exact versions; returns the folder of them. */
export function pythonPackages(name) {
  const requirements = join(peers, 'python', name, 'requirements.txt');
  const folder = join(local, 'python', name);
  onceFor(`python-${name}`, requirements, () => {
    rmSync(folder, { recursive: true, force: true });
    must('python3', [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--no-deps',
      '--target',
      folder,
      '--requirement',
      requirements,
    ]);
  });
  const handler = join(peers, 'python', name, 'handler.py');
  if (existsSync(handler)) copyFileSync(handler, join(folder, 'handler.py'));
  return folder;
}

/** The interpreter itself: what is on the PATH may be a script that chooses one. */
export function python() {
  const [program, version] = must('python3', ['-c', 'import sys; print(sys.executable); print(sys.version.split()[0])'])
    .trim()
    .split('\n');
  return { program, version };
}

/** The arm64 programs that the project deploys, as far as they are there; builds what has changed. */
export function arm64Programs() {
  if (building) must(process.execPath, [join(root, 'scripts', 'build-lambda.mjs')]);
  const bootstrap = (name) => join(root, 'target', 'lambda', name, 'bootstrap');
  const programs = ['dog-facts', 'counter', 'authorization'].map((name) => [name, bootstrap(name)]);
  return Object.fromEntries(programs.filter(([, program]) => existsSync(program)));
}

function withCmake() {
  if (spawnSync('cmake', ['--version']).status === 0) return process.env.PATH;
  const tools = join(local, 'tools');
  if (!existsSync(join(tools, 'bin', 'cmake'))) {
    must('python3', ['-m', 'venv', tools]);
    must(join(tools, 'bin', 'pip'), ['install', '--quiet', cmake]);
  }
  return [join(tools, 'bin'), process.env.PATH].join(delimiter);
}
