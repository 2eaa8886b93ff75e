// Installs what the Rust bindings are tested against, and runs their tests.
//
//   node cdk/rust/test.mjs prepare    npm ci in test/fixtures/zoo, and the fixture library built
//   node cdk/rust/test.mjs            that, then all tests of the four crates
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const zoo = join(root, 'test/fixtures/zoo');
const crates = ['jsii-host', 'jsii-bindgen', 'mcp-lambda-cdk', 'zoo'];

function run(command, args, cwd) {
  process.stdout.write(`$ ${command} ${args.join(' ')}\n`);
  const env = { ...process.env, JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION: process.versions.node.split('.')[0] };
  const done = spawnSync(command, args, { cwd, env, stdio: 'inherit' });
  if (done.status !== 0) process.exit(done.status ?? 1);
}

function install(folder) {
  const installed = join(folder, 'node_modules/.package-lock.json');
  const fresh = existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(folder, 'package-lock.json')).mtimeMs;
  if (!fresh) run('npm', ['ci', '--no-fund', '--no-audit'], folder);
}

install(zoo);
if (!existsSync(join(zoo, 'zoo/.jsii'))) run('npm', ['run', 'build'], zoo);
if (!existsSync(join(root, 'cdk/.jsii'))) {
  process.stderr.write("cdk/.jsii is missing: run 'npm run build --workspace cdk' first\n");
  process.exit(1);
}
if (process.argv[2] !== 'prepare') {
  run('cargo', ['test', '--quiet', ...crates.flatMap((name) => ['--package', name])], root);
  run('node', [join(zoo, 'conformance.mjs'), '--check'], root);
}
