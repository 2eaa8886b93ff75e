// How long a change of a tool takes, from saving the file to the changed response.

import { setTimeout as pause } from 'node:timers/promises';
import { readFileSync, writeFileSync } from 'node:fs';

import { median } from '../bench/figures.mjs';

/** How often the tool is called until its response has changed. */
const EVERY_MS = 50;

/**
 * Changes the greeting of the template's tool and calls it until the greeting is the changed one.
 *
 * @param file the source
 * @param word what the greeting gets
 * @param call calls the tool, with "hello" for its argument
 * @returns the seconds that it took
 */
export async function edit(file, word, call, patience) {
  const source = readFileSync(file, 'utf8');
  const changed = source.replace(/format!\("\{greeting\}[^,]*, /, `format!("{greeting} ${word}, `);
  if (changed === source) throw new Error(`${file} has no greeting to change`);
  const saved = performance.now();
  writeFileSync(file, changed);
  for (;;) {
    const response = await call();
    if (response.startsWith(`hello ${word}, `)) return (performance.now() - saved) / 1000;
    if (performance.now() - saved > patience) throw new Error(`the tool still responds ${JSON.stringify(response)}`);
    await pause(EVERY_MS);
  }
}

/** One line about several changes. */
export function summary(seconds) {
  const each = seconds.map((one) => one.toFixed(1)).join(', ');
  return seconds.length === 1 ? `${each} s` : `median ${median(seconds).toFixed(1)} s of ${each}`;
}
