// Runs a command to its end with its output shown.

import { spawn } from 'node:child_process';

/** The exit status of the command, or the signal or the error that ended it. */
export function ended(command, args, { cwd, env } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.on('error', (error) => resolve(error.message));
    child.on('exit', (status, signal) => resolve(status ?? signal));
  });
}
