/** An origin at which nothing listens, and nothing else can: for a template that names a front which is never asked. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';

// Node listens on what it binds.
const program =
  'import socket, sys; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1], flush=True); sys.stdin.read()';

/** A port that is bound, and no more, until it is released. */
export interface ReservedOrigin {
  readonly origin: string;
  release(): void;
}

export async function reserveOrigin(): Promise<ReservedOrigin> {
  const child = spawn('python3', ['-c', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  return { origin: `http://127.0.0.1:${port.toString('utf8').trim()}`, release: () => child.stdin.end() };
}
