import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { AssetHashType, DockerImage, Stack } from 'aws-cdk-lib';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { buildWithCargoLambda, requireCargoLambda } from './private/cargo-lambda';
import { imageOf } from './private/program-image';
import { copyStaticProgram } from './private/static-program';
import { localMode } from '../private/local-mode';
import { localCargoCode, localCargoImage, localGivenImage } from '../private/local-program';
import { assertKnown } from '../private/known-value';
import { synthError } from '../private/synth-error';

/** Options of `McpCode.fromCargo`. */
export interface McpCargoOptions {
  /** The Cargo package to build. */
  readonly packageName: string;

  /**
   * The binary of the package.
   * @default - the one with the package's name
   */
  readonly binaryName?: string;
}

/** The result of `McpCode.bind`: exactly one of the two members is set. */
export interface McpCodeConfig {
  /**
   * Code for a function that `McpFunction` defines.
   * @default - the function already exists
   */
  readonly lambdaCode?: lambda.Code;

  /**
   * An existing function.
   * @default - `McpFunction` defines one
   */
  readonly existingFunction?: lambda.Function;
}

/** Where the MCP server's code comes from. */
export abstract class McpCode {
  /**
   * Builds a Cargo package for arm64 with `cargo lambda`, at synth. For `McpCompute.fargate` it is linked statically, to musl, and
   * the image has nothing but the program.
   *
   * `cargo-lambda` is looked for on the PATH, then in `.local/venv/bin` and `.local/cargo-lambda/bin` of the manifest's
   * directory and of the directories above it. If it is in none of them, a pinned version is installed with Python once, in the
   * person's cache directory; the environment variable `CARGO_LAMBDA_INSTALL=never` prevents that.
   *
   * @param manifestDirectory the directory of the `Cargo.toml` (of the package or of its workspace)
   */
  public static fromCargo(manifestDirectory: string, options: McpCargoOptions): McpCode {
    const { packageName, binaryName = packageName } = options;
    for (const [property, value] of Object.entries({ manifestDirectory, packageName, binaryName })) {
      assertKnown(value, property, 'give a plain string, because the package is built at synth');
    }
    if (!existsSync(join(manifestDirectory, 'Cargo.toml'))) {
      throw synthError(
        'CargoManifestMissing',
        `${join(manifestDirectory, 'Cargo.toml')} does not exist: give McpCode.fromCargo the directory of a Cargo.toml`,
      );
    }
    return new CargoCode(manifestDirectory, packageName, binaryName);
  }

  /**
   * Prebuilt code for the architecture of the function (arm64).
   *
   * @param path a zip file, or a directory that holds the executable `bootstrap`; for `McpCompute.fargate` a directory whose
   * `bootstrap` is linked statically
   */
  public static fromAsset(path: string): McpCode {
    assertKnown(path, 'path of McpCode.fromAsset', 'give the path of a file or directory');
    if (!existsSync(path)) {
      throw synthError(
        'CodeMissing',
        `${path} does not exist: give McpCode.fromAsset a zip file or a directory with the executable bootstrap`,
      );
    }
    const isDirectory = statSync(path).isDirectory();
    if (isDirectory && !existsSync(join(path, 'bootstrap'))) {
      throw synthError(
        'BootstrapMissing',
        `${path} holds no file bootstrap: build it with \`cargo lambda build --release --arm64\` and give the directory of the binary`,
      );
    }
    if (!isDirectory && !path.endsWith('.zip')) {
      throw synthError(
        'CodeNotZip',
        `${path} is neither a directory nor a zip file: give McpCode.fromAsset a zip file or a directory with the executable bootstrap`,
      );
    }
    return new AssetCode(path, isDirectory);
  }

  /**
   * A function of the app, for example one built by another construct.
   *
   * This app must define the function, because the server's environment is added to it.
   */
  public static fromFunction(existingFunction: lambda.IFunction): McpCode {
    if (!(existingFunction instanceof lambda.Function)) {
      throw synthError(
        'FunctionNotDefinedHere',
        `function ${existingFunction.node.path} is imported, an alias or a version, and its environment cannot be set: give McpCode.fromFunction the function itself`,
      );
    }
    return new GivenCode({ existingFunction });
  }

  /**
   * A container image that exists, for `McpCompute.fargate`: for arm64, with the server's program as its entry point, which runs
   * without the root user and writes no files.
   */
  public static fromImage(image: ecs.ContainerImage): McpCode {
    return new ImageCode(image);
  }

  /** Called by `McpFunction`. */
  public abstract bind(scope: Construct): McpCodeConfig;

  /** Called by `McpService`. Override it in code of your own that is also for `McpCompute.fargate`. */
  public bindImage(scope: Construct): ecs.ContainerImage {
    throw synthError(
      'CodeNotForFargate',
      `code of ${scope.node.path} is for a Lambda function, and McpCompute.fargate runs a container: use McpCode.fromCargo, fromAsset with a directory, or fromImage`,
    );
  }
}

class CargoCode extends McpCode {
  constructor(
    private readonly manifestDirectory: string,
    private readonly packageName: string,
    private readonly binaryName: string,
  ) {
    super();
  }

  public bind(scope: Construct): McpCodeConfig {
    const { manifestDirectory, packageName, binaryName } = this;
    const mode = localMode(scope);
    if (mode !== undefined) {
      return { lambdaCode: localCargoCode(scope, mode, { manifestDirectory, packageName, binaryName }) };
    }
    // Looked for here, because the CDK wraps what is thrown while it bundles.
    if (Stack.of(scope).bundlingRequired) {
      requireCargoLambda(manifestDirectory, packageName);
    }
    const lambdaCode = lambda.Code.fromAsset(manifestDirectory, {
      // The hash of what was built, so that a rebuild without a change does not update the function.
      assetHashType: AssetHashType.OUTPUT,
      bundling: {
        // Never pulled: the local build below either succeeds or throws.
        image: DockerImage.fromRegistry('cargo-lambda-builds-without-docker'),
        local: {
          tryBundle(outputDirectory: string): boolean {
            buildWithCargoLambda({ manifestDirectory, packageName, binaryName, outputDirectory });
            return true;
          },
        },
      },
    });
    return { lambdaCode };
  }

  public override bindImage(scope: Construct): ecs.ContainerImage {
    const { manifestDirectory, packageName, binaryName } = this;
    const mode = localMode(scope);
    if (mode !== undefined) {
      return localCargoImage(scope, mode, { manifestDirectory, packageName, binaryName });
    }
    if (Stack.of(scope).bundlingRequired) {
      requireCargoLambda(manifestDirectory, packageName);
    }
    return imageOf(scope, manifestDirectory, (outputDirectory) =>
      buildWithCargoLambda({ manifestDirectory, packageName, binaryName, outputDirectory, isStatic: true }),
    );
  }
}

/** A zip file, or a directory with `bootstrap`. */
class AssetCode extends McpCode {
  constructor(
    private readonly path: string,
    private readonly isDirectory: boolean,
  ) {
    super();
  }

  public bind(): McpCodeConfig {
    return { lambdaCode: lambda.Code.fromAsset(this.path) };
  }

  public override bindImage(scope: Construct): ecs.ContainerImage {
    if (!this.isDirectory) {
      throw synthError(
        'ImageFromZip',
        `code is the zip file ${this.path}, and the container of McpCompute.fargate is made of a program: give McpCode.fromAsset the directory with bootstrap`,
      );
    }
    const program = join(this.path, 'bootstrap');
    const mode = localMode(scope);
    return mode === undefined
      ? imageOf(scope, this.path, (outputDirectory) => copyStaticProgram(program, outputDirectory))
      : localGivenImage(program);
  }
}

class ImageCode extends McpCode {
  constructor(private readonly image: ecs.ContainerImage) {
    super();
  }

  public bind(scope: Construct): McpCodeConfig {
    throw synthError(
      'ImageNotOnLambda',
      `code of ${scope.node.path} is a container image, which is for McpCompute.fargate: set compute, or use McpCode.fromCargo or fromAsset`,
    );
  }

  public override bindImage(scope: Construct): ecs.ContainerImage {
    if (localMode(scope) !== undefined) {
      throw synthError(
        'ImageNotLocal',
        `code of ${scope.node.path} is a container image, which mcp-lambda dev does not run: use McpCode.fromCargo, at least when the context has the key mcp-lambda:local`,
      );
    }
    return this.image;
  }
}

class GivenCode extends McpCode {
  constructor(private readonly config: McpCodeConfig) {
    super();
  }

  public bind(): McpCodeConfig {
    return this.config;
  }
}
