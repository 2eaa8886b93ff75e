#!/usr/bin/env node
// Starts the program of this machine's package with the same arguments, and ends as it ends.

import { spawn } from 'node:child_process';
import { program } from './program.mjs';

let path;
try {
  path = program();
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exit(1);
}

const parent = process.ppid;
const child = spawn(path, process.argv.slice(2), { stdio: 'inherit' });
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
// A signal to this process alone is passed on; one to the terminal's group has reached the program already, which ends once.
for (const signal of signals) process.on(signal, () => child.kill(signal));
// `mcp-lambda dev` ends when what started it is gone, be it killed. It sees this process only, which npm starts through a shell.
const watch = setInterval(() => {
  if (process.argv[2] === 'dev' && process.ppid !== parent) child.kill('SIGTERM');
}, 200);
watch.unref();
child.on('error', (error) => {
  console.error(`error: ${path} cannot be started (${error.message}): install the package mcp-lambda again`);
  process.exit(1);
});
child.on('close', (status, signal) => {
  if (signal === null) process.exit(status);
  for (const name of signals) process.removeAllListeners(name);
  process.kill(process.pid, signal);
});
