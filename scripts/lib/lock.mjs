// Locks between processes of one checkout. Node has none: a small Python program, which `npm start` needs anyway, holds the lock of the
// operating system. It lets go when its standard input ends, which is also what happens when this process is killed.

import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { root } from './root.mjs';

const holder = `
import fcntl, sys
with open(sys.argv[1], "a") as lock:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("taken", flush=True)
        fcntl.flock(lock, fcntl.LOCK_EX)
    print("held", flush=True)
    sys.stdin.read()
`;

/** Waits for the lock of that name, calling `waiting` if somebody has it, and gives the function that lets go of it. */
export async function lock(name, waiting = () => {}) {
  mkdirSync(join(root, '.local'), { recursive: true });
  const child = spawn('python3', ['-I', '-c', holder, join(root, '.local', `${name}.lock`)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const failed = new Promise((_, reject) =>
    child.once('error', (error) =>
      reject(new Error(`\`python3\` cannot be started (${error.code}): install Python 3.10 or newer`)),
    ),
  );
  const states = createInterface(child.stdout)[Symbol.asyncIterator]();
  let state = await Promise.race([states.next(), failed]);
  if (state.value === 'taken') {
    waiting();
    state = await states.next();
  }
  if (state.value !== 'held') throw new Error(`.local/${name}.lock cannot be locked: make it accessible`);
  return () =>
    new Promise((resolve) => {
      child.once('exit', resolve);
      child.stdin.end();
    });
}
