import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AssetHashType, DockerImage, Stack } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { localMode } from '../../private/local-mode';
import { localBundledCode } from '../../private/local-program';
import { McpCode, type McpCodeConfig } from '../mcp-code';
import { synthError } from '../../private/synth-error';

/** The directory of the npm package's programs: beside `lib` in the repository, beside `dist` in the package. */
const ASSETS = join(__dirname, '..', '..', '..', 'assets');

/** The context key with another directory for them: an emulator on this machine needs this machine's architecture. */
const PROGRAMS = 'mcp-lambda-cdk:programs';

/** A program of the npm package, built for arm64: the authorization server, the Lambda authorizer or the playground. */
export function bundledProgram(scope: Construct, program: 'authorization' | 'authorizer' | 'playground'): McpCode {
  const mode = localMode(scope);
  if (mode !== undefined) {
    return new Program((function_) => localBundledCode(function_, mode, program));
  }
  const given: unknown = scope.node.tryGetContext(PROGRAMS);
  const directory = join(given === undefined ? ASSETS : String(given), program);
  if (existsSync(join(directory, 'bootstrap'))) {
    return McpCode.fromAsset(directory);
  }
  if (given === undefined && !Stack.of(scope).bundlingRequired) {
    return new Program(codeThatIsNotBundled);
  }
  throw synthError(
    'ProgramNotBuilt',
    given === undefined
      ? `${join(directory, 'bootstrap')} does not exist: the npm package of a release brings it; in a checkout of the library build it with \`node scripts/build-lambda.mjs ${program}\`, or set code`
      : `context ${PROGRAMS}=${String(given)} needs to hold ${program}/bootstrap: correct or remove it`,
  );
}

/**
 * The code of a stack that is not deployed, such as one in a test with the context key `aws:cdk:bundling-stacks`: what the CDK itself
 * puts into a template where it skips the bundling, so that a test of a template needs nothing built.
 */
function codeThatIsNotBundled(): lambda.Code {
  return lambda.Code.fromAsset(__dirname, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: { image: DockerImage.fromRegistry('mcp-lambda-cdk-is-not-bundled') },
  });
}

/** A program whose code depends on the function that runs it. */
class Program extends McpCode {
  constructor(private readonly codeOf: (scope: Construct) => lambda.Code) {
    super();
  }

  public bind(scope: Construct): McpCodeConfig {
    return { lambdaCode: this.codeOf(scope) };
  }
}
