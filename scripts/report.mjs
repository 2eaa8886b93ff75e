// Runs the commands of the test parts, counts what their runners report, and prints the sum as the last line.

import { spawn } from 'node:child_process';
import { performance } from 'node:perf_hooks';

/** How each test runner says what passed and failed; `[passed, failed]` for one run's output. */
const runners = {
  cargo: (output) => sum([...output.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed;/gm)]),
  node: (output) => sum([...output.matchAll(/^ℹ pass (\d+)\nℹ fail (\d+)\nℹ cancelled (\d+)/gm)].map(([, pass, fail, cancelled]) => ['', pass, String(Number(fail) + Number(cancelled))])),
  unittest: (output) => {
    const ran = Number(/^Ran (\d+) tests? in/m.exec(output)?.[1] ?? 0);
    const bad = [...(/^FAILED \((.*)\)/m.exec(output)?.[1] ?? '').matchAll(/(?:failures|errors)=(\d+)/g)].reduce((all, [, n]) => all + Number(n), 0);
    return [ran - bad, bad];
  },
};

function sum(matches) {
  return matches.reduce(([passed, failed], [, p, f]) => [passed + Number(p), failed + Number(f)], [0, 0]);
}

export class Report {
  #passed = 0;
  #failed = 0;
  #failures = [];

  /**
   * Runs one command. With `runner`, its tests are counted; without, the command itself is one check.
   * A runner that reports no test at all is a failure: it means that the tests were not found.
   */
  async run(title, command, args, { runner, cwd, env } = {}) {
    console.log(`\n── ${title}`);
    const started = performance.now();
    const { status, output } = await execute(command, args, { cwd, env });
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    let [passed, failed] = runner === undefined ? (status === 0 ? [1, 0] : [0, 1]) : runners[runner](output);
    if (runner !== undefined && failed === 0 && (status !== 0 || passed === 0)) failed = 1;
    this.#passed += passed;
    this.#failed += failed;
    if (failed > 0) this.#failures.push(title);
    console.log(`── ${title}: ${passed} passed, ${failed} failed (${seconds} s)`);
    return failed === 0;
  }

  /** Counts a part that could not even begin. */
  couldNotRun(title, reason) {
    this.#failed += 1;
    this.#failures.push(title);
    console.error(`\n── ${title}: could not run: ${reason}`);
  }

  /** Prints the sum; the exit status for the process. */
  close() {
    if (this.#failures.length > 0) console.log(`\nfailed: ${this.#failures.join('; ')}`);
    console.log(`${this.#passed} passed, ${this.#failed} failed`);
    return this.#failed === 0 && this.#passed > 0 ? 0 : 1;
  }
}

/** Runs a command with its output shown and kept. */
function execute(command, args, { cwd, env }) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk, to) => {
      output += chunk.toString('utf8');
      to.write(chunk);
    };
    child.stdout.on('data', (chunk) => keep(chunk, process.stdout));
    child.stderr.on('data', (chunk) => keep(chunk, process.stderr));
    child.on('error', (error) => resolve({ status: 1, output: `${output}\n${error.message}` }));
    child.on('close', (status) => resolve({ status: status ?? 1, output }));
  });
}
