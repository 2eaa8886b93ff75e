import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { McpCode } from './mcp-code';
import { synthError } from './synth-error';

/** Where the npm package has its programs: beside `lib` in the repository, beside `dist` in the package. */
const ASSETS = join(__dirname, '..', 'assets');

/** The authorization server that the npm package brings, built for arm64. */
export function carriedAuthorizationServer(assets = ASSETS): McpCode {
  const directory = join(assets, 'authorization');
  if (!existsSync(join(directory, 'bootstrap'))) {
    throw synthError(
      'AuthorizationServerNotBuilt',
      `${join(directory, 'bootstrap')} does not exist: the npm package of a release brings it; in a checkout of the library build it with \`node scripts/build-lambda.mjs authorization\`, or set code of the authorization server`,
    );
  }
  return McpCode.fromAsset(directory);
}
