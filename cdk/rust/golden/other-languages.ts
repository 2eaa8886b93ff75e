// Languages whose toolchain and runtime of jsii not every machine has. The CDK and the constructs are written from npm's
// packages and compiled here, so that every language has the versions of the TypeScript app.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { csharpExamples, javaExamples } from './examples.ts';
import { filesBelow, madeOfCdk, must, root, target, template, writeCdk, writePackage } from './tools.ts';

interface OtherLanguage {
  readonly title: string;
  /** The app, in the checkout. */
  readonly app: string;
  toolchain(): string;
  template(): string;
}

/** An empty folder of `target/golden`. */
function emptied(name: string): string {
  const folder = join(target, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Gives a compiler its arguments in a file: 19,000 of them are too long for a command line. */
function withArguments(folder: string, args: string[]): string {
  const file = join(folder, 'arguments.txt');
  writeFileSync(file, args.join('\n'));
  return `@${file}`;
}

const java: OtherLanguage = {
  title: 'Java',
  app: 'cdk/rust/golden/java/App.java',
  toolchain: () => `OpenJDK ${must('javac', ['-version']).trim().split(' ')[1]}`,
  template() {
    const runtime = javaRuntime();
    const javac = (folders: string[], classPath: string[], outdir: string) =>
      must('javac', [
        '-J-Xmx6g',
        '-proc:none',
        '-implicit:none',
        '-nowarn',
        '-encoding',
        'UTF-8',
        '-cp',
        classPath.join(delimiter),
        '-d',
        outdir,
        withArguments(
          outdir,
          folders.flatMap((each) => filesBelow(each, '.java')),
        ),
      ]);
    const code = (folder: string) => join(folder, 'src', 'main', 'java');
    const resources = (folder: string) => join(folder, 'src', 'main', 'resources');

    const cdk = writeCdk('java');
    const cdkClasses = madeOfCdk('java-classes', (folder) => javac([code(cdk)], [runtime], folder));
    const constructs = writePackage('java');
    const classes = emptied('java');
    const classPath = [classes, resources(constructs), cdkClasses, resources(cdk), runtime];
    javac([code(constructs), join(root, dirname(java.app))], classPath, classes);
    javac([javaExamples(emptied('java-examples'))], classPath, emptied('java-examples-classes'));
    return template('java', 'java', ['-cp', classPath.join(delimiter), 'App']);
  },
};

/** The class path of jsii's runtime and what it needs. */
function javaRuntime(): string {
  if (process.env.GOLDEN_CLASSPATH !== undefined) return process.env.GOLDEN_CLASSPATH;
  const file = join(emptied('java-runtime'), 'class-path.txt');
  must('mvn', [
    '--batch-mode',
    '--quiet',
    '--file',
    'cdk/rust/golden/java',
    'dependency:build-classpath',
    `-Dmdep.outputFile=${file}`,
  ]);
  return readFileSync(file, 'utf8').trim();
}

const go: OtherLanguage = {
  title: 'Go',
  app: 'cdk/rust/golden/go/main.go',
  toolchain: () => must('go', ['version']).split(' ')[2].replace('go', 'Go '),
  template() {
    const modules = [writeCdk('go'), writePackage('go')].flatMap((folder) =>
      readdirSync(folder).map((name) => join(folder, name)),
    );
    // Outside the checkout's folder, because Go writes what it found into go.mod.
    const folder = emptied('go');
    cpSync(join(root, dirname(go.app)), folder, { recursive: true });
    const replacements = modules.map(
      (module) => `-replace=${/^module (\S+)$/m.exec(readFileSync(join(module, 'go.mod'), 'utf8'))![1]}=${module}`,
    );
    must('go', ['mod', 'edit', ...replacements], { cwd: folder });
    must('go', ['build', '-mod=mod', '-o', 'golden', '.'], { cwd: folder });
    return template('go', join(folder, 'golden'), []);
  },
};

const csharp: OtherLanguage = {
  title: 'C#',
  app: 'cdk/rust/golden/csharp/Program.cs',
  toolchain: () => `.NET SDK ${must('dotnet', ['--version']).trim()}`,
  template() {
    const runtime = process.env.GOLDEN_ASSEMBLIES;
    if (runtime !== undefined) return withoutNuGet(runtime);
    writePackage('dotnet');
    return template('dotnet', 'dotnet', ['run', '--project', 'cdk/rust/golden/csharp']);
  },
};

/** The app by the compiler of the .NET SDK alone. `runtime`: a folder with Amazon.JSII.Runtime.dll and what it needs. */
function withoutNuGet(runtime: string): string {
  const [, version, sdks] = /^(\S+) \[(.+)\]$/m.exec(must('dotnet', ['--list-sdks']).trim().split('\n').at(-1)!)!;
  const pack = join(dirname(sdks), 'packs', 'Microsoft.NETCore.App.Ref');
  const references = filesBelow(join(pack, readdirSync(pack).sort().at(-1)!, 'ref'), '.dll');
  const csc = (sources: string, output: string, libraries: string[], args: string[]) =>
    must('dotnet', [
      join(sdks, version, 'Roslyn', 'bincore', 'csc.dll'),
      '-noconfig',
      '-nologo',
      '-nostdlib',
      '-nullable:enable',
      '-warn:0',
      `-out:${output}`,
      ...args,
      withArguments(dirname(output), [
        ...[...references, ...libraries.flatMap((folder) => filesBelow(folder, '.dll'))].map((path) => `-r:"${path}"`),
        ...filesBelow(sources, '.cs').map((path) => `"${path}"`),
      ]),
    ]);
  /** Compiles packages of `folder`, each with the npm package that it brings. */
  const compile = (folder: string, names: string[], outdir: string, libraries: string[]) => {
    for (const name of names) {
      const resources = filesBelow(join(folder, name), '.tgz').map((path) => `-res:${path},${name}.${basename(path)}`);
      csc(
        join(folder, name),
        join(outdir, `${name}.dll`),
        [...new Set([runtime, outdir, ...libraries])],
        ['-t:library', ...resources],
      );
    }
  };

  const cdk = writeCdk('dotnet');
  // The CDK needs all the others.
  const names = readdirSync(cdk).sort((a, b) => Number(a === 'Amazon.CDK.Lib') - Number(b === 'Amazon.CDK.Lib'));
  const cdkAssemblies = madeOfCdk('dotnet-assemblies', (folder) => compile(cdk, names, folder, []));
  const program = emptied('dotnet');
  const constructs = writePackage('dotnet');
  compile(constructs, readdirSync(constructs), program, [cdkAssemblies]);
  csc(join(root, dirname(csharp.app)), join(program, 'golden.dll'), [runtime, cdkAssemblies, program], ['-t:exe']);
  csc(
    csharpExamples(emptied('dotnet-examples')),
    join(emptied('dotnet-examples-assembly'), 'examples.dll'),
    [runtime, cdkAssemblies, program],
    ['-t:library'],
  );
  for (const folder of [runtime, cdkAssemblies])
    filesBelow(folder, '.dll').forEach((path) => cpSync(path, join(program, basename(path))));
  const framework = { name: 'Microsoft.NETCore.App', version: `${version.split('.').slice(0, 2).join('.')}.0` };
  writeFileSync(join(program, 'golden.runtimeconfig.json'), JSON.stringify({ runtimeOptions: { framework } }));
  return template('dotnet', 'dotnet', [join(program, 'golden.dll')]);
}

export const others: Record<string, OtherLanguage> = { java, go, csharp };
