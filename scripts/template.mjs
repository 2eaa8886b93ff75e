// Writes the example as a CloudFormation template with its zip files, for `aws cloudformation deploy` without the CDK:
//   npm run template                 into dist/template, from target/lambda (npm run build:lambda)
//   npm run template -- DIRECTORY    into another directory; further arguments are context of the app, key=value
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { zipSync } from 'fflate';

import { root } from './lib/root.mjs';

/** The same zip file for the same content, every file executable, as Lambda wants its bootstrap. */
const ENTRY = { mtime: new Date(1980, 0, 1), os: 3, attrs: 0o100755 * 0x10000 };

const [directory = 'dist/template', ...pairs] = process.argv.slice(2);
const odd = [directory, ...pairs].find(
  (argument, position) => argument.startsWith('-') || (position > 0 && !argument.includes('=')),
);
if (odd !== undefined) {
  console.error(
    `template: ${odd} is no argument: npm run template -- [DIRECTORY [key=value …]], with the context keys of docs/configuration.md`,
  );
  process.exit(2);
}
const destination = resolve(root, directory);
const cloudAssembly = mkdtempSync(join(tmpdir(), 'template-'));
try {
  synthesize();
  mkdirSync(destination, { recursive: true });
  const template = JSON.parse(readFileSync(join(cloudAssembly, 'DogFacts.template.json'), 'utf8'));
  // Not indented: it is read by programs, and CloudFormation takes 51,200 bytes from a file and more from a bucket only.
  writeFileSync(join(destination, 'dog-facts.template.json'), JSON.stringify(withoutAssetMetadata(template)));
  const assets = zips();
  console.log(`${destination}: dog-facts.template.json and ${assets.join(', ')}`);
} catch (error) {
  console.error(`template: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(cloudAssembly, { recursive: true });
}

function synthesize() {
  const { context } = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8'));
  const given = Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
  const run = spawnSync(process.execPath, ['--import', 'tsx', 'cdk/app/template.ts'], {
    cwd: root,
    encoding: 'utf8',
    env: {
      ...process.env,
      CDK_OUTDIR: cloudAssembly,
      CDK_CONTEXT_JSON: JSON.stringify({ ...context, lambdaDir: 'target/lambda', ...given }),
    },
  });
  if (run.status !== 0) throw new Error(run.stderr);
}

/** The template without the places of assets on this machine. */
function withoutAssetMetadata(template) {
  for (const item of Object.values(template.Resources)) {
    for (const name of Object.keys(item.Metadata ?? {}).filter(
      (key) => key.startsWith('aws:asset:') || key === 'aws:cdk:path',
    ))
      delete item.Metadata[name];
    if (Object.keys(item.Metadata ?? {}).length === 0) delete item.Metadata;
  }
  return template;
}

/** Writes the zip files under the names that the template has for them. */
function zips() {
  const { files } = JSON.parse(readFileSync(join(cloudAssembly, 'DogFacts.assets.json'), 'utf8'));
  return Object.values(files)
    .filter(({ source }) => !source.path.endsWith('.template.json'))
    .map(({ source, destinations }) => {
      const [{ objectKey }] = Object.values(destinations);
      const path = join(cloudAssembly, source.path);
      const content = statSync(path).isDirectory()
        ? zipSync(
            Object.fromEntries(
              readdirSync(path)
                .sort()
                .map((name) => [name, [readFileSync(join(path, name)), ENTRY]]),
            ),
            { level: 9 },
          )
        : readFileSync(path);
      writeFileSync(join(destination, objectKey), content);
      return objectKey;
    });
}
