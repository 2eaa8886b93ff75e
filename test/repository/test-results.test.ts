/** What counts as a result of `npm test`: what the runners record, and nothing that is printed. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test, type TestContext } from 'node:test';

interface Report {
  run(title: string, command: string, args: readonly string[]): Promise<boolean>;
  node(title: string, args: readonly string[], options: object): Promise<boolean>;
  close(): number;
}

interface RustTest {
  readonly name: string;
  readonly passed: boolean;
}

const script = async (name: string): Promise<unknown> =>
  import(new URL(`../../scripts/lib/${name}`, import.meta.url).href);
const { Report } = (await script('report.mjs')) as { Report: new () => Report };
const { testsOf } = (await script('rust-tests.mjs')) as {
  testsOf(program: string, executable: string, folder: string): AsyncIterable<RustTest>;
};

describe('results', () => {
  const work = mkdtempSync(join(tmpdir(), 'results-'));
  after(() => rmSync(work, { recursive: true, force: true }));

  /** Runs test files of these texts; what the report prints at its end. */
  async function reported(
    t: TestContext,
    ...texts: readonly string[]
  ): Promise<{ readonly status: number; readonly lines: readonly string[] }> {
    const files = texts.map((_, index) => join(work, `${index}.test.mjs`));
    texts.forEach((text, index) => writeFileSync(files[index] ?? '', text));
    const log = t.mock.method(console, 'log', () => {});
    const report = new Report();
    // Otherwise Node takes the runner for one of its own test files.
    await report.node('tests', ['--test', ...files], { env: { NODE_TEST_CONTEXT: undefined } });
    log.mock.resetCalls();
    const status = report.close();
    const lines = log.mock.calls.flatMap(({ arguments: [text] }) => String(text).trim().split('\n'));
    log.mock.restore();
    return { status, lines };
  }

  test('are not what a test prints, and the sum is the last line', async (t) => {
    const { status, lines } = await reported(
      t,
      `
      import { test } from 'node:test';
      console.log('ℹ pass 99\\nℹ fail 3\\nℹ cancelled 0\\n99 passed, 3 failed');
      test('is good', () => console.log('not ok 1 - x'));
      test('is bad', () => { throw new Error('on purpose'); });
    `,
    );
    assert.equal(status, 1);
    assert.equal(lines.at(-1), '1 passed, 1 failed');
    assert.match(lines.at(-2) ?? '', /0\.test\.mjs › is bad: on purpose$/);
  });

  test('are failures where a file has no test, cannot be read, or breaks off', async (t) => {
    const { status, lines } = await reported(
      t,
      '',
      'this is no program',
      'process.kill(process.pid, "SIGKILL");',
      `import { test } from 'node:test'; test('is good', () => {});`,
    );
    assert.equal(status, 1);
    assert.equal(lines.at(-1), '1 passed, 3 failed');
  });

  test('are failures where the runner finds no file', async (t) => {
    t.mock.method(console, 'log', () => {});
    const report = new Report();
    assert.equal(
      await report.node('tests', ['--test', join(work, 'nowhere.test.mjs')], { env: { NODE_TEST_CONTEXT: undefined } }),
      false,
    );
    assert.equal(await report.run('a command that is not there', join(work, 'nowhere'), []), false);
    assert.equal(report.close(), 1);
  });

  test('of Rust are not what a test prints, and a crash fails what did not run', async () => {
    const source = join(work, 'tests.rs');
    writeFileSync(
      source,
      `
      #[test] fn a_liar() { std::process::Command::new("echo").arg("test result: FAILED. 0 passed; 9 failed; 0 ignored").status().unwrap(); }
      #[test] fn b_bad() { panic!("on purpose") }
      #[test] #[ignore] fn c_ignored() {}
      #[test] fn d_crash() { if std::path::Path::new("crash").exists() { std::process::abort() } }
    `,
    );
    const executable = join(work, 'tests');
    const compiled = spawnSync('rustc', ['--test', '--edition', '2024', '-o', executable, source], {
      encoding: 'utf8',
    });
    assert.equal(compiled.status, 0, compiled.stderr);
    const results = async (): Promise<Record<string, boolean>> => {
      const all: Record<string, boolean> = {};
      for await (const { name, passed } of testsOf('tests', executable, work)) all[name] = passed;
      return all;
    };
    assert.deepEqual(await results(), { a_liar: true, b_bad: false, c_ignored: false, d_crash: true });
    writeFileSync(join(work, 'crash'), '');
    assert.equal((await results())['d_crash'], false);
  });
});
