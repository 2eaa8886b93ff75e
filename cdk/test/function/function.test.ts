import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { McpAwsResource, McpCode, McpContract, McpServer, type McpServerProps, McpUserPool } from '../../lib';
import { findCargoLambda } from '../../lib/function/private/cargo-lambda';
import { code, cognito, counter, emptyApp, facts, fixture, only, synthesize, synthesizeServer } from '../synthesis';

describe('McpFunction', () => {
  const template = synthesizeServer();
  const { logicalId, properties } = only(template, 'AWS::Lambda::Function');

  test('runs a bootstrap on arm64 with 256 MiB for 30 seconds, untraced', () => {
    assert.deepEqual(properties.Architectures, ['arm64']);
    assert.equal(properties.Runtime, 'provided.al2023');
    assert.equal(properties.MemorySize, 256);
    assert.equal(properties.Timeout, 30);
    assert.equal(properties.TracingConfig, undefined);
  });

  test('logs JSON into a log group of its own, kept for a month and when the stack is deleted', () => {
    const log = only(template, 'AWS::Logs::LogGroup');
    assert.deepEqual(properties.LoggingConfig, { LogFormat: 'JSON', LogGroup: { Ref: log.logicalId } });
    assert.deepEqual(log.properties, { RetentionInDays: 30 });
    assert.equal(template.toJSON().Resources[log.logicalId].DeletionPolicy, 'Retain');
  });

  test('may write its log and nothing else', () => {
    const role = only(template, 'AWS::IAM::Role');
    assert.equal(role.properties.ManagedPolicyArns, undefined);
    assert.deepEqual(role.properties.AssumeRolePolicyDocument.Statement, [
      { Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' } },
    ]);
    assert.deepEqual(only(template, 'AWS::IAM::Policy').properties.PolicyDocument.Statement, [
      {
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Effect: 'Allow',
        Resource: { 'Fn::GetAtt': [only(template, 'AWS::Logs::LogGroup').logicalId, 'Arn'] },
      },
    ]);
    assert.deepEqual(properties.Role, { 'Fn::GetAtt': [role.logicalId, 'Arn'] });
    assert.ok(logicalId.startsWith('ServerFunction'));
  });

  test('takes memory, retention, tracing and removal policy as told', () => {
    const told = synthesizeServer({
      memorySize: 512,
      logRetention: RetentionDays.ONE_WEEK,
      tracing: true,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const changed = only(told, 'AWS::Lambda::Function').properties;
    assert.equal(changed.MemorySize, 512);
    assert.deepEqual(changed.TracingConfig, { Mode: 'Active' });
    assert.equal(only(told, 'AWS::ApiGateway::Stage').properties.TracingEnabled, true);
    told.hasResource('AWS::Logs::LogGroup', { Properties: { RetentionInDays: 7 }, DeletionPolicy: 'Delete' });
    told.hasResource('AWS::Cognito::UserPool', { DeletionPolicy: 'Delete' });
  });

  test('fails when timeout is longer than API Gateway streams', () => {
    assert.throws(() => synthesizeServer({ timeout: Duration.minutes(16) }), {
      message:
        'timeout is 960 seconds and API Gateway streams for at most 900: give a shorter timeout (TimeoutTooLong)',
    });
  });
});

describe('McpCode.fromAsset', () => {
  test('fails when there is nothing', () => {
    assert.throws(() => McpCode.fromAsset('no/such/place'), {
      message:
        'no/such/place does not exist: give McpCode.fromAsset a zip file or a directory with the executable bootstrap (CodeMissing)',
    });
  });

  test('fails when the directory holds no bootstrap', () => {
    assert.throws(() => McpCode.fromAsset(fixture('.')), {
      message: `${fixture('.')} holds no file bootstrap: build it with \`cargo lambda build --release --arm64\` and give the directory of the binary (BootstrapMissing)`,
    });
  });

  test('fails when the file is no zip', () => {
    assert.throws(() => McpCode.fromAsset(fixture('facts.contract.json')), {
      message: `${fixture('facts.contract.json')} is neither a directory nor a zip file: give McpCode.fromAsset a zip file or a directory with the executable bootstrap (CodeNotZip)`,
    });
  });
});

describe('McpCode.fromFunction', () => {
  const existing = (scope: Construct) =>
    new lambda.Function(scope, 'Existing', {
      code: lambda.Code.fromAsset(fixture('lambda/dog-facts')),
      handler: 'bootstrap',
      runtime: lambda.Runtime.PROVIDED_AL2023,
      timeout: Duration.seconds(12),
    });

  const withExisting = (props: Partial<McpServerProps> = {}) =>
    synthesize(
      (stack) =>
        new McpServer(stack, 'Server', {
          code: McpCode.fromFunction(existing(stack)),
          contract: facts(),
          authorization: cognito(),
          ...props,
        }),
    );

  test('adds the environment to the function and defines none', () => {
    const { properties } = only(withExisting({ settings: { DOG_API_TIMEOUT_MS: 100 } }), 'AWS::Lambda::Function');
    assert.equal(properties.Environment.Variables.DOG_API_TIMEOUT_MS, '100');
    assert.equal(properties.Environment.Variables.MCP_RESPONSE_MODE, 'stream');
  });

  test('lets the API wait as long as the function may run', () => {
    assert.equal(
      only(withExisting(), 'AWS::ApiGateway::Method', { HttpMethod: 'POST' }).properties.Integration.TimeoutInMillis,
      12000,
    );
  });

  for (const [name, value] of [
    ['memorySize', 512],
    ['timeout', Duration.seconds(5)],
    ['logRetention', RetentionDays.ONE_DAY],
    ['vpc', {}],
    ['vpcSubnets', {}],
    ['securityGroups', []],
    ['reservedConcurrency', 1],
    ['provisionedConcurrency', 1],
    ['trafficShifting', {}],
  ] as const) {
    test(`fails when ${name} is given as well`, () => {
      assert.throws(() => withExisting({ [name]: value }), {
        message: `${name} does not apply to a function given with McpCode.fromFunction: set it on that function and remove it here (FunctionOptionNotApplied)`,
      });
    });
  }

  test("leaves the function's own tracing as it is", () => {
    const template = withExisting({ tracing: true });
    assert.equal(only(template, 'AWS::ApiGateway::Stage').properties.TracingEnabled, true);
    assert.equal(only(template, 'AWS::Lambda::Function').properties.TracingConfig, undefined);
  });

  test('fails when removalPolicy is given and the user pool is handed over too', () => {
    const define = (props: Partial<McpServerProps>) =>
      synthesize((stack) => {
        const userPool = new McpUserPool(stack, 'Pool');
        new McpServer(stack, 'Server', {
          code: McpCode.fromFunction(existing(stack)),
          contract: facts(),
          userPool,
          removalPolicy: RemovalPolicy.DESTROY,
          ...props,
        });
      });
    assert.throws(() => define({ authorization: cognito() }), {
      message:
        'removalPolicy applies to neither a userPool that is handed over nor a function given with McpCode.fromFunction: set it on those and remove it here (RemovalPolicyNotApplied)',
    });
    // The logs of the authorization server and of the Lambda authorizer are the server's own.
    for (const props of [{}, { authorization: cognito(), lambdaAuthorizer: { code: code() } }]) {
      const logs = Object.values(define(props).findResources('AWS::Logs::LogGroup')).map((each) => each.DeletionPolicy);
      assert.deepEqual(logs, ['Delete']);
    }
  });

  test('fails when the function is imported', () => {
    const stack = new Stack(emptyApp(), 'Test');
    const imported = lambda.Function.fromFunctionArn(
      stack,
      'Imported',
      'arn:aws:lambda:eu-west-1:111122223333:function:x',
    );
    assert.throws(() => McpCode.fromFunction(imported), {
      message:
        'function Test/Imported is imported, an alias or a version, and its environment cannot be set: give McpCode.fromFunction the function itself (FunctionNotDefinedHere)',
    });
  });
});

describe('McpCode.fromCargo', () => {
  let directory: string;
  let searchPath: string | undefined;

  /** A Cargo manifest and, in a directory of its own, a stand-in for cargo-lambda that writes down how it was called. */
  before(() => {
    searchPath = process.env.PATH;
    directory = realpathSync(mkdtempSync(join(tmpdir(), 'cargo-lambda-')));
    writeFileSync(join(directory, 'Cargo.toml'), '');
    mkdirSync(join(directory, 'bin'));
    writeFileSync(
      join(directory, 'bin', 'cargo-lambda'),
      `#!/bin/sh
printf '%s\\n' "$PWD" "$@" > "${directory}/called"
for last in "$@"; do
  if [ "$previous" = --lambda-dir ]; then printf built > "$last/bootstrap"; fi
  previous=$last
done
test "$FAIL" = "" || exit 3
`,
    );
    chmodSync(join(directory, 'bin', 'cargo-lambda'), 0o755);
  });

  after(() => {
    process.env.PATH = searchPath;
    rmSync(directory, { recursive: true });
  });

  const synthesizeCargo = () => synthesizeServer({ code: McpCode.fromCargo(directory, { packageName: 'dog-facts' }) });

  test("builds the package for arm64 and takes the bootstrap as the function's code", () => {
    process.env.PATH = `${join(directory, 'bin')}:/usr/bin:/bin`;
    const template = synthesizeCargo();
    const [workingDirectory, ...command] = readFileSync(join(directory, 'called'), 'utf8').trim().split('\n');
    assert.equal(workingDirectory, directory);
    assert.deepEqual(command.slice(0, 11), [
      'lambda',
      'build',
      '--release',
      '--arm64',
      '--output-format',
      'binary',
      '--locked',
      '--package',
      'dog-facts',
      '--bin',
      'dog-facts',
    ]);
    assert.deepEqual([command[11], ...command.slice(13)], ['--lambda-dir', '--flatten', 'dog-facts']);
    assert.match(only(template, 'AWS::Lambda::Function').properties.Code.S3Key, /^[0-9a-f]{64}\.zip$/);
  });

  test("fails with cargo's status when the build fails", () => {
    process.env.PATH = `${join(directory, 'bin')}:/usr/bin:/bin`;
    process.env.FAIL = 'yes';
    try {
      assert.throws(synthesizeCargo, (error: Error) => {
        // The CDK puts its own words before ours.
        assert.match(
          error.message,
          /: Error: `cargo lambda build .*` in .* ended with status 3: fix what cargo reports above; if it misses the target, run `rustup target add aarch64-unknown-linux-gnu` \(CargoLambdaFailed\)$/,
        );
        return true;
      });
    } finally {
      delete process.env.FAIL;
    }
  });

  describe('without cargo-lambda', () => {
    let cache: string;
    /** A `python3` whose venv has a cargo-lambda after `pip install`, unless FAIL is set. */
    before(() => {
      cache = join(directory, 'cache');
      process.env.XDG_CACHE_HOME = cache;
      mkdirSync(join(directory, 'python'));
      const python = `#!/bin/sh
case "$*" in
  *venv*) for last in "$@"; do :; done; mkdir -p "$last/bin"; cp "$0" "$last/bin/python" ;;
  *--require-hashes*) test "$FAIL" = "" || { echo no index >&2; exit 1; }; cp "${directory}/bin/cargo-lambda" "\${0%/*}/" ;;
esac
`;
      writeFileSync(join(directory, 'python', 'python3'), python, { mode: 0o755 });
    });
    beforeEach(() => {
      process.env.PATH = `${join(directory, 'python')}:/usr/bin:/bin`;
    });
    after(() => {
      delete process.env.XDG_CACHE_HOME;
    });

    test('and without Python, names the ways to install it', () => {
      process.env.PATH = '/nowhere';
      assert.throws(synthesizeCargo, {
        message:
          'cargo-lambda is needed to build the package dog-facts and is not on the PATH: install Python 3.10 or newer, with which it is installed automatically, ' +
          'or install it with `brew install cargo-lambda/tap/cargo-lambda` or `cargo install --locked cargo-lambda` (which needs Zig too), ' +
          'or hand over a built function with McpCode.fromAsset (CargoLambdaMissing)',
      });
    });

    test('installs nothing where that is switched off', () => {
      process.env.CARGO_LAMBDA_INSTALL = 'never';
      try {
        assert.throws(synthesizeCargo, /CargoLambdaMissing/);
      } finally {
        delete process.env.CARGO_LAMBDA_INSTALL;
      }
      assert.equal(existsSync(cache), false);
    });

    test("passes on pip's words when it fails, and leaves no half of an installation", () => {
      process.env.FAIL = 'yes';
      try {
        assert.throws(synthesizeCargo, /pip said: no index \(CargoLambdaNotInstalled\)$/);
      } finally {
        delete process.env.FAIL;
      }
      assert.deepEqual(readdirSync(join(cache, 'mcp-lambda')), []);
    });

    test('installs a pinned one in the cache directory, once', () => {
      synthesizeCargo();
      rmSync(join(directory, 'python', 'python3'));
      const template = synthesizeCargo();
      assert.match(only(template, 'AWS::Lambda::Function').properties.Code.S3Key, /^[0-9a-f]{64}\.zip$/);
      assert.match(readdirSync(join(cache, 'mcp-lambda')).join(), /^cargo-lambda-[0-9.]+$/);
    });
  });

  test('fails when there is no manifest', () => {
    assert.throws(() => McpCode.fromCargo(fixture('lambda/dog-facts'), { packageName: 'x' }), {
      message: `${join(fixture('lambda/dog-facts'), 'Cargo.toml')} does not exist: give McpCode.fromCargo the directory of a Cargo.toml (CargoManifestMissing)`,
    });
  });

  test('prefers the PATH to a private installation above the manifest', () => {
    const privately = join(directory, '.local', 'venv', 'bin');
    mkdirSync(privately, { recursive: true });
    writeFileSync(join(privately, 'cargo-lambda'), '', { mode: 0o755 });
    const below = join(directory, 'lambda', 'x');
    assert.equal(findCargoLambda(below, '/nowhere'), join(privately, 'cargo-lambda'));
    assert.equal(findCargoLambda(below, `/nowhere:${join(directory, 'bin')}`), join(directory, 'bin', 'cargo-lambda'));
  });
});

describe('AWS resources of the contract', () => {
  const synthesizeCounter = (props: (table: dynamodb.ITable) => Partial<McpServerProps>) =>
    synthesize((stack) => {
      const table = new dynamodb.TableV2(stack, 'Table', {
        partitionKey: { name: 'pk', type: dynamodb.AttributeType.STRING },
      });
      new McpServer(stack, 'Server', { code: code(), contract: counter(), authorization: cognito(), ...props(table) });
    });

  test('arrive as a setting, with permission for the actions that the tools declare', () => {
    const template = synthesizeCounter((table) => ({
      awsResources: { counters: McpAwsResource.dynamodbTable(table) },
    }));
    const table = only(template, 'AWS::DynamoDB::GlobalTable').logicalId;
    assert.deepEqual(only(template, 'AWS::Lambda::Function').properties.Environment.Variables.COUNTER_TABLE, {
      Ref: table,
    });
    const statements = only(template, 'AWS::IAM::Policy').properties.PolicyDocument.Statement;
    assert.deepEqual(statements[1], {
      Action: ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
      Effect: 'Allow',
      Resource: { 'Fn::GetAtt': [table, 'Arn'] },
    });
    assert.equal(statements.length, 2);
  });

  test('that no tool touches arrive without permission', () => {
    const untouched = JSON.parse(readFileSync(fixture('counter.contract.json'), 'utf8'));
    untouched.tools = [];
    const path = join(mkdtempSync(join(tmpdir(), 'contract-')), 'contract.json');
    writeFileSync(path, JSON.stringify(untouched));
    const template = synthesizeCounter((table) => ({
      contract: McpContract.fromFile(path),
      awsResources: { counters: McpAwsResource.dynamodbTable(table) },
    }));
    rmSync(dirname(path), { recursive: true });
    assert.equal(only(template, 'AWS::IAM::Policy').properties.PolicyDocument.Statement.length, 1);
  });

  test('fail when one is missing', () => {
    assert.throws(() => synthesizeCounter(() => ({})), {
      message:
        'awsResources.counters is asked for by counter and not given: add a dynamodbTable, for example McpAwsResource.dynamodbTable(table) (AwsResourceMissing)',
    });
  });

  test('fail when one is not asked for', () => {
    assert.throws(
      () => synthesizeCounter((table) => ({ awsResources: { countres: McpAwsResource.dynamodbTable(table) } })),
      {
        message:
          'awsResources.countres is not asked for by counter, which asks for counters: correct the name or remove it (AwsResourceUnknown)',
      },
    );
  });

  test('fail when the name is set manually', () => {
    assert.throws(
      () =>
        synthesizeCounter((table) => ({
          awsResources: { counters: McpAwsResource.dynamodbTable(table) },
          settings: { COUNTER_TABLE: 'mine' },
        })),
      {
        message:
          'settings.COUNTER_TABLE is set from the AWS resource counters: remove it and use awsResources.counters (SettingOfAwsResource)',
      },
    );
  });

  test('fail with an action of another service', () => {
    assert.throws(
      () =>
        synthesizeCounter((table) => ({
          awsResources: {
            counters: {
              contractType: 'dynamodbTable',
              settingValue: 't',
              permit: (grantee) => McpAwsResource.dynamodbTable(table).permit(grantee, ['s3:GetObject']),
            } as McpAwsResource,
          },
        })),
      {
        message:
          "action s3:GetObject does not apply to a DynamoDB table: correct the tool's AWS actions in the Rust server (AwsActionOfAnotherService)",
      },
    );
  });

  test('fail with another type of AWS resource', () => {
    const bucket = { contractType: 's3Bucket', settingValue: 'b', permit: () => undefined } as McpAwsResource;
    assert.throws(() => synthesizeCounter(() => ({ awsResources: { counters: bucket } })), {
      message:
        'awsResources.counters is a s3Bucket and counter asks for a dynamodbTable: give it one (AwsResourceTypeMismatch)',
    });
  });
});
