import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Construct } from 'constructs';
import { McpCode } from '../mcp-code';
import { synthError } from '../../private/synth-error';

/** The directory of the npm package's programs: beside `lib` in the repository, beside `dist` in the package. */
const ASSETS = join(__dirname, '..', '..', '..', 'assets');

/** The context key with another directory for them: an emulator on this machine needs this machine's architecture. */
const PROGRAMS = 'mcp-lambda-cdk:programs';

/** A program of the npm package, built for arm64: the authorization server or the Lambda authorizer. */
export function bundledProgram(scope: Construct, program: 'authorization' | 'authorizer'): McpCode {
  const given: unknown = scope.node.tryGetContext(PROGRAMS);
  const directory = join(given === undefined ? ASSETS : String(given), program);
  if (existsSync(join(directory, 'bootstrap'))) {
    return McpCode.fromAsset(directory);
  }
  throw synthError(
    'ProgramNotBuilt',
    given === undefined
      ? `${join(directory, 'bootstrap')} does not exist: the npm package of a release brings it; in a checkout of the library build it with \`node scripts/build-lambda.mjs ${program}\`, or set code`
      : `context ${PROGRAMS}=${String(given)} needs to hold ${program}/bootstrap: correct or remove it`,
  );
}
