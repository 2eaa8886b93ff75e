/** The account that the apps are deployed to, which the emulator plays: the CDK's command line, and what is there. */

import { execFile } from 'node:child_process';
import { join } from 'node:path';

import { runningStack } from '../e2e/stack.ts';
import { root } from './paths.ts';

/** The local stack, for the sake of its emulator. */
export const emulator = runningStack();

/** A qualifier of our own: the emulator's `deploy.py` has the bucket and the parameter of the usual one already. */
const QUALIFIER = 'integ';

/** What leads every SDK to the emulator. */
const ENVIRONMENT = {
  AWS_ENDPOINT_URL: emulator.AwsEndpointUrl,
  AWS_REGION: emulator.AwsRegion,
  AWS_DEFAULT_REGION: emulator.AwsRegion,
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_EC2_METADATA_DISABLED: 'true',
};

/**
 * Runs a program of somebody who has an account and gives what it prints, which is in the error as well. Others run meanwhile: connections that the
 * emulator closes have to be noticed.
 */
export function run(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
  cwd: string = root,
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      command,
      args,
      { cwd, encoding: 'utf8', maxBuffer: 1 << 26, env: { ...process.env, ...ENVIRONMENT, ...env } },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else
          reject(
            new Error(
              `\`${command} ${args.join(' ')}\` ${error.code === undefined ? error.message : `ended with ${error.signal ?? error.code}`}\n${stdout}${stderr}`,
            ),
          );
      },
    );
  });
}

/** Runs the CDK's command line. The rules of the CDK are another part's, and take seconds. */
export function cdk(...args: readonly string[]): Promise<string> {
  return run(
    join(root, 'node_modules', '.bin', 'cdk'),
    [
      ...args,
      '--ci',
      '--no-notices',
      '--no-version-reporting',
      '--context',
      `@aws-cdk/core:bootstrapQualifier=${QUALIFIER}`,
    ],
    {
      CDK_DISABLE_CLI_TELEMETRY: 'true',
      CDK_VALIDATION: 'false',
    },
  );
}

/** Makes what `cdk deploy` needs in an account: a bucket for assets, and roles. */
export function bootstrap(): Promise<string> {
  return cdk(
    'bootstrap',
    `aws://000000000000/${emulator.AwsRegion}`,
    '--qualifier',
    QUALIFIER,
    '--toolkit-stack-name',
    'Bootstrap',
    '--app',
    '',
  );
}

/** Which kinds of AWS resources are there, and which of each. */
export type Inventory = Readonly<Record<string, readonly string[]>>;

const listed = async (...args: readonly string[]): Promise<unknown> =>
  JSON.parse(
    await run(join(root, '.local', 'venv', 'bin', 'python'), [
      join(root, 'test', 'integration', 'inventory.py'),
      emulator.AwsEndpointUrl,
      emulator.AwsRegion,
      ...args,
    ]),
  );

export const inventory = async (): Promise<Inventory> => (await listed()) as Inventory;

/** What one inventory has and another lacks, without the kinds that differ in nothing. */
export function added(before: Inventory, after: Inventory): Inventory {
  return Object.fromEntries(
    Object.entries(after)
      .map(([kind, names]) => [kind, names.filter((name) => !before[kind]!.includes(name))] as const)
      .filter(([, names]) => names.length > 0),
  );
}

/** The resources of a stack by logical ID. */
export type Resources = Readonly<Record<string, { readonly type: string; readonly id: string }>>;

export const resourcesOf = async (stack: string): Promise<Resources> => (await listed(stack)) as Resources;

/** The physical ID of the only resource of a type, or of that whose logical ID begins as said. */
export function idOf(resources: Resources, type: string, logicalId = ''): string {
  const found = Object.entries(resources).filter(([name, each]) => each.type === type && name.startsWith(logicalId));
  if (found.length !== 1)
    throw new Error(
      `${found.length} resources are of type ${type} and begin with ${logicalId}: ${found.map(([name]) => name).join(', ')}`,
    );
  return found[0]![1].id;
}
