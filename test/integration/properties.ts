/** Which properties of the library an app sets, by TypeScript's own understanding of its source. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

import { root } from './paths.ts';

/** Every property that an app can set, as `Interface.property`: the structs of the jsii assembly. */
export function propertiesOfLibrary(): string[] {
  const { types } = JSON.parse(readFileSync(join(root, 'cdk', '.jsii'), 'utf8')) as {
    types: Record<string, { name: string; kind: string; datatype?: boolean; properties?: { name: string }[] }>;
  };
  return Object.values(types)
    .filter(({ kind, datatype }) => kind === 'interface' && datatype)
    .flatMap(({ name, properties = [] }) => properties.map((property) => `${name}.${property.name}`));
}

/** The properties that object literals of each app set. Throws where an app does not compile. */
export function propertiesOfApps(files: readonly string[]): Set<string>[] {
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    strict: true,
    noEmit: true,
    noUnusedLocals: true,
    skipLibCheck: true,
    types: ['node'],
    typeRoots: [join(root, 'node_modules', '@types')],
  });
  const errors = ts.getPreEmitDiagnostics(program);
  if (errors.length > 0)
    throw new Error(
      ts.formatDiagnostics(errors, {
        getCanonicalFileName: (name) => name,
        getCurrentDirectory: () => root,
        getNewLine: () => '\n',
      }),
    );

  const checker = program.getTypeChecker();
  return files.map((file) => {
    const set = new Set<string>();
    const visit = (node: ts.Node): void => {
      if (ts.isObjectLiteralExpression(node)) {
        const type = checker.getContextualType(node);
        for (const { name } of node.properties) {
          const owner =
            name === undefined || type === undefined
              ? undefined
              : checker.getNonNullableType(type).getProperty(name.getText())?.declarations?.[0]?.parent;
          if (owner !== undefined && ts.isInterfaceDeclaration(owner)) set.add(`${owner.name.text}.${name!.getText()}`);
        }
      }
      ts.forEachChild(node, visit);
    };
    visit(program.getSourceFile(file)!);
    return set;
  });
}
