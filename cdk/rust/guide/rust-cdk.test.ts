/** The commands and files of docs/rust-cdk.md and docs/rust-bindings.md, in their order, from an empty folder beside the checkout. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

const root = join(import.meta.dirname, '..', '..', '..');
const guide = ['rust-cdk.md', 'rust-bindings.md']
  .map((page) => readFileSync(join(root, 'docs', page), 'utf8'))
  .join('\n');
const blocks = [...guide.matchAll(/^```(\w+)\n(.*?)^```/gms)].map(([, language, text]) => ({ language, text }));

/** The only block of a language that has some text. */
function block(language: string, part: string): string {
  const found = blocks.filter((each) => each.language === language && each.text.includes(part));
  assert.equal(found.length, 1, `${found.length} blocks of ${language} have ${part}`);
  return found[0].text;
}

const parent = mkdtempSync(join(tmpdir(), 'rust-cdk-'));
const project = join(parent, 'hello-infra');
const ran = new Set<string>();
after(() => rmSync(parent, { recursive: true }));

/** Runs a block in a shell that ends at the first failure. */
function shell(part: string, cwd: string): void {
  const text = block('sh', part);
  const done = spawnSync('sh', ['-e', '-c', text], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, CARGO_TARGET_DIR: join(root, 'target') },
  });
  assert.equal(done.status, 0, `${text}\n${done.stdout}${done.stderr}`);
  ran.add(text);
}

describe('the guide to the CDK in Rust', () => {
  // The tests are run after these two, by scripts/lib/prepare.mjs.
  ran.add(block('sh', 'npm ci'));

  test('makes a project', () => {
    symlinkSync(root, join(parent, 'mcp-lambda'));
    shell('cargo new hello-infra', parent);
    writeFileSync(join(project, 'src', 'main.rs'), block('rust', 'fn main()'));
    writeFileSync(join(project, 'cdk.json'), block('json', '"app"'));
  });

  test('synthesizes its stack', () => {
    shell('npx cdk synth', project);
    const { Resources } = JSON.parse(readFileSync(join(project, 'cdk.out', 'Hello.template.json'), 'utf8'));
    const types = Object.values<{ Type: string }>(Resources).map((each) => each.Type);
    assert.ok(types.includes('AWS::S3::Bucket') && types.includes('AWS::SNS::Topic'), types.join());
  });

  test('tests its stack', () => {
    mkdirSync(join(project, 'tests'));
    writeFileSync(join(project, 'tests', 'hello.rs'), block('rust', 'fn keeps_old_versions'));
    shell('cargo test', project);
  });

  test('runs the example server, and generates bindings and a typed construct in the checkout', () => {
    const folder = join(root, 'target', 'guide');
    rmSync(folder, { recursive: true, force: true });
    shell('npx cdk ls', root);
    shell('jsii-bindgen -- rust', root);
    shell('jsii-bindgen -- contract', root);
    assert.ok(existsSync(join(folder, 'generated', 'cdk_nag', 'mod.rs')));
    assert.match(readFileSync(join(folder, 'counter.ts'), 'utf8'), /class Counter extends McpServer/);
  });

  test('has no command besides these', () => {
    assert.deepEqual(
      blocks.filter(({ language, text }) => language === 'sh' && !ran.has(text)),
      [],
    );
  });
});
