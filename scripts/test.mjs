#!/usr/bin/env node
// `npm test` runs every part below but those that run by name only; `npm test -- PART…` runs some, `npm test -- --except PART…` the usual
// ones without some; `--compute fargate` runs the servers of the local stacks as on AWS Fargate. `npm run check` is what daily work needs.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { cleanEnvironment } from './lib/environment.mjs';
import { lock } from './lib/lock.mjs';
import * as prepare from './lib/prepare.mjs';
import { Report } from './lib/report.mjs';
import { root } from './lib/root.mjs';

const testFiles = (folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.test.ts'))
    .sort()
    .map((name) => join(folder, name));

/** The tests of a folder and of all below it but `without`. */
const testFilesBelow = (folder, without) =>
  readdirSync(join(root, folder), { recursive: true })
    .filter((name) => name.endsWith('.test.ts') && !name.startsWith(`${without}/`))
    .sort()
    .map((name) => join(folder, name));

/** Tests of what is packed and published, each of which needs something else built before. */
const packageTests = (...names) => names.map((name) => `test/package/${name}.test.ts`);

/** Runs TypeScript tests on Node's own runner, one file after the other unless `concurrency` says otherwise: most share a stack. */
const node = (report, title, files, { minutes = 20, concurrency = 1, ...options } = {}) =>
  report.node(
    title,
    ['--import', 'tsx', '--test', `--test-concurrency=${concurrency}`, `--test-timeout=${minutes * 60_000}`, ...files],
    { cwd: root, ...options },
  );

const endToEnd = (names, title, stack = prepare.authorizationStack, more = []) => ({
  title,
  needs: [prepare.testPackages, prepare.chromium, ...more, stack],
  run: async (report) =>
    node(
      report,
      title,
      [names].flat().map((name) => `test/e2e/${name}.test.ts`),
      { env: { MCP_LAMBDA_OUTPUTS: await stack() } },
    ),
});

/** The same, where every MCP client is sent; `more` are variables with what prepares their values. */
const withClients = (names, title, stack, more = {}) => {
  const { needs } = endToEnd(names, title, stack);
  const files = [names].flat().map((name) => `test/e2e/${name}.test.ts`);
  return {
    title,
    needs: [...needs, prepare.pythonClient, prepare.rmcpClient, ...Object.values(more)],
    run: async (report) => {
      const env = {
        MCP_LAMBDA_OUTPUTS: await stack(),
        MCP_LAMBDA_PYTHON_CLIENT: await prepare.pythonClient(),
        MCP_LAMBDA_RMCP_CLIENT: await prepare.rmcpClient(),
      };
      for (const [name, preparation] of Object.entries(more)) env[name] = await preparation();
      await node(report, title, files, { env });
    },
  };
};

/** Runs a program of test/conformance/authorization against the local stack. */
const againstAuthorization = async (report, title, [program, ...args]) =>
  report.node(title, ['--import', 'tsx', join('test/conformance/authorization', program), ...args], {
    cwd: root,
    env: { MCP_LAMBDA_OUTPUTS: await prepare.authorizationStack() },
  });

/** The workspace of the bindings, whose tests run against a jsii kernel in Node. */
const bindings = ['--manifest-path', 'cdk/rust/Cargo.toml'];

/** The two Cargo workspaces: what to add to a title, and to a command of cargo. */
const workspaces = [
  ['', []],
  [' of the bindings', bindings],
];

const parts = {
  lint: {
    title: 'the lints of Rust',
    // It compiles every crate once more than the tests do: part of `npm run check`, and a job of CI by itself.
    onlyByName: true,
    needs: [],
    run: async (report) => {
      for (const [workspace, manifest] of workspaces) {
        await report.run(
          `clippy${workspace}`,
          'cargo',
          ['clippy', ...manifest, '--locked', '--workspace', '--all-targets', '--quiet', '--', '-D', 'warnings'],
          { cwd: root },
        );
      }
    },
  },
  check: {
    title: 'format, types and unit tests',
    needs: [prepare.testPackages],
    run: async (report) => {
      await report.run('biome', 'biome', ['ci', '.'], { cwd: root });
      for (const [workspace, manifest] of workspaces) {
        await report.run(`rustfmt${workspace}`, 'cargo', ['fmt', ...manifest, '--all', '--check'], { cwd: root });
      }
      await report.run('constructs generated from Rust', 'node', ['scripts/generate.mjs', '--check'], { cwd: root });
      await report.run('types of the constructs', 'tsc', ['--noEmit', '-p', 'cdk'], { cwd: root });
      await report.run('types of the tests', 'tsc', ['-p', 'test'], { cwd: root });
      await report.rust('Rust tests', ['--workspace']);
      await node(report, 'construct tests', testFilesBelow('cdk/test', 'rules'), { concurrency: 2 });
      await node(report, 'the repository: documents, structure, the test command', testFiles('test/repository'));
    },
  },
  templates: {
    title: 'the templates against cfn-lint, cdk-nag and the rules of the CDK',
    needs: [],
    run: (report) => node(report, 'rules for templates', testFiles('cdk/test/rules')),
  },
  api: {
    title: 'the public API of the constructs: nothing broken, described, with examples that compile',
    needs: [prepare.compiledConstructs],
    run: (report) => node(report, 'public API', packageTests('api', 'api-coverage')),
  },
  golden: {
    title: 'one app in several languages, one template',
    needs: [prepare.compiledConstructs, prepare.pythonCdk],
    run: async (report) =>
      node(report, 'golden', testFiles('cdk/rust/golden'), { env: { GOLDEN_PYTHON: await prepare.pythonCdk() } }),
  },
  integration: {
    title: 'two apps and the template without the CDK: deployed as people do, called, updated and destroyed',
    needs: [prepare.testPackages, prepare.compiledConstructs, prepare.awsCli, prepare.authorizationStack],
    run: async (report) =>
      node(report, 'integration apps', testFiles('test/integration'), {
        env: { MCP_LAMBDA_OUTPUTS: await prepare.authorizationStack(), MCP_LAMBDA_AWS_CLI: await prepare.awsCli() },
      }),
  },
  'rust-cdk': {
    title: 'the constructs in Rust, and the compliance cases of jsii',
    needs: [prepare.compiledConstructs, prepare.bindingsFixture],
    run: async (report) => {
      await report.rust('bindings', [...bindings, '--workspace']);
      await node(report, 'guide to the CDK in Rust', testFiles('cdk/rust/guide'));
      for (const features of ['--no-default-features', '--all-features']) {
        await report.run(
          `constructs in Rust ${features}`,
          'cargo',
          ['check', ...bindings, '--locked', '--quiet', '--package', 'mcp-lambda-cdk', features],
          { cwd: root },
        );
      }
      await report.run('table of the compliance cases', 'node', ['cdk/rust/report-conformance.mjs', '--check'], {
        cwd: root,
      });
    },
  },
  'npm-package': {
    title: 'the npm package of the constructs, with its three arm64 programs',
    // Each program is compiled and optimized by itself: minutes that CI spends in a job of their own and at a release.
    onlyByName: true,
    needs: [prepare.testPackages, prepare.compiledConstructs],
    run: async (report) => {
      const programs = ['authorization', 'authorizer', 'playground'];
      if (await report.run('cargo lambda', 'node', ['scripts/build-lambda.mjs', ...programs], { cwd: root })) {
        await node(report, 'npm package', packageTests('npm-package'));
      }
    },
  },
  conformance: {
    title: 'the official conformance suite, through a Lambda Runtime API',
    needs: [prepare.testPackages],
    run: async (report) => {
      if (await report.run('conformance', 'node', ['test/conformance/run.mjs', '--check'], { cwd: root })) {
        await node(report, 'clients that come back', testFiles('test/conformance'));
      }
    },
  },
  browser: endToEnd(['browser', 'code-flow'], "a person in a real browser, on Cognito's own pages", prepare.localStack),
  clients: withClients('clients', 'MCP clients and Cognito itself', prepare.localStack),
  'clients-by-url': withClients('clients', 'MCP clients that know the URL alone', prepare.authorizationStack),
  'claude-code': endToEnd('claude-code', 'Claude Code and Cognito itself', prepare.localStack),
  'claude-code-by-url': endToEnd('claude-code', 'Claude Code that knows the URL alone', prepare.authorizationStack, [
    prepare.faketime,
  ]),
  codex: endToEnd('codex', 'Codex, which Cognito itself keeps out', prepare.localStack),
  'codex-by-url': endToEnd('codex', 'Codex that knows the URL alone'),
  doctor: withClients(
    'doctor',
    'the verdicts of mcp-lambda doctor and of real MCP clients',
    prepare.authorizationStack,
    { MCP_LAMBDA_COMMAND: prepare.command },
  ),
  live: endToEnd('live', 'mcp-lambda live: each check confirmed, and refuted once'),
  refusals: endToEnd('refusals', 'refusals'),
  authorization: endToEnd(
    ['authorization-server', 'code-flow', 'page'],
    'the authorization server in front of Cognito, and the page for people',
  ),
  assertions: {
    title: 'programs without a stored secret: client assertions of keys and of GitHub Actions',
    needs: [prepare.testPackages, prepare.command, prepare.rmcpKeyClient, prepare.assertionStack],
    run: async (report) =>
      node(report, 'client assertions', ['test/e2e/assertions.test.ts'], {
        env: {
          MCP_LAMBDA_OUTPUTS: await prepare.assertionStack(),
          MCP_LAMBDA_ASSERTION_KEYS: await prepare.assertionKeys(),
          MCP_LAMBDA_RMCP_KEY_CLIENT: await prepare.rmcpKeyClient(),
          MCP_LAMBDA_COMMAND: await prepare.command(),
        },
      }),
  },
  'authorization-keys': endToEnd('authorization-keys', 'rotation of the sealing secret'),
  'user-pool': {
    title: 'machine clients and users, managed by mcp-lambda',
    needs: [prepare.testPackages, prepare.authorizationStack],
    run: async (report) =>
      node(report, 'user pool', ['test/e2e/user-pool.test.ts'], {
        env: { MCP_LAMBDA_OUTPUTS: await prepare.authorizationStack() },
      }),
  },
  'authorization-conformance': {
    title: 'what MCP and OAuth ask of an authorization server, sentence by sentence',
    needs: [prepare.testPackages, prepare.authorizationStack],
    run: async (report) => againstAuthorization(report, 'table of authorization', ['run.ts', '--check']),
  },
  'authorization-suite': {
    title: 'the official suite about authorization servers',
    needs: [prepare.testPackages, prepare.conformancePackages, prepare.authorizationStack],
    run: async (report) => againstAuthorization(report, 'official suite, command authorization', ['suite.ts']),
  },
  'lambda-authorizer': {
    title: 'the Lambda authorizer, what stands in for the user pool, and the limits of single app clients',
    needs: [
      prepare.testPackages,
      prepare.lambdaAuthorizerPrograms,
      prepare.pythonClient,
      prepare.rmcpClient,
      prepare.lambdaAuthorizerStack,
    ],
    run: async (report) =>
      node(report, 'Lambda authorizer', ['test/e2e/lambda-authorizer.test.ts'], {
        env: {
          MCP_LAMBDA_OUTPUTS: await prepare.lambdaAuthorizerStack(),
          MCP_LAMBDA_AUTHORIZER_PROGRAMS: await prepare.lambdaAuthorizerPrograms(),
          MCP_LAMBDA_PYTHON_CLIENT: await prepare.pythonClient(),
          MCP_LAMBDA_RMCP_CLIENT: await prepare.rmcpClient(),
        },
      }),
  },
  'dev-apps': {
    title: 'mcp-lambda dev in CDK apps of other projects: Python, Rust, TypeScript',
    needs: [
      prepare.workspacePackages,
      prepare.pythonCdk,
      prepare.pythonConstructs,
      prepare.rustApp,
      prepare.authorizationProgram,
      prepare.command,
    ],
    run: async (report) =>
      node(report, 'apps of other projects', ['test/e2e/dev-apps.test.ts'], {
        env: {
          MCP_LAMBDA_PROGRAM: await prepare.command(),
          DEV_APPS_PYTHON: await prepare.pythonCdk(),
          DEV_APPS_PYTHONPATH: await prepare.pythonConstructs(),
        },
      }),
  },
  directories: {
    title: 'what directories of MCP servers ask for, by a public linter',
    needs: [prepare.workspacePackages, prepare.command, prepare.registryLinter],
    run: async (report) =>
      node(report, 'directories', packageTests('server-json'), {
        env: { MCP_LAMBDA_COMMAND: await prepare.command(), REGISTRY_LINTER: await prepare.registryLinter() },
      }),
  },
  fargate: withClients(
    ['fargate', 'clients', 'refusals'],
    'a server on AWS Fargate: two processes, MCP clients, refusals',
    prepare.fargateStack,
  ),
  'shared-host': endToEnd(['shared-host', 'live-host'], 'two servers on one host', prepare.hostStack),
  workshop: {
    title: "the workshop's servers: products, orders, toolbox, called by programs and from the terminal",
    needs: [prepare.testPackages, prepare.chromium, prepare.command, prepare.workshopStack],
    run: async (report) =>
      node(report, 'workshop', ['test/e2e/workshop.test.ts', 'test/e2e/workshop-chat.test.ts'], {
        env: { MCP_LAMBDA_OUTPUTS: await prepare.workshopStack(), MCP_LAMBDA_COMMAND: await prepare.command() },
      }),
  },
  playground: endToEnd('playground', 'the playground in a real browser', prepare.workshopStack),
  apps: endToEnd(
    ['apps', 'app-host'],
    "MCP Apps in the playground and in a host of the extension's SDK, in a real browser",
    prepare.workshopStack,
  ),
  'tools-api': {
    title: 'the tools as plain REST: keys, limits, and a generated client',
    needs: [prepare.testPackages, prepare.toolsApiStack],
    run: async (report) =>
      node(report, 'tools as plain REST', ['test/e2e/tools-api.test.ts'], {
        env: { MCP_LAMBDA_OUTPUTS: await prepare.toolsApiStack() },
      }),
  },
  load: endToEnd('load', 'many people at once'),
  'least-privilege': endToEnd('least-privilege', 'least privilege'),
  tasks: {
    title: 'a task on the local stack',
    needs: [prepare.testPackages, prepare.tasksProgram, prepare.authorizationStack],
    run: async (report) =>
      node(report, 'tasks', ['test/e2e/tasks.test.ts'], {
        env: {
          MCP_LAMBDA_OUTPUTS: await prepare.authorizationStack(),
          MCP_LAMBDA_TASKS_PROGRAM: await prepare.tasksProgram(),
        },
      }),
  },
  audit: {
    title: 'the audit trail and the limits of single callers, on the local stack',
    needs: [prepare.testPackages, prepare.auditStack],
    run: async (report) =>
      node(report, 'audit trail', ['test/e2e/audit.test.ts'], {
        env: { MCP_LAMBDA_OUTPUTS: await prepare.auditStack() },
      }),
  },
  'audit-crashes': {
    title: 'an audit trail of 100,000 calls whose processes are killed at random',
    // The check runs the same test with 2,000 calls.
    onlyByName: true,
    needs: [],
    run: async (report) => {
      const ofCrate = ['--quiet', '--package', 'mcp-lambda', '--features', 'audit,state'];
      if (await report.run('the audited function', 'cargo', ['build', ...ofCrate, '--examples'], { cwd: root })) {
        const test = ['--test', 'it', '--', '--nocapture', 'no_answered_call_is_lost'];
        const env = { AUDITED_CALLS: '100000' };
        await report.run('100,000 audited calls', 'cargo', ['test', ...ofCrate, ...test], { cwd: root, env });
      }
    },
  },
  attacks: endToEnd('attacks', 'attacks on a sign-in, on a host of two servers', prepare.hostStack),
  'remote-server': {
    title: 'an MCP endpoint elsewhere: McpRemoteServer before an imitation of an AgentCore gateway',
    needs: [prepare.testPackages, prepare.chromium, prepare.authorizationProgram, prepare.localStack],
    run: async (report) =>
      node(report, 'remote server', ['test/e2e/remote-server.test.ts'], {
        env: {
          MCP_LAMBDA_OUTPUTS: await prepare.localStack(),
          MCP_LAMBDA_AUTHORIZATION_PROGRAM: await prepare.authorizationProgram(),
        },
      }),
  },
  artifact: {
    title: 'the arm64 program that is deployed',
    begins: prepare.arm64Program,
    needs: [prepare.testPackages, prepare.arm64Emulator, prepare.arm64Program],
    run: (report) => node(report, 'arm64 program', packageTests('bootstrap')),
  },
  'connect-commands': {
    title: 'the commands of connectCommand in Gemini CLI and mcp-remote',
    // What they install is for them alone, and clients of the same kind are in every run.
    onlyByName: true,
    needs: [prepare.testPackages, prepare.connectPackages, prepare.chromium, prepare.authorizationStack],
    run: async (report) =>
      node(report, 'connect commands', testFiles('test/e2e/connect'), {
        env: { MCP_LAMBDA_OUTPUTS: await prepare.authorizationStack() },
      }),
  },
  template: {
    title: 'new projects as mcp-lambda makes them, in each language and with each example',
    needs: [prepare.stagedConstructs, prepare.pythonCdk, prepare.command],
    run: async (report) => {
      const { npm, python } = await prepare.stagedConstructs();
      await node(report, 'new projects', packageTests('launcher', 'new-project'), {
        env: {
          MCP_LAMBDA_NEW_COMMAND: await prepare.command(),
          MCP_LAMBDA_NEW_CONSTRUCTS: npm,
          MCP_LAMBDA_NEW_PYTHON: await prepare.pythonCdk(),
          MCP_LAMBDA_NEW_PYTHONPATH: python,
        },
      });
    },
  },
  rehearse: {
    title: 'a release in registries on this machine, and a new user of it in an empty folder',
    // It packs, publishes and installs everything: minutes that CI spends at a release.
    onlyByName: true,
    needs: [prepare.testPackages, prepare.rehearsalPackages],
    run: (report) => report.run('rehearsal of a release', 'node', ['scripts/rehearse.mjs', '--quick'], { cwd: root }),
  },
};

const { values: options, positionals: named } = parseArgs({
  allowPositionals: true,
  options: { except: { type: 'boolean', default: false }, compute: { type: 'string', default: 'lambda' } },
});
const unknown = named.filter((name) => !(name in parts));
if (unknown.length > 0) {
  console.error(
    `no such part: ${unknown.join(', ')}; the parts are: ${Object.entries(parts)
      .map(([name, { title }]) => `\n  ${name.padEnd(16)} ${title}`)
      .join('')}`,
  );
  process.exit(2);
}

if (options.except && named.length === 0) {
  console.error('--except names no part: name the parts that are left out, or leave --except out');
  process.exit(2);
}
if (!['lambda', 'fargate'].includes(options.compute)) {
  console.error(`--compute is ${options.compute} and takes lambda or fargate`);
  process.exit(2);
}
prepare.runOn(options.compute);
const usual = Object.keys(parts).filter((name) => !parts[name].onlyByName);
const wanted = options.except ? usual.filter((name) => !named.includes(name)) : named.length > 0 ? named : usual;

cleanEnvironment();
const report = new Report();
// Parts compile into this checkout and write to `.local`; those of daily work do not disturb the others.
const unlock = wanted.every((name) => ['lint', 'check'].includes(name))
  ? () => {}
  : await lock('test', () => console.log('waiting for another `npm test` of this checkout …'));
try {
  await prepare.workspacePackages();
  prepare.pinnedNode();
  for (const name of wanted) {
    const { title, needs, run } = parts[name];
    report.begin(name);
    try {
      for (const need of needs) await need();
      await run(report);
    } catch (error) {
      report.couldNotRun(title, error.message);
    }
    // After the first part, which has all processors busy. A failure is told by the part that needs it.
    for (const each of wanted) parts[each].begins?.().catch(() => {});
  }
} catch (error) {
  report.couldNotRun('preparation', error.message);
} finally {
  prepare.stopBuilds();
  await prepare.stopLocalStacks();
  await unlock();
}
process.exitCode = report.close();
