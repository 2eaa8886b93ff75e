import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { McpCode } from './mcp-code';
import { synthError } from './synth-error';

/** Where the npm package has its programs: beside `lib` in the repository, beside `dist` in the package. */
const ASSETS = join(__dirname, '..', 'assets');

/** A program that the npm package brings, built for arm64: the authorization server or the gate. */
export function carriedProgram(program: 'authorization' | 'gate', assets = ASSETS): McpCode {
  const directory = join(assets, program);
  if (!existsSync(join(directory, 'bootstrap'))) {
    throw synthError(
      'ProgramNotBuilt',
      `${join(directory, 'bootstrap')} does not exist: the npm package of a release brings it; in a checkout of the library build it with \`node scripts/build-lambda.mjs ${program}\`, or set code`,
    );
  }
  return McpCode.fromAsset(directory);
}
