/** Directories of programs that have just ended, or will in a moment. */

import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { patience } from './patience.ts';

/**
 * Removes `path` with all that is in it. A program whose terminal has gone may still write into it: what it adds during
 * the removal is removed as well. (`maxRetries` of Node does not look again at what a directory holds.)
 */
export async function removeDirectory(path: string): Promise<void> {
  const deadline = Date.now() + patience;
  for (;;) {
    try {
      rmSync(path, { recursive: true, force: true });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY' || Date.now() > deadline) throw error;
    }
    await sleep(50);
  }
}
