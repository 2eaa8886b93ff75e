import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fixture } from '../synthesis';

const root = join(__dirname, '..', '..', '..');
const directory = mkdtempSync(join(tmpdir(), 'template-test-'));
after(() => rmSync(directory, { recursive: true }));

const write = (name: string) => {
  const destination = join(directory, name);
  const run = spawnSync(process.execPath, ['scripts/template.mjs', destination, `lambdaDir=${fixture('lambda')}`], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, CDK_VALIDATION: 'false' },
  });
  assert.equal(run.status, 0, run.stderr);
  return {
    destination,
    files: readdirSync(destination).sort(),
    text: readFileSync(join(destination, 'dog-facts.template.json'), 'utf8'),
  };
};

describe('npm run template', () => {
  const { destination, files, text } = write('one');
  const template = JSON.parse(text);
  const zips = files.filter((name) => name.endsWith('.zip'));

  test('writes a template that asks for the bucket of its zip files and for nothing else', () => {
    assert.deepEqual(Object.keys(template.Parameters), ['AssetsBucket']);
    assert.match(template.Parameters.AssetsBucket.Description, /Bucket in the same region/);
    assert.equal(template.Rules, undefined, 'no bootstrapped account');
    assert.ok(!text.includes('cdk-hnb659fds'), 'no bucket of the CDK');
    assert.ok(!text.includes(root), 'no path of the machine that wrote it');
  });

  test('writes every zip file that the template names', () => {
    const functions: any[] = Object.values(template.Resources).filter(
      (each: any) => each.Type === 'AWS::Lambda::Function',
    );
    assert.deepEqual(
      functions.map((each) => each.Properties.Code.S3Bucket),
      functions.map(() => ({ 'Fn::Sub': '${AssetsBucket}' })),
    );
    assert.deepEqual([...new Set(functions.map((each) => each.Properties.Code.S3Key))].sort(), zips);
    assert.equal(zips.length, 1);
  });

  test('packs an executable bootstrap that other programs can unpack', () => {
    const script =
      "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print([(i.filename, oct(i.external_attr >> 16)) for i in z.infolist()], z.read('bootstrap') == open(sys.argv[2], 'rb').read())";
    const run = spawnSync(
      'python3',
      ['-c', script, join(destination, zips[0]), join(fixture('lambda/dog-facts'), 'bootstrap')],
      { encoding: 'utf8' },
    );
    assert.equal(run.stdout.trim(), "[('bootstrap', '0o100755')] True", run.stderr);
  });

  test('writes the same files again', () => {
    const again = write('two');
    assert.deepEqual(again.files, files);
    assert.equal(again.text, text);
    assert.ok(readFileSync(join(again.destination, zips[0])).equals(readFileSync(join(destination, zips[0]))));
  });
});
