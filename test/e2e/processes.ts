/** The processes of a server with McpCompute.fargate on the local stack, by the settings that they were started with. */

import { readdirSync, readFileSync } from 'node:fs';

import type { Stack } from './stack.ts';

export interface ServerProcess {
  readonly id: number;
  readonly settings: Readonly<Record<string, string>>;
}

/** Those of the stack's server; none for one that is a function. */
export function processesOf(stack: Stack): ServerProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((id) => {
      try {
        // The shell around a process has its settings too.
        if (readFileSync(`/proc/${id}/comm`, 'utf8').trim() !== 'bootstrap') return [];
        const lines = readFileSync(`/proc/${id}/environ`, 'utf8').split('\0');
        const settings = Object.fromEntries(
          lines.map((line) => [line.split('=')[0], line.slice(line.indexOf('=') + 1)]),
        );
        const isOurs = settings.MCP_RESOURCE === stack.McpServerUrl && settings.MCP_LISTEN?.startsWith('127.0.0.1:');
        return isOurs ? [{ id: Number(id), settings }] : [];
      } catch {
        // It has ended, or is another user's.
        return [];
      }
    });
}
