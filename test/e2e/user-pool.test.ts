/** The commands of mcp-lambda that work on a user pool, on the one of the local stack. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { aws, runningStack } from './stack.ts';

const stack = runningStack();
const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs the command as an operator does, with the emulator as AWS. */
function mcpLambda(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/mcp-lambda.mjs', ...args], {
    cwd: root,
    encoding: 'utf8',
    env: {
      ...process.env,
      AWS_ENDPOINT_URL: stack.AwsEndpointUrl,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      MCP_USER_POOL_ID: stack.UserPoolId,
    },
  });
  assert.equal(status, 0, stderr);
  return stdout;
}

const printed = (output: string, label: string): string =>
  new RegExp(`^${label}: +(.+)$`, 'm').exec(output)?.[1] ?? assert.fail(`no ${label} in ${output}`);

/** The status of a token request with these credentials, and the access token. */
async function requestToken(clientId: string, clientSecret: string): Promise<{ status: number; token?: string }> {
  const response = await fetch(stack.McpOAuthTokenUrl, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      scope: stack.McpOAuthScope,
      client_id: clientId,
      client_secret: clientSecret,
    }),
  });
  const { access_token: token } = (await response.json()) as { access_token?: string };
  return { status: response.status, ...(token === undefined ? {} : { token }) };
}

describe('mcp-lambda', () => {
  test('adds a machine client, rotates its secret and removes it', async () => {
    const added = mcpLambda(
      'clients',
      'add',
      'rotating',
      ...stack.McpOAuthScope.split(' ').flatMap((scope) => ['--scope', scope]),
    );
    const [id, first] = [printed(added, 'client id'), printed(added, 'client secret')];
    const { token } = await requestToken(id, first);
    const answer = await fetch(stack.McpServerUrl, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
    });
    assert.equal(answer.status, 200, await answer.text());

    const second = printed(mcpLambda('clients', 'rotate', id), 'client secret');
    assert.deepEqual([(await requestToken(id, first)).status, (await requestToken(id, second)).status], [200, 200]);
    assert.match(mcpLambda('clients', 'list'), new RegExp(`^${id}  rotating  secrets: 2  `, 'm'));
    mcpLambda('clients', 'rotate', id, '--finish');
    assert.deepEqual([(await requestToken(id, first)).status, (await requestToken(id, second)).status], [401, 200]);

    mcpLambda('clients', 'remove', id);
    assert.equal((await requestToken(id, second)).status, 401);
    assert.doesNotMatch(mcpLambda('clients', 'list'), new RegExp(id));
  });

  test('invites a user by mail, and disables one', async () => {
    const email = `${randomUUID()}@example.com`;
    const user = () =>
      aws<{ Enabled: boolean; UserStatus: string }>(
        stack,
        'cognito-idp',
        'AWSCognitoIdentityProviderService.AdminGetUser',
        { UserPoolId: stack.UserPoolId, Username: email },
      );
    mcpLambda('users', 'invite', email);
    const { messages } = (await (await fetch(stack.MailboxUrl)).json()) as { messages: { to: string[] }[] };
    assert.ok(
      messages.some(({ to }) => to.includes(email)),
      JSON.stringify(messages),
    );
    const { Enabled, UserStatus } = await user();
    assert.deepEqual({ Enabled, UserStatus }, { Enabled: true, UserStatus: 'FORCE_CHANGE_PASSWORD' });
    mcpLambda('users', 'disable', email);
    assert.equal((await user()).Enabled, false);
  });
});
