// What is written once in Rust and used by the constructs: cdk/lib/generated.
//
//   npm run generate               writes the files
//   npm run generate -- --check    fails when one of them is stale
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './root.mjs';

/** Each file with the Cargo package whose example `settings_schema` prints its structs. */
const files = { 'authorization-settings': 'mcp-lambda-authorization' };

function cargo(args, stdout) {
  const done = spawnSync('cargo', ['run', '--quiet', '--locked', ...args], { cwd: root, encoding: 'utf8', stdio: ['ignore', stdout, 'inherit'] });
  if (done.status !== 0) process.exit(done.status ?? 1);
  return done.stdout;
}

const schemas = join(root, 'target', 'schemas');
mkdirSync(schemas, { recursive: true });
for (const [file, packageName] of Object.entries(files)) {
  const schema = join(schemas, `${packageName}.json`);
  writeFileSync(schema, cargo(['--package', packageName, '--example', 'settings_schema'], 'pipe'));
  const [out, environment] = [`${file}.ts`, `${file}-environment.ts`].map((name) => join('cdk', 'lib', 'generated', name));
  cargo(['--manifest-path', 'cdk/rust/Cargo.toml', '--package', 'jsii-bindgen', '--', 'typescript', '--schema', schema, '--out', out, '--environment', environment, ...process.argv.slice(2)], 'inherit');
}
