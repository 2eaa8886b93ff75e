import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Annotations, AssetHashType, AssetStaging, BundlingOutput, DockerImage, Stack } from 'aws-cdk-lib';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';

/** Nothing but the program, and a user that owns nothing. It needs no network and no emulation of arm64. */
const DOCKERFILE = `FROM scratch
COPY bootstrap /bootstrap
USER 65532:65532
ENTRYPOINT ["/bootstrap"]
`;

/**
 * A container image of one program, which `make` puts into a directory as `bootstrap`. Its Dockerfile is built when the app is
 * deployed.
 */
export function imageOf(
  scope: Construct,
  sourcePath: string,
  make: (outputDirectory: string) => void,
): ecs.ContainerImage {
  if (!Stack.of(scope).bundlingRequired) {
    // What a stack has that is not deployed, so that a test of a template needs nothing built.
    return ecs.ContainerImage.fromRegistry('mcp-lambda-cdk-is-not-bundled');
  }
  warnWithoutDocker(scope);
  const staged = new AssetStaging(scope, 'Program', {
    sourcePath,
    // The hash of what was built, so that a rebuild without a change does not replace the tasks.
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never pulled: the local bundling below either succeeds or throws.
      image: DockerImage.fromRegistry('mcp-lambda-stages-without-docker'),
      outputType: BundlingOutput.NOT_ARCHIVED,
      local: {
        tryBundle(outputDirectory: string): boolean {
          make(outputDirectory);
          writeFileSync(join(outputDirectory, 'Dockerfile'), DOCKERFILE);
          return true;
        },
      },
    },
  });
  return ecs.ContainerImage.fromAsset(staged.absoluteStagedPath, { platform: Platform.LINUX_ARM64 });
}

/** A synthesis needs no Docker, and the machine that deploys may be another one. */
function warnWithoutDocker(scope: Construct): void {
  const program = process.env.CDK_DOCKER ?? 'docker';
  if (spawnSync(program, ['--version'], { stdio: 'ignore' }).error !== undefined) {
    Annotations.of(scope).addWarningV2(
      'mcp-lambda:docker-missing',
      `${program} is not on the PATH, and the deployment builds the image with it: install Docker, set CDK_DOCKER to a program with the same commands such as finch or podman, deploy from a machine that has one, or give McpCode.fromImage an image that exists`,
    );
  }
}
