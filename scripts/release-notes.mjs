// Prints the section of CHANGELOG.md for a tag: the notes of its release. Fails unless the tag, the packages and the changelog have one version:
//   node scripts/release-notes.mjs v0.1.0
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { version } from './lib/packages.mjs';
import { root } from './lib/root.mjs';

const [tag = ''] = process.argv.slice(2);
try {
  console.log(notes(tag));
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}

function notes(tag) {
  if (tag !== `v${version}`) {
    throw new Error(
      `the tag is ${tag || 'missing'} and the packages have the version ${version}: tag the commit as v${version}`,
    );
  }
  const sections = readFileSync(join(root, 'CHANGELOG.md'), 'utf8').split(/^## /m).slice(1);
  const section = sections.find((each) => each.startsWith(`${version} `) || each.startsWith(`${version}\n`));
  if (section === undefined) {
    throw new Error(`CHANGELOG.md has no section ${version}: name the section Unreleased "${version} (the date)"`);
  }
  return section.slice(section.indexOf('\n')).trim();
}
