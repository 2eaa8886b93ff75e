// What the tests need beside the sources; each step is done once and only when it is wanted.

import { spawn, spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { performance } from 'node:perf_hooks';

import { build, layDown } from './cargo.mjs';
import { lock } from './lock.mjs';
import { pythonSources, stageConstructs } from './packages.mjs';
import { root } from './root.mjs';

const done = new Map();

/** Runs `step` at most once in this process, and says how long it took if that was more than a second. */
function once(name, step) {
  if (!done.has(name)) done.set(name, timed(name, step));
  return done.get(name);
}

async function timed(name, step) {
  const started = performance.now();
  const result = await step();
  const seconds = (performance.now() - started) / 1000;
  if (seconds > 1) console.log(`prepared ${name} (${seconds.toFixed(1)} s)`);
  return result;
}

/** Runs a command quietly and gives its result; its output appears only in the error. */
function must(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8', ...options });
  if (result.status !== 0) {
    throw new Error(
      `\`${command} ${args.join(' ')}\` failed${result.error === undefined ? '' : ` (${result.error.message})`}:\n${result.stdout ?? ''}${result.stderr ?? ''}`,
    );
  }
  return result;
}

/** Installs the packages of a lock file once per content of it. */
async function npmCi(folder) {
  // `npm ci` removes what another process may be using, or installing.
  const unlock = await lock('npm', () =>
    console.log('waiting for another process of this checkout that installs packages …'),
  );
  try {
    installPackages(folder);
  } finally {
    await unlock();
  }
}

function installPackages(folder) {
  const stamp = join(root, '.local', `npm-${folder === '.' ? 'root' : folder.replaceAll('/', '-')}`);
  const lockFile = createHash('sha256')
    .update(readFileSync(join(root, folder, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && existsSync(join(root, folder, 'node_modules')) && readFileSync(stamp, 'utf8') === lockFile)
    return;
  console.log(`installing the npm packages of ${folder === '.' ? 'the workspace' : `${folder}/`} …`);
  must('npm', ['ci', '--no-progress'], { cwd: join(root, folder) });
  mkdirSync(join(root, '.local'), { recursive: true });
  writeFileSync(stamp, lockFile);
}

/** The npm packages of the workspace. */
export const workspacePackages = () => once('workspace', () => npmCi('.'));

/** The packages that only the tests need: browser driver, MCP clients, Claude Code, Codex. */
export const testPackages = () => once('test', () => npmCi('test'));

/** The npm registry that a release is rehearsed with. */
export const rehearsalPackages = () => once('rehearsal', () => npmCi('test/rehearsal'));

/** The MCP clients of `connectCommand` that run by name only. */
export const connectPackages = () => once('connect', () => npmCi('test/e2e/connect'));

/** The constructs compiled by jsii, which is what other languages use. */
export const compiledConstructs = () => once('constructs', () => must('npm', ['run', 'build', '--workspace', 'cdk']));

/** The two jsii libraries that the bindings are tested with, compiled. */
export const bindingsFixture = () =>
  once('fixture', async () => {
    await npmCi('cdk/rust/fixture');
    must('npm', ['run', 'build'], { cwd: join(root, 'cdk/rust/fixture') });
  });

/** A Python interpreter with the CDK of `cdk/rust/golden/python`, in a folder of its own. */
export const pythonCdk = () =>
  once('python', () => {
    const requirements = join(root, 'cdk', 'rust', 'golden', 'python', 'requirements.txt');
    const folder = join(root, '.local', 'golden-python');
    const stamp = join(folder, 'requirements.txt');
    const interpreter = join(folder, 'bin', 'python');
    if (existsSync(stamp) && readFileSync(stamp, 'utf8') === readFileSync(requirements, 'utf8')) return interpreter;
    console.log('installing the CDK for Python …');
    rmSync(folder, { recursive: true, force: true });
    must('python3', ['-m', 'venv', folder]);
    must(interpreter, ['-m', 'pip', 'install', '--quiet', '--requirement', requirements]);
    writeFileSync(stamp, readFileSync(requirements, 'utf8'));
    return interpreter;
  });

/** The constructs as their packages hold them, without the programs for AWS; gives the npm package and the Python module. */
export const stagedConstructs = () =>
  once('staged constructs', () => {
    const npm = join(root, 'target', 'new-project', 'mcp-lambda-cdk');
    stageConstructs(npm, { programs: false });
    return { npm, python: pythonSources(npm, join(root, 'target', 'new-project', 'sources')) };
  });

/** The command `mcp-lambda` as `npm start` has it; gives its program. */
export const command = () =>
  once('command', () => build('bin', ['mcp-lambda'], ['--no-default-features'])['mcp-lambda']);

/** A program of a Python package in an environment of its own, made once per `wanted` (package==version); gives its directory. */
const pythonProgram = (name, wanted) =>
  once(name, () => {
    const venv = join(root, '.local', name);
    const stamp = join(venv, 'version');
    if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
      console.log(`installing ${wanted} …`);
      must('python3', ['-m', 'venv', '--clear', venv]);
      must(join(venv, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', wanted]);
      // Written last: half an installation does not count.
      writeFileSync(stamp, wanted);
    }
    return join(venv, 'bin');
  });

/** The command line of AWS; gives the directory of its program. */
export const awsCli = () => pythonProgram('aws-cli', 'awscli==1.46.3');

/** A linter that knows the schema of the MCP registry; gives the directory of its program. */
export const registryLinter = () => pythonProgram('registry-linter', 'skillsaw==0.22.0');

/** The official conformance suite. */
export const conformancePackages = () => once('conformance', () => npmCi('test/conformance'));

/** The pinned Node that the workspace brings, first on PATH, so that every part runs on the same one. */
export function pinnedNode() {
  process.env.PATH = [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter);
}

/** Programs of the operating system: `program` must be runnable; on Debian as root it is installed. */
function debianPackages(program, packages) {
  return once(`debian ${program}`, () => {
    if (spawnSync('sh', ['-c', `command -v ${program}`]).status === 0) return;
    const fix = `apt-get install -y ${packages.join(' ')}`;
    if (process.getuid?.() !== 0 || spawnSync('sh', ['-c', 'command -v apt-get']).status !== 0) {
      throw new Error(`${program} is missing: install it (on Debian: \`sudo ${fix}\`) and run this again`);
    }
    console.log(`installing ${packages.join(', ')} …`);
    must('apt-get', ['update', '-q']);
    must('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...packages], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  });
}

/** The browser that the tests drive: Debian's Chromium, or the program that CHROMIUM names. */
export const chromium = () =>
  process.env.CHROMIUM === undefined ? debianPackages('chromium', ['chromium']) : undefined;

/** What lets a program believe that it is another day. */
export const faketime = () => debianPackages('faketime', ['faketime']);

/** What runs an arm64 program on another machine: the emulator and the C library it links against. */
export const arm64Emulator = () =>
  debianPackages('qemu-aarch64-static', ['qemu-user-static', 'libc6-arm64-cross', 'libgcc-s1-arm64-cross']);

/** What is built while tests run. */
const builds = [];

/**
 * The arm64 program of the dog facts server. It has the lowest priority and a target directory of its own, so it can be begun long
 * before it is needed: tests that wait leave the processor to it.
 */
export const arm64Program = () =>
  once('arm64 program', async () => {
    const child = spawn('nice', ['-n', '19', process.execPath, join('scripts', 'build-lambda.mjs'), 'dog-facts'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    builds.push(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk.toString('utf8')));
    const status = await new Promise((resolve) => {
      child.on('error', (error) => resolve(error.message));
      child.on('close', (code, signal) => resolve(code ?? signal));
    });
    if (status !== 0) throw new Error(`building the arm64 program ended with ${status}:\n${output}`);
  });

/** Ends what is still built, for a run that breaks off. */
export function stopBuilds() {
  for (const child of builds) if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
}

/** The official Python client in an environment of its own, made once per content of its requirements; gives its interpreter. */
export const pythonClient = () =>
  once('python client', () => {
    const venv = join(root, '.local', 'python-client');
    const [python, stamp] = [join(venv, 'bin', 'python'), join(venv, 'requirements.stamp')];
    const requirements = join(root, 'test', 'e2e', 'clients', 'python', 'requirements.txt');
    const wanted = readFileSync(requirements, 'utf8');
    if (existsSync(python) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python;
    console.log('installing the Python MCP client …');
    must('python3', ['-m', 'venv', '--clear', venv]);
    must(python, [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--require-hashes',
      '--requirement',
      requirements,
    ]);
    // Written last: half an installation does not count.
    writeFileSync(stamp, wanted);
    return python;
  });

/** The program around the official Rust client, built; gives where cargo put it. */
export const rmcpClient = () => once('rmcp client', () => build('bin', ['rmcp-client'])['rmcp-client']);

/** The same client as a program with a key of its own, which is no part of the workspace; gives its program. */
export const rmcpKeyClient = () =>
  once('rmcp client with a key', () => {
    const target = join(root, 'target', 'rmcp-key');
    const manifest = join(root, 'test', 'e2e', 'clients', 'rmcp-key', 'Cargo.toml');
    must('cargo', ['build', '--quiet', '--locked', '--manifest-path', manifest, '--target-dir', target]);
    return join(target, 'debug', 'rmcp-key-client');
  });

/** The keys of the programs of `test/e2e/assertion-app.ts`; gives their directory. */
export const assertionKeys = () =>
  once('keys of programs', () => {
    const directory = join(root, '.local', 'assertion-keys');
    mkdirSync(directory, { recursive: true });
    const keep = (name, { publicKey, privateKey }) => {
      const pem = { format: 'pem', type: 'pkcs8' };
      writeFileSync(join(directory, `${name}.pem`), privateKey.export(pem), { mode: 0o600 });
      writeFileSync(join(directory, `${name}.pub.pem`), publicKey.export({ ...pem, type: 'spki' }));
      const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: name }] };
      writeFileSync(join(directory, `${name}.jwks.json`), JSON.stringify(jwks));
    };
    keep('rsa', generateKeyPairSync('rsa', { modulusLength: 2048 }));
    keep('ec', generateKeyPairSync('ec', { namedCurve: 'P-256' }));
    return directory;
  });

const stacks = [];
/** What in a shell would break a stack that reads it: none does. */
const hostile = {
  AWS_PROFILE: 'no-such-profile',
  AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
  AWS_REGION: 'nowhere',
  CDK_OUTDIR: '/nowhere',
  PYTHONPATH: '/nowhere',
};

/** What runs the servers of the stacks, for `npm test -- --compute fargate`. */
let compute = 'lambda';
export const runOn = (chosen) => {
  compute = chosen;
};

/** Starts `npm start` on free ports, with data that no other stack has, waits until it is ready, and gives the file of its outputs. */
const stack = (name, options) =>
  once(`stack ${name}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mcp-lambda-stack-'));
    const outputs = join(folder, 'outputs.json');
    console.log(`starting the local stack (${name}) …`);
    const child = spawn(
      process.execPath,
      [
        join(root, 'scripts', 'mcp-lambda.mjs'),
        'dev',
        ...['--port', '0', '--no-watch', '--outputs-file', outputs],
        ...(compute === 'lambda' ? [] : ['-c', `compute=${compute}`]),
        ...options,
      ],
      {
        cwd: root,
        env: { ...process.env, ...hostile },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk.toString('utf8')));
    const ended = new Promise((resolve) => child.once('close', resolve));
    stacks.push({ child, ended, folder });
    while (!existsSync(outputs)) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`\`npm start\` ended before it was ready:\n${output}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return outputs;
  });

/** The alternative: MCP clients speak to the user pool itself. */
export const localStack = () => stack('cognito', ['-c', 'authorization=cognito']);

/** The default, `npm start` with no option: the authorization server in front of the user pool. */
export const authorizationStack = () => stack('server', []);

/** The stack whose programs authenticate with a client assertion. */
export const assertionStack = async () =>
  stack('assertions', [
    ...['--app', 'node --import tsx test/e2e/assertion-app.ts', '-c', `keys=${await assertionKeys()}`],
    ...['--with', 'node lambda/servers/dog-facts/dog-api.mjs'],
  ]);

/** The stack with an audit trail and limits of single callers. */
export const auditStack = () => stack('audit', ['--app', 'node --import tsx test/e2e/audit-app.ts']);

/** `npm start` with the server on AWS Fargate: two processes behind the edge. */
export const fargateStack = () =>
  compute === 'fargate' ? authorizationStack() : stack('fargate', ['-c', 'compute=fargate']);

/** The stack whose tools are plain REST too, with an API key. */
export const toolsApiStack = () => stack('tools-api', ['-c', 'authorization=cognito', '-c', 'toolsApi=keys']);

/** The stack with the Lambda authorizer before the MCP endpoint. */
export const lambdaAuthorizerStack = () => stack('lambda-authorizer', ['-c', 'lambdaAuthorizer=true']);

/** Builds programs for this machine and lays them down as functions; gives the directory. */
function programs(folder, names) {
  const directory = join(root, '.local', folder);
  layDown(directory, names);
  return directory;
}

/** The CDK app in Rust of `test/e2e/apps`, compiled: that takes minutes at first, and a test must not wait so long. */
export const rustApp = () =>
  once('rust app', () => {
    const manifest = join(root, 'cdk', 'rust', 'Cargo.toml');
    const example = ['--package', 'mcp-lambda-cdk', '--example', 'desk'];
    must('cargo', ['build', '--quiet', '--manifest-path', manifest, ...example]);
  });

/** The constructs as a Python module; gives the directory for PYTHONPATH. */
export const pythonConstructs = () =>
  once('python constructs', async () => {
    await compiledConstructs();
    const folder = join(root, '.local', 'python-constructs');
    rmSync(folder, { recursive: true, force: true });
    const pacmak = join(root, 'node_modules', '.bin', 'jsii-pacmak');
    // The programs that a release brings are not built for this.
    const env = { ...process.env, npm_config_ignore_scripts: 'true' };
    must(pacmak, ['--code-only', '--no-npmignore', '--target', 'python', '--outdir', folder, 'cdk'], { env });
    return join(folder, 'python', 'src');
  });

/** The Lambda authorizer and the counter, built for this machine and laid down as functions; gives the directory. */
export const lambdaAuthorizerPrograms = () =>
  once('Lambda authorizer programs', () => programs('lambda-authorizer-programs', ['authorizer', 'counter']));

/** The conformance server, which has tools that run as tasks, laid down as a function; gives its directory. */
export const tasksProgram = () =>
  once('tasks program', () => join(programs('tasks-program', ['conformance']), 'conformance'));

/** The authorization server, laid down as a function; gives its directory. */
export const authorizationProgram = () =>
  once('authorization program', () => join(programs('authorization-program', ['authorization']), 'authorization'));

/** The stack with two servers on one host, which share the authorization server in front of the user pool. */
export const hostStack = () => stack('host', ['--app', 'two']);

/** The stack with the workshop's servers: products, orders and toolbox on one host. */
export const workshopStack = () => stack('workshop', ['--app', 'workshop']);

/** Ends the local stacks that were started. */
export async function stopLocalStacks() {
  for (const { child, ended, folder } of stacks) {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
}
