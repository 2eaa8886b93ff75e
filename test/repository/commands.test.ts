/** The commands of the pages for tool authors: a test or the rehearsal runs each of them. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const PAGES = ['first-server', 'settings', 'state', 'testing', 'long-work', 'deploy'].map((name) => `docs/${name}.md`);
const REHEARSAL = 'test/rehearsal/new-user.mjs';
const DEPLOYMENT = 'test/integration/deploy.test.ts';

/** What runs the commands that match, and words of it that do. */
const RUN: readonly (readonly [command: RegExp, file: string, words: string])[] = [
  [
    /^npm create mcp-lambda@latest shop( -- --stack python)?$/,
    REHEARSAL,
    "'create', '--yes', 'mcp-lambda@latest', 'shop'",
  ],
  [/^cd shop$/, REHEARSAL, "join(folder, 'shop')"],
  [/^npm start$/, REHEARSAL, "['start', '--', '--port', '0'"],
  [/^git clone |^\(cd mcp-lambda && /, 'test/rehearsal/first-server.mjs', 'linesOf(`git clone $'],
  [/^cargo run -q -- contract > /, REHEARSAL, "linesOf('cargo run')"],
  [/^cargo test$/, 'cli/src/new/project.rs', '"cargo test && '],
  [/^npm test$/, REHEARSAL, "'npm', ['test']"],
  [/^npm run pack -- python$/, 'scripts/lib/packages.mjs', 'if (python) packPython('],
  [/^npm ci$/, 'scripts/lib/prepare.mjs', "must('npm', ['ci'"],
  [/^(npx )?cdk bootstrap$/, 'test/integration/account.ts', "'bootstrap',"],
  [/^(npx )?cdk deploy$/, DEPLOYMENT, "'deploy',"],
  [/^(npx )?cdk destroy( -c env=prod)?$/, DEPLOYMENT, "cdk('destroy'"],
  [
    /^(npm run|mcp-lambda) deploy( -- -c env=prod)?$/,
    'cli/tests/command/deploy.rs',
    'everything_after_deploy_goes_to_the_cdk',
  ],
  [/^npm test -- integration$/, 'scripts/test.mjs', '  integration: {'],
  [/^(npx |npm run )?mcp-lambda (-- )?logs (\S+ --follow|…)$/, 'cli/tests/command/logs.rs', '"logs Shop '],
  [/^npm run call -- greet --greeting hello$/, REHEARSAL, "'call', '--', 'greet', '--greeting', 'hello'"],
  [
    /^(npx |npm run )mcp-lambda (-- )?call (--list --url <McpServerUrl>|…)$/,
    'cli/tests/command/call.rs',
    '["call", "--list"',
  ],
  [
    /^(npm run live --|npx mcp-lambda live) --stack (DogFacts-prod|…)$/,
    'test/e2e/live.ts',
    "'live', '--stack', stackName",
  ],
  [/^mcp-lambda new$|^npm create mcp-lambda$/, 'test/package/new-project.test.ts', "'new', name"],
  [/^mcp-lambda users invite$/, 'test/e2e/user-pool.test.ts', "mcpLambda('users', 'invite'"],
];

/** What no test runs, and why. */
const NOT_RUN: readonly (readonly [command: RegExp, reason: string])[] = [
  [/^npx cdk diff /, 'a command of the CDK that changes nothing'],
  [/^aws (sts get-caller-identity|cloudformation describe-stacks .*)$/, 'commands of AWS that change nothing'],
  [/^aws cloudformation update-termination-protection /, 'an emulator protects no stack'],
  [/^git checkout <commit> && npm run deploy /, 'the deployment of another commit is a deployment'],
  [/^pip install cargo-lambda$/, 'installed by its digests instead, by scripts/build-lambda.mjs'],
];

/** The commands in the blocks and in the text of a page, without comments. */
function commands(page: string): string[] {
  const text = read(page);
  const blocks = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) => block.split('\n'));
  const inline = [...text.replace(/```[\s\S]*?```/g, '').matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
  const programs = /^(?:npm|npx|mcp-lambda|cargo (?:run|test)|aws|git|cdk|pip) /;
  return [...blocks, ...inline.filter((code) => programs.test(code))]
    .map((line) => line.replace(/ +#.*$/, '').trim())
    .filter((line) => line !== '');
}

describe('the pages for tool authors', () => {
  const all = PAGES.flatMap((page) => commands(page).map((command) => ({ page, command })));

  test('have no command that nothing runs', () => {
    const known = [...RUN, ...NOT_RUN].map(([command]) => command);
    const unknown = all.filter(({ command }) => !known.some((each) => each.test(command)));
    assert.deepEqual(unknown, []);
  });

  test('name commands for every rule of this test, and what runs them is there', () => {
    for (const [command] of [...RUN, ...NOT_RUN])
      assert.ok(
        all.some((each) => command.test(each.command)),
        `no page has a command for ${command}`,
      );
    for (const [, file, words] of RUN) assert.ok(read(file).includes(words), `${file} has no ${words}`);
  });

  test('are linked from the README', () => {
    const readme = read('README.md');
    assert.deepEqual(
      PAGES.filter((page) => !readme.includes(`](${page})`)),
      [],
    );
  });
});
