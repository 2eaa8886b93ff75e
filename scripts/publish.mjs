// Publishes what was packed into dist/packages, in the order of the dependencies. What a registry has already is left out, so that it can be run again:
//   node scripts/publish.mjs crates
//   node scripts/publish.mjs npm
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { must, packages, publishedCrates, version, WORKSPACES } from './lib/packages.mjs';
import { root } from './lib/root.mjs';

const [registry] = process.argv.slice(2);
try {
  if (registry === 'crates') publishCrates();
  else if (registry === 'npm') publishNpm();
  else throw new Error(`name the registry: crates or npm; got ${registry ?? 'nothing'}`);
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}

/** Cargo waits after each crate until the registry has it. */
function publishCrates() {
  for (const manifest of WORKSPACES) {
    for (const { name } of publishedCrates(manifest)) {
      const path = join(root, manifest);
      const known = spawnSync('cargo', ['info', '--quiet', '--registry', 'crates-io', `${name}@${version}`], {
        cwd: root,
      });
      if (known.status === 0) {
        console.log(`${name} ${version} is published already`);
        continue;
      }
      // What was packed was compiled by then: scripts/pack.mjs crates --verify.
      must('cargo', ['publish', '--locked', '--no-verify', '--manifest-path', path, '--package', name], {
        stdio: 'inherit',
      });
    }
  }
}

/** The packages of the machines first, the command that needs them next, what needs the command last. */
function publishNpm() {
  const rank = (file) => (file.startsWith('create-') ? 2 : /^mcp-lambda-\d/.test(file) ? 1 : 0);
  const files = readdirSync(join(packages, 'npm')).sort((one, other) => rank(one) - rank(other));
  for (const file of files) {
    const [, name] = /^(.*)-\d+\.\d+\.\d+.*\.tgz$/.exec(file);
    const machine = /^mcp-lambda-((?:linux|darwin)-\w+)$/.exec(name)?.[1];
    const id = `${machine === undefined ? name : `@mcp-lambda/${machine}`}@${version}`;
    if (spawnSync('npm', ['view', id, 'version'], { cwd: root, encoding: 'utf8' }).stdout.trim() === version) {
      console.log(`${id} is published already`);
      continue;
    }
    must('npm', ['publish', join(packages, 'npm', file), '--provenance', '--access', 'public'], { stdio: 'inherit' });
  }
}
