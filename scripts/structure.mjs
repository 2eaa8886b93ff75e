// Prints files, floors, circles and lines of production code of the constructs and of every crate, in one formatting, so that two
// revisions can be compared.
//   npm run structure                     the working tree
//   npm run structure -- --at REVISION    a commit
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

import { root } from './lib/root.mjs';
import { circles, constructs, floors, modules, productionLines, sources } from './lib/structure.mjs';

const { at } = parseArgs({ options: { at: { type: 'string' } } }).values;
const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28 });
const work = mkdtempSync(join(tmpdir(), 'structure-'));

/** The sources of the constructs and the crates, as they were at a commit or are in the working tree. */
function copySources() {
  const folders = ['cdk', 'cli', 'lambda'];
  if (at === undefined) {
    const files = git('ls-files', '--cached', '--others', '--exclude-standard', '-z', ...folders).split('\0');
    for (const file of files.filter((name) => /\.(rs|ts|toml)$/.test(name) && existsSync(join(root, name)))) {
      mkdirSync(dirname(join(work, file)), { recursive: true });
      cpSync(join(root, file), join(work, file));
    }
  } else {
    const held = folders.filter((folder) => git('ls-tree', '--name-only', at, folder) !== '');
    const archive = execFileSync('git', ['archive', at, ...held], { cwd: root, maxBuffer: 2 ** 30 });
    execFileSync('tar', ['-x', '-C', work], { input: archive });
  }
  for (const file of ['biome.json', 'rustfmt.toml']) cpSync(join(root, file), join(work, file));
}

/** Every file in the formatting of the working tree. */
function format(crates) {
  const vcs = ['--vcs-enabled=false', '--vcs-use-ignore-file=false'];
  execFileSync(join(root, 'node_modules/.bin/biome'), ['format', '--write', ...vcs, 'cdk/lib'], { cwd: work });
  const files = crates.flatMap((crate) => sources(work, `${crate}/src`, '.rs').map((name) => join(crate, 'src', name)));
  execFileSync('rustfmt', ['--edition', '2024', ...files], { cwd: work, stdio: ['ignore', 'ignore', 'inherit'] });
}

function row(name, files, floorCount, found, lines) {
  const circleText = found.length === 0 ? 'none' : found.map((circle) => circle.length).join(' + ');
  console.log(
    [
      name.padEnd(30),
      String(files).padStart(6),
      floorCount.padStart(7),
      circleText.padStart(12),
      String(lines).padStart(8),
    ].join(''),
  );
}

try {
  copySources();
  const crates = ['cdk', 'cli', 'lambda']
    .filter((folder) => existsSync(join(work, folder)))
    .flatMap((folder) => sources(work, folder, 'Cargo.toml').map((name) => join(folder, dirname(name))))
    .filter((crate) => existsSync(join(work, crate, 'src')) && !/fixture|mcp-lambda-cdk/.test(crate))
    .sort();
  format(crates);
  console.log(
    ['', ' files', ' floors', '     circles', '   lines']
      .map((text, index) => (index === 0 ? ''.padEnd(30) : text))
      .join(''),
  );
  const graph = constructs(work);
  row('cdk/lib', graph.size, String(floors(graph)), circles(graph), productionLines(work, 'cdk/lib', '.ts'));
  let sum = 0;
  for (const crate of crates) {
    const lines = productionLines(work, `${crate}/src`, '.rs');
    sum += lines;
    const uses = modules(work, `${crate}/src`);
    row(crate, uses.size, '', circles(uses), lines);
  }
  console.log(`${'Rust'.padEnd(55)}${String(sum).padStart(8)}`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
