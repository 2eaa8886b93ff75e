// What every language needs: programs that are run, packages that are written from npm's, and the app's template.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..', '..', '..');
export const target = join(root, 'target', 'golden');

/** Runs a program in the checkout and gives what it prints; that is in the error, too. */
export function must(command: string, args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): string {
  const done = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  if (done.status !== 0) {
    throw new Error(
      `\`${command} ${args.join(' ')}\` ${done.error?.message ?? `ended with ${done.signal ?? done.status}`}\n${done.stdout ?? ''}${done.stderr ?? ''}`,
    );
  }
  return done.stdout;
}

export const readJson = (...path: string[]): any => JSON.parse(readFileSync(join(root, ...path), 'utf8'));

/** The files below `folder` whose names end so. */
export const filesBelow = (folder: string, ending: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(folder, name));

/** Writes the sources of an npm package for one language, as jsii-pacmak gives them to that language's registry. */
function writeSources(language: string, npmPackage: string, outdir: string): void {
  must(
    join(root, 'node_modules', '.bin', 'jsii-pacmak'),
    ['--code-only', '--no-npmignore', '--target', language, '--outdir', outdir, npmPackage],
    {
      // The programs that a release brings are not built for this.
      env: { ...process.env, npm_config_ignore_scripts: 'true' },
    },
  );
}

/** Writes the constructs' package for one language. */
export function writePackage(language: string): string {
  const packages = join(target, 'packages');
  rmSync(join(packages, language), { recursive: true, force: true });
  writeSources(language, join(root, 'cdk'), packages);
  return join(packages, language);
}

/** The npm packages that the constructs are made of: the CDK itself, in the versions of the TypeScript app. */
const cdkPackages = (): string[] => Object.keys(readJson('cdk', '.jsii').dependencyClosure);

/** Makes `.local/golden/<name>` of the CDK when there is none of the present versions; half a folder does not count. */
export function madeOfCdk(name: string, make: (folder: string) => void): string {
  const folder = join(root, '.local', 'golden', name);
  const stamp = join(folder, 'made-of.txt');
  const madeOf = ['jsii-pacmak', ...cdkPackages()]
    .map((each) => `${each}@${readJson('node_modules', each, 'package.json').version}\n`)
    .join('');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== madeOf) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    console.error(`making ${folder}, once: this takes minutes …`);
    make(folder);
    writeFileSync(stamp, madeOf);
  }
  return folder;
}

/** Writes the CDK's own packages for one language. */
export const writeCdk = (language: string): string =>
  join(
    madeOfCdk(`${language}-sources`, (folder) =>
      cdkPackages().forEach((name) => writeSources(language, join(root, 'node_modules', name), folder)),
    ),
    language,
  );

/** Runs the golden app and returns its template. */
export function template(language: string, command: string, args: string[], env: Record<string, string> = {}): string {
  const outdir = join(target, 'out', language);
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(outdir, { recursive: true });
  // The rules take seconds, and they judge the template that is the same anyway.
  must(command, args, { env: { ...process.env, ...env, CDK_OUTDIR: outdir, CDK_VALIDATION: 'false' } });
  return readFileSync(join(outdir, 'Golden.template.json'), 'utf8');
}
