/** The npm package of the constructs, as a person with only Node gets it. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';

const root = join(import.meta.dirname, '..', '..');
const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

const app = `
const { App, Stack } = require('aws-cdk-lib');
const { McpCode, McpContract, McpServer } = require('mcp-lambda-cdk');
const app = new App();
new McpServer(new Stack(app, 'Mine'), 'Server', {
  code: McpCode.fromAsset('function'),
  contract: McpContract.fromFile('contract.json'),
});
app.synth();
`;

describe('the npm package of the constructs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'npm-package-'));
  const installed = join(folder, 'node_modules', 'mcp-lambda-cdk');
  after(() => rmSync(folder, { recursive: true }));

  const versions = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).devDependencies;
  const npm = (args: string[], cwd: string) =>
    execFileSync('npm', [...args, '--ignore-scripts', '--no-audit', '--no-fund'], { cwd, encoding: 'utf8' });
  const [packed] = JSON.parse(npm(['pack', '--json', '--pack-destination', folder], join(root, 'cdk')));
  writeFileSync(join(folder, 'package.json'), '{ "private": true }');
  npm(
    [
      'install',
      '--prefer-offline',
      `./${packed.filename}`,
      `aws-cdk-lib@${versions['aws-cdk-lib']}`,
      `constructs@${versions.constructs}`,
    ],
    folder,
  );

  test('has nothing but the compiled library, its assembly and its programs', () => {
    const tops = new Set(packed.files.map((file: { path: string }) => file.path.split('/')[0]));
    assert.deepEqual([...tops].sort(), ['.jsii', 'README.md', 'assets', 'dist', 'package.json']);
  });

  test('has no file of the compiler that builds it again', () => {
    const names = packed.files.map((file: { path: string }) => file.path);
    assert.deepEqual(
      names.filter((name: string) => name.endsWith('.tsbuildinfo')),
      [],
    );
  });

  for (const name of ['authorization', 'authorizer', 'playground']) {
    test(`brings the program ${name} for 64-bit Arm, with its checksum`, () => {
      const program = join(installed, 'assets', name, 'bootstrap');
      assert.equal(
        readFileSync(`${installed}/assets/${name}.sha256`, 'utf8'),
        `${sha256(program)}  ${name}/bootstrap\n`,
      );
      const content = readFileSync(program);
      assert.equal(content.readUInt16LE(18), 183, 'not aarch64');
      // What differs between machines would end up in another checksum.
      for (const place of [root, process.env.CARGO_HOME ?? join(homedir(), '.cargo')]) {
        assert.ok(!content.includes(place), `the program names a folder of the machine that built it: ${place}`);
      }
    });
  }

  test('synthesizes a server with its default, the authorization server, where there is neither Rust nor Docker', () => {
    mkdirSync(join(folder, 'function'));
    writeFileSync(join(folder, 'function', 'bootstrap'), '#!/bin/sh\n');
    cpSync(join(root, 'lambda', 'servers', 'dog-facts', 'contract.json'), join(folder, 'contract.json'));
    writeFileSync(join(folder, 'app.js'), app);
    mkdirSync(join(folder, 'bin'));
    symlinkSync(process.execPath, join(folder, 'bin', 'node'));
    const cloud = join(folder, 'cdk.out');
    execFileSync('node', ['app.js'], {
      cwd: folder,
      env: { PATH: join(folder, 'bin'), CDK_OUTDIR: cloud, CDK_VALIDATION: 'false' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });

    const { Resources } = JSON.parse(readFileSync(join(cloud, 'Mine.template.json'), 'utf8'));
    const functions = Object.values<any>(Resources).filter((each) => each.Type === 'AWS::Lambda::Function');
    const authorization = functions.filter((each) => 'AUTHORIZATION_ISSUER' in each.Properties.Environment.Variables);
    assert.equal(authorization.length, 1);
    assert.deepEqual(authorization[0].Properties.Architectures, ['arm64']);
    const asset = authorization[0].Properties.Code.S3Key.replace(/\.zip$/, '');
    assert.equal(
      sha256(join(cloud, `asset.${asset}`, 'bootstrap')),
      sha256(join(installed, 'assets', 'authorization', 'bootstrap')),
    );
  });
});
