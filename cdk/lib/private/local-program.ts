import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { type LocalEntry, recordLocal } from './local-manifest';
import type { LocalMode } from './local-mode';

/** The record of a program. */
type ProgramEntry = LocalEntry & { readonly kind: 'program' };

/** A binary of a Cargo package. */
interface CargoProgram {
  readonly manifestDirectory: string;
  readonly packageName: string;
  readonly binaryName: string;
}

/** A binary that `mcp-lambda dev` builds for this machine. */
export function localCargoCode(scope: Construct, mode: LocalMode, program: CargoProgram): lambda.Code {
  return localCode(scope, mode, cargoEntry(program));
}

/** The same for a container: the name of its image is the path of the program, which `mcp-lambda dev` starts as processes. */
export function localCargoImage(scope: Construct, mode: LocalMode, program: CargoProgram): ecs.ContainerImage {
  const entry = cargoEntry(program);
  recordLocal(scope, () => entry);
  return localGivenImage(join(mode.programs, entry.name, 'bootstrap'));
}

/** The container of a program that is there. */
export function localGivenImage(program: string): ecs.ContainerImage {
  return ecs.ContainerImage.fromRegistry(resolve(program));
}

function cargoEntry(program: CargoProgram): ProgramEntry {
  const { packageName, binaryName } = program;
  const directory = resolve(program.manifestDirectory);
  const digest = createHash('sha256').update(`${directory}\n${packageName}`).digest('hex').slice(0, 8);
  return { kind: 'program', name: `${binaryName}-${digest}`, cargo: { directory, packageName, binaryName } };
}

/** A program of the npm package that `mcp-lambda dev` brings for this machine. */
export function localBundledCode(scope: Construct, mode: LocalMode, program: string): lambda.Code {
  return localCode(scope, mode, { kind: 'program', name: program, bundled: program });
}

/**
 * Code that starts a program of this machine: a new build replaces the program, and the template stays the same. The file
 * `program` names it for the emulator, which starts a function anew when its program has changed.
 */
function localCode(scope: Construct, mode: LocalMode, entry: ProgramEntry): lambda.Code {
  recordLocal(scope, () => ({
    ...entry,
    functionName: (scope.node.tryFindChild('Function') as lambda.Function | undefined)?.functionName,
  }));
  const program = join(mode.programs, entry.name, 'bootstrap');
  return lambda.Code.fromAsset(__dirname, {
    assetHashType: AssetHashType.CUSTOM,
    assetHash: createHash('sha256').update(program).digest('hex'),
    bundling: {
      // Never pulled: the local bundling below succeeds.
      image: DockerImage.fromRegistry('mcp-lambda-dev-builds-without-docker'),
      local: {
        tryBundle(outputDirectory: string): boolean {
          const script = '#!/bin/sh\nexec "$(cat "$(dirname "$0")/program")" "$@"\n';
          writeFileSync(join(outputDirectory, 'bootstrap'), script, { mode: 0o755 });
          writeFileSync(join(outputDirectory, 'program'), program);
          return true;
        },
      },
    },
  });
}
