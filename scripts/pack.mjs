// Packs what a release publishes into dist/packages:
//   npm run pack                              everything for this machine: crates, constructs (npm and Python), command
//   npm run pack -- crates npm python         some parts
//   npm run pack -- machine                   the command and its programs for this machine: @mcp-lambda/<os>-<cpu>
//   npm run pack -- linux-arm64               the same for 64-bit Arm, cross-compiled as the programs for AWS are
//   npm run pack -- crates --verify           compiles each crate from what was packed
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import {
  packConstructs,
  packCrates,
  packLauncher,
  packPlatform,
  packPython,
  packThisMachine,
  packages,
} from './lib/packages.mjs';
import { root } from './lib/root.mjs';

const PARTS = ['crates', 'npm', 'python', 'machine', 'linux-arm64'];
const ARM64 = {
  command: 'mcp-lambda',
  authorization: 'authorization',
  authorizer: 'authorizer',
  playground: 'playground',
};

const { values: options, positionals: named } = parseArgs({
  allowPositionals: true,
  options: { verify: { type: 'boolean', default: false } },
});
const unknown = named.filter((name) => !PARTS.includes(name));
if (unknown.length > 0) {
  console.error(`error: no such part: ${unknown.join(', ')}; choose from ${PARTS.join(', ')}`);
  process.exit(2);
}
const wanted = new Set(named.length > 0 ? named : PARTS.filter((part) => part !== 'linux-arm64'));

try {
  if (wanted.has('crates')) packCrates({ verify: options.verify });
  if (wanted.has('npm') || wanted.has('python')) {
    const folder = packConstructs();
    if (wanted.has('npm')) packLauncher();
    if (wanted.has('python')) packPython(folder);
  }
  if (wanted.has('machine')) packThisMachine({ release: true });
  if (wanted.has('linux-arm64')) packArm64();
  console.log(`packed ${[...wanted].join(', ')} into ${packages}`);
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}

function packArm64() {
  const { status } = spawnSync(process.execPath, ['scripts/build-lambda.mjs', ...Object.values(ARM64)], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('the programs for 64-bit Arm were not built: fix what is reported above');
  const files = Object.entries(ARM64).map(([name, built]) => [
    name,
    join(root, 'target', 'lambda', built, 'bootstrap'),
  ]);
  packPlatform('linux-arm64', Object.fromEntries(files));
}
