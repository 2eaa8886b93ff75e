// Measures the same work from JavaScript, Rust and Python, in one run, on a machine that has nothing else to do.
//
//   node cdk/rust/compare-languages.mjs [python]     python: an interpreter with aws-cdk-lib installed, to compare with
import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const target = process.env.CARGO_TARGET_DIR ?? join(here, '../../target');
const python = process.argv[2];
const outdir = mkdtempSync(join(tmpdir(), 'measure-'));
// The workspace's own Node.js, which reads TypeScript as it is.
const path = [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter);
const env = { ...process.env, PATH: path, CDK_VALIDATION: 'false', CDK_OUTDIR: outdir };

function run(command, args) {
  const started = process.hrtime.bigint();
  const done = spawnSync(command, args, { cwd: root, env, encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}\n${done.stdout}${done.stderr}`);
  return { seconds: Number(process.hrtime.bigint() - started) / 1e9, output: done.stdout };
}

function median(title, times, measure) {
  measure();
  const values = Array.from({ length: times }, measure).sort((one, other) => one - other);
  const value = values[Math.floor(times / 2)];
  process.stdout.write(`${title.padEnd(44)} ${value.toFixed(value > 10 ? 0 : 2)}\n`);
  return value;
}

spawnSync('cargo', ['build', '--quiet', '--package', 'mcp-lambda-cdk', '--examples'], { cwd: here, stdio: 'inherit' });
const examples = join(target, 'debug/examples');
// The app of cdk/rust/golden: the example server with a construct of one's own and an Aspect.
const js = median('golden app, JavaScript (s)', 5, () => run('node', ['cdk/rust/golden/typescript/app.ts']).seconds);
const rust = median('golden app, Rust (s)', 5, () => run(join(examples, 'golden'), []).seconds);
process.stdout.write(`  ratio ${(rust / js).toFixed(2)}\n`);
const rustCall = median('one call, Rust (µs)', 5, () => Number(run(join(examples, 'calls'), []).output));
if (python !== undefined) {
  // Written by `npm test -- golden`.
  env.PYTHONPATH = join(target, 'golden/packages/python/src');
  median('golden app, Python (s)', 5, () => run(python, ['cdk/rust/golden/python/app.py']).seconds);
  const app =
    'from aws_cdk import App, Stack, aws_s3, aws_sns\napp = App()\nstack = Stack(app, "S")\naws_s3.Bucket(stack, "B")\naws_sns.Topic(stack, "T")\napp.synth()\n';
  const same =
    "import { App, Stack } from 'aws-cdk-lib';\nimport * as s3 from 'aws-cdk-lib/aws-s3';\nimport * as sns from 'aws-cdk-lib/aws-sns';\nconst app = new App(); const stack = new Stack(app, 'S'); new s3.Bucket(stack, 'B'); new sns.Topic(stack, 'T'); app.synth();";
  const calls =
    'import time\nfrom aws_cdk import App, Stack, Duration\nstack = Stack(App(), "Calls")\nstarted = time.perf_counter()\nfor i in range(2500):\n    Duration.seconds(i)\n    stack.stack_name\nprint((time.perf_counter() - started) * 1e6 / 5000)\n';
  median('bucket and topic, JavaScript (s)', 5, () => run('node', ['--input-type=module', '-e', same]).seconds);
  median('bucket and topic, Rust (s)', 5, () => run(join(examples, 'small'), []).seconds);
  median('bucket and topic, Python (s)', 5, () => run(python, ['-c', app]).seconds);
  const pythonCall = median('one call, Python (µs)', 5, () => Number(run(python, ['-c', calls]).output));
  process.stdout.write(`  ratio ${(rustCall / pythonCall).toFixed(2)}\n`);
}
