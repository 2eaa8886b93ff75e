// Runs the commands of the test parts, adds up what their runners record, and prints the sum as the last line.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

import { ended } from './ended.mjs';
import { rustTests } from './rust-tests.mjs';

const nodeResults = fileURLToPath(new URL('node-results.mjs', import.meta.url));

export class Report {
  #passed = 0;
  #failures = [];
  #part;
  /** Seconds by part, in the order in which they ran: `npm test` as a whole has a limit. */
  #seconds = new Map();

  /** From here on the time is that of the part `name`, its preparation included. */
  begin(name) {
    this.#endPart();
    this.#part = { name, started: performance.now() };
  }

  #endPart() {
    if (this.#part !== undefined) this.#seconds.set(this.#part.name, (performance.now() - this.#part.started) / 1000);
    this.#part = undefined;
  }

  /** Runs one command, which is one check: its exit status says how it went. */
  run(title, command, args, options = {}) {
    return this.#count(title, async () => {
      const status = await ended(command, args, options);
      return { passed: status === 0 ? 1 : 0, failed: status === 0 ? [] : [`\`${command}\` ended with ${status}`] };
    });
  }

  /** Runs tests on Node's own runner, which writes its results to a file: what tests and their children print does not count. */
  node(title, args, options = {}) {
    return this.#count(title, async () => {
      const work = mkdtempSync(join(tmpdir(), 'node-tests-'));
      try {
        const file = join(work, 'results.json');
        const reporters = { spec: 'stdout', [nodeResults]: file };
        const flags = Object.entries(reporters).flatMap(([reporter, destination]) => [
          `--test-reporter=${reporter}`,
          `--test-reporter-destination=${destination}`,
        ]);
        const status = await ended('node', [...flags, ...args], options);
        const { passed, failed } = recorded(file) ?? { passed: 0, failed: ['the runner broke off'] };
        if (status !== 0 && failed.length === 0) failed.push(`the runner ended with ${status}`);
        return { passed, failed };
      } finally {
        rmSync(work, { recursive: true, force: true });
      }
    });
  }

  /** Runs the Rust tests of the packages that `selection` (arguments of cargo) names. */
  rust(title, selection) {
    return this.#count(title, async () => {
      let passed = 0;
      const failed = [];
      for await (const test of rustTests(selection)) {
        if (test.passed) passed += 1;
        else failed.push(`${test.program} › ${test.name}`);
      }
      return { passed, failed };
    });
  }

  /** Counts a part that could not even begin. */
  couldNotRun(title, reason) {
    this.#failures.push(`${title}: could not run`);
    console.error(`\n── ${title}: could not run: ${reason}`);
  }

  /** Prints what failed by name, then the sum; the exit status for the process. */
  close() {
    this.#endPart();
    const lines = [...this.#seconds].map(([name, seconds]) => `\n${seconds.toFixed(0).padStart(6)} s  ${name}`);
    if (lines.length > 1) console.log(`\ntime of each part, preparation included:${lines.join('')}`);
    if (this.#failures.length > 0)
      console.log(`\nfailed:${this.#failures.map((failure) => `\n  ${failure}`).join('')}`);
    console.log(`${this.#passed} passed, ${this.#failures.length} failed`);
    return this.#failures.length === 0 && this.#passed > 0 ? 0 : 1;
  }

  /** No test at all is a failure: it means that the tests were not found. */
  async #count(title, tests) {
    console.log(`\n── ${title}`);
    const started = performance.now();
    const { passed, failed } = await tests();
    if (passed === 0 && failed.length === 0) failed.push('no test ran');
    this.#passed += passed;
    this.#failures.push(...failed.map((name) => `${title}: ${name}`));
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`── ${title}: ${passed} passed, ${failed.length} failed (${seconds} s)`);
    return failed.length === 0;
  }
}

function recorded(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
