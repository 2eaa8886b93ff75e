import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { McpAuthorization, McpFront, McpHost, McpRemoteServer, McpServer } from '../../lib';
import { deployed } from '../deployed';
import { code, facts, synthesize, synthesizeServer, type TemplateJson } from '../synthesis';

const front = () => McpFront.external({ publicBaseUrl: 'https://mcp.example.com' });
const url = 'https://mcp.example.com/mcp';

const outputsOf = (json: TemplateJson): Record<string, unknown> =>
  Object.fromEntries(Object.entries(json.Outputs!).map(([name, { Value }]) => [name, deployed(json, Value)]));

describe('addOutputs', () => {
  test('names the URL, the sign-in page and the line of each client that connects by the URL alone', () => {
    const template = synthesizeServer({ front: front(), authorization: undefined }, (server) => server.addOutputs());
    const outputs = outputsOf(template.toJSON() as TemplateJson);
    assert.equal(outputs.McpServerUrl, url);
    assert.equal(outputs.SignInUrl, 'https://mcp.example.com/sign-in');
    assert.equal(outputs.CodexCommand, `codex mcp add dog-facts --url ${url}`);
    assert.match(String(outputs.CursorLink), /^cursor:/);
    assert.equal('AutomatedOAuthClientId' in outputs, false);
  });

  test('leaves out the clients that need more than the URL, and names the app client that they need', () => {
    const outputs = outputsOf(
      synthesizeServer({ front: front() }, (server) => server.addOutputs()).toJSON() as TemplateJson,
    );
    assert.match(String(outputs.ClaudeCodeCommand), / --client-id \S+ --callback-port 8765$/);
    assert.equal('CodexCommand' in outputs, false);
  });

  test('has no sign-in without a user pool', () => {
    const authorization = McpAuthorization.jwt({
      issuer: 'https://login.example.com',
      jwksUrl: 'https://login.example.com/keys',
      audience: [url],
      code: code(),
    });
    const template = synthesizeServer({ front: front(), authorization }, (server) => server.addOutputs());
    assert.deepEqual(Object.keys(template.toJSON().Outputs).sort(), [
      'ClaudeCodeCommand',
      'CodexCommand',
      'CursorLink',
      'GeminiCommand',
      'McpOAuthScope',
      'McpServerUrl',
      'OAuthMetadataUrl',
      'VsCodeCommand',
    ]);
  });

  test('never puts out a secret', () => {
    const template = synthesizeServer({ front: front() }, (server) => {
      server.addOutputs({ machineClient: server.addMachineClient('Ci') });
    });
    const json = template.toJSON() as TemplateJson;
    assert.match(JSON.stringify(json.Outputs!.AutomatedOAuthClientSecretArn), /"Ref"/);
    assert.doesNotMatch(JSON.stringify(json.Outputs), /ClientSecret"|SecretString|resolve:/);
  });

  test('gives each server of a host, a remote one too, outputs of its own', () => {
    const template = synthesize((stack) => {
      const host = new McpHost(stack, 'Host', { front: front() });
      const remote = new McpRemoteServer(stack, 'Tickets', {
        endpointUrl: 'https://tickets.example.com/mcp',
        serverName: 'tickets',
        scopes: [{ name: 'use', description: 'Use the tickets' }],
        host,
        path: '/tickets',
      });
      new McpServer(stack, 'Facts', { code: code(), contract: facts(), host, path: '/facts' }).addOutputs();
      remote.addOutputs({ prefix: 'Tickets' });
      host.addOutputs();
    });
    const outputs = outputsOf(template.toJSON() as TemplateJson);
    assert.equal(outputs.McpServerUrl, 'https://mcp.example.com/facts/mcp');
    assert.equal(
      outputs.TicketsClaudeCodeCommand,
      'claude mcp add --transport http tickets https://mcp.example.com/tickets/mcp',
    );
    assert.equal(outputs.HostPublicBaseUrl, 'https://mcp.example.com');
    assert.deepEqual(outputs.HostUserPoolId, outputs.UserPoolId);
  });

  test('refuses a prefix that no output name can have, and names that are taken', () => {
    const twice = (prefix?: string) =>
      synthesizeServer({ front: front() }, (server) => {
        server.addOutputs();
        server.addOutputs({ prefix });
      });
    assert.throws(() => twice('my-'), {
      message: 'prefix of addOutputs must have letters and digits only; got "my-" (OutputPrefixInvalid)',
    });
    assert.throws(() => twice(), {
      message:
        'stack Test has an output McpServerUrl already: give addOutputs of Test/Server another prefix (OutputNameTaken)',
    });
    assert.ok('MyMcpServerUrl' in twice('My').toJSON().Outputs);
  });
});
