// Builds the command mcp-lambda and runs it with the arguments: `npm start` is `mcp-lambda dev`, `npm run token` is `mcp-lambda token`.

import { spawn } from 'node:child_process';

import { pinnedNode, workspacePackages } from './lib/prepare.mjs';
import { root } from './lib/root.mjs';

const oldestNode = 20;
const args = process.argv.slice(2);
const [command] = args;
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

/** Builds the command for this machine and returns where cargo put it. */
async function build() {
  const args = ['build', '--locked', '--package', 'mcp-lambda-cli', '--message-format=json-render-diagnostics'];
  if (['dev', 'token'].includes(command)) args.push('--no-default-features');
  let messages = '';
  // Not `--quiet`: the first build takes about a minute, and cargo shows where it is.
  const status = await run('cargo', args, ['ignore', 'pipe', 'inherit'], (chunk) => (messages += chunk)).catch(
    (error) =>
      fail(`\`cargo\` cannot be started (${error.code}): install Rust with rustup, then run \`npm start\` again`),
  );
  if (typeof status === 'string') process.exit(1);
  if (status !== 0) fail('building mcp-lambda failed: fix what cargo reports above and run `npm start` again');
  const artifact = messages
    .split('\n')
    .filter((line) => line.includes('"executable":"'))
    .map((line) => JSON.parse(line))
    .find((message) => message.target.name === 'mcp-lambda' && message.target.kind.includes('bin'));
  return artifact.executable;
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
const status = await run(await build(), args, 'inherit');
process.exit(typeof status === 'string' ? 1 : status);
