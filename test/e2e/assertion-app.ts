// The app of assertions.test.ts: the dog facts, called by programs without a stored secret.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';

// Not from index.js, whose names Node does not find in a module of the other kind.
import { McpClientAssertion } from '../../cdk/lib/authorization/mcp-client-assertion.js';
import { McpCode } from '../../cdk/lib/function/mcp-code.js';
import { McpContract } from '../../cdk/lib/contract/mcp-contract.js';
import { McpServer } from '../../cdk/lib/server/mcp-server.js';

const app = new App();
const stack = new Stack(app, 'Assertions');
const keys = (name: string): string => readFileSync(join(String(app.node.tryGetContext('keys')), name), 'utf8');
const [dogApi] = (app.node.tryGetContext('mcp-lambda:local') as { with: string[] }).with;
const server = new McpServer(stack, 'Server', {
  code: McpCode.fromCargo('lambda/servers/dog-facts', { packageName: 'dog-facts' }),
  contract: McpContract.fromFile('lambda/servers/dog-facts/contract.json'),
  settings: { DOG_API_BASE_URL: `${dogApi}/api/v2` },
  removalPolicy: RemovalPolicy.DESTROY,
});
for (const [id, assertion] of Object.entries({
  Pem: McpClientAssertion.publicKeys([keys('rsa.pub.pem')]),
  Jwks: McpClientAssertion.jwks(JSON.parse(keys('ec.jwks.json'))),
  Published: McpClientAssertion.jwksUri('https://keys.example.com/ci/jwks'),
  GitHub: McpClientAssertion.gitHubActions({ repository: 'octo-org/octo-repo', gitRef: 'refs/heads/main' }),
})) {
  server.addMachineClient(id, { assertion });
}
const machineClient = server.addMachineClient('Secret');
server.addOutputs({ machineClient });
app.synth();
