// Builds the command mcp-lambda and runs it with the arguments: `npm start` is `mcp-lambda dev`, `npm run token` is `mcp-lambda token`.

import { spawn } from 'node:child_process';

import { LOCAL } from '../cli/npm/mcp-lambda/bin/program.mjs';
import { buildArguments, executableOf } from './lib/cargo.mjs';
import { pinnedNode, workspacePackages } from './lib/prepare.mjs';
import { root } from './lib/root.mjs';

const oldestNode = 20;
const [command, ...options] = process.argv.slice(2);
const dogApi = 'lambda/servers/dog-facts/dog-api.mjs';
/** The apps of this repository, by the names that `--app` takes here besides a command, and the API that each calls. */
const APPS = {
  'dog-facts': { program: 'cdk/app/main.ts', api: dogApi },
  two: { program: 'cdk/app/two-servers.ts', api: dogApi },
  counter: { program: 'cdk/app/counter.ts' },
  workshop: { program: 'cdk/app/workshop.ts', api: 'lambda/servers/toolbox/serper.mjs' },
};
/** Who started this: npm itself, because the scripts of package.json replace their shell by `exec`. */
const parent = process.ppid;

/** Ends with one message that names the cause and the fix. */
function fail(message) {
  console.error(`\nerror: ${message}`);
  process.exit(1);
}

/**
 * Starts a child that the signals we get go on to. A parent that was killed could send none; its children then have another parent,
 * which ends the child as well. Resolves to the child's exit status once its output is read.
 */
function run(program, args, stdio, onOutput = () => {}) {
  const child = spawn(program, args, { cwd: root, stdio });
  const forward = (signal) => child.kill(signal);
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, forward);
  const watch = setInterval(() => {
    if (process.ppid !== parent) child.kill('SIGTERM');
  }, 200);
  child.stdout?.setEncoding('utf8').on('data', onOutput);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      clearInterval(watch);
      for (const name of signals) process.off(name, forward);
      resolve(signal === null ? status : signal);
    });
  });
}

/** The options, with what this repository's apps need: their command by name and the API that they call beside them. */
function ofThisRepository() {
  if (command !== 'dev') return options;
  const given = options.flatMap((option) => {
    const [, name, value] = /^(--app|-a)=(.*)$/s.exec(option) ?? [];
    return name === undefined ? [option] : [name, value];
  });
  const position = given.findIndex((option) => option === '--app' || option === '-a');
  const name = position < 0 ? 'dog-facts' : given[position + 1];
  const app = APPS[name];
  if (app === undefined) {
    // A command has an argument, or is a path.
    if (/^[\w-]+$/.test(name ?? ''))
      fail(
        `--app ${name} is none of ${Object.keys(APPS).join(', ')}, and no command of a CDK app such as "npx tsx app.ts"`,
      );
    return given;
  }
  const others = given.filter((_, index) => position < 0 || (index !== position && index !== position + 1));
  const api = app.api === undefined ? [] : ['--with', `node ${app.api}`];
  // Named here, because `npx` of cdk.json takes a second to find the same program.
  return ['--app', `node --import tsx ${app.program}`, ...api, ...others];
}

/** Builds the command for this machine and returns where cargo put it. */
async function build() {
  const args = buildArguments(['--bin', 'mcp-lambda'], LOCAL.includes(command) ? ['--no-default-features'] : []);
  let messages = '';
  // Not `--quiet`: the first build takes about a minute, and cargo shows where it is.
  const status = await run('cargo', args, ['ignore', 'pipe', 'inherit'], (chunk) => (messages += chunk)).catch(
    (error) =>
      fail(`\`cargo\` cannot be started (${error.code}): install Rust with rustup, then run \`npm start\` again`),
  );
  if (typeof status === 'string') process.exit(1);
  if (status !== 0) fail('building mcp-lambda failed: fix what cargo reports above and run `npm start` again');
  return executableOf('mcp-lambda', messages);
}

if (Number.parseInt(process.versions.node, 10) < oldestNode) {
  fail(
    `Node.js is version ${process.versions.node}, ${oldestNode} or newer is needed: install it, then run \`npm start\` again`,
  );
}
if (command === 'dev') {
  await workspacePackages().catch((error) =>
    fail(`${error.message.trim()}\nfix what npm reports and run \`npm start\` again`),
  );
}
pinnedNode();
process.env.MCP_LAMBDA_STATE_DIRECTORY ??= '.local';
const status = await run(await build(), [command, ...ofThisRepository()].filter(Boolean), 'inherit');
process.exit(typeof status === 'string' ? 1 : status);
