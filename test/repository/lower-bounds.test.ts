/** The oldest version of a dependency that a crate asks for is the one that it is tested with: Cargo.lock has it. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

interface Metadata {
  readonly packages: readonly {
    readonly name: string;
    readonly version: string;
    readonly source: string | null;
    readonly dependencies: readonly { readonly name: string; readonly req: string; readonly path?: string }[];
  }[];
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The part of a version that has to be the same for two to be compatible. */
const series = (version: string): string => version.match(/^(?:0\.\d+|\d+)/)![0];

for (const manifest of ['Cargo.toml', 'cdk/rust/Cargo.toml']) {
  test(`the crates of ${manifest} ask for no version older than the one they are tested with`, () => {
    const args = ['metadata', '--locked', '--format-version', '1', '--manifest-path', manifest];
    const printed = execFileSync('cargo', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 });
    const { packages } = JSON.parse(printed) as Metadata;
    const untested = packages
      .filter(({ source }) => source === null)
      .flatMap(({ name: crate, dependencies }) =>
        dependencies
          .filter(({ path }) => path === undefined)
          .map(({ name, req }) => ({ crate, name, oldest: req.replace(/^\^/, '') })),
      )
      .filter(({ name, oldest }) => {
        const locked = packages.filter((each) => each.name === name && series(each.version) === series(oldest));
        return !locked.some(({ version }) => version.replace(/\+.*/, '') === oldest);
      })
      .map(({ crate, name, oldest }) => `${crate} asks for ${name} ${oldest}: ask for the version of Cargo.lock`);
    assert.deepEqual(untested, []);
  });
}
