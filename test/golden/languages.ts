// The golden app in every language: how its package is written from the constructs, and how it is run.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const target = join(root, 'target', 'golden');
const packages = join(target, 'packages');

/** Runs a program in the checkout; what it prints is in the error. */
function must(command: string, args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): void {
  const done = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  if (done.status !== 0) {
    throw new Error(`\`${command} ${args.join(' ')}\` ${done.error?.message ?? `ended with ${done.signal ?? done.status}`}\n${done.stdout ?? ''}${done.stderr ?? ''}`);
  }
}

/** Writes the sources of the constructs' package for one language, as jsii-pacmak gives them to its package registry. */
export function writePackage(language: string): string {
  rmSync(join(packages, language), { recursive: true, force: true });
  must(join(root, 'node_modules', '.bin', 'jsii-pacmak'), ['--code-only', '--target', language, '--outdir', packages, join(root, 'cdk')], {
    // The programs that a release brings are not built for this.
    env: { ...process.env, npm_config_ignore_scripts: 'true' },
  });
  return join(packages, language);
}

/** Runs the golden app and returns its template. */
function template(language: string, command: string, args: string[], env: Record<string, string> = {}): string {
  const outdir = join(target, 'out', language);
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(outdir, { recursive: true });
  // The rules take seconds, and they judge the template that is the same anyway.
  must(command, args, { env: { ...process.env, ...env, CDK_OUTDIR: outdir, CDK_VALIDATION: 'false' } });
  return readFileSync(join(outdir, 'Golden.template.json'), 'utf8');
}

export const typescript = () => template('typescript', process.execPath, ['test/golden/typescript/app.ts']);

export const rust = () => template('rust', 'cargo', ['run', '--quiet', '--locked', '--package', 'mcp-lambda-cdk', '--example', 'golden']);

/** `python`: an interpreter that has the packages of python/requirements.txt. */
export const python = (interpreter: string) =>
  template('python', interpreter, ['test/golden/python/app.py'], { PYTHONPATH: join(writePackage('python'), 'src') });

/** Languages whose packages come from registries that not every machine reaches; other-language.mjs runs them. */
export const others: Record<string, () => string> = {
  java() {
    const folder = writePackage('java');
    must('mvn', ['--batch-mode', '--quiet', '--file', folder, '-Dmaven.javadoc.skip', '-Dmaven.source.skip', 'install']);
    return template('java', 'mvn', ['--batch-mode', '--quiet', '--file', 'test/golden/java', 'compile', 'exec:java']);
  },
  dotnet() {
    writePackage('dotnet');
    return template('dotnet', 'dotnet', ['run', '--project', 'test/golden/csharp']);
  },
  go() {
    writePackage('go');
    // Outside the checkout's folder, because `go mod tidy` writes what it found.
    const folder = join(target, 'go');
    rmSync(folder, { recursive: true, force: true });
    cpSync(join(root, 'test', 'golden', 'go'), folder, { recursive: true });
    must('go', ['mod', 'edit', `-replace=github.com/mcp-lambda/mcp-lambda-cdk-go/mcplambdacdk=${join(packages, 'go', 'mcplambdacdk')}`], { cwd: folder });
    must('go', ['mod', 'tidy'], { cwd: folder });
    must('go', ['build', '-o', 'golden', '.'], { cwd: folder });
    return template('go', join(folder, 'golden'), []);
  },
};
