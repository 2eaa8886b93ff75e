// The registries on this machine that hold a release before it is one: npm, crates, Python.

import { execFileSync, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const CRATES_IO = 'https://github.com/rust-lang/crates.io-index';

/** Starts the npm registry with the packages in `folder`; `storage` keeps what it had from the configured registry for the next time. */
export async function startNpmRegistry(folder, storage) {
  for (const own of ['@mcp-lambda', 'mcp-lambda', 'mcp-lambda-cdk', 'create-mcp-lambda']) {
    rmSync(join(storage, own), { recursive: true, force: true });
  }
  rmSync(join(storage, '.verdaccio-db.json'), { force: true });
  const uplink = execFileSync('npm', ['config', 'get', 'registry'], { cwd: root, encoding: 'utf8' }).trim();
  const child = fork(join(import.meta.dirname, 'npm-registry.mjs'), [storage, uplink], {
    execPath: join(root, 'node_modules', '.bin', 'node'),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const port = await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (status) => reject(new Error(`the npm registry ended with status ${status}`)));
  });
  const url = `http://127.0.0.1:${port}/`;
  const home = mkdtempSync(join(tmpdir(), 'rehearsal-npm-'));
  const configuration = join(home, 'npmrc');
  // It lets anybody publish, but npm asks for a login before it tries.
  writeFileSync(configuration, `registry=${url}\n//127.0.0.1:${port}/:_authToken=rehearsal\n`);
  /** For programs that may use this registry only. */
  const environment = {
    npm_config_userconfig: configuration,
    npm_config_registry: url,
    npm_config_cache: join(home, 'cache'),
  };
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.tgz'))) {
    execFileSync('npm', ['publish', join(folder, file), '--access', 'public'], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  }
  const stop = () => {
    child.removeAllListeners('exit');
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.disconnect();
    return ended.then(() => rmSync(home, { recursive: true, force: true }));
  };
  return { url, environment, stop };
}

/** A packed crate: its line of the index, and a digest of its sources. What is not among `own` crates comes from crates.io. */
function packedCrate(file, own) {
  const unpacked = mkdtempSync(join(tmpdir(), 'rehearsal-crate-'));
  try {
    execFileSync('tar', ['--extract', '--file', file, '--directory', unpacked, '--strip-components=1']);
    const metadata = execFileSync(
      'cargo',
      ['metadata', '--no-deps', '--format-version', '1', '--manifest-path', join(unpacked, 'Cargo.toml')],
      { encoding: 'utf8', maxBuffer: 1 << 26 },
    );
    const [crate] = JSON.parse(metadata).packages;
    const deps = crate.dependencies
      .filter(({ kind }) => kind !== 'dev')
      .map((each) => ({
        name: each.rename ?? each.name,
        package: each.rename === null ? undefined : each.name,
        req: each.req,
        features: each.features,
        optional: each.optional,
        default_features: each.uses_default_features,
        target: each.target,
        kind: each.kind ?? 'normal',
        registry: own.has(each.name) ? null : CRATES_IO,
      }));
    const line = JSON.stringify({
      name: crate.name,
      vers: crate.version,
      deps,
      cksum: createHash('sha256').update(readFileSync(file)).digest('hex'),
      features: {},
      features2: crate.features,
      v: 2,
      yanked: false,
      rust_version: crate.rust_version,
    });
    return { name: crate.name, file: `${crate.name}-${crate.version}.crate`, line, digest: digestOf(unpacked) };
  } finally {
    rmSync(unpacked, { recursive: true, force: true });
  }
}

/** A digest of the files of a packed crate, but for the commit that it was packed at. */
function digestOf(folder) {
  const digest = createHash('sha256');
  const files = readdirSync(folder, { recursive: true }).filter((name) => name !== '.cargo_vcs_info.json');
  for (const name of files.sort().filter((name) => statSync(join(folder, name)).isFile()))
    digest.update(`${name}\n`).update(readFileSync(join(folder, name)));
  return digest.digest('hex');
}

/**
 * Lays down a registry of the crates in `folder` below `directory`, as Cargo describes a local one. Its name is that of its crates' sources:
 * Cargo compiles a crate of a registry once for a version, so another version of the sources is another registry.
 */
export function crateRegistry(folder, directory) {
  const files = readdirSync(folder);
  const own = new Set(files.map((file) => /^(.*)-\d+\.\d+\.\d+.*\.crate$/.exec(file)[1]));
  const crates = files.map((file) => ({ packed: join(folder, file), ...packedCrate(join(folder, file), own) }));
  const digests = crates.map(({ digest }) => digest).sort();
  const name = createHash('sha256').update(digests.join()).digest('hex').slice(0, 16);
  rmSync(directory, { recursive: true, force: true });
  const registry = join(directory, name);
  for (const { packed, name, file, line } of crates) {
    const index = join(registry, 'index', name.slice(0, 2), name.slice(2, 4), name);
    mkdirSync(dirname(index), { recursive: true });
    writeFileSync(index, `${line}\n`);
    copyFileSync(packed, join(registry, file));
  }
  return { directory: registry, url: `https://rehearsal-${name}.invalid/` };
}

/**
 * The configuration of Cargo that takes `names` from the crate registry, where a manifest asks for them; their own dependencies among the
 * crates of a release come from there, too. Everything else comes from crates.io.
 */
export const cargoConfiguration = ({ url, directory }, names) =>
  [
    '[registries.rehearsal]',
    `index = "sparse+${url}"`,
    '',
    '[source.rehearsal]',
    `registry = "sparse+${url}"`,
    'replace-with = "packed"',
    '',
    '[source.packed]',
    `local-registry = "${directory}"`,
    '',
    '[patch.crates-io]',
    ...names.map((name) => `${name} = { version = "*", registry = "rehearsal" }`),
    '',
  ].join('\n');

/** What makes pip look into `folder` beside its index. */
export function pipEnvironment(folder) {
  if (!existsSync(folder)) throw new Error(`${folder} does not exist: pack the Python package first`);
  return { PIP_FIND_LINKS: [process.env.PIP_FIND_LINKS, folder].filter(Boolean).join(' ') };
}
