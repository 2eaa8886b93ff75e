// `npm start`: installs the npm packages, builds mcp-lambda-local and hands over to it. Also `npm run token`.

import { spawn, spawnSync } from 'node:child_process';

import { pinnedNode, workspacePackages } from './prepare.mjs';
import { root } from './root.mjs';

const oldestNode = 20;

/** Ends with one message that names the cause and what mends it. */
function fail(message) {
  console.error(`\nerror: ${message}`);
  process.exit(1);
}

/** Builds the program for this machine and returns where cargo put it. */
function build() {
  const args = ['build', '--profile', 'local', '--package', 'mcp-lambda-local', '--message-format=json-render-diagnostics'];
  // Not `--quiet`: the first build takes about a minute, and cargo shows where it is.
  const cargo = spawnSync('cargo', args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8', maxBuffer: 1 << 26 });
  if (cargo.error !== undefined) {
    fail(`\`cargo\` cannot be started (${cargo.error.code}): install Rust with rustup, then run \`npm start\` again`);
  }
  if (cargo.status !== 0) {
    fail('building mcp-lambda-local failed: mend what cargo says above and run `npm start` again');
  }
  const artifact = cargo.stdout
    .split('\n')
    .filter((line) => line.includes('"executable":"'))
    .map((line) => JSON.parse(line))
    .find((message) => message.target.name === 'mcp-lambda-local' && message.target.kind.includes('bin'));
  return artifact.executable;
}

/** Runs the program in the foreground: signals go on to it, its exit status becomes ours. */
function run(program, args) {
  const child = spawn(program, args, { cwd: root, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(`${program} cannot be started (${error.message}): run \`npm start\` again`));
  child.on('exit', (status, signal) => process.exit(signal === null ? status : 1));
}

if (Number.parseInt(process.versions.node, 10) < oldestNode) {
  fail(`Node.js is version ${process.versions.node}, ${oldestNode} or newer is needed: install it, then run \`npm start\` again`);
}
const args = process.argv.slice(2);
if (!args.includes('token')) {
  await workspacePackages().catch((error) => fail(`${error.message.trim()}\nmend what npm says and run \`npm start\` again`));
}
pinnedNode();
run(build(), args);
