import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { App, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { readContext } from '../../app/context';
import { DogFactsStack } from '../../app/dog-facts-stack';
import { fixture } from '../synthesis';

const CFN_LINT_VERSION = '1.58.0';
const root = dirname(dirname(dirname(__dirname)));
process.chdir(root);
const lambdaDir = fixture('lambda');
const featureFlags = JSON.parse(readFileSync('cdk.json', 'utf8')).context;
const directory = mkdtempSync(join(tmpdir(), 'cdk-rules-'));
after(() => rmSync(directory, { recursive: true }));

interface Finding {
  readonly pluginName: string;
  readonly ruleName: string;
}

/** Synthesis and cfn-lint are a process each that keeps one core busy. */
const CONCURRENCY = 2;

/** Runs a program beside others; what it printed, and its exit status. */
function ended(
  program: string,
  args: string[],
  env = process.env,
): Promise<{ status: number; stdout: string; stderr: string }> {
  return new Promise((resolve) =>
    execFile(program, args, { env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr }),
    ),
  );
}

/** Synthesizes a stack of checked-app.ts and returns what the rules found; an output directory's name tells runs apart. */
async function findings(stack: string, name: string, context: Record<string, string> = {}): Promise<Finding[]> {
  const outputDirectory = join(directory, name);
  const run = await ended(process.execPath, ['--import', 'tsx', 'cdk/test/rules/checked-app.ts', stack], {
    ...process.env,
    CDK_VALIDATION: 'true',
    CDK_OUTDIR: outputDirectory,
    CDK_CONTEXT_JSON: JSON.stringify({ ...featureFlags, lambdaDir, ...context }),
  });
  const { pluginReports } = JSON.parse(readFileSync(join(outputDirectory, 'validation-report.json'), 'utf8'));
  const found = pluginReports.flatMap((report: any) =>
    report.violations.map((each: any) => ({ pluginName: report.pluginName, ruleName: each.ruleName })),
  );
  assert.equal(run.status === 0, found.length === 0, run.stderr);
  return found;
}

const apps: [title: string, stack: string, context: Record<string, string>][] = [
  ['dog-facts-cloudfront', 'DogFacts', {}],
  ['dog-facts-stage', 'DogFacts', { front: 'stage' }],
  [
    'dog-facts-external',
    'DogFacts',
    {
      front: 'external',
      publicBaseUrl: 'http://127.0.0.1:3030',
      signInBaseUrl: 'http://127.0.0.1:3031',
      cognitoIdpUrl: 'http://127.0.0.1:3031',
    },
  ],
  ['dog-facts-cognito-cloudfront', 'DogFacts', { authorization: 'cognito' }],
  ['dog-facts-cognito-stage', 'DogFacts', { authorization: 'cognito', front: 'stage' }],
  ['counter-cloudfront', 'Counter', {}],
  ['two-cloudfront', 'Two', {}],
  ['workshop-cloudfront', 'Workshop', {}],
];

describe("the CDK's own rules and cdk-nag", { concurrency: CONCURRENCY }, () => {
  for (const [name, stack, context] of apps) {
    test(`find nothing in ${name}`, async () => {
      assert.deepEqual(await findings(stack, name, context), []);
    });
  }

  test('find nothing in any front with any authorization and any registration', async () => {
    assert.deepEqual(await findings('Combinations', 'combinations'), []);
  });

  test('find nothing in two servers on one host, together or in stacks apart', async () => {
    assert.deepEqual(await findings('Hosts', 'hosts'), []);
  });

  test('find nothing in servers on Fargate, by themselves or on one host', async () => {
    assert.deepEqual(await findings('Fargate', 'fargate'), []);
  });

  test('fail the synthesis when they find something', async () => {
    assert.ok(
      (await findings('Broken', 'broken')).some(({ pluginName }) => pluginName !== 'AwsSolutions'),
      "the CDK's own rules found nothing",
    );
  });

  test('find in the library what the app acknowledges, and nothing more', async () => {
    const app = new App({ context: { lambdaDir } });
    const acknowledged = acknowledgements(new DogFactsStack(app, 'DogFacts', readContext(app.node)));
    const byApp = acknowledged.filter(({ id }) => !OF_LIBRARY.test(id));
    const found = await findings('Library', 'library');
    assert.deepEqual(
      [...new Set(byApp.map(({ id }) => id))].sort(),
      [...new Set(found.map(({ pluginName, ruleName }) => `${pluginName}::${ruleName}`))].sort(),
    );
  });
});

/** What the library itself acknowledges: endpoints that are for everybody. */
const OF_LIBRARY = /^AwsSolutions::AwsSolutions-(APIG4|COG4)$/;

describe('acknowledgements', () => {
  const made = (authorization: string) => {
    const app = new App({ context: { lambdaDir, authorization } });
    return acknowledgements(new DogFactsStack(app, 'DogFacts', readContext(app.node)));
  };
  const PAGE = ['GET', 'HEAD'];
  const OAUTH = [
    'authorize/GET',
    'authorize/HEAD',
    'callback/GET',
    'consent/POST',
    'register/OPTIONS',
    'register/POST',
    'revoke/OPTIONS',
    'revoke/POST',
    'sign-in/GET',
    'sign-in/HEAD',
    'token/OPTIONS',
    'token/POST',
  ];

  for (const [authorization, endpoints] of [
    ['server', [...PAGE, ...OAUTH]],
    ['cognito', PAGE],
  ] as const) {
    const all = made(authorization);

    test(`of the library with ${authorization} are those of its public metadata documents, of the page for people and of the OAuth endpoints, none of them on the MCP endpoint`, () => {
      const byLibrary = all.filter(({ id }) => OF_LIBRARY.test(id)).map(({ path }) => path.split('/Default/')[1]);
      const documents = byLibrary.filter((path) => path.includes('.well-known'));
      assert.deepEqual([...new Set(byLibrary.filter((path) => !path.includes('.well-known')))].sort(), endpoints);
      assert.equal(documents.length, 28);
      assert.deepEqual(
        documents.filter((path) => !/\/(GET|HEAD)$/.test(path)),
        [],
      );
    });

    test(`carry a reason each with ${authorization}`, () => {
      assert.deepEqual(
        all.filter(({ reason }) => reason.length < 40),
        [],
      );
    });
  }
});

function acknowledgements(construct: IConstruct): { path: string; id: string; reason: string }[] {
  return construct.node
    .findAll()
    .flatMap((each) =>
      each.node.metadata
        .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
        .flatMap(({ data }) =>
          Object.entries(data as Record<string, string>).map(([id, reason]) => ({ path: each.node.path, id, reason })),
        ),
    );
}

describe('cfn-lint', { concurrency: CONCURRENCY }, () => {
  const environment = join(root, '.local', 'lint-venv');
  const executable = join(environment, 'bin', 'cfn-lint');

  before(() => {
    if (existsSync(executable) && runs(executable, ['--version']).includes(CFN_LINT_VERSION)) {
      return;
    }
    runs('python3', ['-m', 'venv', environment]);
    runs(join(environment, 'bin', 'pip'), ['install', '--quiet', `cfn-lint==${CFN_LINT_VERSION}`]);
  });

  // W3005: the CDK always adds a DependsOn for the function's role, which is implied.
  const lint = (templates: string[]) =>
    ended(executable, ['--ignore-checks', 'W3005', '--format', 'parseable', '--', ...templates]);

  const finds = async (...templates: string[]) => {
    const { status, stdout, stderr } = await lint(templates);
    assert.equal(stdout + stderr, '');
    assert.equal(status, 0);
  };

  test('finds nothing in the templates of the example apps', () =>
    finds(...apps.map(([name, stack]) => join(directory, name, `${stack}.template.json`))));

  const inFolder = (folder: string) =>
    readdirSync(join(directory, folder))
      .filter((name) => name.endsWith('.template.json'))
      .sort()
      .map((name) => join(directory, folder, name));

  for (let half = 0; half < CONCURRENCY; half += 1) {
    test(`finds nothing in a template of a combination, part ${half + 1} of ${CONCURRENCY}`, () => {
      const combinations = inFolder('combinations');
      assert.equal(combinations.length, 4 * 12);
      return finds(...combinations.filter((_, index) => index % CONCURRENCY === half));
    });
  }

  test('finds nothing in a template of a host', () => {
    const hosts = inFolder('hosts');
    assert.equal(hosts.length, 3 * 3 + 2);
    return finds(...hosts);
  });

  test('finds nothing in a template of a server on Fargate', () => {
    const services = inFolder('fargate');
    assert.equal(services.length, 6);
    return finds(...services);
  });

  test('finds nothing in the templates of the integration apps', () =>
    finds(
      ...['defaults', 'everything'].map((app) => join('test', 'integration', 'snapshots', `${app}.template.json`)),
    ));

  for (const choices of [[], ['env=prod', 'authorization=cognito', 'front=stage'], ['toolsApi=keys']]) {
    test(`finds nothing in the template without the CDK${choices.map((each) => ` ${each}`).join('')}`, async () => {
      const destination = join(directory, ['without-cdk', ...choices].join('-'));
      const written = await ended(
        process.execPath,
        ['scripts/template.mjs', destination, `lambdaDir=${lambdaDir}`, ...choices],
        { ...process.env, CDK_VALIDATION: 'false' },
      );
      assert.equal(written.status, 0, written.stderr);
      await finds(join(destination, 'dog-facts.template.json'));
    });
  }

  test('finds what is wrong with a template that is', async () => {
    const { stdout } = await lint([join(directory, 'broken', 'Broken.template.json')]);
    assert.match(stdout, /E3031:'https:..mcp.example.com.mcp' does not match/);
  });
});

describe('jsii', () => {
  test('compiles the library for all its languages without a warning', () => {
    const run = spawnSync(
      process.execPath,
      [require.resolve('jsii/bin/jsii'), '--generate-tsconfig', 'tsconfig.jsii.json'],
      { cwd: 'cdk', encoding: 'utf8' },
    );
    assert.match(run.stdout + run.stderr, /Errors: 0 \| Warnings: 0/);
    assert.equal(run.status, 0);
  });
});

function runs(command: string, args: string[]): string {
  const run = spawnSync(command, args, { encoding: 'utf8' });
  assert.equal(run.status, 0, `${command} ${args.join(' ')}: ${run.error?.message ?? run.stderr}`);
  return run.stdout;
}
