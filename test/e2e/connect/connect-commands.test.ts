/** The commands of `McpServer.connectCommand`, typed as they are, into the clients that they are for. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

import { connectCommand } from '../../../cdk/lib/server/private/connect-commands.js';
import { startModel } from '../model.ts';
import { Person } from '../person.ts';
import { runningStack } from '../stack.ts';
import { facts } from './facts.ts';
import { Installation } from './installation.ts';
import { gemini } from './models.ts';

const stack = runningStack();

const command = (client: string): string =>
  connectCommand(client, {
    serverName: 'dog-facts',
    mcpServerUrl: stack.McpServerUrl,
    claudeCodeOptions: '',
    urlAlone: true,
  });

describe('the command of connectCommand', () => {
  let person: Person;
  before(async () => {
    person = await Person.signUp(stack);
  });
  after(async () => person?.leave());

  test('for mcp-remote serves the tools to a client that knows standard input only', async () => {
    const machine = new Installation();
    try {
      const transport = new StdioClientTransport({
        command: 'sh',
        args: ['-c', command('mcp-remote')],
        env: machine.environment,
        cwd: machine.home,
        stderr: 'pipe',
      });
      let said = '';
      let visit: Promise<void> | undefined;
      transport.stderr?.on('data', (chunk: Buffer) => {
        said += chunk.toString('utf8');
        const url = /(http\S+\/authorize\?\S+)\s/.exec(said)?.[1];
        if (url === undefined || visit !== undefined) return;
        visit = person.allowAndSignInAt(new URL(url), /MCP CLI Proxy/);
        // Its reason is thrown below, where it is waited for.
        visit.catch(() => transport.close());
      });
      const client = new Client({ name: 'test-client', version: '1.0.0' });
      try {
        await client.connect(transport).catch(async (error: Error) => {
          await visit;
          throw new Error(`${error.message}: ${said}`);
        });
        await visit;
        assert.deepEqual(
          (await client.listTools()).tools.map(({ name }) => name),
          ['getDogFacts'],
        );
        assert.equal(facts(JSON.stringify(await client.callTool({ name: 'getDogFacts', arguments: { limit: 3 } }))), 3);
      } finally {
        await client.close();
      }
    } finally {
      await machine.leave();
    }
  });

  test('for Gemini CLI adds the server, which registers it and answers its model after /mcp auth', async () => {
    const model = await startModel(gemini, 'getDogFacts', { limit: 3 });
    const machine = new Installation({ GEMINI_API_KEY: 'not-a-key', GOOGLE_GEMINI_BASE_URL: model.url });
    try {
      machine.configure(
        '.gemini/settings.json',
        JSON.stringify({
          security: { folderTrust: { enabled: false }, auth: { selectedType: 'gemini-api-key' } },
          general: { enableAutoUpdate: false },
          privacy: { usageStatisticsEnabled: false },
        }),
      );
      // A project of its own: it adds servers to the folder's settings, and refuses the home.
      const inProject = (line: string) => machine.type(`mkdir -p project && cd project && ${line}`);
      assert.match(await inProject(command('gemini')).ends(), /added to project settings/);
      const signingIn = inProject('gemini -p "/mcp auth dog-facts"');
      await signingIn.shows(/Do you want to continue\?/);
      signingIn.answer('y');
      const url = await signingIn.showsAuthorizationUrl();
      assert.match(url.searchParams.get('client_id') ?? '', /^mcp-client-/);
      await person.allowAndSignInAt(url, /Gemini CLI/);
      await signingIn.shows(/Successfully authenticated/);
      // In a conversation it would go on with the server; without one it ends with the status for what it does not do.
      await signingIn.ends(42);
      assert.match(await inProject('gemini mcp list').ends(), /dog-facts.*Connected/);
      await inProject('gemini --yolo -p "Three facts about dogs"').ends();
      assert.equal(facts(model.toolResults()[0] ?? ''), 3, model.toolResults().join());
    } finally {
      await machine.leave();
      await model.close();
    }
  });
});
