/** The commands of `McpServer.connectCommand`, typed as they are, into the clients that they are for. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';

import { connectCommand } from '../../cdk/lib/connect-commands.js';
import { playMetadataHost } from '../e2e/metadata-host.ts';
import { startModel } from '../e2e/model.ts';
import { Person } from '../e2e/person.ts';
import { runningStack } from '../e2e/stack.ts';
import { Installation } from './installation.ts';
import { gemini, responses } from './models.ts';

const stack = runningStack();

const command = (client: string): string =>
  connectCommand(client, { serverName: 'dog-facts', mcpServerUrl: stack.McpServerUrl, claudeCodeOptions: '', urlAlone: true });

/** Which facts a client hands on: as structured content, or as the lines of the text. */
function facts(result: string): number {
  const structured = /\\*"facts\\*":\[(.*?)\]/.exec(result)?.[1];
  return structured?.split(/\\*"\s*,\s*\\*"/).length ?? result.split('\\n- ').length - 1;
}

describe('the command of connectCommand', () => {
  let person: Person;
  before(async () => void (person = await Person.signUp(stack)));
  after(async () => person?.leave());

  test('for mcp-remote serves the tools to a client that knows standard input only', async () => {
    const machine = new Installation();
    try {
      const transport = new StdioClientTransport({ command: 'sh', args: ['-c', command('mcp-remote')], env: machine.environment, cwd: machine.home, stderr: 'pipe' });
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
        assert.deepEqual((await client.listTools()).tools.map(({ name }) => name), ['getDogFacts']);
        assert.equal(facts(JSON.stringify(await client.callTool({ name: 'getDogFacts', arguments: { limit: 3 } }))), 3);
      } finally {
        await client.close();
      }
    } finally {
      await machine.leave();
    }
  });

  test('for Codex signs in at once, and the model can call the tool', async () => {
    const model = await startModel(responses, 'getDogFacts', { limit: 3 });
    const machine = new Installation({ STAND_IN_KEY: 'not-a-key' });
    // The document that Codex names itself by, as far as OAuth needs it; the true one is on the internet.
    const clientId = 'https://chatgpt.com/oauth/codex/client.json';
    const host = await playMetadataHost(stack, 'chatgpt.com', '/oauth/codex/client.json', {
      client_id: clientId,
      client_name: 'Codex',
      redirect_uris: ['http://127.0.0.1/callback'],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    });
    try {
      machine.configure('.codex/config.toml', [
        'model = "stand-in"',
        'model_provider = "stand-in"',
        'mcp_oauth_credentials_store = "file"',
        '[model_providers.stand-in]',
        'name = "stand-in"',
        `base_url = "${model.url}/v1"`,
        'env_key = "STAND_IN_KEY"',
        'wire_api = "responses"',
        '',
      ].join('\n'));
      const adding = machine.type(command('codex'));
      const url = await adding.showsAuthorizationUrl();
      assert.equal(url.searchParams.get('client_id'), clientId);
      await person.allowAndSignInAt(url, /Codex/);
      assert.match(await adding.ends(), /Successfully logged in/);
      assert.match(await machine.type('codex mcp list').ends(), /dog-facts.*OAuth/);
      await machine.type('codex exec --skip-git-repo-check --dangerously-bypass-approvals-and-sandbox "Three facts about dogs"').ends();
      assert.equal(facts(model.toolResults()[0] ?? ''), 3, model.toolResults().join());
    } finally {
      await host.close();
      await machine.leave();
      await model.close();
    }
  });

  test('for Gemini CLI adds the server, which registers it and answers its model after /mcp auth', async () => {
    const model = await startModel(gemini, 'getDogFacts', { limit: 3 });
    const machine = new Installation({ GEMINI_API_KEY: 'not-a-key', GOOGLE_GEMINI_BASE_URL: model.url });
    try {
      machine.configure('.gemini/settings.json', JSON.stringify({
        security: { folderTrust: { enabled: false }, auth: { selectedType: 'gemini-api-key' } },
        general: { enableAutoUpdate: false },
        privacy: { usageStatisticsEnabled: false },
      }));
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
