// Shows that bindings of all of aws-cdk-lib without the low-level types compile: generates them into a crate of their own
// below target/ and checks it. Takes minutes and gigabytes, so it is not part of the tests.
//
//   node cdk/rust/compile-whole-cdk.mjs
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? join(here, '../../target');
const crate = join(target, 'whole-cdk');
mkdirSync(join(crate, 'src'), { recursive: true });
writeFileSync(
  join(crate, 'Cargo.toml'),
  `[package]
name = "whole-cdk"
version = "0.0.0"
edition = "2024"

[dependencies]
jsii-host = { path = ${JSON.stringify(join(here, 'jsii-host'))} }

[workspace]
`,
);
writeFileSync(join(crate, 'src/lib.rs'), 'pub mod generated;\n');

function run(title, command, args, cwd) {
  const started = Date.now();
  const done = spawnSync(command, args, {
    cwd,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, CARGO_TARGET_DIR: join(crate, 'target') },
  });
  process.stdout.write(`${title}: ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
  if (done.status !== 0) process.exit(done.status ?? 1);
}

const bindgen = spawnSync('cargo', ['build', '--quiet', '--package', 'jsii-bindgen'], { cwd: here, stdio: 'inherit' });
if (bindgen.status !== 0) process.exit(1);
run(
  'generate',
  join(target, 'debug/jsii-bindgen'),
  ['rust', '--assembly', 'aws-cdk-lib', '--roots', 'aws-cdk-lib.*,constructs.*', '--out', join(crate, 'src/generated')],
  here,
);
const time = '/usr/bin/time';
run('check', time, ['-f', 'processor time %U s, largest process %M KiB', 'cargo', 'check', '--quiet'], crate);
process.stdout.write(
  readFileSync(join(crate, 'src/generated/mod.rs'), 'utf8').includes('aws_cdk_lib')
    ? 'no error\n'
    : 'nothing was generated\n',
);
